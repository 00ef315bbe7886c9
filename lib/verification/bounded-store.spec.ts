import { jest } from '@jest/globals';
import { AshError } from '../core/index.js';
import { ashNewContext } from '../stores/context.js';
import type { AshContextStore } from '../stores/context-store.js';
import { BoundedStore } from './bounded-store.js';

const NOW = 1_700_000_000_000;
const CONTEXT = ashNewContext({ binding: 'POST /transfer', ttlMs: 1_000 }, NOW);
const HOLD = { hash: 'h', holder: 'id/1' };
const LINK = { hash: 'h', chain: 'c', step: 's', issuedAt: NOW, expiresAt: NOW + 1 };

/** A store of which a test needs one method. */
function boundedOf(methods: Partial<AshContextStore>, timeout = 5): BoundedStore {
  return new BoundedStore(methods as AshContextStore, timeout);
}

type Question = [
  method: keyof AshContextStore,
  args: unknown[],
  answer: unknown,
  ask: (store: BoundedStore) => unknown,
];
const questions: Question[] = [
  ['create', [{ binding: 'POST /a', ttlMs: 1 }], CONTEXT, (store) => store.create({ binding: 'POST /a', ttlMs: 1 })],
  ['get', [CONTEXT.id], CONTEXT, (store) => store.get(CONTEXT.id)],
  ['get', [CONTEXT.id], null, (store) => store.get(CONTEXT.id)],
  ['consume', ['id'], 'consumed', (store) => store.consume('id')],
  ['consume', ['id'], 'already-used', (store) => store.consume('id')],
  ['consume', ['id'], 'expired', (store) => store.consume('id')],
  ['consume', ['id'], 'not-found', (store) => store.consume('id')],
  ['spend', ['id', HOLD], 'consumed', (store) => store.spend('id', HOLD)],
  ['spend', ['id', HOLD], 'already-used', (store) => store.spend('id', HOLD)],
  ['spend', ['id', HOLD], 'link-taken', (store) => store.spend('id', HOLD)],
  ['spend', ['id', HOLD], 'link-expired', (store) => store.spend('id', HOLD)],
  ['spend', ['id', HOLD], 'link-not-found', (store) => store.spend('id', HOLD)],
  ['writeLink', [LINK], undefined, (store) => store.writeLink(LINK)],
  ['getLink', ['h'], LINK, (store) => store.getLink('h')],
  ['getLink', ['h'], null, (store) => store.getLink('h')],
  ['reserveLink', ['h', 'a'], 'reserved', (store) => store.reserveLink('h', 'a')],
  ['reserveLink', ['h', 'a'], 'taken', (store) => store.reserveLink('h', 'a')],
  ['reserveLink', ['h', 'a'], 'expired', (store) => store.reserveLink('h', 'a')],
  ['reserveLink', ['h', 'a'], 'not-found', (store) => store.reserveLink('h', 'a')],
  ['releaseLink', ['h', 'a'], true, (store) => store.releaseLink('h', 'a')],
];

/** A promise, also where the answer is there at once. */
async function answerTo(ask: Question[3], store: BoundedStore): Promise<unknown> {
  return await ask(store);
}

describe.each(questions)('BoundedStore.%s', (method, args, answer, ask) => {
  it(`hands the question on, and the answer ${JSON.stringify(answer)} back`, async () => {
    const asked = jest.fn(() => Promise.resolve(answer));
    await expect(answerTo(ask, boundedOf({ [method]: asked }))).resolves.toBe(answer);
    expect(asked.mock.calls).toStrictEqual([args]);
  });

  it('says that the store is unavailable, and why, where it rejects, throws or is silent', async () => {
    const down = new Error('ECONNREFUSED');
    const unavailable = {
      name: 'AshError',
      code: 'ASH_STORE_UNAVAILABLE',
      message: 'The context store did not answer.',
    };
    await expect(answerTo(ask, boundedOf({ [method]: () => Promise.reject(down) }))).rejects.toMatchObject({
      ...unavailable,
      cause: down,
    });
    const thrown = (): never => {
      throw down;
    };
    await expect(answerTo(ask, boundedOf({ [method]: thrown }))).rejects.toMatchObject({ ...unavailable, cause: down });
    await expect(answerTo(ask, boundedOf({ [method]: () => new Promise(() => undefined) }))).rejects.toMatchObject({
      ...unavailable,
      cause: new Error('The store did not answer within 5 ms.'),
    });
  });
});

describe('BoundedStore', () => {
  it.each([
    ['undefined for a context', { get: () => Promise.resolve(undefined) }, (store: BoundedStore) => store.get('id')],
    ['another context', { get: () => Promise.resolve(CONTEXT) }, (store: BoundedStore) => store.get('id')],
    ['another link', { getLink: () => Promise.resolve(LINK) }, (store: BoundedStore) => store.getLink('other')],
    [
      'true for a spent context',
      { consume: () => Promise.resolve(true) },
      (store: BoundedStore) => store.consume('id'),
    ],
    [
      'true for a held link',
      { reserveLink: () => Promise.resolve(true) },
      (store: BoundedStore) => store.reserveLink('h', 'a'),
    ],
    [
      'true for a context that was spent with a link',
      { spend: () => Promise.resolve(true) },
      (store: BoundedStore) => store.spend('id', HOLD),
    ],
  ])('takes no answer that the contract does not know: %s', async (_title, methods, ask) => {
    await expect(answerTo(ask, boundedOf(methods as unknown as AshContextStore))).rejects.toMatchObject({
      code: 'ASH_STORE_UNAVAILABLE',
      cause: expect.any(TypeError) as unknown,
    });
  });

  it('hands on that a context does not fit into the store, which is no outage, and nothing else of the kind', async () => {
    const refusal = new AshError('ASH_CANONICALIZATION_ERROR', 'metadata: too long.');
    const refuse = () => Promise.reject(refusal);
    const store = boundedOf({ create: refuse, get: refuse });
    await expect(store.create({ binding: 'POST /a', ttlMs: 1 })).rejects.toBe(refusal);
    await expect(store.get('id')).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE', cause: refusal });
    const other = new AshError('ASH_CTX_NOT_FOUND');
    await expect(
      boundedOf({ create: () => Promise.reject(other) }).create({ binding: 'POST /a', ttlMs: 1 }),
    ).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE', cause: other });
  });

  it('sets no timer for a store that answers from memory, which may take its time', async () => {
    const timers = jest.spyOn(globalThis, 'setTimeout');
    const store = boundedOf({ inProcess: true, consume: () => Promise.resolve('consumed') }, 1);
    await expect(store.consume('id')).resolves.toBe('consumed');
    expect(timers).not.toHaveBeenCalled();
    timers.mockRestore();
  });

  it('waits once for all that is asked of it with a deadline', async () => {
    const never = (): Promise<never> => new Promise(() => undefined);
    const set = jest.spyOn(globalThis, 'setTimeout');
    const clock = jest.spyOn(performance, 'now').mockReturnValue(5_000);
    const bounded = boundedOf({ get: never, consume: never }, 3).withDeadline();
    clock.mockReturnValue(5_001);
    await expect(bounded.get('id')).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
    clock.mockReturnValue(6_000);
    await expect(bounded.consume('id')).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
    expect(set.mock.calls.map(([, delay]) => delay)).toStrictEqual([2, 0]);
    jest.restoreAllMocks();
  });

  it('needs no deadline for a store that answers from memory', () => {
    const bounded = boundedOf({ inProcess: true });
    expect(bounded.withDeadline()).toBe(bounded);
  });

  it('leaves no timer behind, whatever the answer', async () => {
    const set = jest.spyOn(globalThis, 'setTimeout');
    const cleared = jest.spyOn(globalThis, 'clearTimeout');
    await boundedOf({ consume: () => Promise.resolve('consumed') }, 1_000).consume('id');
    await expect(
      boundedOf({ consume: () => Promise.reject(new Error('down')) }, 1_000).consume('id'),
    ).rejects.toThrow();
    expect(set.mock.calls.map(([, delay]) => delay)).toStrictEqual([1_000, 1_000]);
    expect(cleared.mock.calls.map(([timer]) => timer)).toStrictEqual(set.mock.results.map(({ value }) => value));
    jest.restoreAllMocks();
  });

  it('lets no rejection go unhandled that comes after the time-out', async () => {
    let reject: (error: Error) => void = () => undefined;
    const late = new Promise<never>((_resolve, fail) => {
      reject = fail;
    });
    const unhandled = jest.fn();
    process.once('unhandledRejection', unhandled);
    await expect(boundedOf({ get: () => late }, 1).get('id')).rejects.toThrow();
    reject(new Error('too late'));
    await new Promise((resolve) => setTimeout(resolve, 1));
    process.removeListener('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('BoundedStore, which is opened by its first question,', () => {
  const consume = (): Promise<'consumed'> => Promise.resolve('consumed');

  it('asks when it is open, and not before', async () => {
    const said: string[] = [];
    let open: () => void = () => undefined;
    const opening = new Promise<void>((resolve) => {
      open = resolve;
    });
    const store = {
      consume: () => {
        said.push('consumed');
        return consume();
      },
    };
    const answer = new BoundedStore(store as unknown as AshContextStore, 1_000, () => opening).consume('id');
    await new Promise(setImmediate);
    said.push('open');
    open();
    await expect(answer).resolves.toBe('consumed');
    expect(said).toStrictEqual(['open', 'consumed']);
  });

  it('waits for nothing once it is open', async () => {
    const asked = jest.fn(consume);
    const answer = new BoundedStore({ consume: asked } as unknown as AshContextStore, 1_000, () => undefined).consume(
      'id',
    );
    expect(asked).toHaveBeenCalledTimes(1);
    await expect(answer).resolves.toBe('consumed');
  });

  const down = new Error('ECONNREFUSED');
  it.each([
    [
      'is not open in time',
      () => new Promise<void>(() => undefined),
      new Error('The store did not answer within 5 ms.'),
    ],
    ['cannot be opened', () => Promise.reject(down), down],
    [
      'throws instead of opening',
      () => {
        throw down;
      },
      down,
    ],
  ])('is unavailable where it %s, and is not asked', async (_title, opening, cause) => {
    const asked = jest.fn(consume);
    const store = { consume: asked } as unknown as AshContextStore;
    for (const bounded of [new BoundedStore(store, 5, opening), new BoundedStore(store, 5, opening).withDeadline()]) {
      await expect(bounded.consume('id')).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE', cause });
    }
    expect(asked).not.toHaveBeenCalled();
  });
});
