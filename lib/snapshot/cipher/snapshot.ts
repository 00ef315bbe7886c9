/** A snapshot as a server hands it out. Source: protocol, section 10. */
export interface AshSnapshot {
  /** Which tick it is: a whole number below 2^31. */
  readonly tick: number;
  /** A whole number from 1 to 2^30, public as all the rest of it. */
  readonly seed: number;
  /** Seconds since the epoch: a moment within the tick. */
  readonly timestamp: number;
  /** `base64(HMAC-SHA256(secret_key, "tick|seed|timestamp"))` */
  readonly signature: string;
}

/** What of a snapshot a message is made with. */
export type SnapshotSeed = Pick<AshSnapshot, 'tick' | 'seed' | 'timestamp'>;

/** The snapshot that a message needs: that of a tick, or of a moment in seconds since the epoch. */
export type SnapshotQuery = { readonly tick: number } | { readonly at: number };

/** Where snapshots come from: a server has its own, a client asks for them. */
export interface SnapshotFinder {
  /** The snapshot of this moment. */
  current(): Promise<SnapshotSeed>;
  /**
   * One that is still kept.
   *
   * @throws SnapshotError `ASH_CRYPTO_SNAPSHOT_EXPIRED` where it is not kept.
   */
  find(query: SnapshotQuery): Promise<SnapshotSeed>;
}
