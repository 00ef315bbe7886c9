/**
 * Where processes agree on the seed of each tick: what `AshSnapshotModule` needs of a store that they share.
 * `AshRedisStore` and `AshSqlStore` are such sets; `describeAshSeedSet` of `nestjs-ash/testing` is the contract as tests.
 *
 * A set that loses a seed before its tick is over makes two of it: those who know the first one keep it, the others agree
 * on another, and what the ones encrypt the others cannot open until the next tick. Nothing else is lost by it, since a
 * seed is no secret.
 *
 * @example
 * const seed = await set.agreeOnSeed(tick, randomInt(1, 2 ** 30 + 1), 61_000);
 *
 * Source: protocol, section 10.
 */
export interface AshSeedSet {
  /** Makes the set ready, and rejects where it cannot be; left out where there is nothing to do. Called once more it does nothing. */
  open?(): Promise<void>;
  /**
   * The seed of a tick: the one that is there, or else `proposed`, which is there from then on. Atomic: of any number
   * of simultaneous calls, on whatever processes, all get the same one.
   *
   * @param tick An integer from 0 to 2^31 - 1.
   * @param proposed An integer from 1 to 2^30.
   * @param ttlMs How long it has to be kept, in milliseconds from now. That of the call whose proposal is taken counts; a
   * set adds its grace period, for clocks that differ.
   * @throws RangeError for a tick, a seed or a time that is none.
   * @throws AshError `ASH_STORE_UNAVAILABLE`
   */
  agreeOnSeed(tick: number, proposed: number, ttlMs: number): Promise<number>;
  /**
   * The seed of a tick that is still kept, `undefined` where there is none: it makes none.
   *
   * @throws AshError `ASH_STORE_UNAVAILABLE`
   */
  findSeed(tick: number): Promise<number | undefined>;
}
