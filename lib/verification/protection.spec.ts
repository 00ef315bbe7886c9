import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { jest } from '@jest/globals';
import { prove, TRANSFER } from '../../test/verification/route-under-test.js';
import { ASH_HEADERS, ASH_RENEW_HEADER, AshError, ashHashProof, type AshIssuedContext } from '../core/index.js';
import type { AshContextStore } from '../stores/context-store.js';
import { AshMemoryStore } from '../stores/memory.store.js';
import type { AshRequestLike } from './facts.js';
import { compilePolicy, type AshPolicyOptions } from './policy.js';
import type { ChainRule } from './chain-rules.js';
import { AshProtection, type Passed } from './protection.js';
import type { AshLog, ProtectedRoute } from './protected-route.js';
import { RouteBinding } from './route-binding.js';
import type { Spending } from './spending.js';
import type { AshPass, AshRefusal } from './verdict.js';

const NOW = 1_700_000_000_000;
const NAME = 'PaymentsController.transfer';

interface Request extends AshRequestLike {
  readonly user?: string;
}

type Route = ProtectedRoute<Request>;

interface Setup {
  readonly options?: AshPolicyOptions;
  readonly explain?: boolean;
  readonly route?: Partial<Route>;
  readonly store?: AshContextStore;
}

/** The protection of an application with one route. */
class Application {
  readonly log = jest.fn<AshLog>();
  readonly route: Route;
  readonly protection: AshProtection<Request>;
  /** The route that a request came to, where it is not the one that issues contexts for its path. */
  asked: Route | undefined;

  constructor({ options = {}, explain = false, route = {}, store }: Setup = {}) {
    const clock = (): number => NOW;
    this.protection = new AshProtection<Request>({
      store: store ?? new AshMemoryStore({ clock }),
      storeTimeout: 5,
      clock,
      log: this.log,
    });
    const bindings = [RouteBinding.parse('POST /transfer')];
    const needsSubject = route.subject !== undefined;
    const policy = compilePolicy({ name: NAME, bindings, options, needsSubject, explain });
    this.route = { ...policy, ttl: 30_000, subject: undefined, statuses: {}, renewal: true, ...route };
    this.protection.table.add(this.route);
  }

  verify(request: Request): ReturnType<AshProtection<Request>['verify']> {
    return this.protection.verify(request, this.route);
  }

  async context(request: Partial<Request> = {}): Promise<AshIssuedContext> {
    return this.protection.issueFor('POST /transfer', { method: 'POST', headers: {}, ...request });
  }

  async honest(more: Partial<Request> = {}): Promise<Request> {
    return requestOf(await this.context(more), more);
  }
}

function requestOf(context: AshIssuedContext, more: Partial<Request> = {}): Request {
  const headers = {
    ...prove(context, { timestamp: NOW }).headers,
    'content-type': 'application/json',
    'content-length': '7',
  };
  return { method: 'POST', url: '/transfer', body: { ...TRANSFER }, ...more, headers: { ...headers, ...more.headers } };
}

const GARBAGE = { headers: { [ASH_HEADERS.proof]: 'c'.repeat(64) } };

describe('AshProtection.verify', () => {
  it('lets an honest request pass, and tells of it', async () => {
    const onVerified = jest.fn<() => void>();
    const onRefused = jest.fn<() => void>();
    const application = new Application({ route: { onVerified, onRefused } });
    const request = await application.honest();
    const verdict = await application.verify(request);
    expect(verdict).toMatchObject({ ok: true, request: { binding: 'POST /transfer', payload: TRANSFER } });
    expect(onVerified.mock.calls).toStrictEqual([[{ route: NAME, request: verdict.ok && verdict.request }, request]]);
    expect(onRefused).not.toHaveBeenCalled();
    expect(application.log).not.toHaveBeenCalled();
  });

  it('refuses another, tells of it and logs it', async () => {
    const onVerified = jest.fn<() => void>();
    const onRefused = jest.fn<() => void>();
    const application = new Application({ route: { onVerified, onRefused } });
    const request = await application.honest(GARBAGE);
    const contextId = request.headers[ASH_HEADERS.contextId];
    const message = 'The request is not the one that was proven.';
    await expect(application.verify(request)).resolves.toMatchObject({ ok: false, code: 'ASH_INTEGRITY_FAILED' });
    const event = {
      route: NAME,
      code: 'ASH_INTEGRITY_FAILED',
      message,
      contextId,
      explanation: undefined,
      cause: undefined,
    };
    expect(onRefused.mock.calls).toStrictEqual([[event, request]]);
    expect(onVerified).not.toHaveBeenCalled();
    expect(application.log.mock.calls).toStrictEqual([
      ['debug', `${NAME} refused ${String(contextId)}: ASH_INTEGRITY_FAILED: ${message}`, undefined],
    ]);
  });

  it('tells the true code, and what differs, also where the client is told neither', async () => {
    const onRefused = jest.fn<() => void>();
    const application = new Application({ options: { mode: 'strict' }, explain: true, route: { onRefused } });
    const verdict = await application.verify(await application.honest(GARBAGE));
    expect(onRefused.mock.calls).toMatchObject([
      [{ code: 'ASH_INTEGRITY_FAILED', explanation: { component: 'unknown' } }, { method: 'POST' }],
    ]);
    expect(verdict.ok ? undefined : application.protection.answer(verdict, application.route)).toStrictEqual({
      statusCode: 403,
      error: 'Forbidden',
      code: 'ASH_VERIFICATION_FAILED',
      message: 'The request could not be verified.',
    });
  });

  const down = (): Promise<never> => Promise.reject(new Error('ECONNREFUSED'));
  type Row = [title: string, setup: Setup, more: Partial<Request>, level: string, line: RegExp];
  const rows: Row[] = [
    ['a refusal that the client is told', {}, GARBAGE, 'debug', /refused ash_\w+: ASH_INTEGRITY_FAILED: /],
    [
      'a refusal that the client is not told',
      { options: { mode: 'strict' } },
      GARBAGE,
      'warn',
      /refused ash_\w+: ASH_INTEGRITY_FAILED: /,
    ],
    [
      'a request without a context',
      {},
      { headers: { [ASH_HEADERS.contextId]: '' } },
      'debug',
      /refused a request without a context: ASH_PROOF_MISSING: /,
    ],
    ['a body that nothing read', {}, { body: undefined }, 'error', /ASH_RAW_BODY_UNAVAILABLE: /],
  ];
  it.each(rows)('logs %s as it deserves', async (_title, setup, more, level, line) => {
    const application = new Application(setup);
    await application.verify(await application.honest(more));
    expect(application.log.mock.calls).toStrictEqual([[level, expect.stringMatching(line), undefined]]);
  });

  it('logs a store that fails as an error, with what is beneath, and tells it', async () => {
    const store = Object.assign(new AshMemoryStore({ clock: () => NOW }), { consume: down });
    const onRefused = jest.fn<() => void>();
    const application = new Application({ store, route: { onRefused } });
    await application.verify(await application.honest());
    expect(application.log.mock.calls).toStrictEqual([
      [
        'error',
        expect.stringMatching(/ASH_STORE_UNAVAILABLE: The context store did not answer\.$/),
        new Error('ECONNREFUSED'),
      ],
    ]);
    expect(onRefused.mock.calls).toMatchObject([
      [{ code: 'ASH_STORE_UNAVAILABLE', cause: new Error('ECONNREFUSED') }, { method: 'POST' }],
    ]);
  });

  it('gives a store that is not in process the time that it was told, and no more', async () => {
    const store = Object.assign(new AshMemoryStore(), { inProcess: false, get: () => new Promise(() => undefined) });
    const application = new Application({ store: store });
    await expect(application.verify(await application.honest())).resolves.toMatchObject({
      code: 'ASH_STORE_UNAVAILABLE',
      cause: new Error('The store did not answer within 5 ms.'),
    });
  });
});

describe('AshProtection and a handler of events that', () => {
  const thrown = (): never => {
    throw new Error('from the handler');
  };
  const rejected = (): Promise<never> => Promise.reject(new Error('from the handler'));

  it.each([
    ['throws', thrown],
    ['rejects', rejected],
  ])('%s lets the verdict stand, and logs it', async (_title, handler) => {
    const application = new Application({ route: { onVerified: handler, onRefused: handler } });
    const request = await application.honest();
    await expect(application.verify(request)).resolves.toMatchObject({ ok: true });
    await expect(application.verify(request)).resolves.toMatchObject({ code: 'ASH_CTX_ALREADY_USED' });
    await new Promise(setImmediate);
    const logged = [
      'error',
      'An event handler of the application threw; the verdict stands.',
      new Error('from the handler'),
    ];
    expect(application.log.mock.calls.filter(([level]) => level === 'error')).toStrictEqual([logged, logged]);
  });

  it.each([
    ['gives a number', () => 1],
    ['gives a promise', () => Promise.resolve()],
    [
      'gives a thenable of its own',
      () => ({
        then: (resolve: () => void) => {
          resolve();
        },
      }),
    ],
  ])('%s is no fault', async (_title, handler) => {
    const application = new Application({ route: { onVerified: handler as unknown as () => void } });
    await application.verify(await application.honest());
    await new Promise(setImmediate);
    expect(application.log).not.toHaveBeenCalled();
  });

  it('never ends does not hold up the verdict', async () => {
    const application = new Application({ route: { onVerified: () => new Promise(() => undefined) } });
    await expect(application.verify(await application.honest())).resolves.toMatchObject({ ok: true });
  });
});

describe('AshProtection and the subject:', () => {
  type Subject = NonNullable<Route['subject']>;
  const byUser: Subject = ({ user }) => user;
  const laterByUser: Subject = ({ user }) => Promise.resolve(user);

  it.each([
    ['at once', byUser],
    ['later', laterByUser],
  ])('a function that gives it %s is asked at both ends', async (_title, subject) => {
    const application = new Application({ route: { subject } });
    const context = await application.context({ user: 'user-7' });
    await expect(application.verify(requestOf(context, { user: 'user-8' }))).resolves.toMatchObject({
      code: 'ASH_SUBJECT_MISMATCH',
    });
    await expect(application.verify(requestOf(context))).resolves.toMatchObject({ code: 'ASH_SUBJECT_MISMATCH' });
    await expect(application.verify(requestOf(context, { user: 'user-7' }))).resolves.toMatchObject({
      ok: true,
      request: { subject: 'user-7' },
    });
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['an empty text, which all guests would share', ''],
    ['false, which all guests would share', false],
  ])('%s is none, and gets no context', async (_title, nobody) => {
    const application = new Application({ route: { subject: (() => nobody) as Subject } });
    await expect(application.context()).rejects.toMatchObject({ code: 'ASH_SUBJECT_MISMATCH' });
  });

  it.each([
    ['a number', 7, 'number'],
    ['an object', {}, 'object'],
    ['true', true, 'boolean'],
  ])('%s is a fault of the application, which is told so', async (_title, value, type) => {
    const application = new Application({ route: { subject: (() => value) as unknown as Subject } });
    await expect(application.context()).rejects.toThrow(
      new TypeError(`${NAME}: its 'subject' gives a text, or nothing, and not a ${type}.`),
    );
  });

  it('a function that throws lets nothing pass', async () => {
    const application = new Application({
      route: {
        subject: ({ user }) => {
          if (user === undefined) throw new Error('no session');
          return user;
        },
      },
    });
    const context = await application.context({ user: 'user-7' });
    await expect(application.verify(requestOf(context))).rejects.toThrow('no session');
    await expect(application.verify(requestOf(context, { user: 'user-7' }))).resolves.toMatchObject({ ok: true });
  });
});

describe('AshProtection issues', () => {
  const ttlOf = ({ user }: Request): number => (user === 'hasty' ? 5 : 7);
  const request = { method: 'POST', headers: {}, user: 'hasty' };

  it('contexts that live as long as the route says', async () => {
    const { protection } = new Application();
    await expect(protection.issue({ binding: 'POST /transfer' })).resolves.toMatchObject({ expiresAt: NOW + 30_000 });
  });

  it('contexts that live as long as the route says for the request that asks', async () => {
    const { protection } = new Application({ route: { ttl: ttlOf } });
    await expect(protection.issueFor('POST /transfer', request)).resolves.toMatchObject({ expiresAt: NOW + 5 });
    await expect(protection.issue({ binding: 'POST /transfer' }, request)).resolves.toMatchObject({
      expiresAt: NOW + 5,
    });
  });

  it('contexts that live as long as was said by hand', async () => {
    const { protection } = new Application({ route: { ttl: ttlOf } });
    await expect(protection.issue({ binding: 'POST /transfer', ttl: 9 })).resolves.toMatchObject({
      expiresAt: NOW + 9,
    });
  });

  it('none whose life nobody can tell, or is too long', async () => {
    const { protection } = new Application({ route: { ttl: ttlOf } });
    await expect(protection.issue({ binding: 'POST /transfer' })).rejects.toThrow(
      new TypeError(`${NAME}: its 'ttl' depends on the request: give issue() a 'ttl', or the request.`),
    );
    const long = new Application({ route: { ttl: () => 900_001 } });
    await expect(long.protection.issueFor('POST /transfer', request)).rejects.toMatchObject({
      code: 'ASH_CONFIGURATION_ERROR',
    });
  });

  it.each([
    ['an unknown binding', 'POST /refund', 'ASH_BINDING_MISMATCH'],
    ['a malformed binding', 'transfer', 'ASH_CANONICALIZATION_ERROR'],
  ])('none for %s, by a promise that rejects', async (_title, binding, code) => {
    const { protection } = new Application();
    const rejections: unknown[] = [];
    await protection.issue({ binding }).catch((error: unknown) => rejections.push(error));
    await protection.issueFor(binding, request).catch((error: unknown) => rejections.push(error));
    expect(rejections).toMatchObject([{ code }, { code }]);
  });
});

describe('AshProtection.answer', () => {
  it('takes the statuses of the route', async () => {
    const application = new Application({ route: { statuses: { ASH_INTEGRITY_FAILED: 422 } } });
    const verdict = await application.verify(await application.honest(GARBAGE));
    expect(verdict.ok ? undefined : application.protection.answer(verdict, application.route)).toMatchObject({
      statusCode: 422,
      error: 'Unprocessable Entity',
      code: 'ASH_INTEGRITY_FAILED',
    });
  });
});

describe('AshProtection.spend', () => {
  const HANDLER = { options: { spend: 'handler' } } as const;

  async function passedOf(setup: Setup): Promise<{ application: Application; request: Request; pass: AshPass }> {
    const application = new Application({ ...HANDLER, ...setup });
    const request = await application.honest();
    const pass = await application.verify(request);
    if (!pass.ok) throw new Error(pass.code);
    return { application, request, pass };
  }

  it('is left to the handler: until then the context is unspent, and nobody is told', async () => {
    const onVerified = jest.fn<() => void>();
    const { application, request, pass } = await passedOf({ route: { onVerified } });
    expect(pass.spending?.isDone).toBe(false);
    await expect(application.verify(request)).resolves.toMatchObject({ ok: true });
    expect(onVerified).not.toHaveBeenCalled();
    const { route } = application;
    await expect(application.protection.spend(pass, { request, route })).resolves.toBeUndefined();
    expect(pass.spending?.isDone).toBe(true);
    expect(onVerified.mock.calls).toStrictEqual([[{ route: NAME, request: pass.request }, request]]);
    await expect(application.verify(request)).resolves.toMatchObject({ code: 'ASH_CTX_ALREADY_USED' });
  });

  it('refuses whoever comes second, and reports it as the guard does', async () => {
    const onRefused = jest.fn<() => void>();
    const { application, request, pass } = await passedOf({
      options: { spend: 'handler', mode: 'strict' },
      route: { onRefused },
    });
    const { route } = application;
    await application.protection.spend(pass, { request, route });
    const refusal = await application.protection.spend(pass, { request, route });
    expect(refusal).toMatchObject({
      ok: false,
      code: 'ASH_CTX_ALREADY_USED',
      namesCode: false,
      contextId: pass.request.contextId,
    });
    expect(pass.spending?.isDone).toBe(false);
    expect(onRefused).toHaveBeenCalledTimes(1);
    expect(application.log.mock.calls).toMatchObject([['warn', expect.stringContaining('ASH_CTX_ALREADY_USED')]]);
  });

  it('goes through the view of the store that takes part in a transaction, within the time-out', async () => {
    const { application, request, pass } = await passedOf({});
    const view = { inProcess: false, consume: (): Promise<never> => new Promise(() => undefined) };
    const { route } = application;
    await expect(
      application.protection.spend(pass, { request, route, view: view as unknown as AshContextStore }),
    ).resolves.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
    await expect(application.protection.spend(pass, { request, route })).resolves.toBeUndefined();
  });

  it('lets a fault of the program through, which is no refusal', async () => {
    const { application, request, pass } = await passedOf({});
    const broken = { run: () => Promise.reject(new TypeError('broken')) };
    const { route } = application;
    await expect(
      application.protection.spend({ ...pass, spending: broken as unknown as Spending }, { request, route }),
    ).rejects.toThrow(TypeError);
  });

  it('is refused to the handler of a route whose guard has spent the context', async () => {
    const { pass } = await passedOf({ options: {} });
    expect(pass.spending).toBeUndefined();
    await expect(pass.request.spend()).rejects.toThrow(
      `POST /transfer: the context is spent already; give the route the option spend: 'handler' to spend it in the handler.`,
    );
  });
});

describe('AshProtection issues several', () => {
  const request = { method: 'POST', headers: {}, user: 'ada' };

  it('contexts in one turn, to one subject that it asks for once', async () => {
    const subject = jest.fn<() => string>(() => 'ada');
    const { protection } = new Application({ route: { subject } });
    const contexts = await protection.issueBatchFor('POST /transfer', request, 3);
    expect(new Set(contexts.map(({ contextId }) => contextId)).size).toBe(3);
    expect(contexts.map(({ expiresAt }) => expiresAt)).toStrictEqual(Array(3).fill(NOW + 30_000));
    expect(subject).toHaveBeenCalledTimes(1);
  });

  it('or none', async () => {
    const { protection } = new Application({ store: new AshMemoryStore({ clock: () => NOW, maxEntries: 2 }) });
    await expect(protection.issueBatchFor('POST /transfer', request, 3)).rejects.toMatchObject({
      code: 'ASH_STORE_UNAVAILABLE',
    });
    await expect(protection.issueBatchFor('POST /transfer', request, 0)).rejects.toMatchObject({
      code: 'ASH_CANONICALIZATION_ERROR',
    });
    await expect(protection.issueBatchFor('POST /nowhere', request, 1)).rejects.toMatchObject({
      code: 'ASH_BINDING_MISMATCH',
    });
  });
});

describe('AshProtection renews', () => {
  const ASKING = { headers: { [ASH_RENEW_HEADER]: '1' } };

  /** The header of the answer to a request, and what was issued for it. */
  async function renewed(
    setup: Setup,
    { more = ASKING, before = () => undefined, response }: Renewing = {},
  ): Promise<{ header: unknown; application: Application }> {
    const application = new Application(setup);
    const request = await application.honest(more);
    const verdict = await application.verify(request);
    if (!verdict.ok) throw new Error(verdict.message);
    await before(application, verdict);
    const answer = new ServerResponse(new IncomingMessage(new Socket()));
    const { route, protection } = application;
    const target = response === undefined ? answer : response(answer);
    await protection.renew(verdict, { request, route: application.asked ?? route, response: target });
    if (!answer.headersSent) answer.writeHead(200);
    return { header: answer.getHeader('x-ash-context'), application };
  }

  interface Renewing {
    readonly more?: Partial<Request>;
    readonly before?: (application: Application, pass: AshPass) => unknown;
    readonly response?: (answer: ServerResponse) => unknown;
  }

  it('the context of a request that asks', async () => {
    const { header } = await renewed({});
    expect(JSON.parse(Buffer.from(String(header), 'base64url').toString())).toMatchObject({
      binding: 'POST /transfer',
      expiresAt: NOW + 30_000,
    });
  });

  it('the context of a handler that has spent its own', async () => {
    const before: Renewing['before'] = ({ protection, route }, pass) =>
      protection.spend(pass, { request: { method: 'POST', headers: {} }, route });
    expect((await renewed({ options: { spend: 'handler' } }, { before })).header).toEqual(expect.any(String));
  });

  type Row = [title: string, setup: Setup, renewing: Renewing];
  const rows: Row[] = [
    ['does not ask', {}, { more: {} }],
    ['came to a route that renews none', { route: { renewal: false } }, {}],
    ['has not spent its context yet', { options: { spend: 'handler' } }, {}],
    ['is being answered already', {}, { response: (answer) => (answer.writeHead(200), answer) }],
    ['is answered by no response of Node’s', {}, { response: () => ({ send: () => undefined }) }],
    [
      'came to a handler that issues no contexts for its path',
      {},
      { before: (application) => (application.asked = { ...application.route }) },
    ],
  ];
  it.each(rows)('nothing of a request that %s', async (_title, setup, renewing) => {
    const store = new AshMemoryStore({ clock: () => NOW });
    const { header, application } = await renewed({ ...setup, store }, renewing);
    expect(header).toBeUndefined();
    expect(store.size).toBe(1);
    expect(application.log).not.toHaveBeenCalled();
  });

  it.each<[string, Error, unknown]>([
    ['fails', new Error('ECONNREFUSED'), new Error('ECONNREFUSED')],
    ['refuses', new AshError('ASH_CANONICALIZATION_ERROR', 'It does not fit.'), { code: 'ASH_CANONICALIZATION_ERROR' }],
  ])('nothing of a request whose store %s, and logs why, once', async (_title, fault, cause) => {
    const store = new AshMemoryStore({ clock: () => NOW });
    const before: Renewing['before'] = async (application, pass) => {
      store.create = () => Promise.reject(fault);
      const response = new ServerResponse(new IncomingMessage(new Socket()));
      const { protection, route } = application;
      await protection.renew(pass, { request: { method: 'POST', headers: {} }, route, response });
    };
    const { header, application } = await renewed({ store }, { before });
    expect(header).toBeUndefined();
    expect(application.log.mock.calls).toMatchObject([
      ['error', `${NAME}: a next context could not be issued; the request goes on without it.`, cause],
    ]);
  });
});

describe('AshProtection and the handler of a request that passed:', () => {
  const CHAIN: ChainRule = { name: 'c', step: 'POST /transfer', start: true, after: new Map(), linkTtl: 60_000 };
  const toError = (refusal: AshRefusal): Error => new Error(refusal.code);

  class Passing {
    readonly answer = new ServerResponse(new IncomingMessage(new Socket()));
    readonly store = new AshMemoryStore({ clock: () => NOW });

    private constructor(readonly application: Application) {}

    static async of({
      options = {},
      route = {},
      chained = false,
    }: Setup & { chained?: boolean }): Promise<Passing & { passed: Passed<Request>; request: Request }> {
      const store = new AshMemoryStore({ clock: () => NOW });
      const application = new Application({
        options,
        store,
        route: { ...route, ...(chained ? { chain: CHAIN } : {}) },
      });
      const request = await application.honest();
      const pass = await application.verify(request);
      if (!pass.ok) throw new Error(pass.message);
      const passing = new Passing(application);
      const passed = { pass, route: application.route, request, response: passing.answer };
      return Object.assign(passing, { store, passed, request });
    }

    get protection(): Application['protection'] {
      return this.application.protection;
    }

    link(proof: string | undefined): Promise<unknown> {
      return this.store.getLink(ashHashProof(proof ?? ''));
    }
  }

  it('admits it with what the handler is to know', async () => {
    const { protection, passed, request, answer } = await Passing.of({});
    await protection.admit(passed, toError);
    expect(request).toMatchObject({ ash: { binding: 'POST /transfer' }, body: TRANSFER });
    expect(answer.getHeader('x-ash-verified')).toBe('true');
  });

  it('admits it with the covered part alone, where the rest is stripped', async () => {
    const { protection, passed, request } = await Passing.of({});
    const pass = { ...passed.pass, replacesBody: true, request: { ...passed.pass.request, payload: { amount: 100 } } };
    Object.assign(request, { rawBody: Buffer.from('all') });
    await protection.admit({ ...passed, pass }, toError);
    expect(request).toMatchObject({ body: { amount: 100 }, rawBody: undefined });
  });

  it('lets it spend its context, and meet the error of whoever came second', async () => {
    const { protection, passed } = await Passing.of({ options: { spend: 'handler' } });
    await protection.admit(passed, toError);
    await passed.pass.request.spend();
    await expect(passed.pass.request.spend()).rejects.toThrow('ASH_CTX_ALREADY_USED');
  });

  it.each(['closed', 'destroyed'] as const)('does not admit it where the answer is %s', async (state) => {
    const { protection, passed, answer, link } = await Passing.of({ chained: true });
    Object.defineProperty(answer, state, { value: true });
    await expect(protection.admit(passed, toError)).rejects.toMatchObject({ code: 'ASH_VERIFICATION_FAILED' });
    expect(passed.pass.step?.isOpen).toBe(false);
    expect(link).toBeInstanceOf(Function);
  });

  it('ends a step whose handler was not called when the answer is closed', async () => {
    const { protection, passed, answer } = await Passing.of({ chained: true });
    await protection.admit(passed, toError);
    answer.emit('close');
    expect(passed.pass.step?.isOpen).toBe(false);
  });

  it.each([
    [200, true],
    [304, true],
    [399, true],
    [400, false],
    [500, false],
  ])('concludes a step by its status: %d is a success: %p', async (status, isSuccess) => {
    const passing = await Passing.of({ chained: true });
    const { protection, passed } = passing;
    const head = { headersSent: false, setHeader: jest.fn() };
    await protection.conclude(passed, status, head);
    const proof = passed.pass.step?.proof;
    expect(head.setHeader.mock.calls).toStrictEqual(isSuccess ? [['x-ash-chain-proof', proof]] : []);
    expect((await passing.link(proof)) !== null).toBe(isSuccess);
  });

  it('says nothing of the proof where the head is out', async () => {
    const { protection, passed } = await Passing.of({ chained: true });
    const head = { headersSent: true, setHeader: jest.fn() };
    await protection.conclude(passed, 200, head);
    expect(head.setHeader).not.toHaveBeenCalled();
  });

  it('withholds an answer whose handler has not spent, spends for it and frees its step', async () => {
    const passing = await Passing.of({ chained: true, options: { spend: 'handler' } });
    const { protection, passed, store } = passing;
    const head = { headersSent: false, setHeader: jest.fn() };
    await expect(protection.conclude(passed, 200, head)).rejects.toThrow('without spending its context');
    await expect(store.get(passed.pass.request.contextId)).resolves.toMatchObject({ consumedAt: NOW });
    await expect(passing.link(passed.pass.step?.proof)).resolves.toBeNull();
    expect(head.setHeader).not.toHaveBeenCalled();
  });

  it('asks for no spending of a handler that failed', async () => {
    const { protection, passed, store } = await Passing.of({ options: { spend: 'handler' } });
    await protection.conclude(passed, 422, { headersSent: false, setHeader: jest.fn() });
    await expect(store.get(passed.pass.request.contextId)).resolves.not.toHaveProperty('consumedAt');
  });

  it('logs a link that cannot be released, and goes on', async () => {
    const { protection, passed, application } = await Passing.of({ chained: true });
    const { step } = passed.pass;
    if (step === undefined) throw new Error('no step');
    const down = new Error('ECONNREFUSED');
    step.fail = () => Promise.reject(down);
    await protection.conclude(passed, 500, { headersSent: false, setHeader: jest.fn() });
    expect(application.log.mock.calls).toStrictEqual([
      ['error', 'A chain’s link could not be released; it stays held until it expires.', down],
    ]);
  });
});
