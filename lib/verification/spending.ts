import { AshError } from '../core/index.js';
import { untraced } from './untraced.js';
import type { AshLinkHold, AshSpendResult } from '../stores/context-store.js';
import { after, type Awaitable } from './after.js';
import type { BoundedStore } from './bounded-store.js';
import { taken } from './chain.js';

/** What is to be spent. */
export interface SpendingOptions {
  readonly contextId: string;
  /** The link of the step before, which is held with it; `undefined` where the request names none. */
  readonly hold: AshLinkHold | undefined;
}

/**
 * The spending of one request's context, and the holding of the link that it names: both or neither. The guard does it
 * before the handler, or the handler does it in a transaction of its own.
 *
 * Source: protocol, section 8, step 9.
 */
export class Spending {
  private done = false;

  constructor(private readonly options: SpendingOptions) {}

  /** Whether the context was spent by this request. */
  get isDone(): boolean {
    return this.done;
  }

  /**
   * @param store The store, or a view of it that takes part in a transaction.
   * @throws AshError `ASH_CTX_ALREADY_USED`, `ASH_CTX_EXPIRED`, `ASH_CTX_NOT_FOUND`, `ASH_CHAIN_BROKEN`,
   * `ASH_CHAIN_EXPIRED`, `ASH_STORE_UNAVAILABLE`
   */
  run(store: BoundedStore): Awaitable<void> {
    // A transaction that was rolled back took its spending with it, and may be tried again.
    this.done = false;
    const { contextId, hold } = this.options;
    const spent = hold === undefined ? store.consume(contextId) : this.spendWith(hold, store);
    return after(spent, (result) => {
      throwUnlessConsumed(result);
      this.done = true;
    });
  }

  private async spendWith(hold: AshLinkHold, store: BoundedStore): Promise<AshSpendResult> {
    const { contextId } = this.options;
    let result: AshSpendResult | undefined;
    try {
      result = await store.spend(contextId, hold);
      return result;
    } finally {
      // Without an answer it may have happened, and the handler will not run.
      if (result === undefined) await store.releaseLink(hold.hash, hold.holder);
    }
  }
}

/** The refusal of a request whose context is not there to be spent. */
export function refused(code: 'ASH_CTX_NOT_FOUND' | 'ASH_CTX_ALREADY_USED' | 'ASH_CTX_EXPIRED'): AshError {
  return untraced(() => new AshError(code));
}

/** Of any number of requests one is let through. */
function throwUnlessConsumed(result: AshSpendResult): void {
  switch (result) {
    case 'consumed':
      return;
    case 'already-used':
      throw refused('ASH_CTX_ALREADY_USED');
    case 'expired':
      throw refused('ASH_CTX_EXPIRED');
    case 'not-found':
      throw refused('ASH_CTX_NOT_FOUND');
    case 'link-expired':
      throw new AshError('ASH_CHAIN_EXPIRED');
    case 'link-taken':
    case 'link-not-found':
      throw taken();
    default:
      throw new TypeError('The store gave an answer that its contract does not know.');
  }
}
