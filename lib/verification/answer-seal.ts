import { AnswerDoor, callbackOf, forgetPhrase, headersSent, type HeldAnswer, type Said } from './answer-door.js';
import { closeSideWays } from './answer-side-ways.js';
import { headersOf } from './context-header.js';
import type { PlainAnswer, SealedAnswer } from './envelope.js';

/** Node's own response, as far as a seal needs it. */
export type SealableAnswer = HeldAnswer & {
  getHeader(name: string): string | number | string[] | undefined;
  setHeader(name: string, value: string | string[]): unknown;
};

/** How an answer is sealed. */
export interface Sealing {
  readonly seal: (answer: PlainAnswer) => Promise<SealedAnswer>;
  /**
   * Answers instead of the handler where the answer cannot be sealed.
   *
   * @param end Ends the answer behind whatever the application has wrapped around it meanwhile.
   */
  readonly replace: (error: unknown, end: (text: string) => void) => void;
  /** Whether the answer has no body, since the request is a HEAD. */
  readonly isHead?: boolean;
  /** The largest answer, in bytes. */
  readonly maxBytes?: number;
}

/**
 * The largest answer that is sealed, in bytes. It stands in memory as a whole, thrice while it is sealed: as it was, as a
 * message, and as the text of that.
 */
const MAX_ANSWER_BYTES = 16_777_216;

/**
 * What a head says of the bytes of a body, and of ways to ask for them: a hash of the plaintext would let whoever guesses
 * it see that the guess is right. An answer in one piece has neither trailers nor a transfer coding.
 */
const OF_THE_BODY = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-range',
  'accept-ranges',
  'etag',
  'last-modified',
  'content-md5',
  'digest',
  'content-digest',
  'repr-digest',
  'transfer-encoding',
  'trailer',
];

const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);
const EVENT_STREAM = /^\s*text\/event-stream\b/i;
const IDENTITY = /^(?:identity)?$/i;

/**
 * Gathers the answer that a handler gives, whatever it says of it and through whatever framework, and sends it sealed, in
 * one piece. Meanwhile it looks as begun, and as ended once the handler has ended it. Nothing that the handler says of a
 * body goes out, be it that the answer cannot be sealed, or that the handler speaks on behind its end.
 *
 * An answer that has no body by its status, or by the method of the request, goes out without what its head says of one.
 */
export function sealAnswer(response: SealableAnswer, sealing: Sealing): void {
  new Seal(response, sealing);
}

class Seal {
  private readonly door: AnswerDoor;
  private state: 'silent' | 'gathering' | 'ended' | 'sending' | 'over' = 'silent';
  private readonly gathered: Uint8Array[] = [];
  private size = 0;
  private status = 0;
  /** What went out instead of what was gathered. */
  private sent: unknown;

  constructor(
    private readonly response: SealableAnswer,
    private readonly sealing: Sealing,
  ) {
    this.door = new AnswerDoor(response, (said) => this.say(said));
    closeSideWays(response);
  }

  private say(said: Said): unknown {
    if (this.state === 'sending') return this.door.pass(said);
    if (this.state === 'over') return this.drop(said);
    this.gather(said);
    if (said.method !== 'write') return this.response;
    // Not full as long as it gathers: what is written here waits for no client, and a stream that is told so reads on.
    if (this.isGathering()) return true;
    this.door.drainSoon();
    return false;
  }

  private gather({ method, args }: Said): void {
    if (method === 'writeHead' && this.state !== 'silent') throw headersSent();
    if (this.state === 'silent') this.takeHead(method === 'writeHead' ? args : []);
    if (method === 'writeHead' || method === 'flushHeaders') return;
    const { chunk, callback = nothing } = partsOf(args);
    if (this.isGathering()) this.add(chunk);
    if (method === 'end' && this.isGathering()) this.end(callback);
    else process.nextTick(callback);
  }

  /** Asked anew each time, since the answer may have been withheld meanwhile. */
  private isGathering(): boolean {
    return this.state === 'gathering';
  }

  private takeHead([status, ...rest]: readonly unknown[]): void {
    if (status !== undefined) this.response.statusCode = Number(status);
    for (const [name, value] of rest.flatMap(headersOf)) this.response.setHeader(name, value);
    this.state = 'gathering';
    this.status = this.response.statusCode;
    this.door.takeHead();
    if (EVENT_STREAM.test(this.contentType)) this.withhold(unsealable('a stream of events has no end'));
  }

  private add(chunk: Uint8Array): void {
    const { maxBytes = MAX_ANSWER_BYTES } = this.sealing;
    this.size += chunk.length;
    if (this.size > maxBytes) this.withhold(unsealable(`it is larger than ${String(maxBytes)} bytes`));
    else this.gathered.push(chunk);
  }

  private end(callback: () => void): void {
    this.response.on('finish', callback);
    this.state = 'ended';
    this.door.takeEnd();
    void this.finish();
  }

  private async finish(): Promise<void> {
    try {
      const sealed = this.hasBody() ? await this.seal() : undefined;
      this.send(sealed);
    } catch (error) {
      this.withhold(error);
    }
  }

  private hasBody(): boolean {
    return this.sealing.isHead !== true && !BODILESS.has(this.status);
  }

  private async seal(): Promise<SealedAnswer> {
    const encoding = this.header('content-encoding');
    if (!IDENTITY.test(encoding)) throw unsealable(`it is encoded as '${encoding}' already`);
    const length = this.header('content-length');
    if (length !== '' && Number(length) !== this.size) throw unsealable('it ended before its declared length');
    return this.sealing.seal({
      status: this.status,
      contentType: this.contentType,
      body: Buffer.concat(this.gathered, this.size),
    });
  }

  private send(sealed: SealedAnswer | undefined): void {
    this.door.open();
    for (const name of OF_THE_BODY) this.response.removeHeader(name);
    this.response.statusCode = this.status;
    if (sealed === undefined) {
      this.leave([]);
      return;
    }
    const { contentType, body } = sealed;
    this.response.setHeader('Content-Type', contentType);
    this.response.setHeader('Content-Length', String(Buffer.byteLength(body)));
    this.leave([body]);
  }

  private withhold(error: unknown): void {
    this.gathered.length = 0;
    this.door.open();
    this.state = 'sending';
    try {
      this.sealing.replace(error, (text) => {
        this.leave([text]);
      });
    } catch {
      // Nobody waits for this that could be told. The client sees that the answer broke off.
      this.response.destroy();
    } finally {
      this.state = 'over';
    }
  }

  /** Ends the answer. Node writes its head and its body through the same methods meanwhile. */
  private leave(body: readonly unknown[]): void {
    this.state = 'sending';
    [this.sent] = body;
    forgetPhrase(this.response);
    try {
      this.door.pass({ method: 'end', args: body });
    } finally {
      this.state = 'over';
    }
  }

  /** What wrappers do later on to write the head and the body of what was sent goes out, and nothing else. */
  private drop(said: Said): unknown {
    if (said.method === 'writeHead' && !this.response.headersSent) return this.door.passHead(said);
    const isOfTheSent = said.method !== 'writeHead' && said.args.length > 0 && said.args[0] === this.sent;
    return isOfTheSent ? this.door.pass(said) : this.door.drop(said);
  }

  private get contentType(): string {
    return this.header('content-type');
  }

  private header(name: string): string {
    const value = this.response.getHeader(name);
    return value === undefined ? '' : String(value);
  }
}

/** What `write` and `end` take: a chunk with its encoding, and a callback, each of which can be left out. */
function partsOf(args: readonly unknown[]): { chunk: Uint8Array; callback: (() => void) | undefined } {
  const callback = callbackOf(args);
  const [chunk, encoding] = args;
  if (chunk === undefined || chunk === null || chunk === callback) return { chunk: new Uint8Array(), callback };
  if (chunk instanceof Uint8Array) return { chunk: Buffer.from(chunk), callback };
  if (typeof chunk === 'string') return { chunk: Buffer.from(chunk, encodingOf(encoding)), callback };
  throw Object.assign(new TypeError(`A part of an answer is a text or bytes, and not a ${typeof chunk}.`), {
    code: 'ERR_INVALID_ARG_TYPE',
  });
}

function nothing(): void {
  // Where a handler waits for nothing, nothing is called.
}

function encodingOf(encoding: unknown): BufferEncoding {
  return typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8';
}

function unsealable(why: string): Error {
  return new Error(`The answer cannot be sealed: ${why}.`);
}
