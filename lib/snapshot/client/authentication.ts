import { AuthenticationError } from '../cipher/errors.js';
import type { ClientSettings } from './client-settings.js';
import { makeHandshake } from './handshake.js';
import type { ServerExchange } from './server-exchange.js';

/** The handshake of a client with its server. */
export class Authentication {
  readonly #settings: ClientSettings;
  readonly #exchange: ServerExchange;
  #isDone = false;
  #underWay: Promise<void> | undefined;

  constructor(settings: ClientSettings, exchange: ServerExchange) {
    this.#settings = settings;
    this.#exchange = exchange;
  }

  /** A handshake, which all share who ask for one while it is under way. */
  async again(): Promise<void> {
    this.#underWay ??= this.#greet().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  /** A handshake where none has succeeded so far. */
  async once(): Promise<void> {
    if (!this.#isDone) await this.again();
  }

  async #greet(): Promise<void> {
    const { handshakePoints, hashSize } = this.#settings;
    const hash = makeHandshake(handshakePoints, hashSize);
    const { status, body } = await this.#exchange.post('/handshake', { hash }, unreachable);
    if (status < 200 || status > 299 || !isAccepted(body)) throw refused(status);
    this.#isDone = true;
  }
}

function isAccepted(body: unknown): boolean {
  return (body as { readonly status?: unknown } | null | undefined)?.status === 'ok';
}

function unreachable(cause: unknown): AuthenticationError {
  return new AuthenticationError(
    'ASH_CRYPTO_SERVER_UNREACHABLE',
    "The handshake had no answer; check 'serverUrl', the connection and CORS. No redirect is followed.",
    { cause },
  );
}

/** What a server answers to somebody whom it does not let in, or not now. */
const NOT_LET_IN = [401, 403, 429];

function refused(status: number): AuthenticationError {
  const mend = NOT_LET_IN.includes(status)
    ? "give a 'fetch' that sends along what the server's guards ask for"
    : "check that 'serverUrl' leads to a server of snapshots, and that 'hashSize' is the server's";
  return new AuthenticationError(
    'ASH_CRYPTO_HANDSHAKE_REFUSED',
    `The handshake was answered with status ${status} and no 'ok'; ${mend}.`,
  );
}
