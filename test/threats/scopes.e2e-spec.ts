import { Body, Controller, Post } from '@nestjs/common';
import { AshProtected, AshVerified, type AshErrorCode, type AshRouteOptions } from 'nestjs-ash';
import { body } from '../support/attacks.js';
import { Runs, startFixture } from '../support/fixture.js';
import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import { ADAPTERS, harmless, play, type Plan, type TestApp } from '../support/test-app.js';
import { describeScopes } from './scopes.suite.js';

const OTHER_SCOPE = [403, 'ASH_SCOPE_MISMATCH'] as const;
const MISMATCH = [403, 'ASH_INTEGRITY_FAILED'] as const;

shopsOn(MEMORY, SERVERS.all).forEach(describeScopes);

describe.each(ADAPTERS)('7: a member outside the scope on %s', (adapter) => {
  const runs = new Runs();
  const SCOPE = ['amount', 'user.id', 'items.0.sku'];
  let app: TestApp;
  let refusedCode: AshErrorCode | undefined;

  const scoped = (options: AshRouteOptions): AshRouteOptions => ({ scope: SCOPE, ...options });

  @Controller()
  class OrdersController {
    @Post('allow')
    @AshProtected('POST /allow', scoped({ unscoped: 'allow' }))
    allow(@Body() received: unknown, @AshVerified('payload') covered: unknown) {
      runs.count('allow');
      return { received, covered };
    }

    @Post('default')
    @AshProtected('POST /default', scoped({}))
    byDefault(@Body() received: unknown, @AshVerified('payload') covered: unknown) {
      runs.count('default');
      return { received, covered };
    }

    @Post('strip')
    @AshProtected('POST /strip', scoped({ unscoped: 'strip' }))
    strip(@Body() received: unknown, @AshVerified('payload') covered: unknown) {
      runs.count('strip');
      return { received, covered };
    }

    @Post('reject')
    @AshProtected('POST /reject', scoped({ unscoped: 'reject' }))
    reject() {
      runs.count('reject');
    }

    @Post('strict')
    @AshProtected('POST /strict', scoped({ mode: 'strict', onRefused: ({ code }) => void (refusedCode = code) }))
    strict() {
      runs.count('strict');
    }
  }

  beforeAll(async () => {
    app = await startFixture(adapter, { runs, controllers: [OrdersController] });
  });

  afterAll(() => app.close());

  const COVERED = { amount: 1, user: { id: 7 }, items: [{ sku: 'A1' }] };
  /** An item of a list stands under its index. */
  const PAYLOAD = { amount: 1, user: { id: 7 }, items: { 0: { sku: 'A1' } } };
  const plan = (kind: string): Plan => ({
    binding: `POST /${kind}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(COVERED),
    runs: kind,
  });

  type Smuggled = [title: string, payload: object];
  const smuggled: Smuggled[] = [
    ['beside it', { ...COVERED, admin: true }],
    ['within an object of it', { ...COVERED, user: { id: 7, role: 'admin' } }],
    ['within an item of it', { ...COVERED, items: [{ sku: 'A1', price: 0 }] }],
    ['as another item', { ...COVERED, items: [{ sku: 'A1' }, { sku: 'B2' }] }],
    ['as null', { ...COVERED, admin: null }],
    ['as an empty object', { ...COVERED, more: {} }],
  ];

  it.each(smuggled)('%s is refused where the route rejects it', async (_title, payload) => {
    const attack = body(JSON.stringify(payload));

    expect(await play(app, plan('reject'), attack)).toEqual(harmless(plan('reject'), ...OTHER_SCOPE));
  });

  it.each(smuggled)('%s is refused in the strict mode, which does not say why', async (_title, payload) => {
    const attack = body(JSON.stringify(payload));

    expect(await play(app, plan('strict'), attack)).toEqual(harmless(plan('strict'), 403, 'ASH_VERIFICATION_FAILED'));
    expect(refusedCode).toBe('ASH_SCOPE_MISMATCH');
  });

  it.each(smuggled)('%s is taken out where the route strips it', async (_title, payload) => {
    const { draft } = await app.prepare(plan('strip'));
    const { status, body: answer } = await app.send({ ...draft, body: JSON.stringify(payload) });

    expect(status).toBe(201);
    expect(answer).toEqual({ received: PAYLOAD, covered: PAYLOAD });
  });

  it.each(['allow', 'default'])("reaches the handler of '/%s', and not what was verified", async (kind) => {
    const payload = { ...COVERED, admin: true };
    const { draft } = await app.prepare(plan(kind));
    const { status, body: answer } = await app.send({ ...draft, body: JSON.stringify(payload) });

    expect(status).toBe(201);
    expect(answer).toEqual({ received: payload, covered: PAYLOAD });
  });

  type Covered = [title: string, payload: object];
  const covered: Covered[] = [
    ['changed', { ...COVERED, amount: 2 }],
    ['changed within', { ...COVERED, user: { id: 8 } }],
    ['changed in an item', { ...COVERED, items: [{ sku: 'B2' }] }],
    ['moved to another item', { ...COVERED, items: [{}, { sku: 'A1' }] }],
    ['taken out', { user: { id: 7 }, items: [{ sku: 'A1' }] }],
    ['wrapped in a list', { ...COVERED, amount: [1] }],
  ];
  it.each(covered)('is refused on every route once what is covered is %s', async (_title, payload) => {
    const attack = body(JSON.stringify(payload));

    expect(await play(app, plan('allow'), attack)).toEqual(harmless(plan('allow'), ...MISMATCH));
    expect(await play(app, plan('strip'), attack)).toEqual(harmless(plan('strip'), ...MISMATCH));
  });

  it('cannot come in a payload that is no object', async () => {
    expect(await play(app, plan('strip'), body('[1]'))).toEqual(
      harmless(plan('strip'), 400, 'ASH_CANONICALIZATION_ERROR'),
    );
  });
});
