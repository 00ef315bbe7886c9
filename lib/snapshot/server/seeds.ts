import { createHmac, randomInt } from 'node:crypto';
import type { AshSeedSet } from '../../stores/seed-set.js';
import type { Tick } from './ticks.js';

/** Seeds are from 1 to 2^30. Source: protocol, section 10. */
const LARGEST_SEED = 2 ** 30;

/** Where the seeds of ticks come from. */
export interface Seeds {
  /** The seed of the tick of this moment. */
  current(tick: Tick, ttlMs: number): number | Promise<number>;
  /** The seed of a tick that is kept; `undefined` where there is none. */
  find(tick: Tick): number | undefined | Promise<number | undefined>;
}

/** Seeds that follow from the secret key and the tick: all who have the key agree, and nobody has to be asked. */
export function derivedSeeds(secretKey: Uint8Array): Seeds {
  const seedOf = ({ begin, end }: Tick): number => {
    const digest = createHmac('sha256', secretKey)
      .update(`ash-snapshot-seed|${String(begin)}|${String(end)}`)
      .digest();
    return (digest.readUInt32BE(0) % LARGEST_SEED) + 1;
  };
  return { current: seedOf, find: seedOf };
}

/** Seeds at random, on which all agree who share a store. */
export function sharedSeeds(set: AshSeedSet): Seeds {
  return {
    current: ({ tick }, ttlMs) => set.agreeOnSeed(tick, randomInt(1, LARGEST_SEED + 1), ttlMs),
    find: ({ tick }) => set.findSeed(tick),
  };
}
