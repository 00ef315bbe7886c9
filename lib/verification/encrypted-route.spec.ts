import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { jest } from '@jest/globals';
import { RouteUnderTest, TRANSFER } from '../../test/verification/route-under-test.js';
import { AshError, type AshErrorCode } from '../core/index.js';
import type { AshEnvelope, OpenedRequest, PlainAnswer, SealedAnswer } from './envelope.js';
import type { AshBodyFacts } from './facts.js';
import { compilePolicy, type AshPolicyOptions, type AshRoutePolicy } from './policy.js';
import { AshProtection, type Passed } from './protection.js';
import type { AshLog, ProtectedRoute } from './protected-route.js';
import { RouteBinding } from './route-binding.js';
import { sealPassed } from './sealed-passage.js';
import type { AshRefusal } from './verdict.js';

const NAME = 'Bank.transfer';

/** An envelope whose sealed bodies are lists of one value, and which seals nothing but reverses it. */
class ListEnvelope implements AshEnvelope {
  readonly unfit: string | undefined = undefined;
  readonly opened: string[] = [];

  completeSecret(_contextId: string, clientSecret: string): string {
    return clientSecret;
  }

  sealRefusal(answer: PlainAnswer, contextId: string): Promise<SealedAnswer> {
    return seal({ ...answer, body: Buffer.concat([answer.body, Buffer.from(contextId)]) });
  }

  open(body: AshBodyFacts, contextId: string): Promise<OpenedRequest> {
    this.opened.push(contextId);
    if (!body.present) return Promise.resolve({ body, seal });
    if (!Array.isArray(body.value)) return Promise.reject(new AshError('ASH_INTEGRITY_FAILED', 'not sealed'));
    const [value] = body.value as unknown[];
    return Promise.resolve({ body: { ...body, value, raw: body.raw && Buffer.from('plain') }, seal });
  }
}

function seal({ body }: PlainAnswer): Promise<{ contentType: string; body: Uint8Array }> {
  return Promise.resolve({ contentType: 'sealed/type', body: Uint8Array.from([...body].reverse()) });
}

function policyOf(options: AshPolicyOptions, envelope: AshEnvelope, explain = false): AshRoutePolicy {
  return compilePolicy({
    name: NAME,
    bindings: [RouteBinding.parse('POST /transfer')],
    options,
    envelope,
    explain,
  });
}

describe('The policy of an encrypted route', () => {
  it('takes JSON alone', () => {
    expect([...policyOf({}, new ListEnvelope()).payload]).toStrictEqual(['json']);
    expect([...policyOf({ payload: ['json'] }, new ListEnvelope()).payload]).toStrictEqual(['json']);
  });

  it.each<AshPolicyOptions>([{}, { mode: 'minimal' }, { query: 'cover' }])('covers the query always: %j', (options) => {
    const { settings } = policyOf(options, new ListEnvelope());
    expect(Object.values(settings).map(({ query }) => query)).toStrictEqual(['cover', 'cover', 'cover']);
  });

  it.each<[title: string, options: AshPolicyOptions, unfit: string | undefined, message: string]>([
    [
      'forms',
      { payload: ['json', 'form'] },
      undefined,
      "@AshEncrypted() seals JSON alone, and payload names 'json', 'form'",
    ],
    [
      'bytes',
      { payload: 'raw' },
      undefined,
      "@AshEncrypted() seals JSON alone, and payload names 'raw': leave 'payload' out",
    ],
    [
      'a proof without a secret',
      { protocol: 'v1' },
      undefined,
      "a proof of 'v1' has no secret, and would tell whether a guess of what @AshEncrypted() seals is right; use 'v2.3'.",
    ],
    [
      'a query that is not covered',
      { query: 'ignore' },
      undefined,
      "@AshEncrypted() covers the query, which could be changed past the end point of TLS; leave 'query' out.",
    ],
    [
      'an envelope that is not fit',
      {},
      'it is open; close it',
      '@AshEncrypted() cannot encrypt: it is open; close it.',
    ],
  ])('cannot be with %s', (_title, options, unfit, message) => {
    const envelope = Object.assign(new ListEnvelope(), { unfit });
    expect(() => policyOf(options, envelope)).toThrow(`${NAME}: ${message}`);
  });
});

describe('AshVerifier on an encrypted route', () => {
  const prepare = async (options: AshPolicyOptions = {}, explain = false) => {
    const route = new RouteUnderTest();
    const envelope = new ListEnvelope();
    const { context, draft } = await route.prepare();
    return { route, envelope, context, draft, policy: policyOf(options, envelope, explain) };
  };

  it('verifies what was opened for the context, and hands it on', async () => {
    const { route, envelope, context, draft, policy } = await prepare();
    draft.body = { ...draft.body, value: [TRANSFER], raw: Buffer.from('sealed') };
    const verdict = await route.verify(draft, policy);
    expect(verdict).toMatchObject({
      ok: true,
      replacesBody: false,
      request: { payload: TRANSFER },
      opened: { body: { value: TRANSFER, raw: Buffer.from('plain') } },
    });
    expect(envelope.opened).toStrictEqual([context.contextId]);
  });

  it('verifies by the completed secret, and by no other', async () => {
    const { route, context, draft, policy } = await prepare();
    draft.body.value = [TRANSFER];
    const completing = jest.spyOn(ListEnvelope.prototype, 'completeSecret').mockReturnValueOnce('0'.repeat(64));
    expect(await route.verify(draft, policy)).toMatchObject({ code: 'ASH_INTEGRITY_FAILED' });
    expect(completing.mock.calls).toStrictEqual([[context.contextId, context.clientSecret]]);
    completing.mockRestore();
    expect(await route.verify(draft, policy)).toMatchObject({ ok: true });
  });

  it('refuses what cannot be opened, and leaves the context unspent', async () => {
    const { route, context, draft, policy } = await prepare();
    expect(await route.verify(draft, policy)).toMatchObject({ code: 'ASH_INTEGRITY_FAILED', message: 'not sealed' });
    expect(await route.isSpent(context)).toBe(false);
  });

  it('opens nothing for a context that is good for another route', async () => {
    const { route, envelope, draft, policy } = await prepare();
    draft.method = 'PUT';
    expect(await route.verify(draft, policy)).toMatchObject({ code: 'ASH_BINDING_MISMATCH' });
    expect(envelope.opened).toStrictEqual([]);
  });

  it('throws on what is no refusal', async () => {
    const { route, draft, policy } = await prepare();
    const failure = new RangeError('a fault');
    jest.spyOn(ListEnvelope.prototype, 'open').mockRejectedValueOnce(failure);
    await expect(route.verify(draft, policy)).rejects.toBe(failure);
  });

  it('names no member of a payload that has no canonical form, nor to the log', async () => {
    const { route, draft, policy } = await prepare();
    draft.body.value = [{ secretName: Number.NaN }];
    const verdict = await route.verify(draft, policy);
    expect(verdict).toMatchObject({ code: 'ASH_CANONICALIZATION_ERROR', cause: undefined });
    expect(verdict).not.toMatchObject({ message: expect.stringContaining('secretName') as string });
  });

  it('throws on a fault in reading the payload', async () => {
    const { route, draft, policy } = await prepare();
    const failure = new RangeError('a fault');
    const toJSON = (): never => {
      throw failure;
    };
    draft.body.value = [{ toJSON }];
    await expect(route.verify(draft, policy)).rejects.toBe(failure);
  });

  it('explains a mismatch without the payload', async () => {
    const { route, draft, policy } = await prepare({}, true);
    draft.body.value = [{ secretName: 1 }];
    const verdict = await route.verify(draft, policy);
    expect(verdict).toMatchObject({ code: 'ASH_INTEGRITY_FAILED', explanation: { component: 'unknown' } });
    expect(JSON.stringify(verdict)).not.toContain('secretName');
  });
});

/** A request that passed on an encrypted route, with Node's own answer to it. */
class Scene {
  readonly log = jest.fn<AshLog>();
  readonly headers: Record<string, string> = {};
  readonly request = { method: 'POST', headers: this.headers, body: ['sealed'], rawBody: Buffer.from('sealed') };
  readonly response = new ServerResponse(new IncomingMessage(new Socket()));
  readonly out: unknown[] = [];
  readonly opened: OpenedRequest = {
    body: { present: true, value: TRANSFER, raw: Buffer.from('plain'), mediaType: 'application/json' },
    seal,
  };

  constructor() {
    this.response.end = ((...args: unknown[]) => {
      this.out.push(args[0]);
      return this.response;
    }) as ServerResponse['end'];
  }

  seal(opened: Partial<OpenedRequest> = {}, response: unknown = this.response): void {
    const passage = { route: { name: NAME }, request: this.request, response: response as ServerResponse };
    sealPassed({ ...this.opened, ...opened }, passage, this.log);
  }

  async admit(pass: object): Promise<void> {
    const route = { name: NAME } as ProtectedRoute;
    const { request, response, opened, log } = this;
    const protection = new AshProtection({ store: new RouteUnderTest().memory, log });
    const passed = { pass: { opened, request: { payload: { amount: 1 } }, ...pass }, route, request, response };
    await protection.admit(passed as unknown as Passed<typeof request>, () => new Error('refused'));
  }
}

const settled = (): Promise<void> => new Promise(setImmediate);

describe('A request that passed on an encrypted route', () => {
  it('has the body that was opened, and its bytes, and an answer that is sealed', async () => {
    const scene = new Scene();
    await scene.admit({ replacesBody: false });
    expect(scene.request).toMatchObject({ body: TRANSFER, rawBody: Buffer.from('plain') });
    scene.response.end('abc');
    await settled();
    expect(scene.out).toStrictEqual([Uint8Array.from(Buffer.from('cba'))]);
    expect(scene.response.getHeaders()).toMatchObject({
      'x-ash-verified': 'true',
      'content-type': 'sealed/type',
      'content-length': '3',
    });
  });

  it('has what the scope covers where the rest is stripped, and no bytes', async () => {
    const scene = new Scene();
    await scene.admit({ replacesBody: true });
    expect(scene.request).toMatchObject({ body: { amount: 1 }, rawBody: undefined });
  });

  it('asks for no other form of the answer than the whole of it', () => {
    const scene = new Scene();
    const asking = ['accept-encoding', 'if-match', 'if-none-match', 'if-modified-since', 'if-range', 'range'];
    for (const name of [...asking, 'if-unmodified-since', 'accept']) scene.headers[name] = 'x';
    scene.seal();
    expect(scene.headers).toStrictEqual({ accept: 'x' });
  });

  it('has an answer without a body where it asks for a head', async () => {
    const scene = new Scene();
    scene.request.method = 'HEAD';
    scene.seal();
    scene.response.end('abc');
    await settled();
    expect(scene.out).toStrictEqual([undefined]);
  });

  it.each<[title: string, response: unknown]>([
    ['none', null],
    ['a text', 'response'],
    ['a head alone', { writeHead: seal, removeHeader: seal }],
    ['a body without an end', { writeHead: seal, removeHeader: seal, write: seal }],
  ])('is let through to no handler where its response is not one of Node’s: %s', (_title, response) => {
    expect(() => {
      new Scene().seal({}, response);
    }).toThrow(`${NAME}: @AshEncrypted() seals answers of Node's own, and this is none.`);
  });

  type Row = [title: string, error: Error, status: number, body: object];
  const rows: Row[] = [
    [
      'a fault',
      new Error('secret'),
      500,
      { statusCode: 500, error: 'Internal Server Error', message: 'Internal server error' },
    ],
    [
      'a store that is not there, without the code of a request that has not run',
      new AshError('ASH_STORE_UNAVAILABLE'),
      503,
      { statusCode: 503, error: 'Service Unavailable', message: expect.any(String) },
    ],
  ];
  it.each(rows)('is answered nothing of what cannot be sealed: %s', async (_title, error, status, body) => {
    const scene = new Scene();
    scene.seal({ seal: () => Promise.reject(error) });
    scene.response.setHeader('X-ASH-Verified', 'true').setHeader('Access-Control-Allow-Origin', '*');
    scene.response.setHeader('X-ASH-Chain-Proof', 'proof').setHeader('Set-Cookie', 'own').end('abc');
    await settled();
    expect(scene.out.map((text) => JSON.parse(String(text)) as unknown)).toStrictEqual([body]);
    expect(scene.response.statusCode).toBe(status);
    expect(scene.response.getHeaders()).toEqual({
      'x-ash-verified': 'true',
      'access-control-allow-origin': '*',
      'content-type': 'application/json; charset=utf-8',
    });
    expect(scene.log.mock.calls).toStrictEqual([
      ['error', `${NAME}: the answer was withheld, since it could not be sealed.`, error],
    ]);
  });

  it('is answered nothing where its client is gone', async () => {
    const scene = new Scene();
    scene.seal({ seal: () => Promise.reject(new Error('late')) });
    scene.response.end('abc');
    scene.response.destroy();
    await settled();
    expect(scene.out).toStrictEqual([]);
    expect(scene.log).not.toHaveBeenCalled();
  });
});

describe('The refusal of a request to an encrypted route', () => {
  const refuse = (scene: Scene, envelope?: AshEnvelope, code: AshErrorCode = 'ASH_CTX_EXPIRED'): void => {
    const { log, request, response } = scene;
    const route = { name: NAME, envelope } as ProtectedRoute;
    new AshProtection({ store: new RouteUnderTest().memory, log }).sealRefusal({ code } as AshRefusal, {
      route,
      request,
      response,
    });
    response.end('abc');
  };

  it('is sealed for the context that the request names', async () => {
    const scene = new Scene();
    scene.headers['x-ash-context-id'] = 'ash_1';
    refuse(scene, new ListEnvelope());
    await settled();
    expect(scene.out).toStrictEqual([Uint8Array.from(Buffer.from('1_hsacba'))]);
  });

  it('is plain for one whose body was not sealed', async () => {
    const scene = new Scene();
    scene.headers['x-ash-context-id'] = 'ash_1';
    refuse(scene, new ListEnvelope(), 'ASH_UNSUPPORTED_CONTENT_TYPE');
    await settled();
    expect(scene.out).toStrictEqual(['abc']);
  });

  it.each<[title: string, contextId: string | undefined, envelope: AshEnvelope | undefined]>([
    ['it names no context', undefined, new ListEnvelope()],
    ['what it names is none', 'a|b', new ListEnvelope()],
    ['the route is not encrypted', 'ash_1', undefined],
  ])('stays plain where %s', async (_title, contextId, envelope) => {
    const scene = new Scene();
    if (contextId !== undefined) scene.headers['x-ash-context-id'] = contextId;
    refuse(scene, envelope);
    await settled();
    expect(scene.out).toStrictEqual(['abc']);
  });

  it('is without content where nothing can be sealed', async () => {
    const scene = new Scene();
    scene.headers['x-ash-context-id'] = 'ash_1';
    const away = new AshError('ASH_STORE_UNAVAILABLE');
    refuse(scene, Object.assign(new ListEnvelope(), { sealRefusal: () => Promise.reject(away) }));
    await settled();
    expect(scene.response.statusCode).toBe(503);
    expect(String(scene.out[0])).not.toMatch(/abc|ASH_/);
  });
});
