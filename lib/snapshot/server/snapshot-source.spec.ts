import type { AshSnapshot, SnapshotQuery } from '../cipher/snapshot.js';
import { ashSignSnapshot, ashVerifySnapshot } from '../cipher/signature.js';
import type { AshSeedSet } from '../../stores/seed-set.js';
import { derivedSeeds } from './seeds.js';
import { SharedSeeds } from './shared-seeds.js';
import { SnapshotSource, type SnapshotSourceOptions } from './snapshot-source.js';

const KEY = new Uint8Array(32).fill(7);
const START = 1_740_904_491_250;

/** A source whose clock a test sets. */
function sourceOf(options: Partial<SnapshotSourceOptions> = {}): {
  source: SnapshotSource;
  set: (now: number) => void;
} {
  let now = START;
  const source = new SnapshotSource({
    secretKey: KEY,
    interval: 1_000,
    kept: 60_000,
    seeds: derivedSeeds(KEY),
    clock: () => now,
    ...options,
  });
  return { source, set: (time) => (now = time) };
}

/** A store that several processes share. */
function memory(): AshSeedSet {
  const seeds = new Map<number, number>();
  return {
    agreeOnSeed: (tick, proposed) => {
      const seed = seeds.get(tick) ?? proposed;
      seeds.set(tick, seed);
      return Promise.resolve(seed);
    },
    findSeed: (tick) => Promise.resolve(seeds.get(tick)),
  };
}

function shared(store: AshSeedSet): SharedSeeds {
  return new SharedSeeds({ store, timeout: 2_000, log: () => undefined });
}

const expired: unknown = expect.objectContaining({ name: 'SnapshotError', code: 'ASH_CRYPTO_SNAPSHOT_EXPIRED' });

describe('The snapshots of a server', () => {
  it('have exactly the four fields, and the signature of the key', async () => {
    const snapshot = await sourceOf().source.current();
    expect(Object.keys(snapshot)).toStrictEqual(['tick', 'seed', 'timestamp', 'signature']);
    expect(snapshot).toMatchObject({ tick: 1_740_904_491, timestamp: 1_740_904_491 });
    expect(ashVerifySnapshot(KEY, snapshot)).toBe(true);
  });

  it('move with the clock: the time by the second, tick and seed by the interval', async () => {
    const { source, set } = sourceOf({ interval: 3_000 });
    const seen: AshSnapshot[] = [];
    for (let second = 0; second < 7; second++) {
      set(1_740_904_491_000 + second * 1_000);
      seen.push(await source.current());
    }
    const first = 1_740_904_491 / 3;
    expect(seen.map(({ tick }) => tick - first)).toStrictEqual([0, 0, 0, 1, 1, 1, 2]);
    expect(seen.map(({ timestamp }) => timestamp - 1_740_904_491)).toStrictEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(new Set(seen.map(({ seed }) => seed)).size).toBe(3);
  });

  type LifeRow = [title: string, clock: number[], lasts: number];
  const lives: LifeRow[] = [
    ['in the middle of the tick', [START, START], 750],
    ['at its first moment', [START - 250, START - 250], 1_000],
    ['at its last moment', [START + 749, START + 749], 1],
    ['where the store took its time', [START, START + 700], 50],
    ['where the store took all of it', [START, START + 5_000], 0],
    ['where the clock went back meanwhile', [START, START - 90_000], 1_000],
    ['by a clock of fractions', [START + 0.9, START + 0.9], 750],
  ];
  it.each(lives)('say how much longer they last: %s', async (_title, times, lasts) => {
    const { source } = sourceOf({ clock: () => Number(times.shift()) });
    await expect(source.now()).resolves.toMatchObject({ lasts, snapshot: { timestamp: 1_740_904_491 } });
  });

  it('are the same of two servers with one key', async () => {
    await expect(sourceOf().source.current()).resolves.toStrictEqual(await sourceOf().source.current());
  });

  it('are the same of two servers with one store, and at random otherwise', async () => {
    const store = memory();
    const mine = sourceOf({ seeds: shared(store) });
    const yours = sourceOf({ seeds: shared(store) });
    const theirs = sourceOf({ seeds: shared(memory()) });
    const snapshot = await mine.source.current();
    await expect(yours.source.current()).resolves.toStrictEqual(snapshot);
    expect((await theirs.source.current()).seed).not.toBe(snapshot.seed);
  });

  const sources: [title: string, make: () => ReturnType<typeof sourceOf>][] = [
    ['derived', () => sourceOf()],
    ['shared', () => sourceOf({ seeds: shared(memory()) })],
  ];
  describe.each(sources)('with seeds that are %s', (_title, make) => {
    type Row = [title: string, later: number, query: SnapshotQuery, timestamp: number | undefined];
    const rows: Row[] = [
      ['at once, by the tick', 0, { tick: 1_740_904_491 }, 1_740_904_491],
      ['at once, by the second', 0, { at: 1_740_904_491 }, 1_740_904_491],
      ['a tick later', 1_000, { tick: 1_740_904_491 }, 1_740_904_491],
      ['at the end of the window', 60_750, { tick: 1_740_904_491 }, 1_740_904_491],
      ['at the end of the window, by the second', 60_750, { at: 1_740_904_491 }, 1_740_904_491],
      ['after the window', 60_751, { tick: 1_740_904_491 }, undefined],
      ['after the window, by the second', 60_751, { at: 1_740_904_491 }, undefined],
      ['after the clock went back a little', -1_250, { tick: 1_740_904_491 }, 1_740_904_490],
      ['after the clock went back by more', -1_251, { tick: 1_740_904_491 }, undefined],
      ['that has not begun', 0, { tick: 1_740_904_493 }, undefined],
      ['of a second that has not begun', 0, { at: 1_740_904_493 }, undefined],
      ['of half the names away', 0, { tick: (1_740_904_491 + 2 ** 30) % 2 ** 31 }, undefined],
      ['of the epoch', 0, { at: 0 }, undefined],
    ];
    it.each(rows)('one is found while it is kept: %s', async (_row, later, query, timestamp) => {
      const { source, set } = make();
      const { tick, seed } = await source.current();
      set(START + later);
      const [outcome] = await Promise.allSettled([source.find(query)]);
      const signature: unknown = timestamp && ashSignSnapshot(KEY, { tick, seed, timestamp });
      const value = { tick, seed, timestamp, signature };
      const expected =
        timestamp === undefined ? { status: 'rejected', reason: expired } : { status: 'fulfilled', value };
      expect(outcome).toEqual(expected);
    });

    it('one is found that never looks newer than its tick', async () => {
      const { source, set } = make();
      await source.current();
      for (const later of [0, 749, 750, 30_000]) {
        set(START + later);
        await expect(source.find({ tick: 1_740_904_491 })).resolves.toMatchObject({ timestamp: 1_740_904_491 });
      }
    });
  });

  it('that are random are not found where nobody ever had one, and are made for this moment alone', async () => {
    const { source } = sourceOf({ seeds: shared(memory()) });
    await expect(source.find({ tick: 1_740_904_490 })).rejects.toEqual(expired);
    await expect(source.find({ tick: 1_740_904_492 })).rejects.toEqual(expired);
    await expect(source.find({ tick: 1_740_904_491 })).resolves.toEqual(await source.current());
  });

  it('are found that another server made, whose clock is a little ahead', async () => {
    const store = memory();
    const ahead = sourceOf({ seeds: shared(store) });
    const behind = sourceOf({ seeds: shared(store) });
    ahead.set(START + 900);
    const { tick, seed } = await ahead.source.current();
    await expect(behind.source.find({ tick })).resolves.toMatchObject({ tick, seed, timestamp: 1_740_904_491 });
  });

  it('are found by any second of theirs, which is the one that is signed', async () => {
    const { source, set } = sourceOf({ interval: 3_000 });
    const { tick, seed } = await source.current();
    set(START + 10_000);
    for (const timestamp of [1_740_904_491, 1_740_904_492, 1_740_904_493]) {
      await expect(source.find({ at: timestamp })).resolves.toMatchObject({ tick, seed, timestamp });
    }
    await expect(source.find({ at: 1_740_904_494 })).resolves.toMatchObject({ tick: tick + 1 });
  });

  it('are not found by a second to come, but for a clock that is a little behind', async () => {
    const { source } = sourceOf({ interval: 60_000 });
    const { timestamp } = await source.current();
    await expect(source.find({ at: timestamp + 1 })).resolves.toMatchObject({ timestamp: timestamp + 1 });
    await expect(source.find({ at: timestamp + 2 })).rejects.toEqual(expired);
  });

  it('are not found by a second in which two ticks were', async () => {
    const { source } = sourceOf({ interval: 1_500 });
    const { tick, timestamp } = await source.current();
    await expect(source.find({ tick })).resolves.toMatchObject({ tick });
    await expect(source.find({ at: timestamp })).resolves.toMatchObject({ tick });
    await expect(source.find({ at: timestamp + 1 })).rejects.toEqual(expired);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('are none where the clock gives %p', async (now) => {
    const { source, set } = sourceOf();
    set(now);
    await expect(source.current()).rejects.toThrow('The clock of the snapshots gave');
    await expect(source.find({ tick: 7 })).rejects.toThrow('The clock of the snapshots gave');
  });
});
