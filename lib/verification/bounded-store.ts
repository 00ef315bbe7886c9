import { ASH_MODES, AshError, ashErrorMessage, isAshError } from '../core/index.js';
import { ASH_PROTOCOLS } from '../core/formulas.js';
import type { AshContext, AshContextOptions } from '../stores/context.js';
import type {
  AshChainLink,
  AshConsumeResult,
  AshContextStore,
  AshLinkHold,
  AshReserveResult,
  AshSpendResult,
  AshStoredLink,
} from '../stores/context-store.js';
import { atOnce } from '../stores/at-once.js';
import { within } from '../stores/within.js';
import { after, isPromise, type Awaitable } from './after.js';

const CONSUME_RESULTS: readonly AshConsumeResult[] = ['consumed', 'already-used', 'expired', 'not-found'];
const SPEND_RESULTS: readonly AshSpendResult[] = [...CONSUME_RESULTS, 'link-taken', 'link-expired', 'link-not-found'];
const RESERVE_RESULTS: readonly AshReserveResult[] = ['reserved', 'taken', 'expired', 'not-found'];

/**
 * A store whose every answer comes within a bounded time: any error of it, a time-out included, is
 * `ASH_STORE_UNAVAILABLE`. Source: protocol, section 8.
 */
export class BoundedStore {
  /**
   * @param timeout The longest wait for an answer, in milliseconds.
   * @param opening Makes the store ready before it is asked, for an application that has no start-up to do it in;
   * nothing once it is.
   * @param deadline When the last answer has to be there, by the clock of `performance`.
   */
  constructor(
    private readonly store: AshContextStore,
    private readonly timeout: number,
    private readonly opening: () => Promise<void> | undefined = () => undefined,
    private readonly deadline = Number.POSITIVE_INFINITY,
  ) {}

  /**
   * The same store with one wait for all that is asked of it from now on, so that several waits do not add up.
   *
   * @param view The same store seen from inside a transaction.
   */
  withDeadline(view = this.store): BoundedStore {
    if (view === this.store && view.inProcess) return this;
    return new BoundedStore(view, this.timeout, this.opening, performance.now() + this.timeout);
  }

  create(options: AshContextOptions): Promise<AshContext> {
    return this.ask(
      (store) => store.create(options),
      () => true,
      doesNotFit,
    );
  }

  get(id: string): Awaitable<AshContext | null> {
    const { store } = this;
    const answer = this.atHand('get');
    if (answer !== undefined) return this.take(() => answer.call(store, id));
    return this.ask(
      (asked) => asked.get(id),
      (context) => context === null || isContext(context, id),
    );
  }

  consume(id: string): Awaitable<AshConsumeResult> {
    const { store } = this;
    const answer = this.atHand('consume');
    if (answer !== undefined) return this.take(() => answer.call(store, id));
    return this.ask(
      (asked) => asked.consume(id),
      (result) => CONSUME_RESULTS.includes(result),
    );
  }

  spend(id: string, hold: AshLinkHold): Promise<AshSpendResult> {
    return this.ask(
      (store) => store.spend(id, hold),
      (result) => SPEND_RESULTS.includes(result),
    );
  }

  writeLink(link: AshChainLink): Promise<void> {
    return this.ask((store) => store.writeLink(link));
  }

  getLink(hash: string): Promise<AshStoredLink | null> {
    return this.ask(
      (store) => store.getLink(hash),
      (link) => link === null || link.hash === hash,
    );
  }

  reserveLink(hash: string, holder: string): Promise<AshReserveResult> {
    return this.ask(
      (store) => store.reserveLink(hash, holder),
      (result) => RESERVE_RESULTS.includes(result),
    );
  }

  releaseLink(hash: string, holder: string): Promise<boolean> {
    return this.ask((store) => store.releaseLink(hash, holder));
  }

  /**
   * @param isAnswer Whether an answer is one that the question can have: a store is somebody else's code.
   * @param isRefusal Whether an error is the store's answer to the question, and not a failure of it.
   */
  private async ask<T>(
    question: (store: AshContextStore) => Promise<T>,
    isAnswer: (answer: T) => boolean = () => true,
    isRefusal: (error: unknown) => boolean = () => false,
  ): Promise<T> {
    try {
      const opening = this.opening();
      const promise = opening === undefined ? question(this.store) : opening.then(() => question(this.store));
      const answer = this.store.inProcess ? await promise : await this.within(promise);
      if (isAnswer(answer)) return answer;
    } catch (error) {
      if (isRefusal(error)) throw error;
      throw unavailable(error);
    }
    throw unavailable(new TypeError('The store gave an answer that its contract does not know.'));
  }

  /** What answers a question without a promise, if the store has it. */
  private atHand<K extends 'get' | 'consume'>(question: K): ReturnType<typeof atOnce<K, AshContextStore>> {
    try {
      return atOnce(this.store, question);
    } catch {
      // A store that cannot even be asked: whoever asks it hears of it, as the failure of the store that it is.
      return undefined;
    }
  }

  /** Takes an answer that the store has at hand, once it is open. */
  private take<T>(answer: () => T): Awaitable<T> {
    try {
      const taken = after(this.opening(), answer);
      return isPromise(taken) ? taken.catch(throwUnavailable) : taken;
    } catch (error) {
      return throwUnavailable(error);
    }
  }

  private within<T>(answer: Promise<T>): Promise<T> {
    const left = Math.max(0, Math.min(this.timeout, this.deadline - performance.now()));
    return within(answer, left, () => new Error(`The store did not answer within ${String(this.timeout)} ms.`));
  }
}

function throwUnavailable(cause: unknown): never {
  throw unavailable(cause);
}

function unavailable(cause: unknown): AshError {
  return new AshError('ASH_STORE_UNAVAILABLE', ashErrorMessage('ASH_STORE_UNAVAILABLE'), { cause });
}

/** Whether a store says that it has no room for a context of this size: the asker's to mend, and no outage. */
function doesNotFit(error: unknown): boolean {
  return isAshError(error) && error.code === 'ASH_CANONICALIZATION_ERROR';
}

/** Whether what a store keeps can be verified: a context that lacks a part would be checked with a part less. */
function isContext(context: AshContext, id: string): boolean {
  const { binding, mode, protocol, issuedAt, expiresAt, nonce } = context;
  return (
    context.id === id &&
    typeof binding === 'string' &&
    ASH_MODES.includes(mode) &&
    ASH_PROTOCOLS.includes(protocol) &&
    Number.isFinite(issuedAt) &&
    Number.isFinite(expiresAt) &&
    typeof nonce === 'string' &&
    nonce !== ''
  );
}
