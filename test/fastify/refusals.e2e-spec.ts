import { jest } from '@jest/globals';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { isAshError, type AshFastifyOptions, type AshRefusedEvent, type AshVerifiedEvent } from 'nestjs-ash/fastify';
import { body, without } from '../support/attacks.js';
import {
  closeFastify,
  handler,
  json,
  startFastify,
  type FastifyApp,
  type FastifyFixture,
} from '../support/fastify-app.js';
import { harmless, play, type Plan } from '../support/test-app.js';

afterEach(closeFastify);

const PLAN: Plan = { ...json('POST /a'), runs: 'a' };
const CHANGED = body('{"amount":1000000}');
const REFUSAL = {
  statusCode: 403,
  error: 'Forbidden',
  code: 'ASH_INTEGRITY_FAILED',
  message: expect.stringMatching(/^[A-Z].+\.$/),
};

type Route = Partial<Omit<RouteOptions, 'config'>> & { readonly config?: object };

/** An application with one protected route. */
function start(ash: Partial<AshFastifyOptions>, route: Route = {}, more: FastifyFixture = {}): Promise<FastifyApp> {
  return startFastify({
    ...more,
    ash,
    routes: async (app, ran) => {
      await more.routes?.(app, ran);
      app.route({ method: 'POST', url: '/a', config: { ash: true }, handler: handler(ran, 'a'), ...route });
    },
  });
}

/** What is thrown by an application in JavaScript. */
function thrower(thrown: unknown): () => never {
  return () => {
    throw thrown;
  };
}

describe('A refusal is answered with the same body', () => {
  type Row = [title: string, route: Route, more: (app: FastifyInstance) => unknown];
  const answers = { type: 'object', properties: { problem: { type: 'string' } } };
  const nothing = (): void => undefined;
  const rows: Row[] = [
    ['where nothing is said', {}, nothing],
    ['where a schema knows the answers', { schema: { response: { '4xx': answers, '2xx': {} } } }, nothing],
    [
      'where a hook wraps the answers',
      {},
      (app) =>
        app.addHook('preSerialization', (_request, _reply, payload, done) => {
          done(null, { wrapped: payload });
        }),
    ],
    ['where answers have another serializer', {}, (app) => app.setReplySerializer(() => 'nothing')],
    [
      'where a hook has another serializer for this one',
      {},
      (app) =>
        app.addHook('onRequest', (_request, reply, done) => {
          reply.serializer(() => 'nothing');
          done();
        }),
    ],
    ['where errors have a handler of their own', {}, (app) => app.setErrorHandler(() => ({ mine: true }))],
  ];
  it.each(rows)('%s', async (_title, route, more) => {
    const app = await start({}, route, { routes: more });
    const { draft } = await app.prepare(PLAN);
    const answer = await app.send({ ...draft, body: '{"amount":1}' });
    expect(answer).toMatchObject({ status: 403, body: REFUSAL });
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it("in 'strict' mode without its code", async () => {
    const app = await start({ mode: 'strict' });
    expect(await play(app, PLAN, CHANGED)).toEqual(harmless(PLAN, 403, 'ASH_VERIFICATION_FAILED'));
    expect(app.logged('warn')).toEqual([expect.stringMatching(/^POST \/a refused ash_\w+: ASH_INTEGRITY_FAILED: /)]);
  });

  it('with the status of the application', async () => {
    const app = await start({ statuses: { ASH_INTEGRITY_FAILED: 422 } }, { config: { ash: { statuses: undefined } } });
    expect(await play(app, PLAN, CHANGED)).toEqual(harmless(PLAN, 422, 'ASH_INTEGRITY_FAILED'));
  });
});

describe("'onError' answers instead, and the handler runs for no refused request", () => {
  const gone = Object.assign(new Error('Gone.'), { statusCode: 410 });

  const rethrow = (error: Error): never => {
    throw error;
  };

  type Row = [title: string, onError: NonNullable<AshFastifyOptions['onError']>, status: number, answer: unknown];
  const rows: Row[] = [
    ['where it answers', ({ code }, _request, reply) => reply.code(418).send({ code }), 418, { code: REFUSAL.code }],
    [
      'where it answers later',
      async ({ statusCode, body: told }, _request, reply) => {
        await Promise.resolve();
        await reply.code(statusCode).send({ problem: told.code });
      },
      403,
      { problem: REFUSAL.code },
    ],
    [
      'where it gives nothing and answers by and by',
      (_error, _request, reply) => {
        setImmediate(() => void reply.code(418).send({ by: 'and by' }));
      },
      418,
      { by: 'and by' },
    ],
    [
      'where it answers by hand',
      (_error, _request, reply) => {
        reply.hijack();
        reply.raw.writeHead(418).end('{}');
      },
      418,
      {},
    ],
    ['where it throws the refusal', rethrow, 403, expect.objectContaining({ code: REFUSAL.code, statusCode: 403 })],
    ['where it throws another error', thrower(gone), 410, expect.objectContaining({ message: 'Gone.' })],
    ['where it rejects', () => Promise.reject(gone), 410, expect.objectContaining({ message: 'Gone.' })],
    ['where it throws no error', thrower('route'), 500, expect.objectContaining({ statusCode: 500 })],
    ['where it throws nothing', thrower(undefined), 500, expect.objectContaining({ statusCode: 500 })],
    [
      'where it throws what is no text',
      thrower(Object.create(null)),
      500,
      expect.objectContaining({ statusCode: 500 }),
    ],
    [
      'where it answers and throws',
      (_error, _request, reply) => {
        void reply.code(418).send({ first: true });
        throw gone;
      },
      418,
      { first: true },
    ],
  ];
  it.each(rows)('%s', async (_title, onError, status, answer) => {
    const app = await start({ onError });
    const { draft } = await app.prepare(PLAN);
    const ran = await app.ranDuring(async () => {
      expect(await app.send({ ...draft, body: '{}' })).toMatchObject({ status, body: answer });
    });
    expect(ran).toEqual({});
    expect(await app.send(draft)).toMatchObject({ status: 200 });
  });

  it('where it answers nothing, and the client gives up', async () => {
    let told: (() => void) | undefined;
    const called = new Promise<void>((resolve) => {
      told = resolve;
    });
    const app = await start({ onError: () => told?.() });
    const ran = await app.ranDuring(async () => {
      const pending = app.begin({ method: 'POST', path: '/a', headers: {}, body: undefined });
      await called;
      pending.hangUp();
      await expect(pending.answer).rejects.toThrow('socket hang up');
    });
    expect(ran).toEqual({});
  });

  it('and is told of refusals alone, with what the client would be told', async () => {
    const told: unknown[] = [];
    const app = await start({
      subject: ({ headers }) => (headers['x-user'] === 'broken' ? thrower(new Error('No database.'))() : 'ann'),
      onError: (error, request, reply) => {
        told.push([isAshError(error), error.code, error.statusCode, error.body, request.url]);
        return reply.code(error.statusCode).send(error.body);
      },
    });
    const { draft } = await app.prepare(PLAN);
    expect((await app.send({ ...draft, headers: { ...draft.headers, 'x-user': 'broken' } })).status).toBe(500);
    expect(await play(app, PLAN, without('x-ash-proof'))).toEqual(harmless(PLAN, 403, 'ASH_PROOF_MISSING'));
    expect(told).toEqual([
      [true, 'ASH_PROOF_MISSING', 403, expect.objectContaining({ code: 'ASH_PROOF_MISSING', statusCode: 403 }), '/a'],
    ]);
  });
});

describe("'skip' lets a request pass unverified on exactly true", () => {
  type Row = [title: string, given: unknown, isSkipped: boolean];
  const rows: Row[] = [
    ['true', true, true],
    ['a promise of true', Promise.resolve(true), true],
    ['a text', 'yes', false],
    ['a number', 1, false],
    ['an object', {}, false],
    ['a promise of a text', Promise.resolve('true'), false],
    ['false', false, false],
    ['nothing', undefined, false],
  ];
  it.each(rows)('given %s', async (_title, given, isSkipped) => {
    const app = await start({ skip: () => given as boolean });
    const ran = await app.ranDuring(async () => {
      const { status } = await app.send({ method: 'POST', path: '/a', headers: {}, body: undefined });
      expect(status).toBe(isSkipped ? 200 : 403);
    });
    expect(ran).toEqual(isSkipped ? { a: 1 } : {});
  });

  it('and leaves nothing verified behind', async () => {
    const app = await start({ skip: () => true }, { handler: ({ ash }) => ({ ash }) });
    expect(await app.send({ method: 'POST', path: '/a', headers: {}, body: undefined })).toMatchObject({
      status: 200,
      body: { ash: null },
    });
  });
});

describe('A fault of the application is an error, and the handler does not run', () => {
  const broken = new Error('No database.');
  const unauthorised = Object.assign(new Error('Who?'), { statusCode: 401 });

  type Row = [title: string, ash: Partial<AshFastifyOptions>, status: number];
  const rows: Row[] = [
    ["where 'skip' throws", { skip: thrower(broken) }, 500],
    ["where 'skip' rejects", { skip: () => Promise.reject(broken) }, 500],
    ["where 'skip' throws nothing", { skip: thrower(undefined) }, 500],
    ["where 'skip' throws what is no text", { skip: thrower(Object.create(null)) }, 500],
    ["where 'skip' throws with a status", { skip: thrower(unauthorised) }, 401],
  ];
  it.each(rows)('%s', async (_title, ash, status) => {
    const app = await start(ash);
    const ran = await app.ranDuring(async () => {
      const answer = await app.send({ method: 'POST', path: '/a', headers: {}, body: undefined });
      expect(answer.status).toBe(status);
      // What was thrown, and not that the handler is closed besides.
      expect(answer.code).toBeUndefined();
    });
    expect(ran).toEqual({});
  });

  type SubjectRow = [title: string, of: (request: FastifyRequest) => unknown, status: number];
  const subjects: SubjectRow[] = [
    ['throws', thrower(broken), 500],
    ['rejects', () => Promise.reject(new Error('No database.')), 500],
    ['throws nothing', thrower(undefined), 500],
    ['gives a number', () => 42, 500],
    ['gives nobody', () => undefined, 403],
    ['gives somebody else', () => 'bob', 403],
  ];
  it.each(subjects)("where 'subject' %s", async (_title, of, status) => {
    const app = await start({
      subject: (request) => (request.headers['x-attack'] === undefined ? 'ann' : (of(request) as string)),
    });
    const { draft } = await app.prepare(PLAN);
    const ran = await app.ranDuring(async () => {
      expect((await app.send({ ...draft, headers: { ...draft.headers, 'x-attack': '1' } })).status).toBe(status);
    });
    expect(ran).toEqual({});
    expect(await app.send(draft)).toMatchObject({ status: 200 });
  });

  it.each([
    ['throws', thrower(new Error('No clock.'))],
    ['gives nothing', () => undefined as unknown as number],
    ['gives what is too long', () => 3_600_000],
  ])("where 'ttl' %s: no context is issued", async (_title, ttl) => {
    const app = await start({ ttl });
    expect(await app.ask({ binding: 'POST /a' })).toMatchObject({ status: 500 });
  });
});

describe('Hooks of the application', () => {
  it('say who sends a request in front of the verification, and those behind it see what was verified', async () => {
    const seen: string[] = [];
    const note = (name: string) => (request: FastifyRequest, _reply: unknown, done: () => void) => {
      seen.push(`${name}: ${request.ash === null ? 'unverified' : 'verified'}`);
      done();
    };
    const app = await start(
      { subject: ({ headers }) => headers['x-user']?.toString() },
      {
        onRequest: note('onRequest'),
        preParsing: (request, reply, payload, done) => {
          note('preParsing')(request, reply, () => {
            done(null, payload);
          });
        },
        preValidation: note('preValidation'),
        preHandler: [note('preHandler')],
      },
    );
    const plan = { ...PLAN, headers: { ...PLAN.headers, 'x-user': 'ann' } };
    expect((await app.pass(plan)).status).toBe(200);
    expect(seen).toEqual([
      'onRequest: unverified',
      'preParsing: unverified',
      'preValidation: unverified',
      'preHandler: verified',
    ]);
  });

  type Row = [title: string, route: Route];
  const rows: Row[] = [
    ['that answers', { preValidation: (_request, reply) => void reply.code(401).send({}) }],
    ['that throws', { preValidation: thrower(Object.assign(new Error('Who?'), { statusCode: 401 })) }],
    ['that rejects', { onRequest: () => Promise.reject(Object.assign(new Error('Who?'), { statusCode: 401 })) }],
  ];
  it.each(rows)('in front of it %s: the context is not spent', async (_title, route) => {
    let isOpen = false;
    const [[name, hook] = ['', () => undefined]] = Object.entries(route);
    const app = await start(
      {},
      {
        [name]: (...args: [FastifyRequest, unknown, () => void]) => {
          if (!isOpen) return (hook as (...all: unknown[]) => unknown)(...args);
          args[2]();
          return undefined;
        },
      },
    );
    const { draft } = await app.prepare(PLAN);
    expect((await app.send(draft)).status).toBe(401);
    isOpen = true;
    expect((await app.send(draft)).status).toBe(200);
  });
});

describe('A schema of the route', () => {
  const schema = {
    body: {
      type: 'object',
      additionalProperties: false,
      required: ['amount'],
      properties: { amount: { type: 'integer' }, currency: { type: 'string', default: 'EUR' } },
    },
  };

  it('changes what the handler gets behind the verification, which was over what came', async () => {
    const app = await start(
      {},
      { schema, handler: ({ body: received, ash }) => ({ received, payload: ash?.payload }) },
    );
    const changed = { amount: 100, currency: 'EUR' };
    const answer = await app.pass(json('POST /a', '{"amount":"100","note":"x"}'));
    // The body itself, which the schema changes in place.
    expect(answer.body).toEqual({ received: changed, payload: changed });
  });

  it('refuses behind it: the context of a request that does not fit is spent', async () => {
    const app = await start({}, { schema });
    const { draft } = await app.prepare(json('POST /a', '{"amount":"many"}'));
    expect(await app.send(draft)).toMatchObject({ status: 400, code: 'FST_ERR_VALIDATION' });
    expect(await app.send(draft)).toMatchObject({ status: 409 });
  });

  it('sees what the scope leaves of a body that is stripped', async () => {
    const app = await start(
      {},
      {
        schema,
        config: { ash: { scope: ['amount'], unscoped: 'strip' } },
        handler: ({ body: received }) => ({ received }),
      },
    );
    const { body: answer } = await app.pass(json('POST /a', '{"amount":1,"currency":"USD"}'));
    expect(answer).toMatchObject({ received: { amount: 1, currency: 'EUR' } });
  });
});

describe('An application is told', () => {
  it('nothing by a log that fails, which changes no answer', async () => {
    const error = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const failure = new Error('no disk');
    const logger = { level: 'error', stream: { write: thrower(failure) } };
    const route = { config: { ash: { spend: 'handler' } } };
    const app = await start({}, route, { server: { logger } });
    const { draft } = await app.prepare(PLAN);
    await expect(app.send(draft)).resolves.toMatchObject({ status: 500 });
    expect(error.mock.calls).toStrictEqual([
      ["[nestjs-ash] The application's 'log' failed; what it was told is lost.", failure],
    ]);
    error.mockRestore();
  });

  it('of what passed and what was refused, and what its listeners throw changes nothing', async () => {
    const told: unknown[] = [];
    const app = await start({
      onVerified: ({ route, request }: AshVerifiedEvent, { method }: FastifyRequest) => {
        told.push([route, request.binding, method]);
        throw new Error('No queue.');
      },
      onRefused: async ({ route, code }: AshRefusedEvent, { method }: FastifyRequest) => {
        told.push([route, code, method]);
        await Promise.reject(new Error('No queue.'));
      },
    });
    expect(await play(app, PLAN, CHANGED)).toEqual(harmless(PLAN, 403, 'ASH_INTEGRITY_FAILED'));
    expect(told).toEqual([
      ['POST /a', 'ASH_INTEGRITY_FAILED', 'POST'],
      ['POST /a', 'POST /a', 'POST'],
    ]);
    expect(app.logged('error')).toEqual(
      Array(2).fill('An event handler of the application threw; the verdict stands.'),
    );
  });
});
