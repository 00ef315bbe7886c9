import { Body, Controller, Get, Post, Query, Req } from '@nestjs/common';
import {
  AshMemoryStore,
  AshProtected,
  AshVerified,
  type AshModuleOptions,
  type AshRefusedEvent,
  type AshRequest,
  type AshRouteOptions,
  type AshVerifiedEvent,
  type AshVerifiedRequest,
} from 'nestjs-ash';
import type { AshFetchInit } from 'nestjs-ash/client';
import { ADAPTERS, applications, type Adapter, type Application } from './application.js';

type Handled = (ash: AshVerifiedRequest, body: unknown) => unknown;

/** Starts an application with one route, whose policy is in question. */
function starter(
  adapter: Adapter,
): (route?: AshRouteOptions, ash?: AshModuleOptions, answer?: Handled) => Promise<Application> {
  const start = applications(adapter);
  return (route = {}, ash = {}, answer = (_ash, body) => body) => {
    @Controller()
    class Payments {
      @Post('transfer')
      @AshProtected('POST /transfer', route)
      transfer(@Body() body: unknown, @AshVerified() verified: AshVerifiedRequest): unknown {
        return answer(verified, body);
      }

      @Get('report')
      @AshProtected('GET /report', route)
      report(@Query() query: unknown): unknown {
        return query;
      }
    }
    return start({ ash, controllers: [Payments] });
  };
}

const BODY = { amount: 100, to: 'acct-7' };
const GARBAGE = { 'x-ash-proof': 'c'.repeat(64) };
const PATH = { path: '/transfer', body: BODY };

describe.each(ADAPTERS)('On %s a policy decides', (adapter) => {
  const start = starter(adapter);
  const startAny = applications(adapter);

  it('what the handler gets: all that was sent', async () => {
    const application = await start({ scope: ['amount'] }, {}, ({ payload, scope }, body) => ({
      payload,
      scope,
      body,
    }));
    await expect(application.pass('POST', '/transfer', BODY)).resolves.toStrictEqual({
      payload: { amount: 100 },
      scope: ['amount'],
      body: BODY,
    });
  });

  it('what the handler gets: what the proof covers', async () => {
    const application = await start({ scope: ['amount'], unscoped: 'strip' });
    await expect(application.pass('POST', '/transfer', BODY)).resolves.toStrictEqual({ amount: 100 });
  });

  it('what the handler gets: nothing at all, where anything else was sent', async () => {
    const application = await start({ scope: ['amount'], unscoped: 'reject' });
    await expect(application.pass('POST', '/transfer', BODY)).rejects.toMatchObject({ code: 'ASH_SCOPE_MISMATCH' });
    await expect(application.pass('POST', '/transfer', { amount: 1 })).resolves.toStrictEqual({ amount: 1 });
  });

  it('whether the query is covered', async () => {
    const covering = await start();
    const context = await covering.client().context('GET', '/report');
    await expect(covering.use(context, { path: '/report?a=2', queryString: 'a=1' })).resolves.toMatchObject({
      status: 403,
    });
    await expect(covering.use(context, { path: '/report?a=1', queryString: 'a=1' })).resolves.toMatchObject({
      body: { a: '1' },
    });

    const ignoring = await start({}, { query: 'ignore' });
    const other = await ignoring.client().context('GET', '/report');
    expect(other.query).toBe('ignore');
    await expect(ignoring.use(other, { path: '/report?a=2', queryString: 'a=1' })).resolves.toMatchObject({
      body: { a: '2' },
    });
    await expect(ignoring.pass('GET', '/report?a=3')).resolves.toStrictEqual({ a: '3' });
  });

  it('all of what a mode says where it names one, whatever the module had loosened', async () => {
    const loose: AshModuleOptions = { query: 'ignore', timestampTolerance: false, unscoped: 'allow' };
    const application = await start({ mode: 'strict', scope: ['amount'] }, loose);
    const context = await application.client().context('GET', '/report');
    expect(context).not.toHaveProperty('query');
    const refused = { status: 403, body: { code: 'ASH_VERIFICATION_FAILED' } };
    await expect(application.use(context, { path: '/report?a=2' })).resolves.toMatchObject(refused);
    await expect(application.use(context, { path: '/report', timestamp: Date.now() - 31_000 })).resolves.toMatchObject(
      refused,
    );
    await expect(application.use(context, { path: '/report' })).resolves.toMatchObject({ status: 200 });
    await expect(application.pass('POST', '/transfer', BODY)).rejects.toMatchObject({
      code: 'ASH_VERIFICATION_FAILED',
    });
  });

  it('that a handler has the bytes of a raw body, and of no other what was taken out', async () => {
    @Controller()
    class Bodies {
      @Post('raw')
      @AshProtected('POST /raw', { payload: 'raw' })
      raw(@Req() { body, rawBody }: AshRequest): unknown {
        return { body: String(body), rawBody: String(rawBody) };
      }

      @Post('stripped')
      @AshProtected('POST /stripped', { scope: ['amount'], unscoped: 'strip' })
      stripped(@Req() { body, rawBody }: AshRequest): unknown {
        return { body: body, rawBody: String(rawBody) };
      }

      @Post('plain')
      @AshProtected('POST /plain')
      plain(@Req() { body, rawBody }: AshRequest): unknown {
        return { body: body, rawBody: String(rawBody) };
      }
    }
    const application = await startAny({ controllers: [Bodies] });
    const text = '{"to":"acct-7","amount":1}';
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: text };
    const client = application.client();
    const sent = async (path: string, more: AshFetchInit = {}): Promise<unknown> =>
      (await client.fetch(path, { ...init, ...more })).json();
    await expect(sent('/raw', { payload: 'raw' })).resolves.toStrictEqual({ body: text, rawBody: text });
    await expect(sent('/stripped')).resolves.toStrictEqual({ body: { amount: 1 }, rawBody: 'undefined' });
    await expect(sent('/plain')).resolves.toStrictEqual({ body: { to: 'acct-7', amount: 1 }, rawBody: text });
  });

  it('how far a timestamp may be off', async () => {
    const now = Date.now();
    const application = await start({ timestampTolerance: 1_000 }, { clock: () => now });
    const context = await application.client().context('POST', '/transfer');
    await expect(application.use(context, { ...PATH, timestamp: now - 1_001 })).resolves.toMatchObject({
      body: { code: 'ASH_TIMESTAMP_INVALID' },
    });
    await expect(application.use(context, { ...PATH, timestamp: now - 1_000 })).resolves.toMatchObject({ status: 201 });
  });

  it('which canonical form of JSON is proven', async () => {
    const application = await start({}, { canonicalization: 'jcs-nfc' });
    const decomposed = { name: 'Ame\u0301lie' };
    await expect(application.pass('POST', '/transfer', decomposed)).resolves.toStrictEqual(decomposed);
    const context = await application.client().context('POST', '/transfer');
    expect(context.canonicalization).toBe('jcs-nfc');
    const plain = await start();
    await expect(plain.pass('POST', '/transfer', decomposed)).resolves.toStrictEqual(decomposed);
    expect(await plain.client().context('POST', '/transfer')).not.toHaveProperty('canonicalization');
  });

  it.each(['v2.3', 'v2.2', 'v2.1', 'v1'] as const)('which protocol proves a request: %s', async (protocol) => {
    const application = await start({ protocol, mode: 'strict' }, {}, (ash) => ({ protocol: ash.protocol }));
    await expect(application.pass('POST', '/transfer', BODY)).resolves.toStrictEqual({ protocol });
    await expect(application.pass('GET', '/report?a=1')).resolves.toStrictEqual({ a: '1' });
  });

  it('by which status and code a refusal is told', async () => {
    const application = await start({ statuses: { ASH_PROOF_MISSING: 401 } }, { statuses: { ASH_PROOF_MISSING: 404 } });
    await expect(application.send('POST', '/transfer', BODY)).resolves.toMatchObject({
      status: 401,
      body: { statusCode: 401, error: 'Unauthorized', code: 'ASH_PROOF_MISSING' },
    });
  });

  const hidden = {
    statusCode: 403,
    error: 'Forbidden',
    code: 'ASH_VERIFICATION_FAILED',
    message: 'The request could not be verified.',
  };

  it('in strict mode that code and status of a refusal stay hidden, that of a used context too', async () => {
    const codes: string[] = [];
    const application = await start({ mode: 'strict', onRefused: ({ code }) => void codes.push(code) });
    const context = await application.client().context('POST', '/transfer');
    const proven = { ...PATH, timestamp: context.issuedAt };
    await expect(application.send('POST', '/transfer', BODY)).resolves.toMatchObject({ status: 403, body: hidden });
    await expect(application.use(context, { ...proven, headers: GARBAGE })).resolves.toMatchObject({
      status: 403,
      body: hidden,
    });
    await expect(application.use(context, proven)).resolves.toMatchObject({ status: 201 });
    await expect(application.use(context, proven)).resolves.toMatchObject({ status: 403, body: hidden });
    expect(codes).toStrictEqual(['ASH_PROOF_MISSING', 'ASH_INTEGRITY_FAILED', 'ASH_CTX_ALREADY_USED']);
    expect(application.log.ofAsh.at(-1)).toBe(
      `warn [AshModule] Payments.transfer refused ${context.contextId}: ASH_CTX_ALREADY_USED: The context has been used already.`,
    );
  });

  it('in strict mode that a store which fails is told all the same', async () => {
    const store = new AshMemoryStore();
    const application = await start({ mode: 'strict' }, { store });
    const context = await application.client().context('POST', '/transfer');
    store.consume = () => Promise.reject(new Error('ECONNREFUSED 10.0.0.7'));
    await expect(application.use(context, PATH)).resolves.toMatchObject({
      status: 503,
      body: {
        statusCode: 503,
        error: 'Service Unavailable',
        code: 'ASH_STORE_UNAVAILABLE',
        message: 'The context store did not answer.',
      },
    });
    expect(application.log.ofAsh.at(-1)).toMatch(/^error \[AshModule\] Payments\.transfer refused ash_/);
  });

  it('whether a refusal is explained', async () => {
    const application = await start({ explain: true });
    const context = await application.client().context('GET', '/report');
    await expect(application.use(context, { path: '/report?a=1' })).resolves.toMatchObject({
      body: {
        code: 'ASH_INTEGRITY_FAILED',
        explanation: {
          component: 'query',
          hint: 'The proof leaves the query out, and this route covers it.',
          canonical: '{}',
          binding: 'GET /report?a=1',
        },
      },
    });
    const plain = await start();
    expect((await plain.send('POST', '/transfer', BODY)).body).not.toHaveProperty('explanation');
  });

  it('that strict mode explains nothing to a client', async () => {
    const explained: unknown[] = [];
    const application = await start({
      explain: true,
      mode: 'strict',
      onRefused: (event) => void explained.push(event.explanation),
    });
    await expect(application.send('POST', '/transfer', BODY)).resolves.toMatchObject({ body: hidden });
    expect(explained).toMatchObject([{ component: 'headers' }]);
  });
});

describe.each(ADAPTERS)('On %s an application is told', (adapter) => {
  const start = starter(adapter);

  interface Told {
    readonly verified: [AshVerifiedEvent, AshRequest][];
    readonly refused: [AshRefusedEvent, AshRequest][];
    readonly listeners: Pick<AshRouteOptions, 'onVerified' | 'onRefused'>;
  }

  function listen(): Told {
    const verified: Told['verified'] = [];
    const refused: Told['refused'] = [];
    return {
      verified,
      refused,
      listeners: {
        onVerified: (event, request) => void verified.push([event, request]),
        onRefused: (event, request) => void refused.push([event, request]),
      },
    };
  }

  it.each([
    ['by the module', (listeners: Told['listeners']) => [{}, listeners]],
    ['by the route', (listeners: Told['listeners']) => [listeners, {}]],
  ] as [string, (listeners: Told['listeners']) => [AshRouteOptions, AshModuleOptions]][])(
    'of requests that passed and of others, %s',
    async (_title, options) => {
      const { verified, refused, listeners } = listen();
      const application = await start(...options(listeners));
      const context = await application.client().context('POST', '/transfer');
      await application.use(context, { ...PATH, headers: { ...GARBAGE, 'x-trace': '1' } });
      await application.use(context, { ...PATH, headers: { 'x-trace': '2' } });
      const { contextId } = context;
      expect(refused.map(([event]) => event)).toStrictEqual([
        {
          route: 'Payments.transfer',
          code: 'ASH_INTEGRITY_FAILED',
          message: 'The request is not the one that was proven.',
          contextId,
          explanation: undefined,
          cause: undefined,
        },
      ]);
      expect(verified.map(([event]) => event)).toMatchObject([
        { route: 'Payments.transfer', request: { contextId, binding: 'POST /transfer', payload: BODY } },
      ]);
      expect([...refused, ...verified].map(([, request]) => request.headers['x-trace'])).toStrictEqual(['1', '2']);
    },
  );

  it('by the route’s own listener instead of the module’s', async () => {
    const [ofModule, ofRoute] = [listen(), listen()];
    const application = await start({ onVerified: ofRoute.listeners.onVerified }, ofModule.listeners);
    await application.pass('POST', '/transfer', BODY);
    await application.send('POST', '/transfer', BODY);
    expect([ofRoute.verified.length, ofModule.verified.length, ofModule.refused.length]).toStrictEqual([1, 0, 1]);
  });

  it('and a listener that fails changes nothing', async () => {
    const application = await start({}, { onVerified: () => Promise.reject(new Error('queue is full')) });
    await expect(application.pass('POST', '/transfer', BODY)).resolves.toStrictEqual(BODY);
    expect(application.log.ofAsh).toContain(
      'error [AshModule] An event handler of the application threw; the verdict stands.',
    );
  });
});

describe.each(ADAPTERS)('On %s the subject', (adapter) => {
  const start = starter(adapter);
  const byUser = ({ headers }: AshRequest): string | undefined => headers['x-user'] as string | undefined;
  const laterByUser = (request: AshRequest): Promise<string | undefined> => Promise.resolve(byUser(request));
  const ada = { 'x-user': 'ada' };

  it.each([
    ['at once', byUser],
    ['later', laterByUser],
  ])('binds a context to whoever asked for it: %s', async (_title, subject) => {
    const application = await start({}, { subject }, (ash) => ({ subject: ash.subject }));
    await expect(application.pass('POST', '/transfer', BODY, ada)).resolves.toStrictEqual({ subject: 'ada' });
    const context = await application.client(ada).context('POST', '/transfer');
    await expect(application.use(context, PATH)).resolves.toMatchObject({ body: { code: 'ASH_SUBJECT_MISMATCH' } });
    await expect(application.use(context, { ...PATH, headers: { 'x-user': 'bob' } })).resolves.toMatchObject({
      body: { code: 'ASH_SUBJECT_MISMATCH' },
    });
    await expect(application.use(context, { ...PATH, headers: ada })).resolves.toMatchObject({ status: 201 });
  });

  it('is nobody’s on a route that says false', async () => {
    const application = await start({ subject: false }, { subject: byUser }, (ash) => ({
      isOpen: ash.subject === undefined,
    }));
    await expect(application.pass('POST', '/transfer', BODY)).resolves.toStrictEqual({ isOpen: true });
    const context = await application.client(ada).context('POST', '/transfer');
    await expect(application.use(context, { ...PATH, headers: { 'x-user': 'bob' } })).resolves.toMatchObject({
      status: 201,
    });
  });

  it('is the route’s own where the route says so', async () => {
    const application = await start({ subject: byUser }, { subject: () => 'everybody' }, (ash) => ({
      subject: ash.subject,
    }));
    await expect(application.pass('POST', '/transfer', BODY, ada)).resolves.toStrictEqual({ subject: 'ada' });
  });
});

describe('The clock of the module', () => {
  const start = starter('express');

  it('is the one of its own store too', async () => {
    let now = Date.UTC(2001, 0, 1);
    const application = await start({}, { clock: () => now });
    const context = await application.client().context('POST', '/transfer');
    expect([context.issuedAt, context.expiresAt]).toStrictEqual([now, now + 30_000]);
    now += 29_999;
    await expect(application.use(context, { ...PATH, timestamp: now })).resolves.toMatchObject({ status: 201 });
    const late = await application.client().context('POST', '/transfer');
    now += 30_000;
    await expect(application.use(late, { ...PATH, timestamp: now })).resolves.toMatchObject({ status: 410 });
  });
});
