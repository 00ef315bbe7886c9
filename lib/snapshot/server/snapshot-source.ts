import { SnapshotError } from '../cipher/errors.js';
import { ashSignSnapshot } from '../cipher/signature.js';
import type { AshSnapshot, SnapshotFinder, SnapshotQuery, SnapshotSeed } from '../cipher/snapshot.js';
import type { Seeds } from './seeds.js';
import { Ticks, type Tick } from './ticks.js';

const SECOND = 1_000;

/** What a source of snapshots works with. */
export interface SnapshotSourceOptions {
  readonly secretKey: Uint8Array;
  /** The length of a tick, in milliseconds. */
  readonly interval: number;
  /** How long a snapshot is kept after its tick, in milliseconds. */
  readonly kept: number;
  readonly seeds: Seeds;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** The snapshots of a server: that of this moment, and those that are still kept. */
export class SnapshotSource implements SnapshotFinder {
  private readonly ticks: Ticks;
  /** Seeds by their ticks, oldest first. */
  private readonly known = new Map<number, Promise<number>>();

  constructor(private readonly options: SnapshotSourceOptions) {
    this.ticks = new Ticks(options.interval, options.kept);
  }

  /** The snapshot of this moment, and how long its tick lasts from now on, in milliseconds. */
  async now(): Promise<{ readonly snapshot: AshSnapshot; readonly lasts: number }> {
    const now = this.options.clock();
    const tick = this.ticks.at(now);
    const seed = await this.seedOf(tick, now);
    return { snapshot: this.signed({ tick: tick.tick, seed, timestamp: seconds(now) }), lasts: tick.end - now };
  }

  async current(): Promise<AshSnapshot> {
    return (await this.now()).snapshot;
  }

  async find(query: SnapshotQuery): Promise<AshSnapshot> {
    const now = this.options.clock();
    const tick = this.locate(query, now);
    const seed = tick && (await this.keptSeedOf(tick, now));
    if (tick === undefined || seed === undefined) throw notKept();
    return this.signed({ tick: tick.tick, seed, timestamp: 'at' in query ? query.at : momentIn(tick, now) });
  }

  private locate(query: SnapshotQuery, now: number): Tick | undefined {
    if ('tick' in query) return this.ticks.named(query.tick, now);
    return this.ticks.ifKept(this.ticks.at(query.at * SECOND), now);
  }

  private keptSeedOf(tick: Tick, now: number): Promise<number | undefined> | number | undefined {
    if (tick.begin <= now && now < tick.end) return this.seedOf(tick, now);
    return this.known.get(tick.begin) ?? this.options.seeds.find(tick);
  }

  /** Asks for a seed once, and forgets those that are kept no more. */
  private seedOf(tick: Tick, now: number): Promise<number> {
    const known = this.known.get(tick.begin);
    if (known !== undefined) return known;
    const asking = Promise.resolve(this.options.seeds.current(tick, this.ticks.keptFor(tick, now)));
    this.known.set(tick.begin, asking);
    asking.catch(() => this.known.delete(tick.begin));
    for (const begin of this.known.keys()) {
      if (begin + this.options.interval + this.options.kept >= now) break;
      this.known.delete(begin);
    }
    return asking;
  }

  private signed(fields: SnapshotSeed): AshSnapshot {
    return { ...fields, signature: ashSignSnapshot(this.options.secretKey, fields) };
  }
}

/** A second within a tick that is not ahead of now: what is signed for another tick than this one never looks new. */
function momentIn({ end }: Tick, now: number): number {
  return seconds(Math.min(end - 1, now));
}

function seconds(time: number): number {
  return Math.floor(time / SECOND);
}

function notKept(): SnapshotError {
  return new SnapshotError(
    'ASH_CRYPTO_SNAPSHOT_EXPIRED',
    'The snapshot is not kept any more, or never was there: encrypt anew, and see that the clocks agree.',
  );
}
