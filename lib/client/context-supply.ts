import type { AshIssuedContext } from '../core/index.js';
import { askForContexts, saysWhoCalls, unavailable } from './context-request.js';
import { ContextShelf, type AskForContexts } from './context-shelf.js';
import { AshClientError, isAshClientError } from './errors.js';
import { endOf } from './exchange.js';
import type { ClientSettings } from './options.js';
import { pause } from './pause.js';
import { isBusy } from './refusal.js';
import type { RequestTarget } from './request.js';
import { contextUrl } from './request-url.js';
import type { ServerClock } from './server-clock.js';

/** How many routes and callers contexts are held ready for; those that were not used for the longest time are given up. */
const MOST_SHELVES = 256;

/** Headers that number or trace a request, and so differ from one to the next of the same caller. */
const OF_ONE_REQUEST =
  /^(?:x-(?:request|correlation)-id|traceparent|tracestate|baggage|x-b3-.*|b3|sentry-trace|idempotency-key|date)$/;

/** Gives contexts: those that stand ready, or fresh ones of the server. */
export class ContextSupply {
  readonly #shelves = new Map<string, ContextShelf>();
  readonly #settings: ClientSettings;
  readonly #clock: ServerClock;

  constructor(settings: ClientSettings, clock: ServerClock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /**
   * The shelf of a route and a caller.
   *
   * @param headers The headers of the request: whoever sends others may be somebody else.
   */
  shelf(target: RequestTarget, headers: Headers): ContextShelf {
    const key = keyOf(target, headers, this.#settings);
    const shelf =
      this.#shelves.get(key) ??
      new ContextShelf({ ahead: this.#settings.prefetch, renewal: this.#settings.renewal, clock: this.#clock });
    // Last in the Map is used last.
    this.#shelves.delete(key);
    this.#shelves.set(key, shelf);
    const [oldest = key] = this.#shelves.keys();
    if (this.#shelves.size > MOST_SHELVES) this.#shelves.delete(oldest);
    return shelf;
  }

  /** Takes a context from a shelf; `fresh`: none that stands there already. */
  async take(target: RequestTarget, shelf: ContextShelf, fresh: boolean): Promise<AshIssuedContext> {
    const ending = endOf(target.signal, target.timeout);
    return shelf.take(this.#asker(target), { fresh, signal: ending }).catch((error: unknown) => {
      throw isAshClientError(error) ? ownCopy(error) : ownEnd(target, ending, error);
    });
  }

  /** A context for this call alone, asked for just now. */
  async ask(target: RequestTarget): Promise<AshIssuedContext> {
    return (await this.#askFor(target, 1))[0];
  }

  /** Has contexts ready before they are needed. */
  async fill(target: RequestTarget, headers: Headers, count: number): Promise<void> {
    const ending = endOf(target.signal, target.timeout);
    const filled = this.shelf(target, headers).fill(this.#asker(target), count, ending);
    await filled.catch((error: unknown) => {
      throw ownEnd(target, ending, error);
    });
  }

  /** Throws away every context that stands ready. */
  forget(): void {
    this.#shelves.clear();
  }

  /** What is asked for many ends with none of them. */
  #asker({ url, method, binding, headers, credentials }: RequestTarget): AskForContexts {
    // No more than is needed of a request, which a shelf would keep with its body.
    const caller = { url, method, binding, headers, credentials, timeout: this.#settings.timeout };
    return (count, signal) => this.#askFor({ ...caller, signal }, count);
  }

  async #askFor(target: RequestTarget, count: number): Promise<[AshIssuedContext, ...AshIssuedContext[]]> {
    const answer = await askForContexts(target, count, this.#settings).catch(async (error: unknown) => {
      if (!isAshClientError(error) || !isBusy(error)) throw error;
      await pause(error.response, target.signal);
      return askForContexts(target, count, this.#settings);
    });
    this.#clock.learn(answer.reading);
    return [...answer.contexts];
  }
}

function keyOf(target: RequestTarget, headers: Headers, settings: ClientSettings): string {
  const caller: string[] = [];
  headers.forEach((value, name) => {
    if (saysWhoCalls(name) && !OF_ONE_REQUEST.test(name)) caller.push(`${name}: ${value}`);
  });
  const { href } = contextUrl(target.url, settings);
  return JSON.stringify([href, target.binding, target.credentials, caller.sort()]);
}

/** What ends the wait of one call: its time, or its caller. Anything else is told as it is. */
function ownEnd({ binding, signal }: RequestTarget, ending: AbortSignal | undefined, error: unknown): unknown {
  const isTimeUp = ending?.aborted === true && signal?.aborted !== true && error === ending.reason;
  return isTimeUp ? unavailable(`The request for a context for '${binding}'`, error) : error;
}

/** The error of a request that several calls shared, with an answer that each can read. */
function ownCopy(error: AshClientError): AshClientError {
  const { code, message, response, cause } = error;
  return new AshClientError(code, message, {
    cause,
    ...(response && { response: response.clone() }),
  });
}
