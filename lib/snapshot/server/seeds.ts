import { createHmac } from 'node:crypto';
import { LARGEST_SEED } from '../../core/snapshot-numbers.js';
import type { Tick } from './ticks.js';

/** Where the seeds of ticks come from. */
export interface Seeds {
  /**
   * The seed of the tick of this moment.
   *
   * @param ttlMs How long it has to be kept, in milliseconds from now.
   */
  current(tick: Tick, ttlMs: number): number | Promise<number>;
  /** The seed of a tick that is kept; `undefined` where there is none. */
  find(tick: Tick): number | undefined | Promise<number | undefined>;
}

/**
 * Seeds that follow from the secret key and the time of the tick: all who have the key and the interval agree, and nobody
 * has to be asked or to remember anything.
 */
export function derivedSeeds(secretKey: Uint8Array): Seeds {
  const seedOf = ({ begin, end }: Tick): number => {
    const digest = createHmac('sha256', secretKey).update(`ash-snapshot-seed|${begin}|${end}`).digest();
    // 2^32 is a multiple of 2^30, so every seed is as likely as any other.
    return (digest.readUInt32BE(0) % LARGEST_SEED) + 1;
  };
  return { current: seedOf, find: seedOf };
}
