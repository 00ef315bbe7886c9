import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import { BoundedStore } from '../verification/bounded-store.js';
import { describeAshStore } from '../testing/index.js';
import { AshMemoryStore } from './memory.store.js';
import { AshSealedStore, type AshSealedStoreOptions } from './sealed.store.js';
import { ashGenerateKey, type AshSealingKey } from './sealing-key.js';

const NOW = 1_700_000_000_000;
const GRACE = 500;
const TTL = 1_000;
const OPTIONS = { binding: 'POST /transfer', ttlMs: TTL };
const KEY = { id: 'a', secret: ashGenerateKey() };

/** Sealed stores over one memory store, which share a clock that stands still. */
function setUp(keys: readonly AshSealingKey[] = [KEY]) {
  const clock = { now: NOW };
  const now = (): number => clock.now;
  const spent = new AshMemoryStore({ grace: GRACE, clock: now });
  const storeWith = (more: Partial<AshSealedStoreOptions> = {}): AshSealedStore =>
    new AshSealedStore({ keys, spent, grace: GRACE, clock: now, ...more });
  return { clock, now, spent, storeWith, store: storeWith() };
}

/** A memory store whose marks were all lost: a new epoch. */
function flushed(now: () => number): AshMemoryStore {
  return new AshMemoryStore({ grace: GRACE, clock: now });
}

describeAshStore('AshSealedStore over memory', () => {
  const { clock, store } = setUp();
  return {
    store,
    grace: GRACE,
    knowsSpent: false,
    pass: (milliseconds) => {
      clock.now += milliseconds;
    },
    close: () => store.close(),
  };
});

describe('A sealed context', () => {
  it('comes back as it was made, whatever is in it', async () => {
    const { store } = setUp();
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(
        fc.record(
          {
            binding: text,
            ttlMs: fc.double({ min: 0.001, max: 1e9, noNaN: true }),
            mode: fc.constantFrom('minimal' as const, 'balanced' as const, 'strict' as const),
            protocol: fc.constantFrom('v1' as const, 'v2.1' as const, 'v2.2' as const, 'v2.3' as const),
            subject: text,
            scope: fc.array(text, { maxLength: 3 }),
            metadata: fc.dictionary(text, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 2, noNullPrototype: true }),
          },
          { requiredKeys: ['binding', 'ttlMs'] },
        ),
        async (options) => {
          const made = await store.create(options).catch((error: unknown) => error as { code: string });
          fc.pre('id' in made);
          const read = await store.get(made.id);
          const fields = JSON.parse(JSON.stringify(made)) as object;
          expect({ ...read, nonce: read?.nonce }).toStrictEqual({ ...fields, nonce: made.nonce });
          await expect(store.consume(made.id)).resolves.toBe('consumed');
        },
      ),
    );
  });

  it('has an identifier that is one of the protocol, and short where the context is', async () => {
    const { id } = await setUp().store.create(OPTIONS);
    expect(id).toMatch(/^ash_s[\w-]+$/);
    expect(id.length).toBeLessThanOrEqual(170);
  });

  it.each([
    ['metadata', { metadata: { note: 'x'.repeat(700) } }],
    ['scope', { scope: Array.from({ length: 100 }, (_, index) => `field.${index}`) }],
    ['subject', { subject: 'ü'.repeat(400) }],
    ['binding', { binding: `POST /${'x'.repeat(700)}` }],
  ])('that is too long is refused, and its %s named', async (part, more) => {
    const { store, spent } = setUp();
    const refused = store.create({ ...OPTIONS, ...more });
    await expect(refused).rejects.toMatchObject({ code: 'ASH_CANONICALIZATION_ERROR' });
    await expect(refused).rejects.toThrow(
      new RegExp(`1024 characters: ${part} \\d+.* are \\d+ bytes, and \\d+ is the most\\. Shorten '${part}'`),
    );
    expect(spent.size).toBe(0);
  });

  it('fits up to the very bound that the refusal names', async () => {
    const { store } = setUp();
    const message = await store
      .create({ ...OPTIONS, metadata: { note: 'x'.repeat(1_000) } })
      .then(String, (error: unknown) => String(error));
    const most = Number(/and (\d+) is the most/.exec(message)?.[1]);
    const others = '"POST /transfer"'.length + '{"note":""}'.length;
    const longest = (size: number) => store.create({ ...OPTIONS, metadata: { note: 'x'.repeat(size) } });
    const { id } = await longest(most - others);
    expect(id.length).toBeLessThanOrEqual(1024);
    expect(id.length).toBeGreaterThan(1020);
    await expect(store.consume(id)).resolves.toBe('consumed');
    await expect(longest(most - others + 1)).rejects.toMatchObject({ code: 'ASH_CANONICALIZATION_ERROR' });
  });

  it('of metadata that are no JSON value is refused', async () => {
    const metadata: Record<string, unknown> = { amount: 1n };
    await expect(setUp().store.create({ ...OPTIONS, metadata })).rejects.toMatchObject({
      code: 'ASH_CANONICALIZATION_ERROR',
      message: 'metadata: it is no JSON value, so it cannot be sealed.',
    });
  });

  it('is spent once, whichever instance is asked', async () => {
    const { store, storeWith } = setUp();
    const { id } = await store.create(OPTIONS);
    const instances = [store, storeWith(), storeWith()];
    const results = await Promise.all(
      Array.from({ length: 10 }, () => instances.map((instance) => instance.consume(id))).flat(),
    );
    expect(results.filter((result) => result === 'consumed')).toHaveLength(1);
    expect(results.filter((result) => result === 'already-used')).toHaveLength(29);
  });

  it('is marked for as long as it lives and no longer, under a key that tells nothing of it', async () => {
    const { store, spent, clock } = setUp();
    const mark = jest.spyOn(spent, 'mark');
    const { id, nonce } = await store.create(OPTIONS);
    clock.now += 0.25 * TTL;
    await store.consume(id);
    expect(mark.mock.calls).toStrictEqual([
      [{ shard: 0, key: expect.stringMatching(/^[0-9a-f]{32}$/), epoch: await spent.epoch(0), ttlMs: 0.75 * TTL }],
    ]);
    const key = mark.mock.calls[0]?.[0].key ?? '';
    expect(id).not.toContain(key);
    expect(nonce).not.toContain(key);
  });

  it('is unknown when its grace period is over', async () => {
    const { store, clock } = setUp();
    const { id } = await store.create(OPTIONS);
    clock.now += TTL + GRACE - 1;
    await expect(store.get(id)).resolves.toMatchObject({ id });
    clock.now += 1;
    await expect(store.get(id)).resolves.toBeNull();
    await expect(store.consume(id)).resolves.toBe('not-found');
  });

  it('is open to no clock that gives no number', async () => {
    const { store, clock } = setUp();
    const { id } = await store.create(OPTIONS);
    clock.now = Number.NaN;
    await expect(store.consume(id)).resolves.toBe('not-found');
  });
});

describe('A forged identifier', () => {
  it('reaches no store', async () => {
    const { store, storeWith, spent } = setUp();
    const foreign = storeWith({ keys: [{ id: 'a', secret: ashGenerateKey() }] });
    const other = storeWith({ keys: [{ id: 'b', secret: KEY.secret }] });
    const { id } = await store.create(OPTIONS);
    const forged = [
      (await foreign.create(OPTIONS)).id,
      (await other.create(OPTIONS)).id,
      id.slice(0, -1),
      `${id}A`,
      'ash_s',
      '__proto__',
      `ash_${'0'.repeat(32)}`,
    ];
    const asked = new Set<PropertyKey>();
    const spy = new Proxy(spent, {
      get: (target, name) => {
        if (name !== 'shards' && name !== 'inProcess') asked.add(name);
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const watched = storeWith({ spent: spy });
    asked.clear();
    for (const forgery of forged) {
      await expect(watched.get(forgery)).resolves.toBeNull();
      await expect(watched.consume(forgery)).resolves.toBe('not-found');
      await expect(watched.spend(forgery, { hash: 'h', holder: `${forgery}/1` })).resolves.toBe('not-found');
    }
    await watched.get(id);
    expect([...asked]).toStrictEqual([]);
    await watched.consume(id);
    expect([...asked]).toStrictEqual(['mark']);
  });

  it('of any text is unknown', async () => {
    const { store } = setUp();
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.base64String().map((text) => `ash_s${text}`),
          fc.uint8Array({ maxLength: 200 }).map((bytes) => {
            const head = Buffer.from([1, 1, KEY.id.charCodeAt(0)]);
            return `ash_s${Buffer.concat([head, bytes]).toString('base64url')}`;
          }),
        ),
        async (text) => {
          await expect(store.get(text)).resolves.toBeNull();
          await expect(store.consume(text)).resolves.toBe('not-found');
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe('What was issued before the spent set began', () => {
  it('is refused, spent or not, after a restart that lost every mark', async () => {
    const { store, storeWith, now } = setUp();
    const spent = await store.create(OPTIONS);
    const unspent = await store.create(OPTIONS);
    await store.consume(spent.id);
    const restarted = storeWith({ spent: flushed(now) });
    await expect(restarted.consume(spent.id)).resolves.toBe('not-found');
    await expect(restarted.consume(unspent.id)).resolves.toBe('not-found');
    const { id } = await restarted.create(OPTIONS);
    await expect(restarted.consume(id)).resolves.toBe('consumed');
  });

  it('is refused where the set has become smaller than its shard', async () => {
    const { spent, storeWith } = setUp();
    const shards = 1_000;
    const sharded = Object.assign(Object.create(spent) as AshMemoryStore, { shards, mark: spent.mark.bind(spent) });
    Object.assign(sharded, { epoch: spent.epoch.bind(spent) });
    jest.spyOn(Math, 'random').mockReturnValueOnce(0.5);
    const { id } = await storeWith({ spent: sharded }).create(OPTIONS);
    const smaller = storeWith();
    await expect(smaller.get(id)).resolves.toBeNull();
    await expect(smaller.consume(id)).resolves.toBe('not-found');
  });
});

describe('AshSealedStore', () => {
  it('writes nothing while it issues, however much that is', async () => {
    const { store, spent } = setUp();
    const asked = jest.spyOn(spent, 'epoch');
    for (let issued = 0; issued < 20_000; issued++) await store.create(OPTIONS);
    expect(spent.size).toBe(0);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it('hands everything but contexts on to the spent set', async () => {
    const { store, spent, now } = setUp();
    const link = { hash: 'h', chain: 'c', step: 's', issuedAt: now(), expiresAt: now() + TTL };
    await store.writeLink(link);
    await expect(spent.getLink('h')).resolves.toStrictEqual(link);
    await expect(store.reserveLink('h', 'x')).resolves.toBe('reserved');
    await expect(spent.getLink('h')).resolves.toMatchObject({ holder: 'x' });
    await expect(store.releaseLink('h', 'x')).resolves.toBe(true);
    const [open, close] = [jest.spyOn(spent, 'open'), jest.spyOn(spent, 'close')];
    await store.open();
    await store.close();
    expect([open.mock.calls.length, close.mock.calls.length]).toStrictEqual([1, 1]);
    expect(store.inProcess).toBe(true);
  });

  it('spends through another door to its spent set, with the same keys and epochs', async () => {
    const { store, spent } = setUp();
    const { id } = await store.create(OPTIONS);
    const [epoch, mark] = [jest.spyOn(spent, 'epoch'), jest.spyOn(spent, 'mark')];
    const door = new AshMemoryStore();
    const through = jest.spyOn(door, 'mark').mockImplementation((each) => spent.mark(each));
    const asked = jest.spyOn(door, 'epoch');
    const view = store.over(door);
    const next = { id: 'next', secret: ashGenerateKey() };
    store.rotate([next, KEY]);
    await expect(view.consume(id)).resolves.toBe('consumed');
    await expect(store.consume(id)).resolves.toBe('already-used');
    await expect(view.consume((await store.create(OPTIONS)).id)).resolves.toBe('consumed');
    await expect(store.consume((await view.create(OPTIONS)).id)).resolves.toBe('consumed');
    expect([through, mark, epoch, asked].map(({ mock }) => mock.calls.length)).toStrictEqual([2, 4, 0, 0]);
    expect(() => store.over({} as AshMemoryStore)).toThrow("'spent' marks nothing as spent");
  });

  it('holds no link for a context that has expired', async () => {
    const { store, spent, clock } = setUp();
    const reserve = jest.spyOn(spent, 'reserveLink');
    const { id } = await store.create(OPTIONS);
    clock.now += TTL;
    await expect(store.spend(id, { hash: 'h', holder: `${id}/1` })).resolves.toBe('expired');
    expect(reserve).not.toHaveBeenCalled();
  });

  it('is refused by the bounded store for its size as a mistake of the asker, not as an outage', async () => {
    const bounded = new BoundedStore(setUp().store, 1_000);
    await expect(bounded.create({ ...OPTIONS, subject: 'x'.repeat(2_000) })).rejects.toMatchObject({
      code: 'ASH_CANONICALIZATION_ERROR',
    });
  });

  it('shows no key to whoever prints it', () => {
    const { store } = setUp();
    const bytes = Buffer.from(KEY.secret, 'base64url');
    const shown = [
      inspect(store, { showHidden: true, getters: true, depth: 9, maxStringLength: null, maxArrayLength: null }),
      JSON.stringify(store),
    ].join('\n');
    expect(shown).toContain('AshMemoryStore');
    for (const text of [KEY.secret, bytes.toString('hex'), bytes.toString('base64').slice(0, 40), bytes.join(', ')]) {
      expect(shown).not.toContain(text);
    }
  });

  it.each([
    ['an unknown option', { ttl: 1 }, "AshSealedStore: there is no option 'ttl'"],
    ['no spent set', { spent: undefined }, "AshSealedStore: 'spent' marks nothing as spent"],
    ['a spent set that marks nothing', { spent: {} }, "AshSealedStore: 'spent' marks nothing as spent"],
    [
      'a spent set without shards',
      { spent: { mark: () => undefined, epoch: () => undefined, shards: 0 } },
      "AshSealedStore: 'spent' has 0 shards instead of 1 to 65536.",
    ],
    ['a grace that is no number', { grace: Number.NaN }, "AshSealedStore: 'grace' is a positive number, not NaN."],
  ])('refuses %s', (_title, more, sentence) => {
    const { storeWith } = setUp();
    expect(() => storeWith(more as unknown as Partial<AshSealedStoreOptions>)).toThrow(sentence);
  });
});
