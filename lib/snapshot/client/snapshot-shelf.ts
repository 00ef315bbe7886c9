import type { SnapshotSeed } from '../cipher/snapshot.js';

/** What was seen of a tick: its seed, and the first and the last second of it. */
interface SeenTick {
  readonly seed: number;
  readonly first: number;
  readonly last: number;
}

/** How many ticks are kept at most; beyond it the one that was not seen for the longest time is forgotten. */
const MOST_TICKS = 1_024;

/** The snapshots of late that were found good, to open messages with. */
export class SnapshotShelf {
  /** By the tick; what was seen last is last. */
  readonly #ticks = new Map<number, SeenTick>();

  put({ tick, seed, timestamp }: SnapshotSeed): void {
    const seen = this.#ticks.get(tick);
    // A server that began to count anew has another seed for a tick that was there before.
    const [first, last] = seen?.seed === seed ? [seen.first, seen.last] : [timestamp, timestamp];
    this.#ticks.delete(tick);
    this.#ticks.set(tick, { seed, first: Math.min(first, timestamp), last: Math.max(last, timestamp) });
    const [oldest = tick] = this.#ticks.keys();
    if (this.#ticks.size > MOST_TICKS) this.#ticks.delete(oldest);
  }

  ofTick(tick: number): SnapshotSeed | undefined {
    const seen = this.#ticks.get(tick);
    return seen && { tick, seed: seen.seed, timestamp: seen.last };
  }

  /** The snapshots that a second is known to belong to: two of them where one tick ended within it. */
  ofSecond(at: number): SnapshotSeed[] {
    return Array.from(this.#ticks)
      .filter(([, { first, last }]) => first <= at && at <= last)
      .map(([tick, { seed }]) => ({ tick, seed, timestamp: at }));
  }

  clear(): void {
    this.#ticks.clear();
  }
}
