/** How an attempt to mark a key as spent ended. */
export type AshMarkResult = 'marked' | 'already-marked' | 'other-epoch';

/** One key to mark as spent. */
export interface AshSpentMark {
  /** Which of the set's shards the key belongs to: 0 to `shards - 1`. */
  readonly shard: number;
  /** What is spent: at most 64 characters of `[0-9a-f]`. */
  readonly key: string;
  /** The epoch in which the key was given out. */
  readonly epoch: string;
  /** How long the mark has to be kept, in milliseconds from now; the set adds its grace period. */
  readonly ttlMs: number;
}

/**
 * The keys that were spent: what `AshSealedStore` needs of the store that it stands on.
 *
 * The set has an *epoch*, a text that changes whenever a mark may have been lost: with a flush, a restart that does
 * not bring everything back, a promotion. A key that was given out in another epoch is refused, so that a loss never
 * opens a replay. Clocks play no part in it.
 *
 * Source: protocol, section 9.
 */
export interface AshSpentSet {
  /** How many parts the set has, each with an epoch of its own: on a cluster they lie on different nodes. */
  readonly shards: number;
  /** The epoch of a shard, which begins with the first question for it. */
  epoch(shard: number): Promise<string>;
  /**
   * Marks a key, atomically and once: of any number of simultaneous calls one answers `marked`. A key of another epoch
   * than the shard's is `other-epoch`, and is not marked.
   */
  mark(mark: AshSpentMark): Promise<AshMarkResult>;
}
