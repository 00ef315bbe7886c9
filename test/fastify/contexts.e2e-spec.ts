import type { FastifyInstance } from 'fastify';
import {
  ashFastifyContext,
  AshMemoryStore,
  type AshFastifyContextOptions,
  type AshFastifyOptions,
} from 'nestjs-ash/fastify';
import {
  closeFastify,
  handler,
  json,
  JSON_TYPE,
  makeFastify,
  startFastify,
  type FastifyApp,
} from '../support/fastify-app.js';
import type { Answer } from '../support/http.js';
import { sign } from '../support/proof.js';
import { draftOf, type Plan } from '../support/test-app.js';

afterEach(closeFastify);

const PLAN: Plan = { ...json('POST /a'), runs: 'a' };
const ISSUED = {
  contextId: expect.stringMatching(/^ash_[0-9a-f]{32}$/),
  binding: 'POST /a',
  clientSecret: expect.any(String),
};

/** Who sends a request, as its header says. */
const subject: AshFastifyOptions['subject'] = ({ headers }) => headers['x-user']?.toString();

function start(
  context: AshFastifyContextOptions,
  ash: Partial<AshFastifyOptions> = {},
  more: (app: FastifyInstance) => unknown = () => undefined,
): Promise<FastifyApp> {
  return startFastify({
    context,
    ash,
    routes: async (app, ran) => {
      await more(app);
      app.post('/a', { config: { ash: true } }, handler(ran, 'a'));
      app.put('/accounts/:id', { config: { ash: true } }, handler(ran, 'limit'));
      app.post('/open', handler(ran, 'open'));
    },
  });
}

function askAt(app: FastifyApp, path: string, body = '{"binding":"POST /a"}', headers = {}): Promise<Answer> {
  return app.send({ method: 'POST', path, headers: { ...JSON_TYPE, ...headers }, body });
}

describe('The endpoint issues a context', () => {
  it('for a protected route, which is not to be stored on the way', async () => {
    const app = await start({});
    const answer = await app.ask({ binding: ' post /a ' });
    expect(answer).toMatchObject({ status: 200, body: ISSUED });
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'application/json; charset=utf-8',
    });
  });

  it('at a path of its own', async () => {
    const app = await start({ path: '/v1/context' });
    expect(await askAt(app, '/v1/context')).toMatchObject({ status: 200, body: ISSUED });
    expect(await askAt(app, '/ash/context')).toMatchObject({ status: 404 });
  });

  it('below a prefix, behind the hooks of its scope', async () => {
    const app = await start({}, {}, async (instance) => {
      await instance.register(
        async (scope) => {
          scope.addHook('onRequest', (request, reply, done) => {
            if (request.headers['x-user'] === undefined) void reply.code(401).send({});
            else done();
          });
          await scope.register(ashFastifyContext);
        },
        { prefix: '/api' },
      );
    });
    expect(await askAt(app, '/api/ash/context')).toMatchObject({ status: 401 });
    expect(await askAt(app, '/api/ash/context', undefined, { 'x-user': 'ann' })).toMatchObject({ status: 200 });
  });

  it('also where a hook of the application wraps what is answered', async () => {
    const app = await startFastify({
      before: (instance) =>
        instance.addHook('preSerialization', (_request, _reply, payload, done) => {
          done(null, { wrapped: payload });
        }),
      routes: (instance, ran) => instance.post('/a', { config: { ash: true } }, handler(ran, 'a')),
    });
    expect((await app.pass(PLAN)).status).toBe(200);
  });

  it('for the default binding, where a request names none', async () => {
    const app = await start({ defaultBinding: 'POST /a' });
    expect(await app.ask(undefined)).toMatchObject({ status: 200, body: ISSUED });
    expect(await app.ask({})).toMatchObject({ status: 200, body: ISSUED });
  });

  type CountRow = [count: number, batch: number | undefined, issued: number];
  const counts: CountRow[] = [
    [1, undefined, 1],
    [5, undefined, 5],
    [1000, undefined, 32],
    [5, 2, 2],
  ];
  it.each(counts)('%d at once, where %p is the most: %d', async (count, batch, issued) => {
    const app = await start(batch === undefined ? {} : { batch });
    const { body } = await app.ask({ binding: 'POST /a', count });
    expect(body).toEqual({ contexts: Array(issued).fill(expect.objectContaining(ISSUED)) });
  });

  it('to whoever asks', async () => {
    const app = await start({}, { subject });
    const plan = { ...PLAN, headers: { ...PLAN.headers, 'x-user': 'ann' } };
    const { draft } = await app.prepare(plan);
    expect(await app.send({ ...draft, headers: { ...draft.headers, 'x-user': 'bob' } })).toMatchObject({
      status: 403,
      code: 'ASH_SUBJECT_MISMATCH',
    });
    expect((await app.send(draft)).status).toBe(200);
  });
});

describe('The endpoint issues nothing', () => {
  const INVALID = 'ASH_CANONICALIZATION_ERROR';

  type Row = [title: string, body: string | undefined, status: number, code: string, type: string | undefined];
  const rows: Row[] = [
    ['for an open route', '{"binding":"POST /open"}', 400, 'ASH_BINDING_MISMATCH', 'application/json'],
    ['for a route that is none', '{"binding":"POST /nowhere"}', 400, 'ASH_BINDING_MISMATCH', 'application/json'],
    ['for itself', '{"binding":"POST /ash/context"}', 400, 'ASH_BINDING_MISMATCH', 'application/json'],
    ['for another method', '{"binding":"GET /a"}', 400, 'ASH_BINDING_MISMATCH', 'application/json'],
    ['for a binding that is none', '{"binding":"a"}', 400, INVALID, 'application/json'],
    ['for a path that climbs', '{"binding":"POST /accounts/../a"}', 400, INVALID, 'application/json'],
    ['for a binding that is too long', `{"binding":"POST /${'a'.repeat(3000)}"}`, 400, INVALID, 'application/json'],
    ['for a number', '{"binding":5}', 400, INVALID, 'application/json'],
    ['for an empty text', '{"binding":""}', 400, INVALID, 'application/json'],
    ['for an object without a binding', '{}', 400, INVALID, 'application/json'],
    ['for null', 'null', 400, INVALID, 'application/json'],
    ['for a list', '["POST /a"]', 400, INVALID, 'application/json'],
    ['for no body', undefined, 400, INVALID, undefined],
    ['for a text', 'POST /a', 400, INVALID, 'text/plain'],
    ['for a count of nothing', '{"binding":"POST /a","count":0}', 400, INVALID, 'application/json'],
    ['for half a count', '{"binding":"POST /a","count":1.5}', 400, INVALID, 'application/json'],
    ['for a count that is a text', '{"binding":"POST /a","count":"5"}', 400, INVALID, 'application/json'],
    ['for JSON that is none', '{"binding"', 400, 'FST_ERR_CTP_INVALID_JSON_BODY', 'application/json'],
    ['for another type', '<a/>', 415, 'FST_ERR_CTP_INVALID_MEDIA_TYPE', 'application/xml'],
  ];
  it.each(rows)('%s', async (_title, body, status, code, type) => {
    const app = await start({});
    const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
    expect(await app.send({ method: 'POST', path: '/ash/context', headers, body })).toMatchObject({ status, code });
  });

  it('to nobody, where a subject is demanded', async () => {
    const app = await start({}, { subject });
    expect(await app.ask({ binding: 'POST /a' })).toMatchObject({ status: 403, code: 'ASH_SUBJECT_MISMATCH' });
  });

  it('where the application is broken that says who asks', async () => {
    const app = await start(
      {},
      {
        subject: () => {
          throw Object.assign(new Error('Who?'), { statusCode: 401 });
        },
      },
    );
    expect(await app.ask({ binding: 'POST /a' })).toMatchObject({ status: 401 });
  });

  it('where no JSON is read, and says what to do', async () => {
    const app = await startFastify({
      before: (instance) => {
        instance.removeAllContentTypeParsers();
        instance.addContentTypeParser('*', (_request, _payload, done) => {
          done(null, {});
        });
      },
      context: { defaultBinding: 'POST /a' },
      routes: (instance, ran) => instance.post('/a', { config: { ash: true } }, handler(ran, 'a')),
    });
    expect(await app.ask({ binding: 'POST /a' })).toMatchObject({ status: 500, code: 'ASH_RAW_BODY_UNAVAILABLE' });
  });

  it("and 'onError' answers instead, whether it answers or throws", async () => {
    const answering = await start({ onError: ({ code }, _request, reply) => reply.code(418).send({ code }) });
    expect(await answering.ask({})).toMatchObject({ status: 418, code: INVALID });
    const throwing = await start({
      onError: (error) => {
        throw error;
      },
    });
    expect(await throwing.ask({})).toMatchObject({ status: 400, code: INVALID });
  });
});

describe('Contexts that the application issues by hand', () => {
  it('are good for their routes, with what it chose for them', async () => {
    const app = await startFastify({
      ash: { subject },
      routes: (instance) =>
        instance.post('/a', { config: { ash: true } }, ({ ash }) => ({ scope: ash?.scope, metadata: ash?.metadata })),
    });
    const context = await app.fastify.ash.issue({
      binding: 'POST /a',
      subject: 'ann',
      scope: ['amount'],
      metadata: { order: 7 },
    });
    const draft = draftOf({ ...PLAN, headers: { ...PLAN.headers, 'x-user': 'ann' } });
    sign(context, draft);
    expect(await app.send(draft)).toMatchObject({ status: 200, body: { scope: ['amount'], metadata: { order: 7 } } });
  });

  it('go to whoever sends a request', async () => {
    const app = await startFastify({
      ash: { subject },
      routes: (instance, ran) => {
        instance.post('/a', { config: { ash: true } }, handler(ran, 'a'));
        instance.get('/page', (request) => instance.ash.issueFor('POST /a', request));
      },
    });
    // It is the application's endpoint, which says what an error of it means.
    expect(await app.get('/page')).toMatchObject({ status: 500, code: 'ASH_SUBJECT_MISMATCH' });
    const page = await app.send({ method: 'GET', path: '/page', headers: { 'x-user': 'ann' }, body: undefined });
    expect(page).toMatchObject({ status: 200, body: ISSUED });
  });

  it('are for protected routes alone, and none before the application is ready', async () => {
    const { fastify: app } = await makeFastify({
      ash: { store: new AshMemoryStore() },
      routes: (instance, ran) => instance.post('/a', { config: { ash: true } }, handler(ran, 'a')),
    });
    await expect(app.ash.issue({ binding: 'POST /a' })).rejects.toMatchObject({ code: 'ASH_BINDING_MISMATCH' });
    await app.ready();
    await expect(app.ash.issue({ binding: 'POST /b' })).rejects.toMatchObject({ code: 'ASH_BINDING_MISMATCH' });
    expect(await app.ash.issue({ binding: 'POST /a' })).toMatchObject(ISSUED);
  });
});
