import type { AshContext, AshContextOptions } from './context.js';

/** How an attempt to spend a context ended. */
export type AshConsumeResult = 'consumed' | 'already-used' | 'expired' | 'not-found';

/** How an attempt to reserve a chain's link ended. */
export type AshReserveResult = 'reserved' | 'taken' | 'expired' | 'not-found';

/** How an attempt to spend a context together with the link of the step before ended. */
export type AshSpendResult = AshConsumeResult | 'link-taken' | 'link-expired' | 'link-not-found';

/** A link, and the name under which one request holds it. */
export interface AshLinkHold {
  readonly hash: string;
  /** Begins with the identifier of the request's context and `/`, and goes on with what only this request has. */
  readonly holder: string;
}

/** What a step of a chain leaves behind when it has succeeded. Source: protocol, section 9. */
export interface AshChainLink {
  /** `SHA256` of the step's proof: what the next step names. */
  readonly hash: string;
  /** The chain's name. */
  readonly chain: string;
  /** The declared binding of the step that succeeded. */
  readonly step: string;
  readonly subject?: string;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly issuedAt: number;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly expiresAt: number;
}

/** A link as a store gives it back. */
export interface AshStoredLink extends AshChainLink {
  /** The context that holds the link, or spent it; absent while it is free. */
  readonly holder?: string;
}

/** How often a link is looked at that was taken and is free again: a store that contradicts itself has an end too. */
const MOST_LOOKS = 8;

/**
 * Where contexts and the links of chains are kept: the contract of every store, and the token under which an
 * application injects or replaces it.
 *
 * Three promises make a store one:
 *
 * - `consume` is atomic: of any number of simultaneous calls for one context, on all servers, one answers `consumed`.
 * - A consumed or expired context is kept for a grace period, so that the three refusals stay apart, and a consumed
 *   one is never forgotten before it has expired.
 * - A method that cannot keep its promise rejects. The verifier answers 503 then.
 *
 * A link is a one-time record as a context is: `reserveLink` is atomic in the same way. `describeAshStore` from
 * `nestjs-ash/testing` holds a store of your own against all of it.
 *
 * @example
 * class MyStore extends AshContextStore { … }
 * AshModule.forRoot({ store: MyStore });
 */
export abstract class AshContextStore {
  /**
   * Whether every answer comes from this process's memory. The verifier bounds the waiting for all others.
   */
  readonly inProcess: boolean = false;

  /**
   * Makes the store ready: connects, checks how the server is set up, makes what it needs there. The module waits for
   * it at start-up, also for a store that the application made; called again it does nothing.
   *
   * @throws AshConfigurationError where the store cannot keep its promises as it is set up.
   */
  open(): Promise<void> {
    return Promise.resolve();
  }

  /** Makes a context, keeps it and gives it back. */
  abstract create(options: AshContextOptions): Promise<AshContext>;

  /** A context, also a consumed or expired one within the grace period; `null` for an unknown one. */
  abstract get(id: string): Promise<AshContext | null>;

  /** Spends a context, atomically and once. */
  abstract consume(id: string): Promise<AshConsumeResult>;

  /** Forgets what is past its grace period, and answers how many records that were. */
  abstract cleanup(): Promise<number>;

  /** Keeps a new link. */
  abstract writeLink(link: AshChainLink): Promise<void>;

  /** A link, also a held or expired one within the grace period; `null` for an unknown one. */
  abstract getLink(hash: string): Promise<AshStoredLink | null>;

  /**
   * Holds a free link for one request, atomically.
   *
   * @param holder Who holds it: the identifier of the request's context, `/`, and what is this one request's own. A link
   * that the same holder holds already counts as reserved.
   */
  abstract reserveLink(hash: string, holder: string): Promise<AshReserveResult>;

  /** Frees a link that `holder` holds, and answers whether it did. A link that somebody else holds stays theirs. */
  abstract releaseLink(hash: string, holder: string): Promise<boolean>;

  /**
   * Holds the link of the step before and spends the context: both or neither. The context is looked at first, so
   * that of identical requests all but one hear `already-used`.
   *
   * A store that can do both in one atomic act overrides it. This one does them one after the other, and frees the
   * link again where the context cannot be spent.
   */
  async spend(id: string, { hash, holder }: AshLinkHold): Promise<AshSpendResult> {
    let reserved = await this.reserveLink(hash, holder);
    for (let looks = 1; reserved === 'taken'; looks++) {
      const link = await this.getLink(hash);
      if (isHeldFor(id, link)) return 'already-used';
      const isFree = link !== null && link.holder === undefined;
      if (!isFree || looks === MOST_LOOKS) return 'link-taken';
      // Freed meanwhile, most likely by an identical request whose handler failed: the context will tell.
      reserved = await this.reserveLink(hash, holder);
    }
    if (reserved !== 'reserved') return `link-${reserved}`;
    let result: AshConsumeResult | undefined;
    try {
      result = await this.consume(id);
      return result;
    } finally {
      if (result !== 'consumed') await this.releaseLink(hash, holder);
    }
  }

  /** Ends what the store opened itself: timers, connections. The module calls it for a store that it made. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Whether a link is held by a request with this context. */
export function isHeldFor(id: string, link: AshStoredLink | null): boolean {
  return link?.holder?.startsWith(`${id}/`) ?? false;
}
