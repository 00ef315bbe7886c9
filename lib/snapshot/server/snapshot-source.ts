import { SnapshotError } from '../cipher/errors.js';
import { ashSignSnapshot } from '../cipher/signature.js';
import type { AshSnapshot, SnapshotFinder, SnapshotQuery, SnapshotSeed } from '../cipher/snapshot.js';
import type { Seeds } from './seeds.js';
import { LEAD, Ticks, type Tick } from './ticks.js';

const SECOND = 1_000;

/** What a source of snapshots works with. */
export interface SnapshotSourceOptions {
  readonly secretKey: Uint8Array;
  /** The length of a tick, in whole milliseconds. */
  readonly interval: number;
  /** How long a snapshot is kept after its tick, in milliseconds. */
  readonly kept: number;
  readonly seeds: Seeds;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** The snapshot of this moment, and how much longer it is that, in milliseconds. */
export interface CurrentSnapshot {
  readonly snapshot: AshSnapshot;
  readonly lasts: number;
}

/** The snapshots of a server: that of this moment, and those that are still kept. */
export class SnapshotSource implements SnapshotFinder {
  private readonly ticks: Ticks;

  constructor(private readonly options: SnapshotSourceOptions) {
    this.ticks = new Ticks(options.interval, options.kept);
  }

  async now(): Promise<CurrentSnapshot> {
    const asked = this.time();
    const tick = this.ticks.at(asked);
    const seed = await this.options.seeds.current(tick, this.ticks.keptFor(tick, asked));
    // The store may have taken its time; the signed second is one of the tick all the same.
    const lasts = Math.min(Math.max(0, tick.end - this.time()), tick.end - tick.begin);
    return { snapshot: this.signed({ tick: tick.tick, seed, timestamp: seconds(asked) }), lasts };
  }

  async current(): Promise<AshSnapshot> {
    return (await this.now()).snapshot;
  }

  async find(query: SnapshotQuery): Promise<AshSnapshot> {
    const now = this.time();
    const tick = this.locate(query, now);
    const seed = tick && (await this.seedOf(tick, now));
    if (tick === undefined || seed === undefined) throw notKept();
    return this.signed({ tick: tick.tick, seed, timestamp: 'at' in query ? query.at : momentIn(tick, now) });
  }

  private locate(query: SnapshotQuery, now: number): Tick | undefined {
    if ('tick' in query) return this.ticks.named(query.tick, now);
    // What is signed for a time to come would look new when it is old.
    if (query.at * SECOND > now + LEAD) return undefined;
    const tick = this.ticks.atSecond(query.at);
    return tick && this.ticks.ifKept(tick, now);
  }

  private seedOf(tick: Tick, now: number): number | undefined | Promise<number | undefined> {
    const { seeds } = this.options;
    const isCurrent = tick.begin <= now && now < tick.end;
    return isCurrent ? seeds.current(tick, this.ticks.keptFor(tick, now)) : seeds.find(tick);
  }

  private time(): number {
    const now = this.options.clock();
    if (!Number.isFinite(now))
      throw new TypeError(`The clock of the snapshots gave ${now}: milliseconds since the epoch.`);
    return Math.floor(now);
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
