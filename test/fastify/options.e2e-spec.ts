import type { RouteHandlerMethod } from 'fastify';
import type { AshFastifyOptions, AshFastifyRouteOptions } from 'nestjs-ash/fastify';
import { all, body, header, path, proven, without } from '../support/attacks.js';
import { closeFastify, FORM_TYPE, json, startFastify, type FastifyApp } from '../support/fastify-app.js';
import { harmless, play, type Attack, type Plan } from '../support/test-app.js';

afterEach(closeFastify);

const PLAN: Plan = { ...json('POST /a', '{"amount":100,"note":"rent"}'), runs: 'a' };

function start(ash: AshFastifyRouteOptions | true, shared: Partial<AshFastifyOptions> = {}): Promise<FastifyApp> {
  return startFastify({
    ash: shared,
    routes: (app, ran) => {
      const handle: RouteHandlerMethod = ({ ash: verified, body: received }) => {
        ran('a');
        return { ...verified, received };
      };
      app.post('/a', { config: { ash } }, handle);
    },
  });
}

/** Sends a timestamp that is a minute old. */
const LATE = proven({ timestamp: Date.now() - 60_000 });
const UNSCOPED = all(body('{"amount":100,"note":"other"}'));
const QUERY = path('/a?page=2');

describe('A route says for itself', () => {
  type Row = [title: string, ash: AshFastifyRouteOptions, attack: Attack, status: number, code: string];
  const rows: Row[] = [
    ['mode: its strictness', { mode: 'strict' }, LATE, 403, 'ASH_VERIFICATION_FAILED'],
    ['timestampTolerance', { timestampTolerance: 1_000 }, LATE, 403, 'ASH_TIMESTAMP_INVALID'],
    ['query', { query: 'cover' }, QUERY, 403, 'ASH_INTEGRITY_FAILED'],
    ['scope', { scope: ['amount'] }, without('x-ash-scope', 'x-ash-scope-hash'), 403, 'ASH_SCOPE_MISMATCH'],
    [
      'a narrower scope than the client',
      { scope: ['amount', 'note'] },
      proven({ scope: ['amount'] }),
      403,
      'ASH_SCOPE_MISMATCH',
    ],
    ['payload', { payload: 'json' }, all(header('content-type', 'text/plain')), 415, 'ASH_UNSUPPORTED_CONTENT_TYPE'],
    [
      'maxPayloadBytes',
      { maxPayloadBytes: 64 },
      body(`{"amount":"${'1'.repeat(64)}"}`),
      400,
      'ASH_CANONICALIZATION_ERROR',
    ],
    ['statuses', { statuses: { ASH_INTEGRITY_FAILED: 422 } }, body('{}'), 422, 'ASH_INTEGRITY_FAILED'],
    ['protocol', { protocol: 'v2.2' }, proven({ protocol: 'v2.3' }), 403, 'ASH_PROOF_INVALID'],
    [
      'chain',
      { chain: { name: 'c', start: true } },
      header('x-ash-chain-hash', 'a'.repeat(64)),
      403,
      'ASH_CHAIN_BROKEN',
    ],
  ];
  it.each(rows)('%s', async (_title, ash, attack, status, code) => {
    expect(await play(await start(ash), PLAN, attack)).toEqual(harmless(PLAN, status, code));
  });

  type LaxRow = [title: string, ash: AshFastifyRouteOptions | true, attack: Attack, status: number];
  const lax: LaxRow[] = [
    ['the time, in balanced mode', true, LATE, 200],
    ['the query where it ignores it', { query: 'ignore' }, QUERY, 200],
    ['what stands outside the scope', { scope: ['amount'] }, UNSCOPED, 200],
    ['the time where it compares none', { mode: 'strict', timestampTolerance: false }, LATE, 200],
  ];
  it.each(lax)('what may differ: %s', async (_title, ash, attack, status) => {
    const app = await start(ash);
    const honest = await app.prepare(PLAN);
    await attack(honest.draft, honest);
    expect((await app.send(honest.draft)).status).toBe(status);
  });

  it('what becomes of members outside the scope', async () => {
    const given = async (unscoped: 'allow' | 'strip' | 'reject') =>
      (await start({ scope: ['amount'], unscoped })).pass(PLAN);
    expect(await given('allow')).toMatchObject({ status: 200, body: { received: { amount: 100, note: 'rent' } } });
    expect((await given('strip')).body).toMatchObject({ received: { amount: 100 }, payload: { amount: 100 } });
    expect((await given('strip')).text).not.toContain('rent');
    expect(await given('reject')).toMatchObject({ status: 403, code: 'ASH_SCOPE_MISMATCH' });
  });

  it('how long its contexts live, also by who asks', async () => {
    const life = async (ttl: AshFastifyRouteOptions['ttl']): Promise<number> => {
      const app = await start(ttl === undefined ? true : { ttl });
      const { issuedAt, expiresAt } = await app.context('POST /a', { 'x-user': 'ann' });
      return expiresAt - issuedAt;
    };
    expect(await life(undefined)).toBe(30_000);
    expect(await life(5_000)).toBe(5_000);
    expect(await life(({ headers }) => (headers['x-user'] === 'ann' ? 1_000 : 2_000))).toBe(1_000);
  });

  it('that anybody may use it', async () => {
    const app = await start({ subject: false }, { subject: ({ headers }) => headers['x-user']?.toString() });
    expect(await app.pass(PLAN)).toMatchObject({ status: 200, body: { binding: 'POST /a', mode: 'balanced' } });
  });

  it('what differs, in development', async () => {
    const app = await start({ explain: true });
    const { draft } = await app.prepare(PLAN);
    expect(await app.send({ ...draft, path: '/a?page=2' })).toMatchObject({
      body: { explanation: { component: 'query' } },
    });
  });
});

describe('What a route does not say, the plugin says for all', () => {
  it.each<[string, Partial<AshFastifyOptions>, AshFastifyRouteOptions | true, Attack, number, string]>([
    ['its mode', { mode: 'strict' }, true, LATE, 403, 'ASH_VERIFICATION_FAILED'],
    ['its tolerance', { timestampTolerance: 1_000 }, { payload: 'json' }, LATE, 403, 'ASH_TIMESTAMP_INVALID'],
    ['its statuses', { statuses: { ASH_INTEGRITY_FAILED: 422 } }, true, body('{}'), 422, 'ASH_INTEGRITY_FAILED'],
    // A route that is strict by its own word is so in all that is set one by one for the others.
    ['but not against it', { timestampTolerance: false }, { mode: 'strict' }, LATE, 403, 'ASH_VERIFICATION_FAILED'],
  ])('%s', async (_title, shared, ash, attack, status, code) => {
    expect(await play(await start(ash, shared), PLAN, attack)).toEqual(harmless(PLAN, status, code));
  });

  it('the time, by a clock of its own', async () => {
    let ahead = 0;
    const app = await start(true, { clock: () => Date.now() + ahead });
    expect((await app.pass(PLAN)).status).toBe(200);
    ahead = 31_000;
    expect(await app.pass(PLAN)).toMatchObject({ status: 410, code: 'ASH_CTX_EXPIRED' });
  });
});

it('A route with a scope takes no form', async () => {
  const app = await start({ scope: ['amount'] });
  expect(await play(app, PLAN, header('content-type', FORM_TYPE['content-type']))).toEqual(
    harmless(PLAN, 415, 'FST_ERR_CTP_INVALID_MEDIA_TYPE'),
  );
});
