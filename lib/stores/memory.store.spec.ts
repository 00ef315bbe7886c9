import { inspect } from 'node:util';
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
