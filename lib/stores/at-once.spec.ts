import { jest } from '@jest/globals';
import { BoundedStore } from '../verification/bounded-store.js';
import { atOnce } from './at-once.js';
import type { AshContext } from './context.js';
import type { AshConsumeResult, AshContextStore } from './context-store.js';
import { AshMemoryStore } from './memory.store.js';
import { AshSealedStore } from './sealed.store.js';
import { ashGenerateKey } from './sealing-key.js';

const OPTIONS = { binding: 'POST /transfer', ttlMs: 30_000 };
const bounded = (store: AshContextStore): BoundedStore => new BoundedStore(store, 1_000);

type Consume = AshMemoryStore['consume'];

const refusing = (): Consume =>
  function refuse() {
    return Promise.resolve('expired');
  };

/** As an application wraps a store to count, to log or to refuse. */
class CountingStore extends AshMemoryStore {
  consumed = 0;

  override consume(id: string): Promise<AshConsumeResult> {
    this.consumed++;
    return super.consume(id);
  }
}

describe('AshMemoryStore, asked for what it has at hand,', () => {
  it('answers without a promise what its methods answer with one', async () => {
    const store = new AshMemoryStore();
    const { id } = await store.create(OPTIONS);
    expect(bounded(store).get(id)).toBe(await store.get(id));
    expect(bounded(store).get('unknown')).toBeNull();
    expect(bounded(store).consume(id)).toBe('consumed');
    expect(bounded(store).consume(id)).toBe('already-used');
    expect(bounded(store).get(id)).toMatchObject({ id, consumedAt: expect.any(Number) });
    await store.close();
  });

  it('is asked by the method that a subclass has', async () => {
    const store = new CountingStore();
    const { id } = await store.create(OPTIONS);
    expect(atOnce(store, 'consume')).toBeUndefined();
    await expect(bounded(store).consume(id)).resolves.toBe('consumed');
    expect(store.consumed).toBe(1);
    await store.close();
  });

  it('is asked by the method that was put in the place of its own', async () => {
    const store = new AshMemoryStore();
    const { id } = await store.create(OPTIONS);
    const get = jest.spyOn(store, 'get');
    await expect(bounded(store).get(id)).resolves.toMatchObject({ id });
    expect(get).toHaveBeenCalledTimes(1);
    await store.close();
  });

  it.each<[string, (own: Consume) => Consume]>([
    ['a Proxy', (own) => new Proxy(own, { apply: () => Promise.resolve('expired') })],
    ['a function that inherits from it', (own) => Object.setPrototypeOf(refusing(), own) as Consume],
    [
      'a function with all its properties',
      (own) => Object.defineProperties(refusing(), Object.getOwnPropertyDescriptors(own)),
    ],
  ])('is asked by %s in the place of its own method', async (_title, wrap) => {
    const store = new AshMemoryStore();
    const { id } = await store.create(OPTIONS);
    store.consume = wrap(store.consume);
    await expect(bounded(store).consume(id)).resolves.toBe('expired');
    expect((await store.get(id))?.consumedAt).toBeUndefined();
    await store.close();
  });

  it('says that it is unavailable where it cannot even be asked', async () => {
    const broken = new Proxy(new AshMemoryStore(), {
      get: (target, key) => {
        if (key === 'get') throw new Error('not connected');
        return Reflect.get(target, key, target) as unknown;
      },
    });
    await expect(bounded(broken).get('id')).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
  });

  it('is asked through what stands for it', async () => {
    const store = new AshMemoryStore();
    const { id } = await store.create(OPTIONS);
    const asked: string[] = [];
    const stand = new Proxy(store, {
      get: (target, key) => {
        const own: unknown = Reflect.get(target, key, target);
        if (key !== 'consume' || typeof own !== 'function') return own;
        return (...args: unknown[]): unknown => {
          asked.push(key);
          return Reflect.apply(own, target, args);
        };
      },
    });
    await expect(bounded(stand).consume(id)).resolves.toBe('consumed');
    expect(asked).toStrictEqual(['consume']);
    await store.close();
  });

  it('says that it is unavailable where its clock throws', async () => {
    let clock = (): number => 1;
    const store = new AshMemoryStore({ clock: () => clock() });
    const { id } = await store.create(OPTIONS);
    clock = () => {
      throw new Error('no time');
    };
    expect(() => bounded(store).consume(id)).toThrow(expect.objectContaining({ code: 'ASH_STORE_UNAVAILABLE' }));
    await store.close();
  });
});

describe('AshSealedStore, asked for what an identifier holds,', () => {
  const KEYS = [{ id: 'a', secret: ashGenerateKey() }];

  it('answers without a promise what its method answers with one, and asks for the spending as ever', async () => {
    const store = new AshSealedStore({ keys: KEYS, spent: new AshMemoryStore() });
    const { id, nonce } = await store.create(OPTIONS);
    const context = bounded(store).get(id) as AshContext;
    expect(context).toStrictEqual(await store.get(id));
    expect(context.nonce).toBe(nonce);
    expect(bounded(store).get('ash_sA')).toBeNull();
    await expect(bounded(store).consume(id)).resolves.toBe('consumed');
    await expect(bounded(store).consume(id)).resolves.toBe('already-used');
    await store.close();
  });
});
