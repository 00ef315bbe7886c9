import type { AddressInfo } from 'node:net';
import { fastify, type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { AshMemoryStore, ashFastifyPlugin, type AshFastifyOptions, type AshIssuedContext } from 'nestjs-ash/fastify';
import { all, header, method, path, proven } from '../support/attacks.js';
import { closeFastify, closeLater, handler, json, startFastify } from '../support/fastify-app.js';
import { send, type Answer } from '../support/http.js';
import { sign } from '../support/proof.js';
import { draftOf, harmless, play, type Attack, type Plan } from '../support/test-app.js';

afterEach(closeFastify);

/** Declares routes whose handlers count by their bindings. */
type Declare = (app: FastifyInstance, ran: (kind: string) => void) => unknown;

/** A route whose handler counts by its binding. */
function route(binding: string, more: object = {}): Declare {
  const [verb = '', url = ''] = binding.split(' ');
  return (app, ran) => app.route({ method: verb, url, config: { ash: true }, handler: handler(ran, binding), ...more });
}

/** A scope at a prefix. */
function below(prefix: string, ...declared: readonly Declare[]): Declare {
  return (app, ran) =>
    app.register(
      async (scope) => {
        for (const declare of declared) await declare(scope, ran);
      },
      { prefix },
    );
}

function both(...declared: readonly Declare[]): Declare {
  return async (app, ran) => {
    for (const declare of declared) await declare(app, ran);
  };
}

function bare(binding: string, runs = binding, target?: string): Plan {
  return { binding, runs, ...(target === undefined ? {} : { path: target }) };
}

describe('23: an honest request passes once', () => {
  type Row = [
    title: string,
    declare: Declare,
    request: Plan,
    server?: FastifyServerOptions,
    ash?: Partial<AshFastifyOptions>,
  ];
  const rows: Row[] = [
    ['below a prefix', below('/api', route('POST /a')), json('POST /api/a')],
    ['below prefixes within each other', below('/api', below('/v1', route('POST /a'))), json('POST /api/v1/a')],
    ['below a prefix with a parameter', below('/t/:tenant', route('POST /a')), json('POST /t/acme/a')],
    ['at the root of a prefix', below('/api', route('POST /')), json('POST /api')],
    ['at the root of a prefix, with a slash', below('/api', route('POST /')), { ...json('POST /api'), path: '/api/' }],
    [
      'at the root of a prefix that has the slash alone',
      below('/api', route('POST /', { prefixTrailingSlash: 'slash' })),
      { ...json('POST /api'), path: '/api/' },
    ],
    [
      'at the root of a prefix that has no slash',
      below('/api', route('POST /', { prefixTrailingSlash: 'no-slash' })),
      json('POST /api'),
    ],
    ['at the root', route('POST /'), json('POST /')],
    ['with a parameter', route('PUT /accounts/:id'), json('PUT /accounts/42')],
    ['with a parameter that is encoded', route('PUT /accounts/:id'), json('PUT /accounts/4%32')],
    [
      'with a parameter that the request spells in another way',
      route('PUT /accounts/:id'),
      { ...json('PUT /accounts/42'), path: '/accounts/4%32' },
    ],
    ['with what a wildcard takes', route('GET /files/*'), bare('GET /files/a/b.txt')],
    ['with nothing for a wildcard', route('GET /files/*'), bare('GET /files/', 'GET /files/*', '/files/')],
    ['with a query', route('GET /report'), bare('GET /report', 'GET /report', '/report?from=1&to=%2B')],
    [
      'with another case, where the router minds none',
      route('POST /a'),
      { ...json('POST /a'), path: '/A' },
      { routerOptions: { caseSensitive: false } },
    ],
    [
      'with a slash more, where the router minds none',
      route('POST /a'),
      { ...json('POST /a'), path: '/a/' },
      { routerOptions: { ignoreTrailingSlash: true } },
    ],
    [
      'at the root of a prefix, where the router minds no slash',
      below('/api', route('POST /')),
      { ...json('POST /api'), path: '/api/' },
      { routerOptions: { ignoreTrailingSlash: true } },
    ],
    [
      'with two slashes, where the router minds none',
      route('POST /a/b'),
      { ...json('POST /a/b'), path: '/a//b' },
      { routerOptions: { ignoreDuplicateSlashes: true } },
    ],
    [
      'whose path the server rewrites',
      route('POST /a'),
      { ...json('POST /a'), path: '/old/a?x=1' },
      { rewriteUrl: ({ url = '' }) => url.replace('/old', '') },
    ],
    [
      'behind a proxy that strips a prefix',
      route('POST /a'),
      { ...json('POST /shop/a'), path: '/a', runs: 'POST /a' },
      {},
      { publicPrefix: '/shop' },
    ],
    [
      'behind such a proxy, which the route names',
      route('POST /a', { config: { ash: { expectedBinding: 'POST /shop/a' } } }),
      { ...json('POST /shop/a'), path: '/a', runs: 'POST /a' },
      {},
      { publicPrefix: '/shop/' },
    ],
    [
      'on a route of a version',
      route('POST /a', { constraints: { version: '1.2.0' } }),
      { ...json('POST /a'), headers: { 'content-type': 'application/json', 'accept-version': '1.x' } },
    ],
    ['with HEAD on a route of its own', both(route('HEAD /a'), route('GET /a')), bare('HEAD /a')],
    ['with GET beside a HEAD of its own', both(route('HEAD /a'), route('GET /a')), bare('GET /a')],
    ['with a method of an application', route('OPTIONS /a'), bare('OPTIONS /a')],
  ];
  it.each(rows)('%s', async (_title, declare, request, server = {}, ash = {}) => {
    const app = await startFastify({ ash, server, routes: declare });
    const honest = await app.prepare(request);
    const ran = await app.ranDuring(async () => {
      expect((await app.send(honest.draft)).status).toBe(200);
      expect(await app.send(honest.draft)).toMatchObject({ status: 409 });
    });
    expect(Object.values(ran)).toEqual([1]);
  });

  it.each(['GET', 'POST', 'PUT', 'DELETE'])('with %s where a route takes all methods', async (verb) => {
    const app = await startFastify({
      server: { exposeHeadRoutes: false },
      routes: (instance, ran) => instance.all('/a', { config: { ash: true } }, handler(ran, 'a')),
    });
    const other = verb === 'PUT' ? 'DELETE' : 'PUT';
    expect(await play(app, bare(`${verb} /a`, 'a'), method(other))).toEqual(
      harmless(bare(`${verb} /a`, 'a'), 403, 'ASH_BINDING_MISMATCH'),
    );
  });

  it('on two paths that differ by a slash alone and are one route otherwise', async () => {
    const app = await startFastify({
      routes: (instance, ran) => {
        const one = handler(ran, 'a');
        for (const url of ['/a', '/a/']) instance.post(url, { config: { ash: true } }, one);
      },
    });
    expect((await app.pass(json('POST /a'))).status).toBe(200);
    expect((await app.pass({ ...json('POST /a'), path: '/a/' })).status).toBe(200);
  });
});

describe('3: a context for one route opens no other', () => {
  const two = both(route('POST /a'), route('POST /b'));
  const nested = both(below('/one', route('POST /a')), below('/two', route('POST /a')), route('POST /a'));
  const LIMIT = 'PUT /accounts/:id';
  const limits = route(LIMIT);
  const tenants = below('/t/:tenant', route('POST /a'));
  const files = route('GET /files/*');
  const other = { ...json('POST /other'), runs: 'POST /:name' };
  const names = both(route('POST /:name'), route('POST /transfer', { config: { ash: { mode: 'strict' } } }));

  const MISMATCH = 'ASH_BINDING_MISMATCH';
  const toNested = { ...json('POST /one/a'), runs: 'POST /a' };

  type Row = [title: string, declare: Declare, request: Plan, attack: Attack, code: string | undefined];
  const rows: Row[] = [
    ['beside it', two, json('POST /a'), path('/b'), MISMATCH],
    ['below another prefix', nested, toNested, path('/two/a'), MISMATCH],
    ['below no prefix', nested, toNested, path('/a'), MISMATCH],
    ['of another parameter', limits, { ...json('PUT /accounts/42'), runs: LIMIT }, path('/accounts/43'), MISMATCH],
    ['of another tenant', tenants, { ...json('POST /t/one/a'), runs: 'POST /a' }, path('/t/two/a'), MISMATCH],
    ['of another file', files, bare('GET /files/a/b', 'GET /files/*'), path('/files/a/c'), MISMATCH],
    // A strict route does not say why.
    ['of a fixed path beside a parameter', names, other, path('/transfer'), 'ASH_VERIFICATION_FAILED'],
    ['of a parameter beside a fixed path', names, json('POST /transfer'), path('/other'), 'ASH_VERIFICATION_FAILED'],
    ['of another method', both(route('POST /a'), route('PUT /a')), json('POST /a'), method('PUT'), MISMATCH],
    // The answer to HEAD has no body that would name a code.
    ['of HEAD that Fastify makes of GET', route('GET /a'), bare('GET /a'), method('HEAD'), undefined],
    [
      'of HEAD that is a route of its own',
      both(route('HEAD /a'), route('GET /a')),
      bare('GET /a'),
      method('HEAD'),
      undefined,
    ],
  ];
  it.each(rows)('%s', async (_title, declare, request, attack, code) => {
    const app = await startFastify({ routes: declare });
    expect(await play(app, request, attack)).toEqual(harmless(request, 403, code));
    expect(await play(app, request, all(attack, proven()))).toEqual(harmless(request, 403, code));
  });

  it('below a plugin in another scope, which has a store of its own', async () => {
    const ran: string[] = [];
    const app = closeLater(fastify({ forceCloseConnections: true }));
    for (const prefix of ['/one', '/two']) {
      await app.register(
        async (scope) => {
          await scope.register(ashFastifyPlugin, { store: new AshMemoryStore(), audit: 'error' });
          scope.post('/:name', { config: { ash: { expectedBinding: `POST ${prefix}/:name` } } }, ({ url }) => {
            ran.push(url);
            return {};
          });
          scope.get('/context/:name', { config: { ash: false } }, ({ params }) =>
            scope.ash.issue({ binding: `POST ${prefix}/${(params as { name: string }).name}` }),
          );
        },
        { prefix },
      );
    }
    // No plugin is there, and so none is told of it.
    app.post(
      '/outside',
      handler(() => ran.push('outside'), 'outside'),
    );
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as AddressInfo;
    const ask = (path: string): Promise<Answer> => send(port, { method: 'GET', path, headers: {}, body: undefined });
    const draft = draftOf(bare('POST /one/a'));
    sign((await ask('/one/context/a')).body as AshIssuedContext, draft);

    expect(await send(port, { ...draft, path: '/two/a' })).toMatchObject({ status: 403, code: 'ASH_CTX_NOT_FOUND' });
    expect(await send(port, draft)).toMatchObject({ status: 200 });
    expect(await send(port, { ...draft, path: '/outside' })).toMatchObject({ status: 200 });
    expect(ran).toEqual(['/one/a', 'outside']);
  });
});

describe('10: a query that the server puts in the place of the request’s', () => {
  const server: FastifyServerOptions = {
    rewriteUrl: ({ url = '', headers }) => [headers['x-original-url'] ?? url].join(),
  };

  it.each([
    ['is refused', { ...json('POST /a'), path: '/a?of=me' }, '/a?of=everybody'],
    ['is refused where there was none', json('POST /a'), '/a?of=everybody'],
    ['is refused where it is none', { ...json('POST /a'), path: '/a?of=me' }, '/a'],
  ])('%s', async (_title, plan, target) => {
    const app = await startFastify({ server, routes: route('POST /a') });
    expect(await play(app, plan, header('x-original-url', target))).toEqual(
      harmless(plan, 403, 'ASH_INTEGRITY_FAILED'),
    );
  });
});

describe('24: what says another path, host or method is not consulted:', () => {
  const rows: [name: string, value: string][] = [
    ['x-original-url', '/b'],
    ['x-rewrite-url', '/b'],
    ['x-forwarded-prefix', '/two'],
    ['x-forwarded-host', 'evil.example'],
    ['x-forwarded-proto', 'https'],
    ['x-forwarded-for', '10.0.0.1'],
    ['x-http-method-override', 'PUT'],
    ['x-method-override', 'PUT'],
  ];
  it.each(rows)('%s', async (name, value) => {
    const app = await startFastify({
      server: { trustProxy: true },
      routes: both(route('POST /a'), route('POST /b'), route('PUT /a')),
    });
    // With the header the honest request passes on its own route, and a context for the other opens nothing.
    const honest = await app.prepare(json('POST /a'));
    honest.draft.headers[name] = value;
    expect(await app.send(honest.draft)).toMatchObject({ status: 200, body: { ran: 'POST /a' } });
    for (const other of ['POST /b', 'PUT /a']) {
      expect(await play(app, json(other), all(path('/a'), method('POST'), header(name, value)))).toEqual(
        harmless(json(other), 403, 'ASH_BINDING_MISMATCH'),
      );
    }
  });
});

describe("Where 'all' are protected", () => {
  it('every route is, but those that say no, and those that are none', async () => {
    const app = await startFastify({
      ash: { routes: 'all' },
      routes: (instance, ran) => {
        instance.post('/a', handler(ran, 'a'));
        instance.get('/b', handler(ran, 'b'));
        instance.post('/open', { config: { ash: false } }, handler(ran, 'open'));
      },
    });
    const answers = await Promise.all(
      [
        ['POST', '/a'],
        ['GET', '/b'],
        ['HEAD', '/b'],
        ['POST', '/open'],
        ['POST', '/nowhere'],
      ].map(async ([verb = '', target = '']) => {
        const { status } = await app.send({ method: verb, path: target, headers: {}, body: undefined });
        return `${verb} ${target}: ${status}`;
      }),
    );
    expect(answers).toEqual(['POST /a: 403', 'GET /b: 403', 'HEAD /b: 403', 'POST /open: 200', 'POST /nowhere: 404']);
    expect((await app.pass({ ...json('POST /a'), runs: 'a' })).status).toBe(200);
  });
});
