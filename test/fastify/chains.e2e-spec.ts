import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import type { FastifyReply, FastifyRequest, RouteHandlerMethod, RouteOptions } from 'fastify';
import { ashHashProof, type AshContextStore } from 'nestjs-ash/fastify';
import { closeFastify, startFastify, Turnstile, type FastifyApp } from '../support/fastify-app.js';
import type { Answer, Draft } from '../support/http.js';
import { meetAt } from '../support/meeting.js';
import type { Honest, Plan } from '../support/test-app.js';

afterEach(closeFastify);

const START: Plan = { binding: 'POST /start', runs: 'start' };
const STEP: Plan = { binding: 'POST /step', runs: 'step' };
const BROKEN = { status: 403, code: 'ASH_CHAIN_BROKEN' };
const FIVE_MEGABYTES = 5 * 1024 * 1024;

type Route = Partial<Omit<RouteOptions, 'config' | 'handler'>>;
type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

/** An application with a chain of three steps, whose second has the handler of a test the first time that it runs. */
function start(first: Handler, route: Route = {}): Promise<FastifyApp> {
  let isFirst = true;
  const handler: RouteHandlerMethod = function (request, reply) {
    if (!isFirst) return { step: 'again' };
    isFirst = false;
    return first.call(this, request, reply);
  };
  return startFastify({
    routes: (app, ran) => {
      const counted = (kind: string, handle: RouteHandlerMethod): RouteHandlerMethod =>
        function (request, reply) {
          ran(kind);
          return handle.call(this, request, reply);
        };
      app.post(
        '/start',
        { config: { ash: { chain: { name: 'c', start: true } } } },
        counted('start', () => ({})),
      );
      app.route({
        method: 'POST',
        url: '/step',
        config: { ash: { chain: { name: 'c', after: 'POST /start' } } },
        handler: counted('step', handler),
        ...route,
      });
      app.post(
        '/end',
        { config: { ash: { chain: { name: 'c', after: 'POST /step' } } } },
        counted('end', () => ({})),
      );
    },
  });
}

/** How a step stands in the store: its own link, and the one before it. */
async function standing(store: AshContextStore, { proof, previousProof = '' }: Honest) {
  const own = await store.getLink(ashHashProof(proof));
  const before = await store.getLink(ashHashProof(previousProof));
  return {
    canBeFollowed: own !== null && own.holder === undefined,
    canBeTriedAgain: before !== null && before.holder === undefined,
  };
}

const COUNTED = { canBeFollowed: true, canBeTriedAgain: false };
const FREED = { canBeFollowed: false, canBeTriedAgain: true };

/** A step that is proven, behind the one before it. */
async function prepareStep(app: FastifyApp): Promise<Honest> {
  return app.prepare({ ...STEP, after: [START] });
}

/** Sends what comes behind a step, and the step once more. */
async function goOn(app: FastifyApp, { proof, previousProof = '' }: Honest): Promise<Answer[]> {
  const next = await app.prepare({ binding: 'POST /end', runs: 'end' }, { previousProof: proof });
  const again = await app.prepare(STEP, { previousProof });
  return [await app.send(next.draft), await app.send(again.draft)];
}

/** Settles when the store has heard how a step ended. */
function endOfStep(store: AshContextStore): Promise<void> {
  return new Promise((resolve) => {
    const writeLink = store.writeLink.bind(store);
    const releaseLink = store.releaseLink.bind(store);
    store.writeLink = (link) => writeLink(link).finally(resolve);
    store.releaseLink = (hash, holder) => releaseLink(hash, holder).finally(resolve);
  });
}

describe('A step counts when its answer is there, and says so in its head', () => {
  const sse: Handler = async (_request, { raw }) => {
    raw.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const text of ['first', 'second']) {
      raw.write(`data: ${text}\n\n`);
      await turn();
    }
    raw.end();
  };

  type Row = [title: string, handler: Handler, status: number, text: string, route?: Route];
  const rows: Row[] = [
    ['where the handler gives a value', () => ({ done: true }), 200, '{"done":true}', {}],
    ['where it gives a promise', () => Promise.resolve({ done: true }), 200, '{"done":true}', {}],
    ['where it gives nothing by and by', () => Promise.resolve(), 200, '', {}],
    ['where it sends', (_request, reply) => void reply.code(201).send({ done: true }), 201, '{"done":true}', {}],
    ['where it sends nothing', (_request, reply) => void reply.code(204).send(), 204, '', {}],
    ['where it sends elsewhere', (_request, reply) => reply.redirect('/done'), 302, '', {}],
    [
      'where it sends later',
      (_request, reply) => {
        setImmediate(() => void reply.send('done'));
      },
      200,
      'done',
      {},
    ],
    [
      'where it sends later, and says so',
      async (_request, reply) => {
        await turn();
        setImmediate(() => void reply.send('done'));
        return reply;
      },
      200,
      'done',
      {},
    ],
    ['where it gives a stream', () => Readable.from(['a', 'b']), 200, 'ab', {}],
    ['where it sends a stream', (_request, reply) => reply.send(Readable.from(['a', 'b'])), 200, 'ab', {}],
    ['where it gives a stream of the web', () => new Blob(['ab']).stream(), 200, 'ab', {}],
    ['where it gives a response of the web', () => new Response('ab', { status: 202 }), 202, 'ab', {}],
    [
      'where it answers by hand',
      (_request, reply) => {
        reply.hijack();
        reply.raw.setHeader('x-mine', '1').writeHead(200, { 'content-type': 'text/plain' });
        reply.raw.write('a');
        reply.raw.end('b');
      },
      200,
      'ab',
      {},
    ],
    ['where it sends events by hand', (request, reply) => sse(request, reply.hijack()), 200, EVENTS(), {}],
    [
      'where it adds a trailer',
      (_request, reply) => {
        reply.trailer('x-sum', (_reply, _payload, done) => {
          done(null, '1');
        });
        return 'done';
      },
      200,
      'done',
      {},
    ],
    [
      'where a hook changes the answer',
      () => ({ done: true }),
      200,
      '{"done":true}!',
      {
        onSend: (_request, reply, payload, done) => {
          done(null, reply.statusCode < 400 ? `${String(payload)}!` : payload);
        },
      },
    ],
    [
      'where a hook waits with the answer',
      () => ({ done: true }),
      200,
      '{"done":true}',
      {
        onSend: async () => {
          await turn();
        },
      },
    ],
  ];
  it.each(rows)('%s', async (_title, handler, status, text, route) => {
    const app = await start(handler, route);
    const honest = await prepareStep(app);
    const answer = await app.send(honest.draft);
    const stands = await standing(app.store, honest);
    expect({ ...answer, proof: answer.headers['x-ash-chain-proof'] }).toMatchObject({
      status,
      text,
      proof: honest.proof,
    });
    expect(stands).toEqual(COUNTED);
    expect(await goOn(app, honest)).toMatchObject([{ status: 200 }, BROKEN]);
  });

  it('and a large stream arrives as it is', async () => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const app = await start(() =>
      Readable.from(
        (function* () {
          for (let sent = 0; sent < FIVE_MEGABYTES; sent += chunk.length) yield chunk;
        })(),
      ),
    );
    const honest = await prepareStep(app);
    const answer = await app.send(honest.draft);
    expect(answer.text.length).toBe(FIVE_MEGABYTES);
    expect(answer.text.replaceAll('x', '')).toBe('');
    expect(answer.headers['x-ash-chain-proof']).toBe(honest.proof);
  });

  function EVENTS(): string {
    return 'data: first\n\ndata: second\n\n';
  }
});

describe('A step that failed is freed before its answer is there', () => {
  const declined = Object.assign(new Error('Declined.'), { statusCode: 402 });
  const fine: Handler = () => ({ done: true });
  const later: Handler = async (_request, reply) => {
    await turn();
    setImmediate(() => void reply.code(402).send({}));
    return reply;
  };
  // A handler in JavaScript can give up with nothing.
  const giveUp = (nothing?: unknown): never => {
    throw nothing;
  };
  const reject: Handler = () => Promise.resolve().then(() => giveUp());
  const failing = new Readable({
    read() {
      this.destroy(new Error('No file.'));
    },
  });

  type Row = [title: string, handler: Handler, status: number, route: Route];
  const rows: Row[] = [
    ['where it says so', (_request, reply) => reply.code(402).send({}), 402, {}],
    ['where it says so later', later, 402, {}],
    [
      'where it throws',
      () => {
        throw declined;
      },
      402,
      {},
    ],
    ['where it rejects', () => Promise.reject(declined), 402, {}],
    ['where it rejects with nothing', reject, 500, {}],
    ['where it gives an error', () => declined, 402, {}],
    [
      'where it calls for another handler',
      (_request, reply) => {
        reply.callNotFound();
      },
      404,
      {},
    ],
    [
      'where it answers so by hand',
      (_request, reply) => {
        reply.hijack();
        reply.raw.writeHead(402).end();
      },
      402,
      {},
    ],
    ['where its stream breaks before it begins', () => failing, 500, {}],
    ['where its answer cannot be written', (_request, reply) => reply.header('x-bad', 'a\nb').send({}), 500, {}],
    ['where its answer is none', () => ({ amount: 1n }), 500, {}],
    [
      'where the error handler of the application says so',
      () => Promise.reject(declined),
      418,
      { errorHandler: (_error, _request, reply) => void reply.code(418).send({}) },
    ],
    ['where it takes too long', () => new Promise(() => undefined), 503, { handlerTimeout: 20 }],
    [
      'where a hook behind the verification refuses',
      fine,
      401,
      { preHandler: (_request, reply) => void reply.code(401).send({}) },
    ],
    [
      'where its body does not fit the schema',
      fine,
      400,
      { schema: { headers: { type: 'object', required: ['x-a'] } } },
    ],
    [
      'where a hook throws at the answer',
      fine,
      402,
      {
        onSend: (_request, _reply, _payload, done) => {
          done(declined);
        },
      },
    ],
    [
      'where a hook throws at what is answered',
      fine,
      402,
      {
        preSerialization: (_request, _reply, _payload, done) => {
          done(declined);
        },
      },
    ],
  ];
  it.each(rows)('%s', async (_title, handler, status, route) => {
    const app = await start(handler, route);
    const honest = await prepareStep(app);
    const answer = await app.send(honest.draft);
    const stands = await standing(app.store, honest);
    expect(answer.status).toBe(status);
    expect(answer.headers['x-ash-chain-proof']).toBeUndefined();
    expect(stands).toEqual(FREED);
  });

  it.each(['preHandler', 'handler'])(
    'and can be tried again, and not followed, where its %s refused it',
    async (where) => {
      let isDeclining = true;
      const decline = (_request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
        if (isDeclining) void reply.code(402).send({});
        else done();
      };
      const app = await start(
        where === 'handler' ? (_request, reply) => reply.code(402).send({}) : fine,
        where === 'handler' ? {} : { preHandler: decline },
      );
      const honest = await prepareStep(app);
      expect(await app.send(honest.draft)).toMatchObject({ status: 402 });
      isDeclining = false;
      expect(await goOn(app, honest)).toMatchObject([BROKEN, { status: 200 }]);
      expect(await app.send(honest.draft)).toMatchObject({ status: 409 });
    },
  );
});

describe('A client that hangs up while the handler runs', () => {
  type Row = [title: string, goOn: Handler, stands: object];
  const rows: Row[] = [
    ['has taken a step whose handler gives a value', () => ({ done: true }), COUNTED],
    ['has taken one whose handler gives nothing', () => undefined, COUNTED],
    ['has taken one whose handler sends', (_request, reply) => reply.send({ done: true }), COUNTED],
    ['has taken one whose handler gives a stream', () => Readable.from(['a', 'b']), COUNTED],
    [
      'has taken one whose handler answers by hand',
      (_request, reply) => {
        reply.hijack().raw.end('done');
      },
      COUNTED,
    ],
    [
      'has taken one whose handler sends later',
      (_request, reply) => {
        setImmediate(() => void reply.send('done'));
        return reply;
      },
      COUNTED,
    ],
    [
      'has taken none where it fails',
      () => {
        throw new Error('Declined.');
      },
      FREED,
    ],
    ['has taken none where it says so', (_request, reply) => reply.code(402).send({}), FREED],
    ['has taken none where it gives nothing and says so', (_request, reply) => void reply.code(402), FREED],
    [
      'has taken none where it says so by hand, later',
      (_request, reply) => {
        reply.hijack();
        setImmediate(() => {
          setImmediate(() => reply.raw.writeHead(402).end());
        });
      },
      FREED,
    ],
    [
      'has taken none where it says so later',
      async (_request, reply) => {
        setImmediate(() => {
          setImmediate(() => void reply.code(402).send({}));
        });
        return reply;
      },
      FREED,
    ],
  ];
  it.each(rows)('%s', async (_title, finish, stands) => {
    const running = new Turnstile();
    let closed: Promise<unknown> | undefined;
    const app = await start(async (request, reply) => {
      closed = once(reply.raw, 'close');
      await running.pass();
      return finish(request, reply);
    });
    const honest = await prepareStep(app);
    const ended = endOfStep(app.store);
    const pending = app.begin(honest.draft);
    await running.entered;
    pending.hangUp();
    await expect(pending.answer).rejects.toThrow('socket hang up');
    await closed;
    running.release();
    await ended;
    expect(await standing(app.store, honest)).toEqual(stands);
  });

  it('has taken the step where it goes away between the end of the handler and the first byte', async () => {
    const running = new Turnstile();
    const stream = new Readable({ read: () => void running.pass() });
    const app = await start(() => Promise.resolve(stream));
    const honest = await prepareStep(app);
    const ended = endOfStep(app.store);
    const pending = app.begin(honest.draft);
    await running.entered;
    pending.hangUp();
    await expect(pending.answer).rejects.toThrow('socket hang up');
    await ended;
    expect(await standing(app.store, honest)).toEqual(COUNTED);
  });

  it('before its request was verified has taken none, and the handler does not run', async () => {
    const app = await start(() => ({ done: true }));
    const honest = await prepareStep(app);
    const verifying = new Turnstile();
    const spend = app.store.spend.bind(app.store);
    jest.spyOn(app.store, 'spend').mockImplementationOnce(async (...args) => {
      const spent = await spend(...args);
      await verifying.pass();
      return spent;
    });
    let closed: Promise<unknown> | undefined;
    app.server.once('request', (_request, response) => {
      closed = once(response, 'close');
    });
    const ended = endOfStep(app.store);
    const ran = await app.ranDuring(async () => {
      const pending = app.begin(honest.draft);
      await verifying.entered;
      pending.hangUp();
      await expect(pending.answer).rejects.toThrow('socket hang up');
      await closed;
      verifying.release();
      await ended;
    });
    expect(ran).toEqual({});
    expect(await standing(app.store, honest)).toEqual(FREED);
  });

  it('behind its answer has taken the step', async () => {
    const app = await start((_request, reply) => {
      reply.hijack();
      reply.raw.write('a');
    });
    const honest = await prepareStep(app);
    const ended = endOfStep(app.store);
    const pending = app.begin(honest.draft);
    await ended;
    pending.hangUp();
    await expect(pending.answer).rejects.toThrow();
    expect(await standing(app.store, honest)).toEqual(COUNTED);
  });
});

describe('17: of two next steps at once one wins', () => {
  it('and the other does not run', async () => {
    const app = await start(() => ({ done: true }));
    const previousProof = await app.walk([START]);
    const signing = previousProof === undefined ? {} : { previousProof };
    const drafts: Draft[] = [];
    while (drafts.length < 2) drafts.push((await app.prepare(STEP, signing)).draft);
    meetAt(app.store, 'getLink', 2);
    const ran = await app.ranDuring(async () => {
      const answers = await Promise.all(drafts.map((draft) => app.send(draft)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 403]);
      expect(answers.find(({ status }) => status === 403)).toMatchObject(BROKEN);
    });
    expect(ran).toEqual({ step: 1 });
  });
});

describe('A store that fails when a step ends', () => {
  it('leaves the answer as it is, without the proof, where the link cannot be written', async () => {
    const app = await start(() => ({ done: true }));
    const honest = await prepareStep(app);
    jest.spyOn(app.store, 'writeLink').mockRejectedValueOnce(new Error('No disk.'));
    const { status, text, headers } = await app.send(honest.draft);
    expect({ status, text, proof: headers['x-ash-chain-proof'] }).toEqual({
      status: 200,
      text: '{"done":true}',
      proof: undefined,
    });
    expect(app.logged('error')).toEqual([
      'A chain’s link could not be written; the step that follows will be refused.',
    ]);
    expect(await goOn(app, honest)).toMatchObject([BROKEN, BROKEN]);
  });

  it('leaves the failure as it is, and the link held, where it cannot be released', async () => {
    const app = await start((_request, reply) => reply.code(402).send({ declined: true }));
    const honest = await prepareStep(app);
    jest.spyOn(app.store, 'releaseLink').mockRejectedValueOnce(new Error('No disk.'));
    expect(await app.send(honest.draft)).toMatchObject({ status: 402, body: { declined: true } });
    expect(app.logged('error')).toEqual(['A chain’s link could not be released; it stays held until it expires.']);
    expect(await goOn(app, honest)).toMatchObject([BROKEN, BROKEN]);
  });
});
