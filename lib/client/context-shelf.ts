import type { AshIssuedContext } from '../core/index.js';
import type { ServerClock } from './server-clock.js';

/** Asks the server for so many contexts; it gives one at least. */
export type AskForContexts = (count: number, signal: AbortSignal | undefined) => Promise<readonly AshIssuedContext[]>;

/** How a shelf is kept. */
export interface ShelfRules {
  /** How many contexts are fetched ahead. */
  readonly ahead: number;
  /** Whether answers bring the next context. */
  readonly renewal: boolean;
  readonly clock: ServerClock;
}

/** A call that waits for a context. */
interface Waiting {
  readonly give: (context: AshIssuedContext) => void;
  readonly fail: (error: Error) => void;
}

/** The most contexts that stand ready for one route, and the most that are asked for at once. */
export const MOST_CONTEXTS = 64;

// What would expire on its way is not sent.
const FLIGHT = 1_000;
const SHARE_OF_LIFE = 4;

/**
 * The contexts that stand ready for one route and one caller. Each is handed out once. Calls that find none wait for one
 * and the same request to the server, which asks for as many as there are calls.
 */
export class ContextShelf {
  readonly #rules: ShelfRules;
  #ready: AshIssuedContext[] = [];
  readonly #waiting = new Set<Waiting>();
  /** How many answers are on their way that were asked to bring a context. */
  #expected = 0;
  #ask: AskForContexts | undefined;
  #asking: AbortController | undefined;

  constructor(rules: ShelfRules) {
    this.#rules = rules;
  }

  /**
   * Takes a context.
   *
   * @param ask How this caller asks the server.
   * @param options `fresh`: none that stands ready already. `signal`: ends the wait, with its reason.
   * @throws what `ask` throws.
   */
  take(
    ask: AskForContexts,
    { fresh = false, signal }: { readonly fresh?: boolean; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<AshIssuedContext> {
    this.#ask = ask;
    const ready = fresh ? undefined : this.#takeReady();
    const context = ready === undefined ? this.#wait(signal) : Promise.resolve(ready);
    this.#replenish();
    return context;
  }

  /** Has at least so many contexts ready, up to what the server gives at once. */
  async fill(ask: AskForContexts, count: number, signal: AbortSignal | undefined): Promise<void> {
    this.#dropExpired();
    const missing = count - this.#ready.length;
    if (missing <= 0) return;
    for (const context of await ask(missing, signal)) this.#put(context);
  }

  /** Whether the next answer is to bring a context. If so, {@link settle} has to follow, whatever becomes of it. */
  expectRenewal(): boolean {
    if (!this.#rules.renewal || this.#ready.length + this.#expected >= MOST_CONTEXTS) return false;
    this.#expected += 1;
    return true;
  }

  /** Ends an expectation, with what the answer brought. */
  settle(context: AshIssuedContext | undefined): void {
    this.#expected -= 1;
    if (context !== undefined) this.#put(context);
    this.#replenish();
  }

  /** Throws away what stands ready: a server that refused one of them will refuse the others. */
  clear(): void {
    this.#ready = [];
  }

  #takeReady(): AshIssuedContext | undefined {
    this.#dropExpired();
    return this.#ready.shift();
  }

  #dropExpired(): void {
    if (this.#ready.length === 0) return;
    const now = this.#rules.clock.now();
    this.#ready = this.#ready.filter(
      ({ issuedAt, expiresAt }) => expiresAt - Math.min(FLIGHT, (expiresAt - issuedAt) / SHARE_OF_LIFE) > now,
    );
  }

  #put(context: AshIssuedContext): void {
    const [first] = this.#waiting;
    if (first !== undefined) first.give(context);
    else if (this.#ready.length < MOST_CONTEXTS) this.#ready.push(context);
  }

  #wait(signal: AbortSignal | undefined): Promise<AshIssuedContext> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        give: (context) => {
          leave();
          resolve(context);
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      const stop = (): void => {
        waiting.fail(signal?.reason as Error);
        if (this.#waiting.size > 0) return;
        // Nobody is left to wait for the answer, and whoever comes next does not wait for one that never came.
        this.#asking?.abort();
        this.#asking = undefined;
      };
      const leave = (): void => {
        this.#waiting.delete(waiting);
        signal?.removeEventListener('abort', stop);
      };
      this.#waiting.add(waiting);
      signal?.addEventListener('abort', stop);
      if (signal?.aborted) stop();
    });
  }

  get #missing(): number {
    const ahead = Math.max(0, this.#rules.ahead - this.#ready.length - this.#expected);
    return Math.min(this.#waiting.size + ahead, MOST_CONTEXTS);
  }

  /** Asks for what is missing, unless it is being asked for: one request at a time. */
  #replenish(): void {
    if (this.#asking !== undefined || this.#missing === 0) return;
    const asking = new AbortController();
    this.#asking = asking;
    // When all calls of this turn are waiting.
    queueMicrotask(() => void this.#fetch(asking));
  }

  async #fetch(asking: AbortController): Promise<void> {
    // Given up before it began, and begun anew where somebody else waits.
    if (asking.signal.aborted) return;
    const served = [...this.#waiting];
    const count = this.#missing;
    try {
      // Whoever waited may have been given the context of an answer, or have given up.
      if (count > 0) for (const context of (await this.#ask?.(count, asking.signal)) ?? []) this.#put(context);
    } catch (error) {
      // Fetched ahead it is nobody's error: the call that finds no context asks again, and is told.
      for (const waiting of served) if (this.#waiting.has(waiting)) waiting.fail(error as Error);
    } finally {
      if (this.#asking === asking) this.#asking = undefined;
    }
    // Those who came meanwhile, or for whom the server's answer was too short.
    if (this.#waiting.size > 0) this.#replenish();
  }
}
