import { setImmediate as nextTurn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import type { AshSeedSet } from '../../stores/seed-set.js';
import { LARGEST_SEED } from '../../core/snapshot-numbers.js';
import type { AshLog } from '../../verification/protected-route.js';
import { SharedSeeds } from './shared-seeds.js';
import { Ticks } from './ticks.js';

const TTL = 61_000;
const ticks = new Ticks(1_000, 60_000);
const TICK = ticks.at(1_740_904_491_250);

/** Refused with the protocol's code, for all who wait. */
const refused: unknown = {
  status: 'rejected',
  reason: expect.objectContaining({
    name: 'AshError',
    code: 'ASH_STORE_UNAVAILABLE',
    message: 'The store of the snapshots did not answer.',
  }),
};
/** What the operator is told, once. */
const told = [['error', 'The seed of a snapshot is not to be had from the store.', expect.anything()]];

function storeOf(): jest.Mocked<AshSeedSet> {
  const seeds = new Map<number, number>();
  return {
    agreeOnSeed: jest.fn<AshSeedSet['agreeOnSeed']>((tick, proposed) => {
      const seed = seeds.get(tick) ?? proposed;
      seeds.set(tick, seed);
      return Promise.resolve(seed);
    }),
    findSeed: jest.fn<AshSeedSet['findSeed']>((tick) => Promise.resolve(seeds.get(tick))),
  };
}

function seedsOf(store: AshSeedSet, timeout = 2_000): { seeds: SharedSeeds; log: jest.Mock<AshLog> } {
  const log = jest.fn<AshLog>();
  return { seeds: new SharedSeeds({ store, timeout, log }), log };
}

describe('The seeds on which all agree who share a store', () => {
  it('are proposed at random, and are what the store makes of it', async () => {
    const store = storeOf();
    const seed = await seedsOf(store).seeds.current(TICK, TTL);
    expect(store.agreeOnSeed.mock.calls).toStrictEqual([[TICK.tick, seed, TTL]]);
    await expect(seedsOf(store).seeds.current(TICK, TTL)).resolves.toBe(seed);
    expect(store.agreeOnSeed.mock.calls[1]?.[1]).not.toBe(seed);
    await expect(seedsOf(store).seeds.find(TICK)).resolves.toBe(seed);
  });

  it('are asked for once by all who want one at the same time, and never again', async () => {
    const store = storeOf();
    const { seeds } = seedsOf(store);
    const answers = await Promise.all(Array.from({ length: 1_000 }, async () => seeds.current(TICK, TTL)));
    expect(new Set(answers).size).toBe(1);
    await seeds.current(TICK, TTL);
    await seeds.find(TICK);
    expect(store.agreeOnSeed).toHaveBeenCalledTimes(1);
    expect(store.findSeed).not.toHaveBeenCalled();
  });

  it('are looked for once by all who look at the same time, and again where there was none', async () => {
    const store = storeOf();
    const { seeds } = seedsOf(store);
    const answers = await Promise.all(Array.from({ length: 1_000 }, async () => seeds.find(TICK)));
    expect(new Set(answers)).toStrictEqual(new Set([undefined]));
    expect(store.findSeed).toHaveBeenCalledTimes(1);
    const seed = await seedsOf(store).seeds.current(TICK, TTL);
    await expect(seeds.find(TICK)).resolves.toBe(seed);
    expect(seeds.find(TICK)).toBe(seed);
    expect(store.findSeed).toHaveBeenCalledTimes(2);
  });

  it('take a bounded memory, and are had from the store again where they were forgotten', async () => {
    const store = storeOf();
    const { seeds } = seedsOf(store);
    const first = await seeds.current(TICK, TTL);
    for (let index = 1; index <= 4_096; index++) await seeds.current(ticks.at(TICK.begin + index * 1_000), TTL);
    await expect(seeds.find(TICK)).resolves.toBe(first);
    expect(store.findSeed).toHaveBeenCalledTimes(1);
  });

  type Row = [title: string, answer: unknown];
  const noSeeds: Row[] = [
    ['nothing', null],
    ['zero', 0],
    ['more than 2^30', LARGEST_SEED + 1],
    ['a fraction', 1.5],
    ['no number', Number.NaN],
    ['a text', '7'],
  ];
  it.each([...noSeeds, ['none at all', undefined]])(
    'are refused from a store that agrees on %s',
    async (_title, answer) => {
      const store = storeOf();
      store.agreeOnSeed.mockResolvedValue(answer as number);
      const parts = seedsOf(store);
      await expect(outcomesOf(parts, (seeds) => seeds.current(TICK, TTL))).resolves.toEqual([refused, refused]);
      expect(parts.log.mock.calls).toStrictEqual(told);
    },
  );

  it.each(noSeeds)('are refused from a store that finds %s', async (_title, answer) => {
    const store = storeOf();
    store.findSeed.mockResolvedValue(answer as number);
    const parts = seedsOf(store);
    await expect(outcomesOf(parts, (seeds) => seeds.find(TICK))).resolves.toEqual([refused, refused]);
    expect(parts.log.mock.calls).toStrictEqual(told);
  });

  it.each([1, LARGEST_SEED])('are taken from the store at the ends of their range: %d', async (seed) => {
    const store = storeOf();
    store.agreeOnSeed.mockResolvedValue(seed);
    await expect(seedsOf(store).seeds.current(TICK, TTL)).resolves.toBe(seed);
  });

  type FailRow = [title: string, agree: AshSeedSet['agreeOnSeed']];
  const failures: FailRow[] = [
    ['rejects', () => Promise.reject(new Error('down'))],
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
    ['does not answer', () => new Promise(() => undefined)],
  ];
  it.each(failures)('are not to be had from a store that %s, and are asked for again later', async (_title, agree) => {
    const store = storeOf();
    const parts = seedsOf(store, 20);
    store.agreeOnSeed.mockImplementationOnce(agree);
    await expect(outcomesOf(parts, (seeds) => seeds.current(TICK, TTL))).resolves.toEqual([refused, refused]);
    expect(parts.log.mock.calls).toStrictEqual(told);
    await expect(parts.seeds.current(TICK, TTL)).resolves.toBeGreaterThan(0);
  });

  it('are what the store agreed on, also where a late answer to an earlier question says another', async () => {
    const store = storeOf();
    const { seeds } = seedsOf(store, 20);
    let answerLate: (seed: number) => void = () => undefined;
    store.agreeOnSeed.mockImplementationOnce(() => new Promise((resolve) => (answerLate = resolve)));
    await expect(seeds.current(TICK, TTL)).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
    const seed = await seeds.current(TICK, TTL);
    answerLate(seed - 1);
    await nextTurn();
    expect(seeds.current(TICK, TTL)).toBe(seed);
  });
});

/** What two who ask at the same time are told. */
async function outcomesOf(
  { seeds }: ReturnType<typeof seedsOf>,
  ask: (seeds: SharedSeeds) => unknown,
): Promise<PromiseSettledResult<unknown>[]> {
  return Promise.allSettled([1, 2].map(() => Promise.resolve(ask(seeds))));
}
