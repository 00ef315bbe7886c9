import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { AshSpentMark, AshSpentSet } from '../stores/spent-set.js';
import { suiteOf } from './suite.js';

/** A spent set under test. */
export interface AshSpentSetFixture {
  readonly set: AshSpentSet;
  /** Lets time pass for the set, by the given milliseconds, and has it forget what it then may. */
  readonly pass: (milliseconds: number) => void | Promise<void>;
  /** How long the set keeps a mark beyond its `ttlMs`, in milliseconds. */
  readonly grace: number;
  /** Loses every mark, as a flush or a restart without persistence does; left out where the set cannot lose any. */
  readonly lose?: () => void | Promise<void>;
  /** Ends what the fixture opened. */
  readonly close?: () => void | Promise<void>;
}

const TTL = 400;
const RACERS = 100;

/**
 * The contract of every spent set as a suite of tests, under every runner that has `describe` and `it` as globals.
 *
 * @param name The set's name, for the titles.
 * @param open Opens an empty set; called for each test.
 * @example
 * describeAshSpentSet('MyStore', () => ({ set: new MyStore(), grace: 1_000, pass: wait }));
 */
export function describeAshSpentSet(name: string, open: () => AshSpentSetFixture | Promise<AshSpentSetFixture>): void {
  const { describe, test } = suiteOf(open);
  describe(`${name} keeps the contract of a spent set: it`, () => {
    test('has an epoch for each shard, which stays', async ({ set }) => {
      assert.ok(Number.isInteger(set.shards) && set.shards >= 1);
      for (let shard = 0; shard < set.shards; shard++) {
        const epoch = await set.epoch(shard);
        assert.match(epoch, /^[\w:.-]{16,128}$/);
        assert.equal(await set.epoch(shard), epoch);
      }
    });

    test('marks a key once', async ({ set }) => {
      const mark = await newMark(set);
      assert.equal(await set.mark(mark), 'marked');
      assert.equal(await set.mark(mark), 'already-marked');
    });

    test('marks one key and no other, on every shard', async ({ set }) => {
      for (let shard = 0; shard < set.shards; shard++) {
        assert.equal(await set.mark(await newMark(set, shard)), 'marked');
        assert.equal(await set.mark(await newMark(set, shard)), 'marked');
      }
    });

    test(`lets one of ${String(RACERS)} simultaneous attempts mark a key`, async ({ set }) => {
      const mark = await newMark(set);
      const results = await Promise.all(Array.from({ length: RACERS }, () => set.mark(mark)));
      assert.equal(results.filter((result) => result === 'marked').length, 1);
      assert.equal(results.filter((result) => result === 'already-marked').length, RACERS - 1);
    });

    test('refuses a key of another epoch, and does not mark it', async ({ set }) => {
      const mark = await newMark(set);
      assert.equal(await set.mark({ ...mark, epoch: 'an-epoch-that-never-was' }), 'other-epoch');
      assert.equal(await set.mark(mark), 'marked');
    });

    test('keeps a mark for its time and the grace period', async ({ set, pass, grace }) => {
      const mark = await newMark(set);
      await set.mark(mark);
      await pass(TTL + grace / 2);
      assert.equal(await set.mark(mark), 'already-marked');
    });

    test('refuses what was given out before the set lost its marks', async ({ set, lose }) => {
      if (lose === undefined) return;
      const [spent, unspent] = [await newMark(set), await newMark(set)];
      await set.mark(spent);
      await lose();
      assert.equal(await set.mark(spent), 'other-epoch');
      assert.equal(await set.mark(unspent), 'other-epoch');
      assert.notEqual(await set.epoch(0), spent.epoch);
      assert.equal(await set.mark(await newMark(set)), 'marked');
    });
  });
}

async function newMark(set: AshSpentSet, shard = 0): Promise<AshSpentMark> {
  return { shard, key: randomBytes(16).toString('hex'), epoch: await set.epoch(shard), ttlMs: TTL };
}
