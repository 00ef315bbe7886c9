import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { AshContextOptions } from '../stores/context.js';
import type { AshChainLink, AshContextStore } from '../stores/context-store.js';
import { suiteOf, type FixtureTest } from './suite.js';

/** A store under test. */
export interface AshStoreFixture {
  readonly store: AshContextStore;
  /**
   * Lets time pass for the store, by the given milliseconds: moves its clock, or waits until it has moved so far. A timer
   * alone may end a millisecond before `Date.now` says so.
   */
  readonly pass: (milliseconds: number) => void | Promise<void>;
  /** How long the store keeps a record after it expired, in milliseconds. */
  readonly grace: number;
  /**
   * Whether the store keeps a record of each context, and so tells at `get` that one is spent, also when it has expired.
   * `AshSealedStore` keeps none. Default `true`.
   */
  readonly knowsSpent?: boolean;
  /** Ends what the fixture opened. */
  readonly close?: () => void | Promise<void>;
}

const TTL = 400;
const RACERS = 100;
const OPTIONS: AshContextOptions = { binding: 'POST /transfer', ttlMs: TTL };

/**
 * The contract of every store as a suite of tests. It runs under jest, vitest, mocha and every runner else that has
 * `describe` and `it` as globals.
 *
 * @param name The store's name, for the titles.
 * @param open Opens an empty store; called for each test.
 * @example
 * describeAshStore('MyStore', async () => {
 *   let now = Date.now();
 *   const store = new MyStore({ clock: () => now, grace: 1_000 });
 *   return { store, grace: 1_000, pass: (ms) => { now += ms; } };
 * });
 */
export function describeAshStore(name: string, open: () => AshStoreFixture | Promise<AshStoreFixture>): void {
  const { describe, test } = suiteOf(open);
  describe(`${name} keeps the contract of a store`, () => {
    describe('for contexts: it', () => {
      contextTests(test);
    });
    describe('for links: it', () => {
      linkTests(test);
    });
    describe('for a context and a link at once: it', () => {
      spendTests(test);
    });
  });
}

function contextTests(test: FixtureTest<AshStoreFixture>): void {
  test('makes a context with an identifier, a nonce and its times', async ({ store }) => {
    const context = await store.create(OPTIONS);
    assert.match(context.id, /^[A-Za-z0-9_.-]{1,1024}$/);
    assert.match(context.nonce, /^[0-9a-f]{64}$/);
    assert.equal(context.binding, 'POST /transfer');
    assert.equal(context.mode, 'balanced');
    assert.equal(context.protocol, 'v2.3');
    assert.equal(context.expiresAt - context.issuedAt, TTL);
    assert.equal(context.consumedAt, undefined);
  });

  test('makes no two contexts alike', async ({ store }) => {
    const contexts = await Promise.all(Array.from({ length: 20 }, () => store.create(OPTIONS)));
    assert.equal(new Set(contexts.map(({ id }) => id)).size, 20);
    assert.equal(new Set(contexts.map(({ nonce }) => nonce)).size, 20);
  });

  test('gives back every field that a context was made with', async ({ store }) => {
    const options: AshContextOptions = {
      binding: 'PUT /accounts/42/limit',
      ttlMs: TTL,
      mode: 'strict',
      protocol: 'v2.2',
      subject: 'user "7"',
      scope: ['amount', 'user.address.city'],
      metadata: { tenant: 'é', nested: { list: [1, null, true] } },
    };
    const made = await store.create(options);
    const read = await store.get(made.id);
    assert.ok(read !== null);
    const { ttlMs: _ttlMs, ...kept } = options;
    for (const [key, value] of Object.entries(kept)) assert.deepEqual(read[key as keyof typeof read], value, key);
    assert.equal(read.nonce, made.nonce);
    assert.equal(read.issuedAt, made.issuedAt);
    assert.equal(read.expiresAt, made.expiresAt);
  });

  test('leaves out the fields that a context was made without', async ({ store }) => {
    const read = await store.get((await store.create(OPTIONS)).id);
    for (const key of ['subject', 'scope', 'metadata', 'consumedAt'] as const)
      assert.equal(read?.[key], undefined, key);
  });

  test('shows no nonce where a context is printed', async ({ store }) => {
    const made = await store.create(OPTIONS);
    const read = await store.get(made.id);
    for (const context of [made, read]) assert.equal(JSON.stringify(context).includes(made.nonce), false);
  });

  test('knows no context that it did not make', async ({ store }) => {
    assert.equal(await store.get(`ash_${'0'.repeat(32)}`), null);
    assert.equal(await store.consume(`ash_${'0'.repeat(32)}`), 'not-found');
    assert.equal(await store.get('__proto__'), null);
  });

  test('spends a context once', async ({ store, knowsSpent = true }) => {
    const { id } = await store.create(OPTIONS);
    assert.equal(await store.consume(id), 'consumed');
    assert.equal(await store.consume(id), 'already-used');
    assert.equal(typeof (await store.get(id))?.consumedAt, knowsSpent ? 'number' : 'undefined');
  });

  test(`lets one of ${String(RACERS)} simultaneous attempts spend a context`, async ({ store }) => {
    const { id } = await store.create(OPTIONS);
    const results = await Promise.all(Array.from({ length: RACERS }, () => store.consume(id)));
    assert.equal(results.filter((result) => result === 'consumed').length, 1);
    assert.equal(results.filter((result) => result === 'already-used').length, RACERS - 1);
  });

  test('spends one context and no other', async ({ store }) => {
    const [first, second] = [await store.create(OPTIONS), await store.create(OPTIONS)];
    await store.consume(first.id);
    assert.equal((await store.get(second.id))?.consumedAt, undefined);
    assert.equal(await store.consume(second.id), 'consumed');
  });

  test('spends no context that has expired, and still knows it for the grace period', async ({ store, pass }) => {
    const { id } = await store.create(OPTIONS);
    await pass(TTL);
    assert.equal(await store.consume(id), 'expired');
    await store.cleanup();
    const read = await store.get(id);
    assert.equal(read?.id, id);
    assert.equal(read.consumedAt, undefined);
  });

  test('knows a spent context until it would have expired and the grace period is over', async (fixture) => {
    const { store, pass, grace, knowsSpent = true } = fixture;
    const { id } = await store.create(OPTIONS);
    await store.consume(id);
    await pass(TTL + grace / 2);
    await store.cleanup();
    assert.equal(await store.consume(id), knowsSpent ? 'already-used' : 'expired');
  });

  test('forgets a context when the grace period is over, and counts it', async (fixture) => {
    const { store, pass, grace, knowsSpent = true } = fixture;
    const spent = await store.create(OPTIONS);
    const unspent = await store.create(OPTIONS);
    const longer = await store.create({ ...OPTIONS, ttlMs: 20 * TTL + 2 * grace });
    await store.consume(spent.id);
    await pass(TTL + grace + 50);
    const forgotten = await store.cleanup();
    const kept = knowsSpent ? 2 : 1;
    assert.ok(forgotten === 0 || forgotten === kept, 'a store forgets all by cleanup, or all by itself');
    assert.equal(await store.consume(spent.id), 'not-found');
    assert.equal(await store.consume(unspent.id), 'not-found');
    assert.equal(await store.consume(longer.id), 'consumed');
  });

  test('makes and spends contexts while it forgets others', async ({ store, pass, grace }) => {
    await Promise.all(Array.from({ length: 300 }, () => store.create(OPTIONS)));
    await pass(TTL + grace + 50);
    const cleanup = store.cleanup();
    const { id } = await store.create({ ...OPTIONS, ttlMs: 20 * TTL });
    assert.equal(await store.consume(id), 'consumed');
    await cleanup;
    assert.equal(await store.consume(id), 'already-used');
  });

  test('refuses a life that is no positive number', async ({ store }) => {
    for (const ttlMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      await assert.rejects(async () => store.create({ ...OPTIONS, ttlMs }), RangeError);
    }
  });
}

function linkTests(test: FixtureTest<AshStoreFixture>): void {
  test('gives back a link as it was written, free', async ({ store }) => {
    const link = await written(store, { subject: 'user-7' });
    assert.deepEqual({ ...(await store.getLink(link.hash)) }, link);
  });

  test('knows no link that was not written', async ({ store }) => {
    const hash = newHash();
    assert.equal(await store.getLink(hash), null);
    assert.equal(await store.reserveLink(hash, 'a'), 'not-found');
    assert.equal(await store.releaseLink(hash, 'a'), false);
  });

  test('holds a link for one request', async ({ store }) => {
    const { hash } = await written(store);
    assert.equal(await store.reserveLink(hash, 'a'), 'reserved');
    assert.equal(await store.reserveLink(hash, 'b'), 'taken');
    assert.equal((await store.getLink(hash))?.holder, 'a');
  });

  test('lets the holder hold a link again', async ({ store }) => {
    const { hash } = await written(store);
    await store.reserveLink(hash, 'a');
    assert.equal(await store.reserveLink(hash, 'a'), 'reserved');
  });

  test(`lets one of ${String(RACERS)} simultaneous requests hold a link`, async ({ store }) => {
    const { hash } = await written(store);
    const results = await Promise.all(
      Array.from({ length: RACERS }, (_, index) => store.reserveLink(hash, String(index))),
    );
    assert.equal(results.filter((result) => result === 'reserved').length, 1);
    assert.equal(results.filter((result) => result === 'taken').length, RACERS - 1);
  });

  test('frees a link for whoever comes next', async ({ store }) => {
    const { hash } = await written(store);
    await store.reserveLink(hash, 'a');
    assert.equal(await store.releaseLink(hash, 'a'), true);
    assert.equal((await store.getLink(hash))?.holder, undefined);
    assert.equal(await store.reserveLink(hash, 'b'), 'reserved');
  });

  test('frees no link that somebody else holds, or nobody', async ({ store }) => {
    const { hash } = await written(store);
    assert.equal(await store.releaseLink(hash, 'a'), false);
    await store.reserveLink(hash, 'a');
    assert.equal(await store.releaseLink(hash, 'b'), false);
    assert.equal((await store.getLink(hash))?.holder, 'a');
  });

  test('holds no link that has expired', async ({ store, pass }) => {
    const { hash } = await written(store);
    await pass(TTL);
    assert.equal(await store.reserveLink(hash, 'a'), 'expired');
  });

  test('forgets a link when the grace period is over, held or not', async ({ store, pass, grace }) => {
    const [held, free] = [await written(store), await written(store)];
    await store.reserveLink(held.hash, 'a');
    await pass(TTL + grace + 50);
    await store.cleanup();
    assert.equal(await store.getLink(held.hash), null);
    assert.equal(await store.getLink(free.hash), null);
  });
}

function spendTests(test: FixtureTest<AshStoreFixture>): void {
  const hold = (id: string, own: string) => `${id}/${own}`;

  test('spends the context and holds the link', async ({ store }) => {
    const { id } = await store.create(OPTIONS);
    const { hash } = await written(store);
    assert.equal(await store.spend(id, { hash, holder: hold(id, '1') }), 'consumed');
    assert.equal(await store.consume(id), 'already-used');
    assert.equal((await store.getLink(hash))?.holder, hold(id, '1'));
  });

  test(`lets one of ${String(RACERS)} identical requests through`, async ({ store }) => {
    const { id } = await store.create(OPTIONS);
    const { hash } = await written(store);
    const results = await Promise.all(
      Array.from({ length: RACERS }, (_, index) => store.spend(id, { hash, holder: hold(id, String(index)) })),
    );
    assert.equal(results.filter((result) => result === 'consumed').length, 1);
    assert.equal(results.filter((result) => result === 'already-used').length, RACERS - 1);
    assert.equal((await store.getLink(hash))?.holder, hold(id, String(results.indexOf('consumed'))));
  });

  test('lets one of many requests for one link through, and leaves the contexts of the rest unspent', async (fixture) => {
    const { store } = fixture;
    const contexts = await Promise.all(Array.from({ length: 20 }, () => store.create(OPTIONS)));
    const { hash } = await written(store);
    const results = await Promise.all(contexts.map(({ id }) => store.spend(id, { hash, holder: hold(id, '1') })));
    assert.equal(results.filter((result) => result === 'consumed').length, 1);
    assert.equal(results.filter((result) => result === 'link-taken').length, 19);
    for (const [index, { id }] of contexts.entries()) {
      assert.equal(await store.consume(id), results[index] === 'consumed' ? 'already-used' : 'consumed');
    }
  });

  test('leaves the context unspent where the link is unknown, or has expired', async ({ store, pass }) => {
    const { id } = await store.create({ ...OPTIONS, ttlMs: 20 * TTL });
    assert.equal(await store.spend(id, { hash: newHash(), holder: hold(id, '1') }), 'link-not-found');
    const { hash } = await written(store);
    await pass(TTL);
    assert.equal(await store.spend(id, { hash, holder: hold(id, '1') }), 'link-expired');
    assert.equal(await store.consume(id), 'consumed');
  });

  test('leaves the link free where the context is unknown, spent, or has expired', async ({ store, pass }) => {
    const expired = await store.create(OPTIONS);
    await pass(TTL);
    const spent = await store.create(OPTIONS);
    await store.consume(spent.id);
    const { hash } = await written(store);
    const unknown = `ash_${'0'.repeat(32)}`;
    assert.equal(await store.spend(unknown, { hash, holder: hold(unknown, '1') }), 'not-found');
    assert.equal(await store.spend(spent.id, { hash, holder: hold(spent.id, '1') }), 'already-used');
    assert.equal(await store.spend(expired.id, { hash, holder: hold(expired.id, '1') }), 'expired');
    assert.equal((await store.getLink(hash))?.holder, undefined);
  });
}

async function written(store: AshContextStore, more: Partial<AshChainLink> = {}): Promise<AshChainLink> {
  const { issuedAt } = await store.create(OPTIONS);
  const link = {
    hash: newHash(),
    chain: 'checkout',
    step: 'POST /cart',
    issuedAt,
    expiresAt: issuedAt + TTL,
    ...more,
  };
  await store.writeLink(link);
  return link;
}

function newHash(): string {
  return randomBytes(32).toString('hex');
}
