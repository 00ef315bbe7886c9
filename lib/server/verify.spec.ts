import { jest } from '@jest/globals';
import { prove, TRANSFER } from '../../test/verification/route-under-test.js';
import type { AshIssuedContext } from '../core/index.js';
import { AshMemoryStore } from '../stores/memory.store.js';
import type { AshContextStore } from '../stores/context-store.js';
import type { AshRequestLike } from '../verification/facts.js';
import type { AshServerOptions } from './options.js';
import { ashIssue, ashRefusalBody, ashVerify } from './verify.js';

const ROUTE = 'POST /transfer';

function requestOf(context: AshIssuedContext, more: Partial<AshRequestLike> = {}): AshRequestLike {
  const [method = '', url = ''] = context.binding.split(' ');
  const headers = {
    ...prove(context, { timestamp: Date.now() }).headers,
    'content-type': 'application/json',
    'content-length': '30',
  };
  return { method, url, headers, body: { ...TRANSFER }, ...more };
}

async function codeOf(store: AshContextStore, request: AshRequestLike, options?: AshServerOptions): Promise<string> {
  const verdict = await ashVerify(store, request, options);
  return verdict.ok ? 'pass' : verdict.code;
}

describe('ashVerify', () => {
  it('verifies by the request’s own method and path, and spends the context', async () => {
    const store = new AshMemoryStore();
    const context = await ashIssue(store, { binding: ROUTE });
    const request = requestOf(context);
    await expect(codeOf(store, { ...request, url: '/other' })).resolves.toBe('ASH_BINDING_MISMATCH');
    await expect(codeOf(store, request)).resolves.toBe('pass');
    await expect(codeOf(store, request)).resolves.toBe('ASH_CTX_ALREADY_USED');
  });

  type Row = [title: string, options: AshServerOptions, request: Partial<AshRequestLike>, code: string];
  const rows: Row[] = [
    ['passes on the binding that is expected', { expectedBinding: ROUTE }, {}, 'pass'],
    ['refuses another binding than is expected', { expectedBinding: 'POST /cheap' }, {}, 'ASH_BINDING_MISMATCH'],
    ['passes on one of several', { expectedBinding: ['POST /cheap', ROUTE] }, {}, 'pass'],
    ['passes on one of all', { bindings: ['POST /cheap', ROUTE] }, {}, 'pass'],
    ['refuses what none of all is for', { bindings: ['POST /cheap', 'POST /:a/:b'] }, {}, 'ASH_BINDING_MISMATCH'],
    ['refuses a URL without a path', { expectedBinding: ROUTE }, { url: '' }, 'ASH_BINDING_MISMATCH'],
    [
      'refuses a path with a dot segment',
      { expectedBinding: ROUTE },
      { url: '/a/../transfer' },
      'ASH_BINDING_MISMATCH',
    ],
    ['refuses a path with a run of slashes', { expectedBinding: ROUTE }, { url: '//transfer' }, 'ASH_BINDING_MISMATCH'],
    ['takes a whole URL', { expectedBinding: ROUTE }, { url: 'http://shop.example/transfer' }, 'pass'],
    ['takes a path behind a prefix', { publicPrefix: '/', expectedBinding: ROUTE }, {}, 'pass'],
  ];
  it.each(rows)('%s', async (_title, options, request, code) => {
    const store = new AshMemoryStore();
    const context = await ashIssue(store, { binding: ROUTE });
    await expect(codeOf(store, requestOf(context, request), options)).resolves.toBe(code);
  });

  it('gives what is left to do on a step of a chain', async () => {
    const store = new AshMemoryStore();
    const options: AshServerOptions = {
      bindings: { 'POST /cart': { chain: { name: 'c', start: true } }, 'POST /pay': { chain: 'c' } },
      subject: () => 'ann',
    };
    const cart = await ashVerify(
      store,
      requestOf(await ashIssue(store, { binding: 'POST /cart', subject: 'ann' }, options)),
      options,
    );
    if (!cart.ok || cart.step === undefined) throw new Error('no step');
    await cart.step.succeed();
    const context = await ashIssue(store, { binding: 'POST /pay', subject: 'ann' }, options);
    const { headers } = prove(context, { timestamp: Date.now(), previousProof: cart.step.proof });
    const next = { ...requestOf(context), headers: { ...requestOf(context).headers, ...headers } };
    await expect(codeOf(store, next, options)).resolves.toBe('pass');
  });

  it('makes ready once what options declare, and again for others', async () => {
    const store = new AshMemoryStore();
    const isRead = jest.fn();
    const declared = (): AshServerOptions =>
      Object.defineProperty({}, 'expectedBinding', {
        enumerable: true,
        get: () => {
          isRead();
          return ROUTE;
        },
      });
    const options = declared();
    const request = { method: 'POST', url: '/transfer', headers: {} };
    await ashVerify(store, request, options);
    const first = isRead.mock.calls.length;
    await ashVerify(store, request, options);
    await ashVerify(store, request, options);
    expect(isRead).toHaveBeenCalledTimes(first);
    await ashVerify(new AshMemoryStore(), request, options);
    expect(isRead).toHaveBeenCalledTimes(2 * first);
    await ashVerify(store, request, declared());
    expect(isRead).toHaveBeenCalledTimes(3 * first);
  });

  it.each([
    ['no store', undefined, {}, "ashVerify: 'store' is a store of contexts: new AshMemoryStore(), for one."],
    [
      'options that are none',
      new AshMemoryStore(),
      5,
      'ashVerify: its options are missing: { store: new AshMemoryStore() }, for one.',
    ],
    ['an option that is none', new AshMemoryStore(), { skip: () => true }, "ashVerify: there is no option 'skip'; "],
  ])('rejects for %s', async (_title, store, options, sentence) => {
    const verdict = ashVerify(
      store as unknown as AshContextStore,
      { method: 'POST', url: '/transfer', headers: {} },
      options as AshServerOptions,
    );
    await expect(verdict).rejects.toMatchObject({ name: 'AshConfigurationError' });
    await expect(verdict).rejects.toThrow(sentence);
  });
});

describe('ashVerify rejects for a request', () => {
  it.each([
    ['that there is none of', undefined],
    ['without headers', { method: 'POST', url: '/transfer' }],
    ['of the web, whose headers are no object', new Request('http://shop.example/transfer', { method: 'POST' })],
  ])('%s', async (_title, request) => {
    const verdict = ashVerify(new AshMemoryStore(), request as unknown as AshRequestLike, { bindings: [ROUTE] });
    await expect(verdict).rejects.toMatchObject({ name: 'AshConfigurationError' });
    await expect(verdict).rejects.toThrow('ashVerify: a request is { method, url, headers, body }');
  });
});

describe('ashIssue', () => {
  it.each([
    ['a route that is not declared', { binding: 'POST /other' }, { code: 'ASH_BINDING_MISMATCH' }],
    ['a malformed binding', { binding: 'transfer' }, { code: 'ASH_CANONICALIZATION_ERROR' }],
    [
      'what is no text',
      { binding: 5 as unknown as string },
      { message: "binding: it is no text: name the route, 'POST /transfer'." },
    ],
    ['no binding', {} as { binding: string }, { code: 'ASH_CANONICALIZATION_ERROR' }],
    ['a subject that nobody verifies', { binding: ROUTE, subject: 'ann' }, { code: 'ASH_SUBJECT_MISMATCH' }],
    [
      'an option that there is not',
      { binding: ROUTE, ttlMs: 1_000 },
      { message: "issue(): there is no option 'ttlMs'; the options are binding, subject, scope, metadata, ttl, mode." },
    ],
    ['a life that is too long', { binding: ROUTE, ttl: 1e9 }, { name: 'AshConfigurationError' }],
  ])('rejects for %s', async (_title, issue, error) => {
    await expect(ashIssue(new AshMemoryStore(), issue, { bindings: [ROUTE] })).rejects.toMatchObject(error);
  });

  it('goes by the options of the route', async () => {
    const options: AshServerOptions = { bindings: { [ROUTE]: { scope: ['amount'], mode: 'strict', ttl: 5_000 } } };
    const context = await ashIssue(new AshMemoryStore(), { binding: 'post /transfer/' }, options);
    expect(context).toMatchObject({ binding: ROUTE, scope: ['amount'], mode: 'strict' });
    expect(context.expiresAt - context.issuedAt).toBe(5_000);
  });
});

describe('ashRefusalBody', () => {
  const request = { method: 'POST', url: '/transfer', headers: {} };

  it('says what a client is told', async () => {
    const verdict = await ashVerify(new AshMemoryStore(), request);
    if (verdict.ok) throw new Error('It passed.');
    expect(ashRefusalBody(verdict)).toStrictEqual({
      statusCode: 403,
      error: 'Forbidden',
      code: 'ASH_PROOF_MISSING',
      message: expect.any(String),
    });
    expect(ashRefusalBody(verdict, { ASH_PROOF_MISSING: 428 })).toMatchObject({
      statusCode: 428,
      error: 'Precondition Required',
    });
  });

  it('hides the code in strict mode', async () => {
    const verdict = await ashVerify(new AshMemoryStore(), request, { mode: 'strict', log: () => undefined });
    if (verdict.ok) throw new Error('It passed.');
    expect(verdict.code).toBe('ASH_PROOF_MISSING');
    expect(ashRefusalBody(verdict)).toStrictEqual({
      statusCode: 403,
      error: 'Forbidden',
      code: 'ASH_VERIFICATION_FAILED',
      message: 'The request could not be verified.',
    });
  });
});
