/**
 * Where processes agree on the seed of each tick: what `AshSnapshotModule` needs of a store that they share.
 *
 * Source: protocol, section 10.
 */
export interface AshSeedSet {
  /**
   * The seed of a tick: the one that is there, or else `proposed`, which is there from then on. Atomic: of any number
   * of simultaneous calls, on whatever processes, all get the same one.
   *
   * @param ttlMs How long it has to be kept, in milliseconds from now.
   */
  agreeOnSeed(tick: number, proposed: number, ttlMs: number): Promise<number>;
  /** The seed of a tick that is still kept, `undefined` where there is none: it makes none. */
  findSeed(tick: number): Promise<number | undefined>;
}
