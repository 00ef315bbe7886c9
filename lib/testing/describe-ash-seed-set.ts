import assert from 'node:assert/strict';
import type { AshSeedSet } from '../stores/seed-set.js';
import { suiteOf, type FixtureTest } from './suite.js';

/** An instance of a seed set, as one process has it. */
export type AshSeedSetInstance = AshSeedSet & { readonly close?: () => void | Promise<void> };

/** A seed set under test. */
export interface AshSeedSetFixture {
  readonly set: AshSeedSetInstance;
  /** Opens one more instance over the same store, as another process does, or the same one after a restart. */
  readonly another: () => AshSeedSetInstance | Promise<AshSeedSetInstance>;
  /** An instance whose store is away; left out where it cannot be. */
  readonly unreachable?: () => AshSeedSetInstance;
  /** Lets time pass for the set, by the given milliseconds: moves its clock, or waits for it. */
  readonly pass: (milliseconds: number) => void | Promise<void>;
  /** How long the set keeps a seed beyond its `ttlMs`, in milliseconds. */
  readonly grace: number;
  /** Ends what the fixture opened, the instances that are closed already among them. */
  readonly close?: () => void | Promise<void>;
}

const TTL = 400;
const RACERS = 64;
const ROUNDS = 5;
const TICK = 1_763_700_000;
const LAST_TICK = 2 ** 31 - 1;
const LARGEST_SEED = 2 ** 30;

/**
 * The contract of every seed set as a suite of tests, under every runner that has `describe` and `it` as globals.
 *
 * @param name The set's name, for the titles.
 * @param open Opens an empty set; called for each test.
 * @example
 * describeAshSeedSet('MyStore', () => {
 *   const server = new MyServer();
 *   const another = () => new MyStore(server);
 *   return { set: another(), another, grace: 1_000, pass: (ms) => server.pass(ms) };
 * });
 */
export function describeAshSeedSet(name: string, open: () => AshSeedSetFixture | Promise<AshSeedSetFixture>): void {
  const { describe, test } = suiteOf(open);
  describe(`${name} keeps the contract of a seed set: it`, () => {
    agreementTests(test);
    timeTests(test);
    refusalTests(test);
  });
}

function agreementTests(test: FixtureTest<AshSeedSetFixture>): void {
  test('agrees on what is proposed first, and stays with it on every instance', async ({ set, another }) => {
    const other = await another();
    assert.equal(await set.agreeOnSeed(TICK, 7, TTL), 7);
    assert.equal(await set.agreeOnSeed(TICK, 8, TTL), 7);
    assert.equal(await other.agreeOnSeed(TICK, 9, TTL), 7);
    for (const each of [set, other]) assert.equal(await each.findSeed(TICK), 7);
  });

  test(`gives one of ${String(RACERS)} proposals that come at once to all of them, on two instances`, async (fixture) => {
    const sets = [fixture.set, await fixture.another()];
    for (let tick = TICK; tick < TICK + ROUNDS; tick++) await raceFor(tick, sets);
  });

  test('finds no seed of a tick on which nobody agreed, and makes none', async ({ set, another }) => {
    assert.equal(await set.findSeed(TICK), undefined);
    assert.equal(await (await another()).agreeOnSeed(TICK, 5, TTL), 5);
    assert.equal(await set.findSeed(TICK), 5);
  });

  test('finds no seed of what is no tick', async ({ set }) => {
    for (const tick of [-1, LAST_TICK + 1, 0.5, Number.NaN]) assert.equal(await set.findSeed(tick), undefined);
  });

  test('keeps ticks apart, the first and the last one too', async ({ set }) => {
    const ticks = [0, 1, 10, 11, TICK, TICK + 1, LAST_TICK - 1, LAST_TICK];
    for (const [index, tick] of ticks.entries()) {
      assert.equal(await set.findSeed(tick), undefined);
      assert.equal(await set.agreeOnSeed(tick, index + 1, TTL), index + 1);
    }
    assert.deepEqual(
      await Promise.all(ticks.map((tick) => set.findSeed(tick))),
      ticks.map((_tick, index) => index + 1),
    );
  });

  test('keeps the smallest seed and the largest one', async ({ set, another }) => {
    assert.equal(await set.agreeOnSeed(TICK, 1, TTL), 1);
    assert.equal(await set.agreeOnSeed(TICK + 1, LARGEST_SEED, TTL), LARGEST_SEED);
    const other = await another();
    assert.equal(await other.agreeOnSeed(TICK, 2, TTL), 1);
    assert.equal(await other.findSeed(TICK + 1), LARGEST_SEED);
  });

  test('stays with a seed when the instance that made it has ended, and another one has begun', async (fixture) => {
    const { set, another } = fixture;
    await set.agreeOnSeed(TICK, 7, 20 * TTL);
    await set.close?.();
    const next = await another();
    assert.equal(await next.findSeed(TICK), 7);
    assert.equal(await next.agreeOnSeed(TICK, 8, 20 * TTL), 7);
  });
}

function timeTests(test: FixtureTest<AshSeedSetFixture>): void {
  test('keeps a seed for its time and the grace period', async ({ set, pass, grace }) => {
    await set.agreeOnSeed(TICK, 7, TTL);
    await pass(TTL + grace / 2);
    assert.equal(await set.findSeed(TICK), 7);
    assert.equal(await set.agreeOnSeed(TICK, 8, TTL), 7);
  });

  test('keeps each seed as long as its own agreement says, whatever a later call asks for', async (fixture) => {
    const { set, pass, grace } = fixture;
    await set.agreeOnSeed(TICK, 7, 20 * TTL + 2 * grace);
    await set.agreeOnSeed(TICK + 1, 8, TTL);
    await set.agreeOnSeed(TICK, 9, 1);
    await pass(TTL + grace + 50);
    assert.equal(await set.findSeed(TICK), 7);
    assert.equal(await set.findSeed(TICK + 1), undefined);
  });

  test('hands out no seed whose time and grace period are over, and agrees on another', async (fixture) => {
    const { set, another, pass, grace } = fixture;
    await set.agreeOnSeed(TICK, 7, TTL);
    await pass(TTL + grace + 50);
    const sets = [set, await another()];
    for (const each of sets) assert.equal(await each.findSeed(TICK), undefined);
    const agreed = await raceFor(TICK, sets);
    await pass(TTL / 2);
    assert.equal(await set.findSeed(TICK), agreed);
  });
}

function refusalTests(test: FixtureTest<AshSeedSetFixture>): void {
  test('refuses a tick, a seed or a time that is none, and keeps nothing of it', async ({ set }) => {
    const proposals: [tick: number, seed: number, ttlMs: number][] = [
      ...[-1, LAST_TICK + 1, 0.5, Number.NaN].map((tick): [number, number, number] => [tick, 7, TTL]),
      ...[0, -1, LARGEST_SEED + 1, 1.5, Number.NaN].map((seed): [number, number, number] => [TICK, seed, TTL]),
      ...[0, -1, Number.NaN, Number.POSITIVE_INFINITY].map((ttlMs): [number, number, number] => [TICK, 7, ttlMs]),
    ];
    for (const proposal of proposals) await assert.rejects(async () => set.agreeOnSeed(...proposal), RangeError);
    assert.equal(await set.findSeed(TICK), undefined);
  });

  test('rejects where the store is away, and agrees on nothing by itself', async ({ unreachable }) => {
    if (unreachable === undefined) return;
    const set = unreachable();
    const refused = { code: 'ASH_STORE_UNAVAILABLE' };
    await assert.rejects(async () => set.agreeOnSeed(TICK, 7, TTL), refused);
    await assert.rejects(async () => set.findSeed(TICK), refused);
    await set.close?.();
  });
}

/** Has instances propose at once, and answers what all of them got: one of the proposals. */
async function raceFor(tick: number, sets: readonly AshSeedSet[]): Promise<number> {
  const proposals = Array.from({ length: RACERS / sets.length }, (_, index) =>
    sets.map((set, place) => ({ set, proposed: 1 + index * sets.length + place })),
  ).flat();
  const agreed = await Promise.all(proposals.map(({ set, proposed }) => set.agreeOnSeed(tick, proposed, TTL)));
  const [seed = 0, ...more] = [...new Set(agreed)];
  assert.deepEqual(more, [], 'all get the same seed');
  assert.ok(seed >= 1 && seed <= RACERS, 'it is one that was proposed');
  for (const set of sets) assert.equal(await set.findSeed(tick), seed);
  return seed;
}
