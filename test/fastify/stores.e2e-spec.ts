import { jest } from '@jest/globals';
import { AshMemoryStore, type AshContextStore } from 'nestjs-ash/fastify';
import {
  closeFastify,
  handler,
  json,
  makeFastify,
  startFastify,
  Turnstile,
  type FastifyApp,
} from '../support/fastify-app.js';
import { meetAt } from '../support/meeting.js';
import type { Plan } from '../support/test-app.js';

afterEach(closeFastify);

const PLAN: Plan = { ...json('POST /a'), runs: 'a' };
const UNAVAILABLE = { status: 503, code: 'ASH_STORE_UNAVAILABLE' };

/** Stands for a store that is far away, and so is not waited for without end. */
class FarStore extends AshMemoryStore {
  constructor() {
    super();
    Object.assign(this, { inProcess: false });
  }
}

function start(store: AshContextStore = new AshMemoryStore(), hooks = 1): Promise<FastifyApp> {
  return startFastify({
    ash: { store, storeTimeout: 50 },
    routes: (app, ran) => {
      if (hooks > 1) {
        app.addHook('onRoute', (route) => {
          const own = [route.preValidation ?? []].flat();
          route.preValidation = Array.from({ length: hooks }, () => own).flat();
        });
      }
      app.post('/a', { config: { ash: true } }, handler(ran, 'a'));
    },
  });
}

describe('2: a request passes once', () => {
  it('of a hundred at once', async () => {
    const app = await start();
    const { draft } = await app.prepare(PLAN);
    meetAt(app.store, 'get', 100);
    const ran = await app.ranDuring(async () => {
      const answers = await Promise.all(Array.from({ length: 100 }, () => app.send(draft)));
      const codes = answers.map(({ status, code }) => code ?? status);
      expect(codes.sort()).toEqual([200, ...Array<string>(99).fill('ASH_CTX_ALREADY_USED')]);
    });
    expect(ran).toEqual({ a: 1 });
  });

  it('where its hook stands on a route twice', async () => {
    const app = await start(new AshMemoryStore(), 2);
    const { draft } = await app.prepare(PLAN);
    const ran = await app.ranDuring(async () => {
      expect(await app.send(draft)).toMatchObject({ status: 200 });
      expect(await app.send(draft)).toMatchObject({ status: 409 });
    });
    expect(ran).toEqual({ a: 1 });
  });

  it('by two applications on one store', async () => {
    const store = new AshMemoryStore();
    const [one, other] = [await start(store), await start(store)];
    const { draft } = await one.prepare(PLAN);
    const statuses = [await other.send(draft), await one.send(draft)].map(({ status }) => status);
    expect(statuses).toEqual([200, 409]);
  });
});

describe('A store that cannot be opened', () => {
  it('keeps the application from becoming ready', async () => {
    const store = new AshMemoryStore();
    jest.spyOn(store, 'open').mockRejectedValue(new Error('No connection.'));
    const { fastify: app, lines } = await makeFastify({ ash: { store } });
    await expect(app.ready()).rejects.toThrow('No connection.');
    expect(lines.map(({ msg }) => msg)).toContain('The store is not ready: every request is refused until it is.');
  });

  it('keeps it waiting no longer than Fastify waits for a plugin', async () => {
    const store = new AshMemoryStore();
    jest.spyOn(store, 'open').mockReturnValue(new Promise(() => undefined));
    const { fastify: app } = await makeFastify({ ash: { store }, server: { pluginTimeout: 20 } });
    await expect(app.ready()).rejects.toMatchObject({ code: 'FST_ERR_HOOK_TIMEOUT' });
  });

  it('and is opened before the application is ready', async () => {
    const store = new AshMemoryStore();
    let isOpen = false;
    jest.spyOn(store, 'open').mockImplementation(async () => {
      await Promise.resolve();
      isOpen = true;
    });
    const { fastify: app } = await makeFastify({ ash: { store } });
    await app.ready();
    expect(isOpen).toBe(true);
  });
});

describe('20: a store that fails later refuses, and never lets pass', () => {
  type Row = [title: string, method: 'get' | 'consume', fail: () => Promise<never>];
  const rejects = (): Promise<never> => Promise.reject(new Error('No connection.'));
  const hangs = (): Promise<never> => new Promise(() => undefined);
  const throws = (): never => {
    throw new Error('No connection.');
  };
  const rows: Row[] = [
    ['where it rejects what is read', 'get', rejects],
    ['where it never answers what is read', 'get', hangs],
    ['where it throws at what is read', 'get', throws],
    ['where it rejects what is spent', 'consume', rejects],
    ['where it never answers what is spent', 'consume', hangs],
    ['where it throws at what is spent', 'consume', throws],
  ];
  it.each(rows)('%s', async (_title, method, fail) => {
    const app = await start(new FarStore());
    const { draft } = await app.prepare(PLAN);
    jest.spyOn(app.store, method).mockImplementationOnce(fail);
    const ran = await app.ranDuring(async () => {
      expect(await app.send(draft)).toMatchObject(UNAVAILABLE);
    });
    expect(ran).toEqual({});
    expect(app.logged('error')).toEqual([expect.stringMatching(/^POST \/a refused ash_\w+: ASH_STORE_UNAVAILABLE: /)]);
    // It recovers by itself.
    expect(await app.send(draft)).toMatchObject({ status: 200 });
  });

  it('where it rejects what is created: there is no context', async () => {
    const app = await start();
    jest.spyOn(app.store, 'create').mockRejectedValueOnce(new Error('No connection.'));
    expect(await app.ask({ binding: 'POST /a' })).toMatchObject(UNAVAILABLE);
    expect((await app.pass(PLAN)).status).toBe(200);
  });

  it('where it issues nothing more, since it is full', async () => {
    const app = await start(new AshMemoryStore({ maxEntries: 1 }));
    const honest = await app.prepare(PLAN);
    expect(await app.ask({ binding: 'POST /a' })).toMatchObject(UNAVAILABLE);
    expect(await app.send(honest.draft)).toMatchObject({ status: 200 });
  });
});

it('22: a request that is answered while it is verified does not come to its handler', async () => {
  const app = await startFastify({
    routes: (instance, ran) => instance.post('/a', { config: { ash: true }, handlerTimeout: 20 }, handler(ran, 'a')),
  });
  const { draft } = await app.prepare({ binding: 'POST /a', runs: 'a' });
  const reading = new Turnstile();
  const consumed = jest.spyOn(app.store, 'consume');
  const get = app.store.get.bind(app.store);
  jest.spyOn(app.store, 'get').mockImplementationOnce(async (id) => {
    await reading.pass();
    return get(id);
  });
  const ran = await app.ranDuring(async () => {
    expect(await app.send(draft)).toMatchObject({ status: 503, code: 'FST_ERR_HANDLER_TIMEOUT' });
    reading.release();
    // What follows the verification is done when another request has come and gone.
    expect(await app.get('/nowhere')).toMatchObject({ status: 404 });
  });
  expect(consumed).toHaveBeenCalledTimes(1);
  expect(ran).toEqual({});
});

it('22: a request that is answered while it is verified is not refused besides', async () => {
  const onError = jest.fn();
  const reading = new Turnstile();
  const app = await startFastify({
    ash: { onError },
    routes: (instance, ran) => instance.post('/a', { config: { ash: true }, handlerTimeout: 20 }, handler(ran, 'a')),
  });
  const { draft } = await app.prepare({ binding: 'POST /a', runs: 'a' });
  jest.spyOn(app.store, 'get').mockImplementationOnce(async () => {
    await reading.pass();
    return null;
  });
  expect(await app.send(draft)).toMatchObject({ status: 503 });
  reading.release();
  expect(await app.get('/nowhere')).toMatchObject({ status: 404 });
  expect(app.logged('debug')).toEqual([expect.stringContaining('ASH_CTX_NOT_FOUND')]);
  expect(onError).not.toHaveBeenCalled();
});
