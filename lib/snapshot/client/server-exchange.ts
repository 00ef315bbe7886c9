import { isJsonType } from '../../core/media-type.js';
import { CryptoError } from '../cipher/errors.js';
import type { ClientSettings } from './client-settings.js';
import { readJson } from './read-json.js';

/** What a server answered, as far as a client reads it. */
export interface ServerAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The value of a JSON body; `undefined` for another one. */
  readonly body: unknown;
}

/** A snapshot has some 150 bytes: who sends more than this sends something else. */
const MOST_CHARACTERS = 8_192;

/** Nothing of the page goes along, nothing is kept, and who is redirected to is another server than the one that was named. */
const PRIVATELY = { cache: 'no-store', credentials: 'omit', redirect: 'error' } as const;

/** Sends requests to the server of a client, each of them for a time, and none after the client was closed. */
export class ServerExchange {
  /** What ends each request that is under way. */
  readonly #underWay = new Set<AbortController>();
  #isClosed = false;
  readonly #settings: ClientSettings;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
  }

  /**
   * @param path Below `serverUrl`.
   * @param failure The error of a server that gave no answer.
   * @throws CryptoError `ASH_CRYPTO_CLIENT_CLOSED`; what `failure` makes.
   */
  async get(path: string, failure: (cause: unknown) => CryptoError): Promise<ServerAnswer> {
    return this.#send(path, { method: 'GET', headers: { accept: 'application/json' } }, failure);
  }

  /** As {@link get}, with a JSON body. */
  async post(path: string, body: unknown, failure: (cause: unknown) => CryptoError): Promise<ServerAnswer> {
    const headers = { accept: 'application/json', 'content-type': 'application/json' };
    return this.#send(path, { method: 'POST', headers, body: JSON.stringify(body) }, failure);
  }

  /** Ends what is under way, and refuses what comes. */
  close(): void {
    this.#isClosed = true;
    for (const ending of this.#underWay) ending.abort();
  }

  /** @throws CryptoError `ASH_CRYPTO_CLIENT_CLOSED` */
  assertOpen(): void {
    if (this.#isClosed) {
      throw new CryptoError('ASH_CRYPTO_CLIENT_CLOSED', 'The client was closed: make another one.');
    }
  }

  async #send(path: string, init: RequestInit, failure: (cause: unknown) => CryptoError): Promise<ServerAnswer> {
    this.assertOpen();
    const { serverUrl, fetch, timeout } = this.#settings;
    const ending = new AbortController();
    this.#underWay.add(ending);
    try {
      return await within(timeout, ending, async (signal) =>
        read(await fetch(serverUrl + path, { ...init, ...PRIVATELY, signal })),
      );
    } catch (cause) {
      this.assertOpen();
      throw failure(cause);
    } finally {
      this.#underWay.delete(ending);
    }
  }
}

/** Ends what does not end by itself in time, or before somebody else ends it. */
async function within<T>(
  timeout: number,
  ending: AbortController,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timer = setTimeout(() => {
    ending.abort(new DOMException(`There was no answer within ${timeout} ms.`, 'TimeoutError'));
  }, timeout);
  // A `fetch` of one's own may not look at the signal.
  const ended = new Promise<never>((_resolve, reject) => {
    ending.signal.addEventListener('abort', () => {
      reject(ending.signal.reason as Error);
    });
  });
  try {
    return await Promise.race([act(ending.signal), ended]);
  } finally {
    clearTimeout(timer);
  }
}

async function read(response: Response): Promise<ServerAnswer> {
  const { status, headers } = response;
  const text = await boundedText(response);
  return {
    status,
    headers,
    body: isJsonType(headers.get('content-type') ?? '') && text !== undefined ? readJson(text) : undefined,
  };
}

/** The body's text; `undefined` for one that is too long, which is not read to its end. */
async function boundedText(response: Response): Promise<string | undefined> {
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  if (reader === undefined) return withinBound(await response.text());
  const decoder = new TextDecoder();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
    if (withinBound(text) !== undefined) continue;
    await reader.cancel();
    return undefined;
  }
}

function withinBound(text: string): string | undefined {
  return text.length <= MOST_CHARACTERS ? text : undefined;
}
