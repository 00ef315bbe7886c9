import type { AddressInfo } from 'node:net';
import formbody from '@fastify/formbody';
import { fastify, type FastifyInstance, type RouteOptions } from 'fastify';
import {
  AshMemoryStore,
  ashFastifyContext,
  ashFastifyPlugin,
  type AshFastifyContextOptions,
  type AshFastifyOptions,
} from 'nestjs-ash/fastify';
import {
  closeFastify,
  closeLater,
  handler,
  json,
  LEVELS,
  makeFastify,
  readyFastify,
  startFastify,
  type FastifyFixture,
} from '../support/fastify-app.js';
import { send } from '../support/http.js';

afterEach(closeFastify);

type Routes = NonNullable<FastifyFixture['routes']>;

/** What a request without a proof is answered. */
async function answerTo(app: FastifyInstance, method: 'GET' | 'POST', path: string) {
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const { status, body } = await send(port, { method, path, headers: {}, body: undefined });
  return { status, body };
}

describe('The plugin rejects its registration', () => {
  type Row = [title: string, options: unknown, message: string];
  const store = new AshMemoryStore();
  const rows: Row[] = [
    ['without a store', {}, "'store' is a store of contexts: new AshMemoryStore(), for one."],
    ['with a name for a store', { store: 'memory' }, "'store' is a store of contexts"],
    ['with an unknown option', { store, modus: 'strict' }, "there is no option 'modus'; the options are mode, "],
    [
      'with routes by their bindings',
      { store, bindings: ['POST /a'] },
      "there is no option 'bindings': a route says by its",
    ],
    [
      "with a single route's binding",
      { store, expectedBinding: 'POST /a' },
      "there is no option 'expectedBinding': it is a single",
    ],
    ["with a single route's chain", { store, chain: 'checkout' }, "there is no option 'chain'"],
    ["with a single route's spending", { store, spend: 'handler' }, "there is no option 'spend'"],
    ['with an unknown mode', { store, mode: 'lax' }, "'mode' is one of minimal, balanced, strict, not 'lax'."],
    ['with an unknown choice of routes', { store, routes: 'some' }, "'routes' is 'marked' or 'all', not 'some'."],
    ['with an unknown audit', { store, audit: 'loud' }, "'audit' is one of off, warn, error, not 'loud'."],
    ["with a 'skip' that is no function", { store, skip: true }, "'skip' is a function of the request."],
    ["with an 'onError' that is no function", { store, onError: 403 }, "'onError' is a function of the refusal"],
    ["with a 'subject' that is no function", { store, subject: 'ann' }, "'subject' is a function of the request, or"],
    ['with a time-out of nothing', { store, storeTimeout: 0 }, "'storeTimeout' is a number of milliseconds from 1"],
    ['with a prefix that is no path', { store, publicPrefix: 'api' }, "'publicPrefix' is a path that begins with '/'"],
    ['with a status that is none', { store, statuses: { ASH_CTX_EXPIRED: 200 } }, 'a refusal is 400 to 599.'],
  ];
  it.each(rows)('%s', async (_title, options, message) => {
    const app = fastify();
    await expect(app.register(ashFastifyPlugin, options as AshFastifyOptions)).rejects.toThrow(
      expect.objectContaining({ code: 'ASH_CONFIGURATION_ERROR', message: expect.stringContaining(message) }),
    );
  });

  it('also where only ready() is waited for', async () => {
    const app = fastify();
    void app.register(ashFastifyPlugin, {} as AshFastifyOptions);
    await expect(app.ready()).rejects.toThrow("ashFastifyPlugin: 'store' is a store of contexts");
  });

  it('where it is registered already, also further up', async () => {
    const { fastify: app } = await makeFastify({});
    await expect(app.register((scope) => scope.register(ashFastifyPlugin, { store }))).rejects.toThrow(
      'ashFastifyPlugin: is registered here already: one is for an instance and all that is below.',
    );
  });

  it.each(['useSemicolonDelimiter', 'routerOptions'])(
    "where the router begins a query at a ';', as '%s' says",
    async (option) => {
      const server = { [option]: option === 'routerOptions' ? { useSemicolonDelimiter: true } : true };
      await expect(makeFastify({ server })).rejects.toThrow("'useSemicolonDelimiter' begins the query at a ';'");
    },
  );
});

describe('The context plugin rejects its registration', () => {
  type Row = [title: string, options: unknown, message: string];
  const rows: Row[] = [
    ['with an unknown option', { store: 1 }, "ashFastifyContext: there is no option 'store'; the options are path, "],
    ['with a batch of nothing', { batch: 0 }, "'batch' is a whole number from 1, not 0."],
    ["with an 'onError' that is no function", { onError: 1 }, "'onError' is a function of the refusal"],
    ['with a path that is none', { path: 'context' }, 'path'],
  ];
  it.each(rows)('%s', async (_title, options, message) => {
    const app = fastify();
    await app.register(ashFastifyPlugin, { store: new AshMemoryStore() });
    await expect(app.register(ashFastifyContext, options as AshFastifyContextOptions)).rejects.toThrow(message);
  });

  it('without the other plugin', async () => {
    await expect(fastify().register(ashFastifyContext)).rejects.toThrow(
      'ashFastifyContext: needs ashFastifyPlugin: register that first, and wait for it.',
    );
  });
});

describe('The application does not become ready', () => {
  type Row = [title: string, fixture: FastifyFixture, message: string];
  const route = (ash: unknown, more: Partial<RouteOptions> = {}): Routes => {
    return (app, ran) =>
      app.route({
        method: 'POST',
        url: '/a',
        handler: handler(ran, 'a'),
        config: { ash } as NonNullable<RouteOptions['config']>,
        ...more,
      });
  };
  const isNeither = (what: string): string =>
    `POST /a: 'config.ash' is true, false or an object of options, not ${what}.`;
  const mismatch =
    "POST /a: 'expectedBinding' is 'POST /b', and the route is mapped as 'POST /a': declare that, or leave it out";
  const rows: Row[] = [
    ['with nothing for the configuration of a route', { routes: route(null) }, isNeither('null')],
    ['with a binding for it', { routes: route('POST /a') }, isNeither("'POST /a'")],
    ['with an empty text for it', { routes: route('') }, isNeither("''")],
    ['with a number for it', { routes: route(1) }, isNeither('1')],
    ['with a number for it that counts as no', { routes: route(0) }, isNeither('0')],
    ['with a list for it', { routes: route(['amount']) }, isNeither("[ 'amount' ]")],
    ['with a function for it', { routes: route(() => true) }, isNeither('[Function (anonymous)]')],
    [
      'with an unknown option',
      { routes: route({ scopes: ['a'] }) },
      "POST /a: there is no option 'scopes'; the options",
    ],
    ['with a scope that is no list', { routes: route({ scope: 'a' }) }, "POST /a: 'scope' is a list of paths."],
    ['with a scope that pollutes', { routes: route({ scope: ['__proto__.a'] }) }, 'POST /a: '],
    [
      'with an unknown kind of payload',
      { routes: route({ payload: 'xml' }) },
      "POST /a: 'payload' is one of json, form",
    ],
    ["with 'v1' and a scope", { routes: route({ protocol: 'v1', scope: ['a'] }) }, "'v1' covers no scope"],
    [
      'with a laxer mode',
      { ash: { mode: 'strict' }, routes: route({ mode: 'minimal' }) },
      "mode 'minimal' is laxer than",
    ],
    ['with a life that is too long', { routes: route({ ttl: 3_600_000 }) }, "POST /a: 'ttl' is 3600000 ms, and mode"],
    ['with another binding', { routes: route({ expectedBinding: 'POST /b' }) }, mismatch],
    [
      'with too many bindings',
      { routes: route({ expectedBinding: ['POST /a', 'POST /b'] }) },
      "'POST /a', 'POST /b', and",
    ],
    ['with no binding', { routes: route({ expectedBinding: [] }) }, "'expectedBinding' is '', and"],
    ['with a number for a binding', { routes: route({ expectedBinding: 5 }) }, "'expectedBinding' is a binding, 'POST"],
    ['with a binding that is none', { routes: route({ expectedBinding: 'transfer' }) }, "'expectedBinding': "],
    [
      'with a chain without a name',
      { routes: route({ chain: { start: true } }) },
      "'chain' has no name: { name: 'chec",
    ],
    ['with nothing for a chain', { routes: route({ chain: null }) }, "'chain' has no name"],
    ['with a chain without a start', { routes: route({ chain: 'c' }) }, "AshChain 'c': step 'POST /a' is in a"],
    [
      'with a step that follows none',
      { routes: route({ chain: { name: 'c', start: true, after: 'POST /b' } }) },
      "follows 'POST /b', which is no step of this chain",
    ],
    [
      'with half a segment for a parameter',
      { routes: route(true, { url: '/:a-:b' }) },
      "The segment ':a-:b' is more than",
    ],
    [
      'with a pattern for a parameter',
      { routes: route(true, { url: '/:a(^\\d+)' }) },
      'POST /:a(^\\d+): its path: The binding is malformed',
    ],
    [
      'with an optional parameter',
      { routes: route(true, { url: '/:a?' }) },
      "POST /:a?: its path: The binding 'POST /:a?' has an optional parameter",
    ],
    [
      'with a form that nothing parses',
      { routes: route({ payload: 'form' }) },
      "POST /a: takes forms, which nothing parses here: register '@fastify/formbody', or a parser for",
    ],
    [
      'with an unknown default binding',
      { context: { defaultBinding: 'POST /b' } },
      'which no protected route declares',
    ],
    [
      'with a pattern for a default binding',
      { context: { defaultBinding: 'POST /a/:id' }, routes: route(true, { url: '/a/:id' }) },
      'which is a pattern: name one concrete path',
    ],
    [
      'with an open route where the audit is an error',
      { ash: { audit: 'error' }, routes: route(undefined) },
      ': POST /a. ',
    ],
  ];
  it.each(rows)('%s', async (_title, fixture, message) => {
    await expect(readyFastify(fixture)).rejects.toThrow(
      expect.objectContaining({ code: 'ASH_CONFIGURATION_ERROR', message: expect.stringContaining(message) }),
    );
  });

  it('where two versions of a route would share one binding, also with one handler', async () => {
    await expect(
      readyFastify({
        routes: (app, ran) => {
          const one = handler(ran, 'one');
          app.post('/a', { config: { ash: { mode: 'minimal' } }, constraints: { version: '1.0.0' } }, one);
          app.post('/a', { config: { ash: { mode: 'strict' } }, constraints: { version: '2.0.0' } }, one);
        },
      }),
    ).rejects.toThrow("have one binding, 'POST /a': a context for one would open the other.");
  });

  it('where two hosts would share one binding, also with one handler and the same options', async () => {
    await expect(
      readyFastify({
        routes: (app, ran) => {
          const one = handler(ran, 'one');
          for (const host of ['a.example', 'b.example']) {
            app.post('/a', { config: { ash: true }, constraints: { host } }, one);
          }
        },
      }),
    ).rejects.toThrow("have one binding, 'POST /a'");
  });

  it('where two paths differ by a slash alone, and their options differ', async () => {
    await expect(
      readyFastify({
        routes: (app, ran) => {
          const one = handler(ran, 'one');
          app.post('/a', { config: { ash: { mode: 'strict' } } }, one);
          app.post('/a/', { config: { ash: true } }, one);
        },
      }),
    ).rejects.toThrow("have one binding, 'POST /a'");
  });

  it('where two paths differ by a slash alone, and one takes another method too', async () => {
    await expect(
      readyFastify({
        routes: (app, ran) => {
          const one = handler(ran, 'one');
          app.post('/a', { config: { ash: true } }, one);
          app.route({ method: ['POST', 'PUT'], url: '/a/', config: { ash: true }, handler: one });
        },
      }),
    ).rejects.toThrow("have one binding, 'POST /a'");
  });

  it('where two steps of a chain do not know each other in two scopes', async () => {
    await expect(
      readyFastify({
        routes: async (app, ran) => {
          await app.register((scope, _options, done) => {
            scope.post('/a', { config: { ash: { chain: { name: 'c', start: true } } } }, handler(ran, 'a'));
            done();
          });
          app.post('/b', { config: { ash: { chain: { name: 'c', after: 'POST /x' } } } }, handler(ran, 'b'));
        },
      }),
    ).rejects.toThrow("follows 'POST /x', which is no step of this chain: its steps are 'POST /a', 'POST /b'");
  });
});

describe('A route that is marked is never open', () => {
  const closed = { status: 500, code: 'ASH_CONFIGURATION_ERROR' };
  const BARE = { headers: {}, body: undefined };
  const unknown = expect.objectContaining({
    message:
      'POST /a: ashFastifyPlugin does not know the route, so that it is closed: await app.register(ashFastifyPlugin, …) ' +
      'before the route is declared.',
  });

  type Row = [title: string, declare: (app: FastifyInstance, mark: RouteOptions) => unknown];
  const rows: Row[] = [
    ['before the plugin', (app, mark) => app.route(mark)],
    [
      'before the plugin in a scope of its own',
      (app, mark) =>
        app.register((scope, _options, done) => {
          scope.route(mark);
          done();
        }),
    ],
    [
      'before the plugin in a scope of a scope',
      (app, mark) =>
        app.register(async (scope) => {
          await scope.register((inner, _options, done) => {
            inner.route(mark);
            done();
          });
        }),
    ],
  ];
  it.each(rows)('where it is declared %s', async (_title, declare) => {
    const ran: string[] = [];
    const { fastify: app } = await makeFastify({
      before: async (instance) => {
        await declare(instance, {
          method: 'POST',
          url: '/a',
          config: { ash: true },
          handler: handler((kind) => ran.push(kind), 'a'),
        });
      },
    });
    expect(await answerTo(app, 'POST', '/a')).toEqual({ status: 500, body: unknown });
    expect(ran).toEqual([]);
  });

  it('where the plugin is not waited for', async () => {
    const ran: string[] = [];
    const app = closeLater(fastify({ forceCloseConnections: true }));
    void app.register(ashFastifyPlugin, { store: new AshMemoryStore() });
    app.post(
      '/a',
      { config: { ash: true } },
      handler((kind) => ran.push(kind), 'a'),
    );
    expect(await answerTo(app, 'POST', '/a')).toEqual({ status: 500, body: unknown });
    expect(ran).toEqual([]);
  });

  it("where 'all' are protected, and it was declared before the plugin without a word", async () => {
    const app = await startFastify({
      ash: { routes: 'all' },
      before: (instance) => {
        instance.post(
          '/a',
          handler(() => undefined, 'a'),
        );
        instance.get('/health', { config: { ash: false } }, () => ({ is: 'well' }));
      },
    });
    expect(await app.send({ ...BARE, method: 'POST', path: '/a' })).toMatchObject(closed);
    expect(await app.get('/health')).toMatchObject({ status: 200, body: { is: 'well' } });
    expect(await app.get('/nowhere')).toMatchObject({ status: 404 });
  });

  it("where a hook 'onRoute' has taken its verification away", async () => {
    const { fastify: app, ledger } = await makeFastify({
      routes: (instance, ran) => {
        instance.addHook('onRoute', (route) => {
          route.preValidation = [];
        });
        instance.post('/a', { config: { ash: true } }, handler(ran, 'a'));
      },
    });
    expect(await answerTo(app, 'POST', '/a')).toEqual({
      status: 500,
      body: expect.objectContaining({
        message: expect.stringContaining(
          "POST /a: a hook 'onRoute' has taken the verification out of its 'preValidation'",
        ),
      }),
    });
    expect(ledger).toEqual({});
  });

  it("where a hook 'onRoute' has taken its configuration away", async () => {
    const { fastify: app, ledger } = await makeFastify({
      routes: (instance, ran) => {
        instance.addHook('onRoute', (route) => {
          route.config = {};
        });
        instance.post('/a', { config: { ash: true } }, handler(ran, 'a'));
      },
    });
    expect(await answerTo(app, 'POST', '/a')).toEqual({
      status: 403,
      body: expect.objectContaining({ code: 'ASH_PROOF_MISSING' }),
    });
    expect(ledger).toEqual({});
  });

  it("where a hook 'onRoute' maps it again: both stand for themselves", async () => {
    const app = await startFastify({
      routes: (instance, ran) => {
        instance.addHook('onRoute', (route) => {
          if (route.url === '/a') instance.route({ ...route, url: '/v1/a' });
        });
        instance.post('/a', { config: { ash: { payload: 'json' } } }, handler(ran, 'a'));
      },
    });
    const first = await app.prepare(json('POST /a'));
    expect(await app.send({ ...first.draft, path: '/v1/a' })).toMatchObject({
      status: 403,
      code: 'ASH_BINDING_MISMATCH',
    });
    expect(await app.pass(json('POST /v1/a'))).toMatchObject({ status: 200, body: { ran: 'a' } });
    expect(await app.send(first.draft)).toMatchObject({ status: 200, body: { ran: 'a' } });
  });
});

describe('The audit', () => {
  const open: Routes = async (app, ran) => {
    app.post('/a', handler(ran, 'a'));
    app.route({ method: ['PUT', 'GET'], url: '/b', handler: handler(ran, 'b') });
    app.get('/c', handler(ran, 'c'));
    app.delete('/d', { config: { ash: false } }, handler(ran, 'd'));
    app.patch('/e', { config: { ash: true } }, handler(ran, 'e'));
    await app.register(
      (scope, _options, done) => {
        scope.post('/f', handler(ran, 'f'));
        done();
      },
      { prefix: '/nested' },
    );
  };
  const found =
    'these routes change state and are not protected: POST /a; PUT /b; POST /nested/f. ' +
    'Give each config: { ash: true }, or { ash: false } to leave it open.';

  type Row = [title: string, fixture: FastifyFixture, warnings: string[]];
  const rows: Row[] = [
    ['lists the open routes where nothing else is said', { ash: {}, routes: open }, [found]],
    ["lists them where it is 'warn'", { ash: { audit: 'warn' }, routes: open }, [found]],
    ["says nothing where it is 'off'", { ash: { audit: 'off' }, routes: open }, []],
    ["says nothing where 'all' are protected", { ash: { routes: 'all', audit: 'error' }, routes: open }, []],
    ['says nothing of the context endpoint', { ash: { audit: 'error' } }, []],
  ];
  it.each(rows)('%s', async (_title, { ash, routes }, warnings) => {
    const audit = ash?.audit === undefined && ash?.routes === undefined ? 'warn' : ash.audit;
    const { lines } = await readyFastify({ ash: { ...ash, ...(audit && { audit }) }, ...(routes && { routes }) });
    expect(lines.filter(({ level }) => level === LEVELS.warn).map(({ msg }) => msg)).toEqual(warnings);
  });
});

describe('What is logged when the application becomes ready', () => {
  async function linesOf(fixture: FastifyFixture): Promise<string[]> {
    const { lines } = await readyFastify(fixture);
    return lines.map(({ msg }) => msg);
  }

  it('names what is protected, each route once', async () => {
    const lines = await linesOf({
      ash: { publicPrefix: '/shop' },
      before: (app) => app.register(formbody),
      routes: async (app, ran) => {
        app.get('/report', { config: { ash: { mode: 'strict' } } }, handler(ran, 'report'));
        app.post('/form', { config: { ash: { payload: 'form' } } }, handler(ran, 'form'));
        await app.register(
          (scope, _options, done) => {
            scope.post('/', { config: { ash: true } }, handler(ran, 'root'));
            done();
          },
          { prefix: '/accounts' },
        );
      },
    });
    expect(lines).toEqual([
      'Protected: GET /shop/report (v2.3, strict); POST /shop/form (v2.3, balanced); POST /shop/accounts (v2.3, balanced)',
    ]);
  });

  it('says where nothing is', async () => {
    expect(await linesOf({})).toEqual(['No route is protected']);
  });

  it("warns of 'v1', and of a chain that anybody can go on with", async () => {
    const lines = await linesOf({
      routes: (app, ran) => {
        app.post('/a', { config: { ash: { protocol: 'v1' } } }, handler(ran, 'a'));
        app.post('/b', { config: { ash: { chain: { name: 'c', start: true } } } }, handler(ran, 'b'));
      },
    });
    expect(lines).toEqual([
      "POST /a is 'v1': its proofs have no secret, so they detect accidents and replays only.",
      "The chain 'c' has no 'subject': whoever sees one of its requests can take the next step.",
      'Protected: POST /a (v1, balanced); POST /b (v2.3, balanced)',
    ]);
  });
});
