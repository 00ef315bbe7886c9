import { ASH_CONTEXT_HEADER, ASH_RENEW_HEADER, type AshIssuedContext } from 'nestjs-ash/core';
import { ashExpressContext, type AshExpressContextOptions } from 'nestjs-ash/express';
import { closeExpressApps, EXPRESS_VERSIONS, ExpressApp, type ExpressSetUp } from '../support/express-app.js';
import type { Answer } from '../support/http.js';

afterEach(closeExpressApps);

type Express = (typeof EXPRESS_VERSIONS)[number][1];
type Options = Omit<AshExpressContextOptions, 'store'>;

const BINDINGS = { 'POST /transfer': {}, 'PUT /accounts/:id/limit': { mode: 'strict' } } as const;

/** A shop whose routes and endpoint go by the same options. */
function start(express: Express, options: Partial<Options> = {}, setUp: ExpressSetUp = {}): Promise<ExpressApp> {
  return ExpressApp.start(
    express,
    ({ app, ash, run, store }) => {
      const { batch, defaultBinding, ...shop } = { bindings: BINDINGS, log: () => undefined, ...options };
      const endpoint = {
        ...shop,
        ...(batch === undefined ? {} : { batch }),
        ...(defaultBinding === undefined ? {} : { defaultBinding }),
      };
      app.all('/ash/context', ashExpressContext({ store, ...endpoint }));
      app.use(ash(shop));
      app.post('/transfer', run('transfer'));
      app.put('/accounts/:id/limit', run('limit'));
    },
    setUp,
  );
}

const JSON_TYPE = { 'content-type': 'application/json' };

function ask(
  app: ExpressApp,
  body?: string,
  headers: Record<string, string> = body === undefined ? {} : JSON_TYPE,
): Promise<Answer> {
  return app.send({ method: 'POST', path: '/ash/context', headers: { ...headers }, body });
}

describe.each(EXPRESS_VERSIONS)('The context endpoint on %s', (_name, express) => {
  it('issues a context that opens its route, and that no cache keeps', async () => {
    const app = await start(express);
    const { status, headers, body } = await ask(app, '{"binding":"POST /transfer"}');
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': expect.stringContaining('json') });
    const context = body as AshIssuedContext;
    expect(Object.keys(context).sort()).toStrictEqual(
      ['binding', 'clientSecret', 'contextId', 'expiresAt', 'issuedAt', 'mode', 'protocol'].sort(),
    );
    await expect(app.send(app.sign(context, 'POST /transfer'))).resolves.toMatchObject({ status: 200 });
  });

  it('goes by the options of each route', async () => {
    const app = await start(express);
    const { body } = await ask(app, '{"binding":"put accounts/7/limit/"}');
    expect(body).toMatchObject({ binding: 'PUT /accounts/7/limit', mode: 'strict' });
  });

  type Row = [title: string, body: string | undefined, status: number, code: string, options?: Partial<Options>];
  const MALFORMED = 'ASH_CANONICALIZATION_ERROR';
  const rows: Row[] = [
    ['no body', undefined, 400, MALFORMED],
    ['no binding', '{}', 400, MALFORMED],
    ['a binding that is empty', '{"binding":""}', 400, MALFORMED],
    ['a binding that is empty, with a default', '{"binding":""}', 400, MALFORMED, { defaultBinding: 'POST /transfer' }],
    ['a binding that is no text', '{"binding":7}', 400, MALFORMED],
    ['a binding that is a list', '{"binding":["POST /transfer"]}', 400, MALFORMED],
    [
      'a binding that is nothing, with a default',
      '{"binding":null}',
      400,
      MALFORMED,
      { defaultBinding: 'POST /transfer' },
    ],
    ['a binding without a method', '{"binding":"/transfer"}', 400, MALFORMED],
    ['a binding that climbs', '{"binding":"POST /x/../transfer"}', 400, MALFORMED],
    ['a binding that is long', `{"binding":"POST /${'a'.repeat(5_000)}"}`, 400, MALFORMED],
    ['a route that is not declared', '{"binding":"POST /admin"}', 400, 'ASH_BINDING_MISMATCH'],
    ['a method that is not declared', '{"binding":"GET /transfer"}', 400, 'ASH_BINDING_MISMATCH'],
    ['a pattern', '{"binding":"PUT /accounts/:id/x"}', 400, 'ASH_BINDING_MISMATCH'],
    ['no contexts', '{"binding":"POST /transfer","count":0}', 400, MALFORMED],
    ['half a context', '{"binding":"POST /transfer","count":1.5}', 400, MALFORMED],
    ['a number that is a text', '{"binding":"POST /transfer","count":"2"}', 400, MALFORMED],
    ['a list', '[]', 400, MALFORMED],
    [
      'nobody, where somebody has to be',
      '{"binding":"POST /transfer"}',
      403,
      'ASH_SUBJECT_MISMATCH',
      { subject: () => undefined },
    ],
  ];
  it.each(rows)('refuses %s', async (_title, body, status, code, options = {}) => {
    const app = await start(express, options);
    const answer = await ask(app, body);
    expect({ status: answer.status, code: answer.code }).toStrictEqual({ status, code });
  });

  it('refuses by the statuses of the application', async () => {
    const app = await start(express, { statuses: { ASH_BINDING_MISMATCH: 404 } });
    await expect(ask(app, '{"binding":"POST /admin"}')).resolves.toMatchObject({ status: 404 });
  });

  it('asks onError how to refuse', async () => {
    const app = await start(express, {
      onError: (error, _request, response) => response.status(418).json({ own: error.code }),
    });
    await expect(ask(app, '{}')).resolves.toMatchObject({ status: 418, body: { own: 'ASH_CANONICALIZATION_ERROR' } });
  });

  it('leaves to the parser what is no JSON', async () => {
    const app = await start(express);
    await expect(ask(app, '{"binding":')).resolves.toMatchObject({ status: 500 });
    expect(app.errors).toMatchObject([{ status: 400 }]);
  });

  it.each(['GET', 'PUT', 'HEAD', 'OPTIONS'])('leaves %s to whatever stands behind it', async (method) => {
    const app = await start(express);
    await expect(app.send({ method, path: '/ash/context', headers: {}, body: undefined })).resolves.toMatchObject({
      status: 403,
    });
  });

  it('says where a body was not read', async () => {
    const app = await start(express, { defaultBinding: 'POST /transfer' }, { parsers: false });
    await expect(ask(app, '{"binding":"PUT /accounts/7/limit"}')).resolves.toMatchObject({
      status: 500,
      code: 'ASH_RAW_BODY_UNAVAILABLE',
      body: { message: expect.stringContaining('express.json()') },
    });
    await expect(ask(app)).resolves.toMatchObject({ status: 200, body: { binding: 'POST /transfer' } });
  });

  it('issues the default for a request that names none', async () => {
    const app = await start(express, { defaultBinding: 'POST /transfer' });
    for (const body of [undefined, '{}']) {
      await expect(ask(app, body)).resolves.toMatchObject({ status: 200, body: { binding: 'POST /transfer' } });
    }
  });

  it('issues several, as many as the application allows', async () => {
    const app = await start(express, { batch: 3 });
    const { body } = await ask(app, '{"binding":"POST /transfer","count":9}');
    const { contexts } = body as { contexts: AshIssuedContext[] };
    expect(new Set(contexts.map(({ contextId }) => contextId)).size).toBe(3);
  });

  it('issues to whoever asks, and lets nobody else use it', async () => {
    const app = await start(express, { subject: ({ headers }) => String(headers['x-user']) });
    const { body } = await ask(app, '{"binding":"POST /transfer"}', { ...JSON_TYPE, 'x-user': 'ann' });
    const draft = app.sign(body as AshIssuedContext, 'POST /transfer');
    await expect(app.send({ ...draft, headers: { ...draft.headers, 'x-user': 'eve' } })).resolves.toMatchObject({
      status: 403,
      code: 'ASH_SUBJECT_MISMATCH',
    });
    await expect(app.send({ ...draft, headers: { ...draft.headers, 'x-user': 'ann' } })).resolves.toMatchObject({
      status: 200,
    });
  });

  it('hands what an application throws to its error handling', async () => {
    const thrown = new RangeError('x');
    const app = await start(express, {
      ttl: () => {
        throw thrown;
      },
    });
    await expect(ask(app, '{"binding":"POST /transfer"}')).resolves.toMatchObject({ status: 500 });
    expect(app.errors).toStrictEqual([thrown]);
  });

  it('says nothing where somebody else has answered meanwhile', async () => {
    let answer: (() => void) | undefined;
    const app = await ExpressApp.start(express, ({ app: server, store }) => {
      server.use((_request, response, next) => {
        answer = () => response.status(503).json({ late: true });
        next();
      });
      server.post('/ash/context', ashExpressContext({ store, bindings: BINDINGS }));
    });
    const create = app.store.create.bind(app.store);
    app.store.create = (options) => {
      answer?.();
      return create(options);
    };
    await expect(ask(app, '{"binding":"POST /transfer"}')).resolves.toMatchObject({
      status: 503,
      body: { late: true },
    });
    await new Promise(setImmediate);
    expect(app.errors).toStrictEqual([]);
  });

  it('answers 503 where the store is down', async () => {
    const app = await start(express);
    app.store.create = () => Promise.reject(new Error('ECONNREFUSED'));
    await expect(ask(app, '{"binding":"POST /transfer"}')).resolves.toMatchObject({
      status: 503,
      code: 'ASH_STORE_UNAVAILABLE',
    });
  });
});

describe.each(EXPRESS_VERSIONS)('%s answers the next context', (_name, express) => {
  const asking = { [ASH_RENEW_HEADER]: '1' };

  async function renewed(app: ExpressApp): Promise<AshIssuedContext | undefined> {
    const { draft } = await app.prove('POST /transfer');
    Object.assign(draft.headers, asking);
    const { headers } = await app.send(draft);
    const text = headers[ASH_CONTEXT_HEADER];
    return text === undefined
      ? undefined
      : (JSON.parse(Buffer.from(String(text), 'base64url').toString()) as AshIssuedContext);
  }

  it('to a client that asks for it, which opens the route', async () => {
    const app = await start(express);
    const context = await renewed(app);
    expect(context).toMatchObject({ binding: 'POST /transfer' });
    if (context === undefined) return;
    await expect(app.send(app.sign(context, 'POST /transfer'))).resolves.toMatchObject({ status: 200 });
  });

  it('not where the application says so', async () => {
    await expect(renewed(await start(express, { renewal: false }))).resolves.toBeUndefined();
  });

  it('not where the middleware knows no bindings, since contexts are the application’s then', async () => {
    const app = await ExpressApp.start(express, ({ app: server, ash, run }) => {
      server.post('/transfer', ash({ expectedBinding: 'POST /transfer' }), run('transfer'));
    });
    await expect(renewed(app)).resolves.toBeUndefined();
  });

  it('not with a refusal', async () => {
    const app = await start(express);
    const { draft } = await app.prove('POST /transfer');
    const { headers } = await app.send({ ...draft, headers: { ...draft.headers, ...asking }, body: '{}' });
    expect(headers).not.toHaveProperty(ASH_CONTEXT_HEADER);
  });
});
