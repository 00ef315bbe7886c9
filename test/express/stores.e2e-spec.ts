import { performance } from 'node:perf_hooks';
import type { Request } from 'express';
import { AshMemoryStore, AshSealedStore, ashGenerateKey, ashIssue, type AshContextStore } from 'nestjs-ash/express';
import { closeExpressApps, EXPRESS_VERSIONS, ExpressApp, type Parts } from '../support/express-app.js';
import { meetAt } from '../support/meeting.js';

afterEach(closeExpressApps);

type Express = (typeof EXPRESS_VERSIONS)[number][1];

const UNAVAILABLE = { status: 503, code: 'ASH_STORE_UNAVAILABLE' };
const STORE_TIMEOUT = 50;
const down = (): Promise<never> => Promise.reject(new Error('ECONNREFUSED 10.0.0.7:6379'));
const silent = (): Promise<never> => new Promise(() => undefined);
const thrown = (): never => {
  throw new Error('ECONNREFUSED 10.0.0.7:6379');
};

/** A store in another process, as far as anybody can see. */
function remoteStore(): AshMemoryStore {
  return Object.defineProperty(new AshMemoryStore(), 'inProcess', { value: false });
}

function start(express: Express, store?: AshContextStore, storeTimeout = STORE_TIMEOUT): Promise<ExpressApp> {
  return ExpressApp.start(
    express,
    ({ app, ash, run }) => {
      app.post('/transfer', ash({ storeTimeout, expectedBinding: 'POST /transfer' }), run('transfer'));
    },
    store === undefined ? {} : { store },
  );
}

describe.each(EXPRESS_VERSIONS)('%s lets one of many through', (_name, express) => {
  const stores: [title: string, make: () => AshContextStore][] = [
    ['kept in memory', () => new AshMemoryStore()],
    ['kept somewhere else', remoteStore],
    [
      'sealed',
      () => new AshSealedStore({ keys: [{ id: 'k1', secret: ashGenerateKey() }], spent: new AshMemoryStore() }),
    ],
  ];
  it.each(stores)('that come a hundred at once with one context %s', async (_title, make) => {
    const app = await start(express, make(), 30_000);
    const { draft } = await app.prove('POST /transfer');
    meetAt(app.store, 'get', 100);
    const answers = await Promise.all(Array.from({ length: 100 }, () => app.send(draft)));
    const passed = answers.filter(({ status }) => status === 200);
    const used = answers.filter(({ status, code }) => status === 409 && code === 'ASH_CTX_ALREADY_USED');
    expect([passed.length, used.length]).toStrictEqual([1, 99]);
    expect(app.ran).toStrictEqual(['transfer']);
  });

  it('that come one after the other', async () => {
    const app = await start(express);
    const { draft } = await app.prove('POST /transfer');
    await expect(app.send(draft)).resolves.toMatchObject({ status: 200 });
    await expect(app.send(draft)).resolves.toMatchObject({ status: 409, code: 'ASH_CTX_ALREADY_USED' });
  });

  it('and verifies once what one middleware is asked twice', async () => {
    const app = await ExpressApp.start(express, ({ app: server, ash, run }) => {
      const middleware = ash({
        bindings: { 'POST /transfer': { chain: { name: 'c', start: true } }, 'POST /other': {} },
      });
      server.use(middleware);
      server.post('/transfer', middleware, run('transfer'));
    });
    const { draft, proof } = await app.prove('POST /transfer');
    await expect(app.send(draft)).resolves.toMatchObject({ status: 200, headers: { 'x-ash-chain-proof': proof } });
    await expect(app.send(draft)).resolves.toMatchObject({ status: 409 });
    expect(app.ran).toStrictEqual(['transfer']);
  });

  type Change = (request: Request) => void;
  const changes: [title: string, change: Change, build: (parts: Parts) => void][] = [
    [
      'another method',
      (request) => {
        request.method = 'DELETE';
      },
      ({ app, run }) => app.delete('/transfer', run('other')),
    ],
    [
      'another path',
      (request) => {
        request.url = '/other';
      },
      ({ app, run }) => app.post('/other', run('other')),
    ],
    [
      'another query',
      (request) => {
        request.url = '/transfer?to=acct-9';
      },
      ({ app, run }) => app.post('/transfer', run('other')),
    ],
  ];
  it.each(changes)('and none that was given %s between two middlewares', async (_title, change, build) => {
    const app = await ExpressApp.start(express, (parts) => {
      const middleware = parts.ash({ expectedBinding: ['POST /transfer', 'DELETE /transfer', 'POST /other'] });
      parts.app.use(
        middleware,
        (request, _response, next) => {
          change(request);
          next();
        },
        middleware,
      );
      build(parts);
    });
    await expect(app.pass('POST /transfer')).resolves.toMatchObject({ status: 409, code: 'ASH_CTX_ALREADY_USED' });
    expect(app.ran).toStrictEqual([]);
  });

  it('and none that shares with it what the application has put on its requests and answers', async () => {
    const shared = {};
    const app = await ExpressApp.start(express, ({ app: server, ash, run }) => {
      server.use((request, response, next) => {
        Object.assign(request, { raw: shared });
        Object.assign(response, { raw: shared });
        next();
      });
      server.post('/transfer', ash(), run('transfer'));
    });
    const { draft } = await app.prove('POST /transfer');
    await expect(app.send(draft)).resolves.toMatchObject({ status: 200 });
    const unproven = { ...draft, headers: { 'content-type': 'application/json' } };
    await expect(app.send(unproven)).resolves.toMatchObject({ status: 403, code: 'ASH_PROOF_MISSING' });
    expect(app.ran).toStrictEqual(['transfer']);
  });

  it('and gives the body once to what stands behind', async () => {
    const seen: unknown[] = [];
    const app = await ExpressApp.start(express, ({ app: server, ash, run }) => {
      const middleware = ash({ scope: ['amount'], unscoped: 'strip' });
      server.post(
        '/transfer',
        middleware,
        (request, _response, next) => {
          seen.push(request.body);
          request.body = 'what a validator made of it';
          next();
        },
        middleware,
        (request, _response, next) => {
          seen.push(request.body);
          next();
        },
        run('transfer'),
      );
    });
    await expect(app.pass('POST /transfer', { options: { scope: ['amount'] } })).resolves.toMatchObject({
      status: 200,
    });
    expect(seen).toStrictEqual([{ amount: 100 }, 'what a validator made of it']);
  });

  it('and none that two middlewares want the context of', async () => {
    const app = await ExpressApp.start(express, ({ app: server, ash, run }) => {
      server.use(ash());
      server.post('/transfer', ash(), run('transfer'));
    });
    await expect(app.pass('POST /transfer')).resolves.toMatchObject({ status: 409, code: 'ASH_CTX_ALREADY_USED' });
    expect(app.ran).toStrictEqual([]);
  });
});

describe.each(EXPRESS_VERSIONS)(
  '%s answers 503 within the time-out, and recovers, where the store',
  (_name, express) => {
    type Fault = [title: string, method: 'get' | 'consume', how: () => Promise<never>];
    const faults: Fault[] = [
      ['is down when it is asked', 'get', down],
      ['throws when it is asked', 'get', thrown],
      ['is silent when it is asked', 'get', silent],
      ['is down when the context is spent', 'consume', down],
      ['is silent when the context is spent', 'consume', silent],
      ['gives what it cannot give', 'consume', () => Promise.resolve('ok' as never)],
    ];
    it.each(faults)('%s', async (_title, method, how) => {
      const store = remoteStore();
      const app = await start(express, store);
      const { draft } = await app.prove('POST /transfer');
      Object.assign(store, { [method]: how });
      const before = performance.now();
      const answer = await app.send(draft);
      expect(answer).toMatchObject(UNAVAILABLE);
      expect(answer.text).not.toContain('10.0.0.7');
      expect(performance.now() - before).toBeLessThan(STORE_TIMEOUT + 1_000);
      expect(app.ran).toStrictEqual([]);
      Reflect.deleteProperty(store, method);
      await expect(app.send(draft)).resolves.toMatchObject({ status: 200 });
    });

    it('cannot be opened at first', async () => {
      const store = remoteStore();
      let attempts = 0;
      const open = store.open.bind(store);
      store.open = () => {
        attempts += 1;
        return attempts < 3 ? down() : open();
      };
      const app = await ExpressApp.start(
        express,
        ({ app: server, ash, run }) => {
          server.post('/transfer', ash({ expectedBinding: 'POST /transfer' }), run('transfer'));
          server.post('/other', ash({ expectedBinding: 'POST /other' }), run('other'));
        },
        { store },
      );
      const { draft } = await app.prove('POST /transfer').catch(() => ({ draft: undefined }));
      expect(draft).toBeUndefined();
      const proven = await app.prove('POST /transfer');
      await expect(app.send(proven.draft)).resolves.toMatchObject({ status: 200 });
      expect(attempts).toBe(3);
      const told = app.log.mock.calls.filter(([, message]) => message.startsWith('The store is not ready'));
      expect(told).toStrictEqual([
        [
          'error',
          'The store is not ready: every request is refused until it is.',
          new Error('ECONNREFUSED 10.0.0.7:6379'),
        ],
      ]);
    });

    it('opens late', async () => {
      const store = remoteStore();
      const another = new AshMemoryStore();
      const context = await ashIssue(another, { binding: 'POST /transfer' });
      let open: (() => void) | undefined;
      let attempts = 0;
      store.open = () => {
        attempts += 1;
        return new Promise((resolve) => {
          open = resolve;
        });
      };
      store.get = another.get.bind(another);
      store.consume = another.consume.bind(another);
      const app = await start(express, store);
      const draft = app.sign(context, 'POST /transfer');
      await expect(app.send(draft)).resolves.toMatchObject(UNAVAILABLE);
      await expect(app.send(draft)).resolves.toMatchObject(UNAVAILABLE);
      open?.();
      await expect(app.send(draft)).resolves.toMatchObject({ status: 200 });
      expect(attempts).toBe(1);
    });
  },
);
