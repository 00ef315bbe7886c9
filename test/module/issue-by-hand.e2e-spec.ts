import { inspect } from 'node:util';
import { Body, Controller, Post, Put } from '@nestjs/common';
import {
  AshProtected,
  AshService,
  AshVerified,
  type AshIssueOptions,
  type AshModuleOptions,
  type AshRequest,
  type AshVerifiedRequest,
} from 'nestjs-ash';
import { ADAPTERS, applications, type Application } from './application.js';

@Controller()
class Payments {
  @Post('transfer')
  @AshProtected('POST /transfer', {
    unscoped: 'strip',
    ttl: ({ headers }: AshRequest) => (headers['x-hasty'] ? 5_000 : 7_000),
  })
  transfer(@Body() body: unknown, @AshVerified() ash: AshVerifiedRequest): unknown {
    return { body, ash };
  }

  @Put('accounts/:id')
  @AshProtected('PUT /accounts/:id')
  account(@AshVerified('binding') binding: string): unknown {
    return { binding };
  }
}

const BINDING = 'POST /transfer';
const BODY = { amount: 100, to: 'acct-7' };
const byUser: AshModuleOptions = { subject: ({ headers }) => headers['x-user'] as string | undefined };

function issue(application: Application, options: Partial<AshIssueOptions> = {}): ReturnType<AshService['issue']> {
  return application.get(AshService).issue({ binding: BINDING, ttl: 30_000, ...options });
}

describe.each(ADAPTERS)('On %s a context that was issued by hand', (adapter) => {
  const start = applications(adapter);

  it('is good for its route, once', async () => {
    const application = await start({ controllers: [Payments] });
    const context = await issue(application);
    await expect(application.use(context, { path: '/transfer', body: BODY })).resolves.toMatchObject({ status: 201 });
    await expect(application.use(context, { path: '/transfer', body: BODY })).resolves.toMatchObject({ status: 409 });
  });

  it('is good for the concrete path that it names', async () => {
    const application = await start({ controllers: [Payments] });
    const context = await issue(application, { binding: 'PUT /accounts/42' });
    await expect(application.use(context, { path: '/accounts/43', body: {} })).resolves.toMatchObject({ status: 403 });
    await expect(application.use(context, { path: '/accounts/42', body: {} })).resolves.toMatchObject({
      body: { binding: 'PUT /accounts/42' },
    });
  });

  it('is verified against its subject', async () => {
    const application = await start({ ash: byUser, controllers: [Payments] });
    const context = await issue(application, { subject: 'ada' });
    const by = (user: string): Parameters<Application['use']>[1] => ({
      path: '/transfer',
      body: BODY,
      headers: { 'x-user': user },
    });
    await expect(application.use(context, by('bob'))).resolves.toMatchObject({
      body: { code: 'ASH_SUBJECT_MISMATCH' },
    });
    await expect(application.use(context, by('ada'))).resolves.toMatchObject({ body: { ash: { subject: 'ada' } } });
  });

  it('covers its scope, and the handler gets that alone where the route strips the rest', async () => {
    const application = await start({ controllers: [Payments] });
    const context = await issue(application, { scope: ['amount'] });
    expect(context.scope).toStrictEqual(['amount']);
    await expect(application.use(context, { path: '/transfer', body: BODY })).resolves.toMatchObject({
      status: 201,
      body: { body: { amount: 100 }, ash: { scope: ['amount'], payload: { amount: 100 } } },
    });
  });

  it('hands its metadata to the handler', async () => {
    const application = await start({ controllers: [Payments] });
    const metadata = { tenant: 'north', limits: [1, null] };
    const context = await issue(application, { metadata });
    expect(context).not.toHaveProperty('metadata');
    await expect(application.use(context, { path: '/transfer', body: BODY })).resolves.toMatchObject({
      body: { ash: { metadata } },
    });
  });

  it('lives as long as it was told', async () => {
    let now = Date.now();
    const application = await start({ ash: { clock: () => now }, controllers: [Payments] });
    const context = await issue(application, { ttl: 1_000, subject: undefined });
    expect(context.expiresAt - context.issuedAt).toBeGreaterThanOrEqual(999);
    now += 2_000;
    await expect(application.use(context, { path: '/transfer', body: BODY })).resolves.toMatchObject({
      status: 410,
      body: { statusCode: 410, error: 'Gone', code: 'ASH_CTX_EXPIRED', message: 'The context has expired.' },
    });
  });

  it('is verified in the stricter mode that it names', async () => {
    const application = await start({ controllers: [Payments] });
    const context = await issue(application, { mode: 'strict' });
    const late = { path: '/transfer', body: BODY, timestamp: Date.now() - 40_000 };
    await expect(application.use(context, late)).resolves.toMatchObject({
      status: 403,
      body: { code: 'ASH_VERIFICATION_FAILED' },
    });
    await expect(application.use(context, { path: '/transfer', body: BODY })).resolves.toMatchObject({
      body: { ash: { mode: 'strict' } },
    });
  });
});

describe('AshService', () => {
  const start = applications('express');

  it('takes the life of a route from the request that asks', async () => {
    const application = await start({ controllers: [Payments] });
    const service = application.get(AshService);
    const asking = { method: 'POST', headers: { 'x-hasty': '1' } };
    const lives = await Promise.all([
      service.issue({ binding: BINDING }, asking),
      service.issueFor(BINDING, asking),
      service.issueFor(BINDING, { ...asking, headers: {} }),
    ]);
    expect(lives.map(({ issuedAt, expiresAt }) => expiresAt - issuedAt)).toStrictEqual([5_000, 5_000, 7_000]);
    await expect(service.issue({ binding: BINDING })).rejects.toThrow(
      "Payments.transfer: its 'ttl' depends on the request: give issue() a 'ttl', or the request.",
    );
  });

  it('takes the subject from the request that asks', async () => {
    const application = await start({ ash: byUser, controllers: [Payments] });
    const service = application.get(AshService);
    await expect(service.issueFor(BINDING, { method: 'GET', headers: {} })).rejects.toMatchObject({
      code: 'ASH_SUBJECT_MISMATCH',
    });
    const context = await service.issueFor(BINDING, { method: 'GET', headers: { 'x-user': 'ada' } });
    await expect(
      application.use(context, { path: '/transfer', body: BODY, headers: { 'x-user': 'ada' } }),
    ).resolves.toMatchObject({
      body: { ash: { subject: 'ada' } },
    });
  });

  it('issues several to the request that asks, without a bound of its own', async () => {
    const application = await start({ ash: byUser, controllers: [Payments] });
    const service = application.get(AshService);
    const asking = { method: 'GET', headers: { 'x-user': 'ada' } };
    const contexts = await service.issueBatchFor(BINDING, asking, 100);
    expect(new Set(contexts.map(({ contextId }) => contextId)).size).toBe(100);
    expect(contexts.every(({ binding }) => binding === BINDING)).toBe(true);
    for (const context of contexts) expect(inspect(context)).not.toContain(context.clientSecret);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('issues none for a count of %d', async (count) => {
    const service = (await start({ controllers: [Payments] })).get(AshService);
    await expect(service.issueBatchFor(BINDING, { method: 'GET', headers: {} }, count)).rejects.toMatchObject({
      code: 'ASH_CANONICALIZATION_ERROR',
      message: expect.stringMatching(/^count: /) as string,
    });
  });

  type Row = [title: string, options: Partial<AshIssueOptions>, code: string];
  const rows: Row[] = [
    ['an unknown route', { binding: 'POST /nowhere' }, 'ASH_BINDING_MISMATCH'],
    ['a malformed binding', { binding: 'transfer' }, 'ASH_CANONICALIZATION_ERROR'],
    ['a subject where the application asks for none', { subject: 'ada' }, 'ASH_SUBJECT_MISMATCH'],
    ['an unsafe scope', { scope: ['constructor'] }, 'ASH_CANONICALIZATION_ERROR'],
    ['a life that is longer than its mode allows', { mode: 'strict', ttl: 60_001 }, 'ASH_CONFIGURATION_ERROR'],
  ];
  it.each(rows)('issues nothing for %s', async (_title, options, code) => {
    await expect(issue(await start({ controllers: [Payments] }), options)).rejects.toMatchObject({ code });
  });
});
