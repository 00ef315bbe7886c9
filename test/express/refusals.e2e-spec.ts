import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { AshError, AshMemoryStore, AshRefusalError, type AshExpressOptions } from 'nestjs-ash/express';
import { closeExpressApps, EXPRESS_VERSIONS, ExpressApp } from '../support/express-app.js';
import type { Answer } from '../support/http.js';

afterEach(closeExpressApps);

type Express = (typeof EXPRESS_VERSIONS)[number][1];
type Options = Partial<AshExpressOptions>;

/** A route with ways past it for whoever finds the words for them, and none for a refused request. */
function start(express: Express, options: Options): Promise<ExpressApp> {
  return ExpressApp.start(express, ({ app, express: { Router }, ash, run }) => {
    const router = Router();
    router.post('/transfer', ash({ expectedBinding: 'POST /transfer', ...options }), run('transfer'));
    router.post('/transfer', run('next route'));
    app.use(router);
    app.post('/transfer', run('next router'));
  });
}

function refuse(app: ExpressApp): Promise<Answer> {
  return app.send({ method: 'POST', path: '/transfer', headers: {}, body: undefined });
}

const MISSING = expect.objectContaining({ code: 'ASH_PROOF_MISSING', statusCode: 403, status: 403 }) as Error;

/** What comes to the application's error handling, where what was thrown is none. */
function noError(cause: unknown): Error {
  return expect.objectContaining({ message: 'What was thrown is no error.', cause }) as Error;
}

/** Throws what is no error, as code in JavaScript can. */
function throwing(value: unknown): () => never {
  return () => {
    throw value;
  };
}

describe.each(EXPRESS_VERSIONS)('%s lets no refused request come to a handler', (_name, express) => {
  type Row = [title: string, onError: NonNullable<Options['onError']>, status: number, errors: unknown[]];
  const rows: Row[] = [
    [
      'where onError goes on without a word',
      (_error, _request, _response, next) => {
        next();
      },
      500,
      [MISSING],
    ],
    [
      'where onError goes on with nothing',
      (_error, _request, _response, next) => {
        next(null);
      },
      500,
      [MISSING],
    ],
    [
      'where onError goes on to the next route',
      (_error, _request, _response, next) => {
        next('route');
      },
      500,
      [MISSING],
    ],
    [
      'where onError goes on to the next router',
      (_error, _request, _response, next) => {
        next('router');
      },
      500,
      [MISSING],
    ],
    [
      'where onError goes on later',
      (_error, _request, _response, next) => {
        setImmediate(next, 'route');
      },
      500,
      [MISSING],
    ],
    [
      'where onError hands the refusal on',
      (error, _request, _response, next) => {
        next(error);
      },
      500,
      [MISSING],
    ],
    [
      'where onError hands another error on',
      (_error, _request, _response, next) => {
        next(new RangeError('x'));
      },
      500,
      [new RangeError('x')],
    ],
    ['where onError throws', throwing(new RangeError('x')), 500, [new RangeError('x')]],
    ['where onError throws nothing', throwing(undefined), 500, [noError(undefined)]],
    ['where onError throws a word', throwing('route'), 500, [noError('route')]],
    ['where onError throws what has no text', throwing(Object.create(null)), 500, [noError({})]],
    ['where onError rejects', () => Promise.reject(new RangeError('x')), 500, [new RangeError('x')]],
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- it is what is tested
    ['where onError rejects with a word', () => Promise.reject('router'), 500, [noError('router')]],
    ['where onError answers', (error, _request, response) => response.status(401).json({ code: error.code }), 401, []],
    [
      'where onError answers later',
      async (error, _request, response) => {
        await turn();
        response.status(401).json({ code: error.code });
      },
      401,
      [],
    ],
  ];
  it.each(rows)('%s', async (_title, onError, status, errors) => {
    const app = await start(express, { onError });
    await expect(refuse(app)).resolves.toMatchObject({ status });
    expect(app.errors).toEqual(errors);
    expect(app.ran).toStrictEqual([]);
  });

  it('where onError answers twice', async () => {
    const app = await start(express, {
      onError: (_error, _request, response) => {
        response.status(401).json({ first: true });
        response.status(402).json({ second: true });
      },
    });
    await expect(refuse(app)).resolves.toMatchObject({ status: 401, body: { first: true } });
    expect(app.ran).toStrictEqual([]);
  });

  it('where onError answers and goes on', async () => {
    const app = await start(express, {
      onError: (_error, _request, response, next) => {
        response.status(401).json({ first: true });
        next();
      },
    });
    await expect(refuse(app)).resolves.toMatchObject({ status: 401, body: { first: true } });
    expect(app.ran).toStrictEqual([]);
  });

  it('and gives onError the refusal, the request and the answer', async () => {
    const seen: unknown[] = [];
    const app = await start(express, {
      mode: 'strict',
      onError: (error, request, response) => {
        seen.push(error, request.method, error instanceof AshRefusalError);
        response.status(error.statusCode).json(error.body);
      },
    });
    const { draft } = await app.prove('POST /transfer');
    await expect(app.send({ ...draft, body: '{}' })).resolves.toMatchObject({
      status: 403,
      body: {
        statusCode: 403,
        error: 'Forbidden',
        code: 'ASH_VERIFICATION_FAILED',
        message: 'The request could not be verified.',
      },
    });
    expect(seen).toMatchObject([{ body: { code: 'ASH_VERIFICATION_FAILED' } }, 'POST', true]);
  });

  it('where somebody else has answered meanwhile, and asks onError nothing', async () => {
    const store = new AshMemoryStore();
    let answer: (() => void) | undefined;
    let asked = 0;
    const app = await ExpressApp.start(
      express,
      ({ app: server, ash, run }) => {
        server.use((_request, response, next) => {
          answer = () => response.status(503).json({ late: true });
          next();
        });
        server.post('/plain', ash(), run('plain'));
        server.post('/asking', ash({ onError: () => (asked += 1) }), run('asking'));
      },
      { store },
    );
    store.get = async () => {
      answer?.();
      await turn();
      return null;
    };
    for (const binding of ['POST /plain', 'POST /asking']) {
      await expect(app.pass(binding)).resolves.toMatchObject({ status: 503, body: { late: true } });
    }
    await expect(app.pass('POST /plain')).resolves.toMatchObject({ status: 503 });
    expect({ asked, errors: app.errors, ran: app.ran }).toStrictEqual({ asked: 0, errors: [], ran: [] });
  });
});

describe.each(EXPRESS_VERSIONS)('%s runs no handler where the application', (_name, express) => {
  it('has answered before a request has passed', async () => {
    const store = new AshMemoryStore();
    let answer: (() => void) | undefined;
    const app = await ExpressApp.start(
      express,
      ({ app: server, ash, run }) => {
        server.use((_request, response, next) => {
          answer = () => response.status(503).json({ late: true });
          next();
        });
        server.post('/transfer', ash(), run('transfer'));
      },
      { store },
    );
    const consume = store.consume.bind(store);
    store.consume = (id) => {
      answer?.();
      return consume(id);
    };
    await expect(app.pass('POST /transfer')).resolves.toMatchObject({ status: 503, body: { late: true } });
    await turn();
    expect(app.ran).toStrictEqual([]);
  });

  const thrown = new RangeError('x');
  type Row = [title: string, options: Options, errors: unknown[]];
  const rows: Row[] = [
    ['throws in skip', { skip: throwing(thrown) }, [thrown]],
    ['throws nothing in skip', { skip: throwing(undefined) }, [noError(undefined)]],
    ['throws a word in skip', { skip: throwing('route') }, [noError('route')]],
    ['rejects in skip', { skip: () => Promise.reject(thrown) }, [thrown]],
    ['throws in subject', { subject: throwing(thrown) }, [thrown]],
    ['throws nothing in subject', { subject: throwing(undefined) }, [noError(undefined)]],
    ['throws a word in subject', { subject: throwing('router') }, [noError('router')]],
    ['rejects in subject', { subject: () => Promise.reject(thrown) }, [thrown]],
  ];
  it.each(rows)('%s', async (_title, options, errors) => {
    const app = await start(express, options);
    const { draft, context } = await app.prove('POST /transfer', {
      options: { subject: () => 'ann' },
      issue: { subject: 'ann' },
    });
    await expect(app.send(draft)).resolves.toMatchObject({ status: 500 });
    expect(app.errors).toEqual(errors);
    expect({ ran: app.ran, spent: await app.isSpent(context) }).toStrictEqual({ ran: [], spent: false });
  });

  it('gives a subject that is no text', async () => {
    const app = await start(express, { subject: (() => 7) as unknown as () => string });
    const { draft } = await app.prove('POST /transfer', { options: { subject: () => '7' }, issue: { subject: '7' } });
    await expect(app.send(draft)).resolves.toMatchObject({ status: 500 });
    expect(app.ran).toStrictEqual([]);
  });

  it('throws a refusal of its own in subject, and refuses by that', async () => {
    const app = await start(express, { subject: throwing(new AshError('ASH_SUBJECT_MISMATCH', 'Nobody.')) });
    const request = { options: { subject: () => 'ann' }, issue: { subject: 'ann' } };
    await expect(app.pass('POST /transfer', request)).resolves.toMatchObject({
      status: 403,
      code: 'ASH_SUBJECT_MISMATCH',
    });
    expect(app.ran).toStrictEqual([]);
  });
});

describe.each(EXPRESS_VERSIONS)('%s passes a request by', (_name, express) => {
  const values: unknown[] = [true, Promise.resolve(true)];
  it.each(values)('where skip gives %p', async (value) => {
    const app = await start(express, { skip: () => value as boolean });
    await expect(refuse(app)).resolves.toMatchObject({ status: 200, body: { ran: 'transfer' } });
  });

  const others: unknown[] = [false, undefined, null, 1, 'true', {}, [], Promise.resolve('true'), Object(true)];
  it.each(others)('not where it gives %p', async (value) => {
    const app = await start(express, { skip: () => value as boolean });
    await expect(refuse(app)).resolves.toMatchObject({ status: 403, code: 'ASH_PROOF_MISSING' });
    expect(app.ran).toStrictEqual([]);
  });

  it('where a middleware for several routes refuses all others, but what skip names', async () => {
    const app = await ExpressApp.start(express, ({ app: server, ash, run }) => {
      server.use(ash({ bindings: ['POST /transfer'], skip: ({ method }) => method === 'GET' }));
      for (const path of ['/transfer', '/other']) server.all(path, run(path));
    });
    await expect(app.send({ method: 'GET', path: '/other', headers: {}, body: undefined })).resolves.toMatchObject({
      status: 200,
    });
    await expect(app.pass('POST /transfer')).resolves.toMatchObject({ status: 200 });
    await expect(app.pass('POST /other')).resolves.toMatchObject({ status: 403, code: 'ASH_BINDING_MISMATCH' });
    await expect(app.send({ method: 'POST', path: '/other', headers: {}, body: undefined })).resolves.toMatchObject({
      status: 403,
      code: 'ASH_PROOF_MISSING',
    });
    expect(app.ran).toStrictEqual(['/other', '/transfer']);
  });
});

describe.each(EXPRESS_VERSIONS)('%s tells a handler', (_name, express) => {
  it('what was verified, and the client that it was', async () => {
    const seen: unknown[] = [];
    const app = await ExpressApp.start(express, ({ app: server, ash, run }) => {
      server.post(
        '/transfer',
        ash({ scope: ['amount'], unscoped: 'strip', subject: () => 'ann' }),
        (request, _response, next) => {
          seen.push(request.ash, request.body);
          next();
        },
        run('transfer'),
      );
    });
    const options = { scope: ['amount'], subject: (): string => 'ann' };
    const { draft, context } = await app.prove('POST /transfer', {
      options,
      issue: { subject: 'ann', metadata: { order: 7 } },
    });
    await expect(app.send(draft)).resolves.toMatchObject({ status: 200, headers: { 'x-ash-verified': 'true' } });
    expect(seen).toMatchObject([
      {
        contextId: context.contextId,
        binding: 'POST /transfer',
        subject: 'ann',
        metadata: { order: 7 },
        payload: { amount: 100 },
      },
      { amount: 100 },
    ]);
  });

  it('by events, what passed and what was refused', async () => {
    const events: unknown[] = [];
    const app = await start(express, {
      onVerified: ({ route, request }) => void events.push(['passed', route, request.contextId]),
      onRefused: ({ route, code }, request) => void events.push(['refused', route, code, request.method]),
    });
    const { draft, context } = await app.prove('POST /transfer');
    await app.send(draft);
    await app.send(draft);
    expect(events).toStrictEqual([
      ['passed', 'POST /transfer', context.contextId],
      ['refused', 'POST /transfer', 'ASH_CTX_ALREADY_USED', 'POST'],
    ]);
  });

  it('the statuses that the application wants for refusals', async () => {
    const app = await start(express, { statuses: { ASH_PROOF_MISSING: 428 } });
    await expect(refuse(app)).resolves.toMatchObject({
      status: 428,
      body: { statusCode: 428, error: 'Precondition Required' },
    });
  });

  it('of a refused request nothing, and closes its connection’s answer', async () => {
    const ended: Promise<unknown>[] = [];
    const app = await ExpressApp.start(express, ({ app: server, ash, run }) => {
      server.use((_request, response, next) => {
        ended.push(once(response, 'finish'));
        next();
      });
      server.post('/transfer', ash(), run('transfer'));
    });
    const answer = await refuse(app);
    expect(answer.headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8' });
    expect(answer.headers).not.toHaveProperty('x-ash-verified');
    await Promise.all(ended);
  });
});
