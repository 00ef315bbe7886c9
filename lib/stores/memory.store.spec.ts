import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { jest } from '@jest/globals';
import { describeAshSpentSet, describeAshStore } from '../testing/index.js';
import { AshMemoryStore, type AshMemoryStoreOptions } from './memory.store.js';

const OPTIONS = { binding: 'POST /transfer', ttlMs: 1_000 };

function storeAt(options: AshMemoryStoreOptions = {}) {
  const clock = { now: 1_700_000_000_000 };
  return { clock, store: new AshMemoryStore({ grace: 500, clock: () => clock.now, ...options }) };
}

describeAshStore('AshMemoryStore', () => {
  const { clock, store } = storeAt();
  return {
    store,
    grace: 500,
    pass: (milliseconds) => {
      clock.now += milliseconds;
    },
    close: () => store.close(),
  };
});

describeAshSpentSet('AshMemoryStore', () => {
  const { clock, store } = storeAt();
  return {
    set: store,
    grace: 500,
    pass: async (milliseconds) => {
      clock.now += milliseconds;
      await store.cleanup();
    },
    close: () => store.close(),
  };
});

/** A store with contexts that are due, and the next turn of everybody else. */
async function storeOfDue(count: number, options: AshMemoryStoreOptions = {}) {
  const { clock, store } = storeAt(options);
  const ids: string[] = [];
  for (let made = 0; made < count; made++) ids.push((await store.create(OPTIONS)).id);
  clock.now += 1_500;
  return { clock, store, ids };
}

const nextTurn = (): Promise<void> => new Promise(setImmediate);

describe('AshMemoryStore', () => {
  it('refuses new contexts when it is full, and forgets none for them', async () => {
    const { store } = storeAt({ maxEntries: 2 });
    const first = await store.create(OPTIONS);
    await store.create(OPTIONS);
    await store.consume(first.id);
    await expect(store.create(OPTIONS)).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
    await expect(store.consume(first.id)).resolves.toBe('already-used');
    await store.close();
  });

  it('takes new contexts again as soon as old ones are past their grace, without waiting for the sweep', async () => {
    const { store, clock } = storeAt({ maxEntries: 1 });
    await store.create(OPTIONS);
    clock.now += 1_501;
    await expect(store.create(OPTIONS)).resolves.toMatchObject({ binding: 'POST /transfer' });
    expect(store.size).toBe(1);
    await store.close();
  });

  it('leaves a link that is held as it is where it is written once more', async () => {
    const { clock, store } = storeAt();
    const link = { hash: 'a', chain: 'c', step: 's', issuedAt: clock.now, expiresAt: clock.now + 1_000 };
    await store.writeLink(link);
    await store.reserveLink('a', 'x/1');
    await store.writeLink({ ...link, expiresAt: clock.now + 2_000 });
    await expect(store.reserveLink('a', 'y/1')).resolves.toBe('taken');
    await expect(store.getLink('a')).resolves.toStrictEqual({ ...link, holder: 'x/1' });
    await store.close();
  });

  it.each(['unspent', 'spent'])(
    'gives scope and metadata of an %s context to each who asks as they were issued',
    async (state) => {
      const { store } = storeAt();
      const [scope, metadata] = [['amount'], { order: { lines: 1 } }];
      const context = await store.create({ ...OPTIONS, scope, metadata });
      if (state === 'spent') await store.consume(context.id);
      const change = (of: { scope?: unknown; metadata?: unknown } | null) => {
        (of?.scope as string[]).push('to');
        (of?.metadata as typeof metadata).order.lines++;
      };
      change({ scope, metadata });
      change(await store.get(context.id));
      const issued = { scope: ['amount'], metadata: { order: { lines: 1 } } };
      await expect(store.get(context.id)).resolves.toMatchObject(issued);
      await store.close();
    },
  );

  it('bounds links apart from contexts', async () => {
    const { store, clock } = storeAt({ maxEntries: 1 });
    const link = { hash: 'a', chain: 'c', step: 's', issuedAt: clock.now, expiresAt: clock.now + 1_000 };
    await store.create(OPTIONS);
    await store.writeLink(link);
    await expect(store.writeLink({ ...link, hash: 'b' })).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
    await store.close();
  });

  it('forgets in the order of expiry, whatever the order of making', async () => {
    const { store, clock } = storeAt();
    const lives = [700, 100, 900, 300, 500, 200, 800, 400, 600];
    const ids = new Map<number, string>();
    for (const ttlMs of lives) ids.set(ttlMs, (await store.create({ ...OPTIONS, ttlMs })).id);
    const start = clock.now;
    for (const ttlMs of [...lives].sort((a, b) => a - b)) {
      clock.now = start + ttlMs + 500;
      await expect(store.cleanup()).resolves.toBe(1);
      await expect(store.get(ids.get(ttlMs) ?? '')).resolves.toBeNull();
    }
    expect(store.size).toBe(0);
    await store.close();
  });

  it('lets others have their turn while it forgets many', async () => {
    const { store } = await storeOfDue(50_000);
    const cleanup = store.cleanup();
    const kept = [store.size];
    while (store.size > 0) {
      await nextTurn();
      kept.push(store.size);
    }
    await expect(cleanup).resolves.toBe(50_000);
    const forgotten = kept.map((size, turn) => (kept[turn - 1] ?? 50_000) - size);
    expect(Math.max(...forgotten)).toBeLessThanOrEqual(500);
    expect(kept.length).toBeGreaterThan(100);
    await store.close();
  });

  it('forgets few without waiting for a turn', async () => {
    const { store } = await storeOfDue(100);
    const cleanup = store.cleanup();
    expect(store.size).toBe(0);
    await expect(cleanup).resolves.toBe(100);
    await store.close();
  });

  it('makes and spends contexts while it forgets others', async () => {
    const { store, ids } = await storeOfDue(2_000);
    const cleanup = store.cleanup();
    const { id } = await store.create(OPTIONS);
    await expect(store.consume(id)).resolves.toBe('consumed');
    const results = new Set(await Promise.all(ids.map((due) => store.consume(due))));
    expect(results).toStrictEqual(new Set(['expired', 'not-found']));
    await expect(cleanup).resolves.toBe(2_000);
    await expect(store.consume(id)).resolves.toBe('already-used');
    expect(store.size).toBe(1);
    await store.close();
  });

  it('forgets to the end where it is closed meanwhile, and counts for two at once what each forgot', async () => {
    const { store } = await storeOfDue(2_000);
    const cleanups = [store.cleanup(), store.cleanup()];
    await store.close();
    const counts = await Promise.all(cleanups);
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts[1]).toBeGreaterThan(0);
    expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(2_000);
    expect(store.size).toBe(0);
  });

  it('begins no sweep by itself while one goes on', async () => {
    const intervals = jest.spyOn(globalThis, 'setInterval');
    const { store } = storeAt();
    await store.create(OPTIONS);
    const [[tick] = []] = intervals.mock.calls;
    let end = (_forgotten: number): void => undefined;
    const cleanup = jest.spyOn(store, 'cleanup').mockImplementation(
      () =>
        new Promise((resolve) => {
          end = resolve;
        }),
    );
    tick?.();
    tick?.();
    expect(cleanup).toHaveBeenCalledTimes(1);
    end(0);
    await nextTurn();
    tick?.();
    expect(cleanup).toHaveBeenCalledTimes(2);
    await store.close();
    jest.restoreAllMocks();
  });

  it('makes room for a new context with a slice of what is due', async () => {
    const { store } = await storeOfDue(2_000, { maxEntries: 2_000 });
    await store.create(OPTIONS);
    expect(store.size).toBeLessThan(2_000);
    expect(store.size).toBeGreaterThan(1_000);
    await store.close();
  });

  it('sweeps links and marks as it sweeps contexts', async () => {
    const { store, clock } = storeAt();
    const epoch = await store.epoch(0);
    const link = { chain: 'c', step: 's', issuedAt: clock.now, expiresAt: clock.now + 1_000 };
    for (let made = 0; made < 600; made++) {
      await store.create(OPTIONS);
      await store.writeLink({ ...link, hash: `link-${made}` });
      await store.mark({ shard: 0, key: `mark-${made}`, epoch, ttlMs: 1_000 });
    }
    expect(store.size).toBe(1_800);
    clock.now += 1_499;
    await expect(store.cleanup()).resolves.toBe(0);
    clock.now += 1;
    const cleanup = store.cleanup();
    expect(store.size).toBeGreaterThan(1_300);
    await expect(cleanup).resolves.toBe(1_800);
    expect(store.size).toBe(0);
    await store.close();
  });

  it('costs less than 450 bytes a context, and gives them back', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const used = (): number => {
      collect();
      const { heapUsed, external, arrayBuffers } = process.memoryUsage();
      return heapUsed + external + arrayBuffers;
    };
    const count = 40_000;
    const { store, clock } = storeAt();
    const before = used();
    for (let made = 0; made < count; made++) await store.create(OPTIONS);
    expect((used() - before) / count).toBeLessThan(450);
    clock.now += 1_500;
    await store.cleanup();
    const left = (): number => (used() - before) / count;
    // Some of it is given back beside the program, a little later.
    for (let again = 0; again < 100 && left() >= 12; again++) await nextTurn();
    expect(left()).toBeLessThan(12);
    await store.close();
  });

  it('takes a clock that gives no number for one by which nothing is in time', async () => {
    const { store, clock } = storeAt();
    const { now } = clock;
    const { id } = await store.create(OPTIONS);
    const link = { hash: 'a', chain: 'c', step: 's', issuedAt: now, expiresAt: now + 1_000 };
    await store.writeLink(link);
    clock.now = Number.NaN;
    const mark = { shard: 0, key: 'b', epoch: await store.epoch(0), ttlMs: 1_000 };
    await expect(store.create(OPTIONS)).rejects.toThrow(RangeError);
    await expect(store.mark(mark)).rejects.toThrow(RangeError);
    await expect(store.consume(id)).resolves.toBe('expired');
    await expect(store.reserveLink('a', 'b')).resolves.toBe('expired');
    await expect(store.cleanup()).resolves.toBe(0);
    clock.now = now;
    await expect(store.mark(mark)).resolves.toBe('marked');
    await expect(store.consume(id)).resolves.toBe('consumed');
    await store.close();
  });

  it('keeps what was made before its clock went back until the time that it was given', async () => {
    const { store, clock } = storeAt();
    const { now } = clock;
    const { id } = await store.create(OPTIONS);
    await store.consume(id);
    clock.now = now - 1_000_000;
    const later = await store.create(OPTIONS);
    clock.now += 1_500;
    await expect(store.cleanup()).resolves.toBe(1);
    await expect(store.get(later.id)).resolves.toBeNull();
    await expect(store.consume(id)).resolves.toBe('already-used');
    clock.now = now + 1_500;
    await expect(store.cleanup()).resolves.toBe(1);
    expect(store.size).toBe(0);
    await store.close();
  });

  it('has one timer, whatever it holds, and none before its first record', async () => {
    const intervals = jest.spyOn(globalThis, 'setInterval');
    const timeouts = jest.spyOn(globalThis, 'setTimeout');
    const { store } = storeAt();
    expect(intervals).not.toHaveBeenCalled();
    for (let made = 0; made < 50; made++) await store.create(OPTIONS);
    expect(intervals).toHaveBeenCalledTimes(1);
    expect(timeouts).not.toHaveBeenCalled();
    expect((intervals.mock.results[0]?.value as NodeJS.Timeout).hasRef()).toBe(false);
    await store.close();
    jest.restoreAllMocks();
  });

  it('sweeps by itself', async () => {
    const { store, clock } = storeAt({ sweepInterval: 1 });
    await store.create(OPTIONS);
    clock.now += 2_000;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(store.size).toBe(0);
    await store.close();
  });

  it('waits as long as a timer can where it is to sweep more rarely than that', async () => {
    const intervals = jest.spyOn(globalThis, 'setInterval');
    const { store } = storeAt({ sweepInterval: 1e12 });
    await store.create(OPTIONS);
    expect(intervals.mock.calls.map(([, delay]) => delay)).toStrictEqual([2_147_483_647]);
    await store.close();
    jest.restoreAllMocks();
  });

  it('has the clock, the grace, the interval and the bound of its documentation', async () => {
    const intervals = jest.spyOn(globalThis, 'setInterval');
    const clock = jest.spyOn(Date, 'now').mockReturnValue(1_700_000_000_000);
    const store = new AshMemoryStore();
    const { id, issuedAt } = await store.create(OPTIONS);
    expect(issuedAt).toBe(1_700_000_000_000);
    expect(intervals.mock.calls.map(([, delay]) => delay)).toStrictEqual([10_000]);
    clock.mockReturnValue(1_700_000_000_000 + 1_000 + 59_999);
    await expect(store.cleanup()).resolves.toBe(0);
    await expect(store.consume(id)).resolves.toBe('expired');
    clock.mockReturnValue(1_700_000_000_000 + 1_000 + 60_000);
    await expect(store.cleanup()).resolves.toBe(1);
    await expect(store.consume(id)).resolves.toBe('not-found');
    await store.close();
    jest.restoreAllMocks();
  });

  it('keeps its records when it is closed, and begins to sweep again with the next', async () => {
    const intervals = jest.spyOn(globalThis, 'setInterval');
    const { store } = storeAt();
    const { id } = await store.create(OPTIONS);
    await store.close();
    await expect(store.consume(id)).resolves.toBe('consumed');
    await store.create(OPTIONS);
    expect(intervals).toHaveBeenCalledTimes(2);
    await store.close();
    jest.restoreAllMocks();
  });

  it('shows no nonce to whoever prints a context', async () => {
    const { store } = storeAt();
    const context = await store.create(OPTIONS);
    expect(inspect(context, { showHidden: true, depth: 5 })).not.toContain(context.nonce);
    expect(JSON.stringify({ ...context })).not.toContain(context.nonce);
    await store.close();
  });

  it.each([
    ['an unknown option', { size: 1 } as AshMemoryStoreOptions, "there is no option 'size'"],
    ['a bound that is no number', { maxEntries: Number.NaN }, "'maxEntries' is a positive number"],
    ['a negative grace', { grace: -1 }, "'grace' is a positive number"],
  ] as [string, AshMemoryStoreOptions, string][])('refuses %s', (_title, options, sentence) => {
    expect(() => new AshMemoryStore(options)).toThrow(sentence);
  });
});
