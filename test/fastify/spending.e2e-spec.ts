import type { RouteHandlerMethod } from 'fastify';
import {
  ashFastifyPlugin,
  AshMemoryStore,
  type AshFastifyRouteOptions,
  type AshIssuedContext,
} from 'nestjs-ash/fastify';
import { fastify } from 'fastify';
import type { AddressInfo } from 'node:net';
import { closeFastify, closeLater, json, startFastify, Turnstile, type FastifyApp } from '../support/fastify-app.js';
import { send, type Answer } from '../support/http.js';
import { sign } from '../support/proof.js';
import { draftOf, type Plan } from '../support/test-app.js';

afterEach(closeFastify);

const PLAN: Plan = { ...json('POST /a'), runs: 'a' };
const USED = { status: 409, code: 'ASH_CTX_ALREADY_USED' };

function start(ash: AshFastifyRouteOptions | true, handle: RouteHandlerMethod): Promise<FastifyApp> {
  return startFastify({
    routes: (app, ran) =>
      app.post('/a', { config: { ash } }, function (request, reply) {
        ran('a');
        return handle.call(this, request, reply);
      }),
  });
}

/** The context that an answer carries, if it carries one. */
function nextOf({ headers }: Answer): AshIssuedContext | undefined {
  const value = headers['x-ash-context'];
  if (typeof value !== 'string') return undefined;
  return JSON.parse(Buffer.from(value, 'base64url').toString('utf8')) as AshIssuedContext;
}

describe("On a route with spend: 'handler'", () => {
  const ash: AshFastifyRouteOptions = { spend: 'handler' };

  it('the handler spends, and a second request is refused where it would', async () => {
    const app = await start(ash, async ({ ash: verified }) => {
      await verified?.spend();
      return { done: true };
    });
    const { draft } = await app.prepare(PLAN);
    expect(await app.send(draft)).toMatchObject({ status: 200, body: { done: true } });
    expect(await app.send(draft)).toMatchObject(USED);
  });

  it('of two requests at once one spends, and the other meets the refusal in its handler', async () => {
    const both = new Turnstile();
    let count = 0;
    const met: unknown[] = [];
    const app = await start(ash, async ({ ash: verified }) => {
      count += 1;
      if (count === 2) both.release();
      await both.pass();
      try {
        await verified?.spend();
      } catch (error) {
        met.push(error);
        throw error;
      }
      return { done: true };
    });
    const { draft } = await app.prepare(PLAN);
    const answers = await Promise.all([app.send(draft), app.send(draft)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(answers.find(({ status }) => status === 409)).toMatchObject(USED);
    expect(met).toEqual([expect.objectContaining({ code: 'ASH_CTX_ALREADY_USED', statusCode: 409 })]);
  });

  it.each<[string, RouteHandlerMethod]>([
    ['gives its answer', () => ({ done: true })],
    ['sends it', (_request, reply) => reply.send({ done: true })],
    ['answers by hand', (_request, reply) => void reply.hijack().raw.end('done')],
  ])('a handler that %s without having spent is answered 500, and cannot run again', async (_title, handle) => {
    const app = await start(ash, handle);
    const { draft } = await app.prepare(PLAN);
    const answer = await app.send(draft);
    expect(answer).toMatchObject({ status: 500, body: { statusCode: 500, error: 'Internal Server Error' } });
    expect(answer.text).not.toContain('done');
    expect(app.logged('error')).toEqual(['POST /a: the answer was withheld.']);
    const ran = await app.ranDuring(async () => {
      expect(await app.send(draft)).toMatchObject(USED);
    });
    expect(ran).toEqual({});
  });

  it('a handler that fails before it spends leaves the context as it is', async () => {
    let isBroken = true;
    const app = await start(ash, async ({ ash: verified }, reply) => {
      if (isBroken) return reply.code(402).send({});
      await verified?.spend();
      return { done: true };
    });
    const { draft } = await app.prepare(PLAN);
    expect(await app.send(draft)).toMatchObject({ status: 402 });
    isBroken = false;
    expect(await app.send(draft)).toMatchObject({ status: 200 });
  });

  it('a handler that spends nothing while its client hangs up does not run again', async () => {
    const running = new Turnstile();
    const app = await start(ash, async (_request, { raw }) => {
      const closed = new Promise((resolve) => raw.once('close', resolve));
      await running.pass();
      await closed;
    });
    const { draft } = await app.prepare(PLAN);
    const spent = new Promise<void>((resolve) => {
      const consume = app.store.consume.bind(app.store);
      app.store.consume = async (id) => {
        const result = await consume(id);
        resolve();
        return result;
      };
    });
    const pending = app.begin(draft);
    await running.entered;
    pending.hangUp();
    await expect(pending.answer).rejects.toThrow('socket hang up');
    running.release();
    await spent;
    expect(await app.send(draft)).toMatchObject(USED);
  });

  it('a request whose proof is wrong does not come to its handler', async () => {
    const app = await start(ash, () => ({ done: true }));
    const { draft } = await app.prepare(PLAN);
    const ran = await app.ranDuring(async () => {
      expect(await app.send({ ...draft, body: '{}' })).toMatchObject({ status: 403, code: 'ASH_INTEGRITY_FAILED' });
    });
    expect(ran).toEqual({});
  });
});

it('On any other route the plugin has spent, and a handler that tries is told', async () => {
  const app = await start(true, async ({ ash }) => {
    await ash?.spend();
  });
  expect(await app.pass(PLAN)).toMatchObject({ status: 500, code: 'ASH_CONFIGURATION_ERROR' });
});

describe('The next context', () => {
  async function renew(app: FastifyApp, plan: Plan = PLAN): Promise<Answer> {
    const { draft } = await app.prepare(plan);
    draft.headers['x-ash-renew'] = '1';
    return app.send(draft);
  }
  const fine: RouteHandlerMethod = () => ({ done: true });

  it('comes with the answer to a request that asks for it, and is good for the route', async () => {
    const app = await start(true, fine);
    const answer = await renew(app);
    expect(answer.headers['cache-control']).toContain('no-store');
    const next = nextOf(answer);
    const draft = draftOf(PLAN);
    if (next !== undefined) sign(next, draft);
    expect(await app.send(draft)).toMatchObject({ status: 200 });
  });

  type Row = [title: string, ash: AshFastifyRouteOptions | true, handle: RouteHandlerMethod, comes: boolean];
  const rows: Row[] = [
    ['comes where the handler answers by hand', true, (_request, reply) => void reply.hijack().raw.end('{}'), true],
    ['comes where the handler fails', true, (_request, reply) => reply.code(402).send({}), true],
    [
      'comes where the handler spends',
      { spend: 'handler' },
      async ({ ash }) => {
        await ash?.spend();
        return {};
      },
      true,
    ],
    [
      'does not come where the handler ought to spend, and fails',
      { spend: 'handler' },
      (_q, r) => r.code(402).send(),
      false,
    ],
    ['does not come on a route that says no', { renewal: false }, fine, false],
  ];
  it.each(rows)('%s', async (_title, ash, handle, comes) => {
    const app = await start(ash, handle);
    expect(nextOf(await renew(app)) !== undefined).toBe(comes);
  });

  it('does not come with a refusal, nor unasked', async () => {
    const app = await start(true, fine);
    const { draft } = await app.prepare(PLAN);
    const refused = await app.send({ ...draft, headers: { ...draft.headers, 'x-ash-renew': '1' }, body: '{}' });
    expect([refused.status, nextOf(refused)]).toEqual([403, undefined]);
    const passed = await app.send(draft);
    expect([passed.status, nextOf(passed)]).toEqual([200, undefined]);
  });

  it('does not come where no endpoint of the library issues contexts', async () => {
    const app = closeLater(fastify({ forceCloseConnections: true }));
    await app.register(ashFastifyPlugin, { store: new AshMemoryStore(), audit: 'off' });
    app.post('/a', { config: { ash: true } }, fine);
    await app.listen({ port: 0, host: '127.0.0.1' });
    const draft = draftOf(PLAN);
    sign(await app.ash.issue({ binding: 'POST /a' }), draft);
    draft.headers['x-ash-renew'] = '1';
    const answer = await send((app.server.address() as AddressInfo).port, draft);
    expect([answer.status, nextOf(answer)]).toEqual([200, undefined]);
  });
});
