import { randomInt } from 'node:crypto';
import { AshError } from '../../core/index.js';
import type { AshSeedSet } from '../../stores/seed-set.js';
import { isSeed, LARGEST_SEED } from '../../core/snapshot-numbers.js';
import { within } from '../../stores/within.js';
import type { AshLog } from '../../verification/protected-route.js';
import type { Seeds } from './seeds.js';
import type { Tick } from './ticks.js';

/** How many seeds are remembered; the store is asked again for older ones. */
const MOST_REMEMBERED = 4_096;

/** What {@link SharedSeeds} work with. */
export interface SharedSeedsOptions {
  readonly store: AshSeedSet;
  /** The longest wait for an answer, in milliseconds. */
  readonly timeout: number;
  readonly log: AshLog;
}

/**
 * Seeds at random, on which all agree who share a store. A seed never changes, so the store is asked once for each, and
 * once for all who ask at the same time.
 */
export class SharedSeeds implements Seeds {
  /** Seeds by the beginnings of their ticks, oldest answer first. */
  private readonly known = new Map<number, number>();
  private readonly agreeing = new Map<number, Promise<number>>();
  private readonly finding = new Map<number, Promise<number | undefined>>();

  constructor(private readonly options: SharedSeedsOptions) {}

  current({ tick, begin }: Tick, ttlMs: number): number | Promise<number> {
    return (
      this.known.get(begin) ??
      once(this.agreeing, begin, async () => {
        const seed = await this.ask((store) => store.agreeOnSeed(tick, randomInt(1, LARGEST_SEED + 1), ttlMs), isSeed);
        return this.remember(begin, seed);
      })
    );
  }

  find({ tick, begin }: Tick): number | undefined | Promise<number | undefined> {
    return (
      this.known.get(begin) ??
      once(this.finding, begin, async () => {
        const seed = await this.ask((store) => store.findSeed(tick), isSeedOrNone);
        return seed === undefined ? undefined : this.remember(begin, seed);
      })
    );
  }

  private remember(begin: number, seed: number): number {
    this.known.set(begin, seed);
    const [oldest] = this.known.keys();
    if (this.known.size > MOST_REMEMBERED && oldest !== undefined) this.known.delete(oldest);
    return seed;
  }

  /** @param isAnswer Whether an answer is one that the question can have: a store is somebody else's code. */
  private async ask<T>(question: (store: AshSeedSet) => Promise<T>, isAnswer: (answer: T) => boolean): Promise<T> {
    const { store, timeout, log } = this.options;
    try {
      const late = (): Error => new Error(`The store did not answer within ${timeout} ms.`);
      const answer = await within(question(store), timeout, late);
      if (isAnswer(answer)) return answer;
      throw new TypeError('The store gave an answer that is no seed: a seed is a whole number from 1 to 2^30.');
    } catch (cause) {
      log('error', 'The seed of a snapshot is not to be had from the store.', cause);
      throw new AshError('ASH_STORE_UNAVAILABLE', 'The store of the snapshots did not answer.', { cause });
    }
  }
}

/** One question for all who ask while it is under way. */
function once<T>(asked: Map<number, Promise<T>>, begin: number, ask: () => Promise<T>): Promise<T> {
  const underWay = asked.get(begin);
  if (underWay !== undefined) return underWay;
  const answer = ask().finally(() => asked.delete(begin));
  asked.set(begin, answer);
  return answer;
}

function isSeedOrNone(seed: unknown): boolean {
  return seed === undefined || isSeed(seed);
}
