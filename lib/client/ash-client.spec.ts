import { jest } from '@jest/globals';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import {
  ashErrorStatus,
  ashVerifyProofUnified,
  ashVerifyProofV21,
  ashVerifyProofV21Chained,
  ashVerifyProofV21Scoped,
  type AshErrorCode,
  type AshIssuedContext,
} from '../core/index.js';
import {
  AshClient,
  AshClientError,
  isAshClientError,
  type AshChainState,
  type AshClientChain,
  type AshClientOptions,
} from './index.js';
import {
  BASE,
  beginWithoutServers,
  FakeServer,
  open,
  refusalResponse,
  SERVER_TIME,
  secretsThatWereSent,
  type IssuedRecord,
  type Route,
  type Seen,
} from '../../test/support/fake-server.js';

const HOUR = 3_600_000;

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

beforeEach(beginWithoutServers);

afterEach(() => {
  // eslint-disable-next-line jest/no-standalone-expect -- holds for every test of this file
  expect(secretsThatWereSent()).toEqual([]);
});

type Send = (ash: AshClient) => Promise<Response>;

const JSON_HEADERS = { 'content-type': 'application/json' };
const FORM_HEADERS = { 'content-type': 'application/x-www-form-urlencoded' };
const NFD = 'Cafe\u0301';

describe('a proven request', () => {
  type Row = [title: string, binding: string, route: Route, send: Send];

  const bodies: Row[] = [
    ['an object', 'POST /x', {}, (ash) => ash.post('/x', { b: 1, a: { d: [1, 2], c: 'é' } })],
    ['an array', 'POST /x', {}, (ash) => ash.post('/x', [3, 'two', null])],
    ['a number', 'POST /x', {}, (ash) => ash.post('/x', 1e21)],
    ['a boolean', 'POST /x', {}, (ash) => ash.post('/x', false)],
    ['null', 'POST /x', {}, (ash) => ash.post('/x', null)],
    ['undefined members', 'POST /x', {}, (ash) => ash.post('/x', { a: undefined, b: new Date(0) })],
    ['more than a megabyte', 'POST /x', { payload: 'raw' }, (ash) => ash.post('/x', { a: 'x'.repeat(1_500_000) })],
    ['no body', 'POST /x', {}, (ash) => ash.post('/x')],
    ['a GET', 'GET /x', {}, (ash) => ash.get('/x')],
    ['a DELETE', 'DELETE /x', {}, (ash) => ash.delete('/x')],
    ['a DELETE with a body', 'DELETE /x', {}, (ash) => ash.delete('/x', { reason: 'old' })],
    ['a PUT', 'PUT /x', {}, (ash) => ash.put('/x', { a: 1 })],
    ['a PATCH', 'PATCH /x', {}, (ash) => ash.patch('/x', { a: 1 })],
    ['a form', 'POST /x', {}, (ash) => ash.post('/x', new URLSearchParams('b=2&a=x+y&b=1&c=%2B|%C3%A9'))],
    ['an empty form', 'POST /x', {}, (ash) => ash.post('/x', new URLSearchParams())],
    ['a text on a raw route', 'POST /x', { payload: 'raw' }, (ash) => ash.post('/x', 'plain é')],
    ['an empty text on a raw route', 'POST /x', { payload: 'raw' }, (ash) => ash.post('/x', '')],
    ['no body on a raw route', 'POST /x', { payload: 'raw' }, (ash) => ash.post('/x', undefined, { payload: 'raw' })],
    ['an ArrayBuffer', 'POST /x', { payload: 'raw' }, (ash) => ash.post('/x', new Uint8Array([0, 255]).buffer)],
    ['bytes', 'POST /x', { payload: 'raw' }, (ash) => ash.post('/x', new Uint8Array([1, 2, 3, 4]).subarray(1, 3))],
    [
      'a DataView',
      'POST /x',
      { payload: 'raw' },
      (ash) => ash.post('/x', new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2)),
    ],
    ['a Blob', 'POST /x', { payload: 'raw' }, (ash) => ash.post('/x', new Blob(['a', 'b'], { type: 'text/csv' }))],
    ['a form with files', 'POST /x', { payload: 'raw' }, (ash) => ash.post('/x', fileForm())],
    ['JSON on a raw route', 'POST /x', { payload: 'raw' }, (ash) => ash.post('/x', { b: 1, a: 2 }, { payload: 'raw' })],
    ['JSON on a raw route that was not named', 'POST /x', { payload: 'raw' }, (ash) => ash.post('/x', { b: 1, a: 2 })],
    [
      'JSON as text',
      'POST /x',
      {},
      (ash) => ash.post('/x', '{ "b": 1.0, "a": 2 }', { payload: 'json', headers: JSON_HEADERS }),
    ],
    ['a Blob of JSON', 'POST /x', {}, (ash) => ash.post('/x', new Blob(['{ "a": 1 }'], { type: 'application/json' }))],
  ];

  const fetches: Row[] = [
    [
      'a JSON text',
      'POST /x',
      {},
      fetching({ method: 'POST', headers: JSON_HEADERS, body: '{ "b": 1, "a": "\\u00e9" }' }),
    ],
    [
      'a vendor JSON text',
      'PUT /x',
      {},
      fetching({ method: 'PUT', headers: { 'content-type': 'application/vnd.x+json; v=1' }, body: '[ 1 ]' }),
    ],
    [
      'JSON bytes',
      'POST /x',
      {},
      fetching({ method: 'POST', headers: JSON_HEADERS, body: new TextEncoder().encode('{ "a": "é" }') }),
    ],
    ['a form text', 'POST /x', {}, fetching({ method: 'POST', headers: FORM_HEADERS, body: 'b=2&a=x+y' })],
    [
      'JSON bytes on a raw route',
      'POST /x',
      { payload: 'raw' },
      fetching({ method: 'POST', headers: JSON_HEADERS, body: '{ "a": 1 }', payload: 'raw' }),
    ],
    // What a server reads of these is what is proven: its parser takes the last of two equal keys, and rounds to doubles.
    [
      'a JSON text with a key twice',
      'POST /x',
      {},
      fetching({ method: 'POST', headers: JSON_HEADERS, body: '{"a":1,"__proto__":2,"a":3}' }),
    ],
    [
      'a JSON text with an integer that is no double',
      'POST /x',
      {},
      fetching({ method: 'POST', headers: JSON_HEADERS, body: '[9007199254740993]' }),
    ],
    ['an empty JSON text', 'POST /x', {}, fetching({ method: 'POST', headers: JSON_HEADERS, body: '' })],
    ['a null body', 'POST /x', {}, fetching({ method: 'POST', body: null })],
    ['nothing but a URL', 'GET /x', {}, (ash) => ash.fetch(new URL('/x', BASE))],
    ['a lower-case method', 'PATCH /x', {}, fetching({ method: 'patch', body: new URLSearchParams('a=1') })],
  ];

  const queries: Row[] = [
    ['a query', 'GET /x', {}, (ash) => ash.get('/x?b=2&a=1&a=%2f')],
    ['a raw bar in the query', 'GET /x', {}, (ash) => ash.get('/x?a=1|2|3')],
    ['a space and an umlaut in the query', 'GET /x', {}, (ash) => ash.get('/x?q=a b&ü=ö')],
    ['an empty query', 'GET /x', {}, (ash) => ash.get('/x?')],
    ['a second question mark', 'GET /x', {}, (ash) => ash.get('/x?a?b')],
    ['a fragment', 'GET /x', {}, (ash) => ash.get('/x?a=1#part?b')],
    ['a query in minimal mode', 'GET /x', { mode: 'minimal' }, (ash) => ash.get('/x?a=1')],
    ['a query that the route covers', 'GET /x', { mode: 'minimal', query: 'cover' }, (ash) => ash.get('/x?a=1')],
    ['a query that the route ignores', 'GET /x', { query: 'ignore' }, (ash) => ash.get('/x?a=1')],
    ['a query in strict mode', 'GET /x', { mode: 'strict' }, (ash) => ash.get('/x?a=1')],
    ['a path with dots', 'GET /b', {}, (ash) => ash.get('/a/../b')],
    ['a path with a trailing slash', 'GET /b', {}, (ash) => ash.get('/b/')],
    ['a path without a leading slash', 'GET /b', {}, (ash) => ash.get('b')],
  ];

  const scopes: Row[] = [
    [
      'a scope',
      'POST /x',
      { scope: ['amount', 'to.id'] },
      (ash) => ash.post('/x', { amount: 1, to: { id: 7, n: 2 }, note: 'free' }),
    ],
    ['a scope with a missing path', 'POST /x', { scope: ['amount', 'gone'] }, (ash) => ash.post('/x', { amount: 1 })],
    [
      'a scope over a value with toJSON',
      'POST /x',
      { scope: ['at'] },
      (ash) => ash.post('/x', { toJSON: () => ({ at: 1, b: 2 }) }),
    ],
    ['a scope without a body', 'POST /x', { scope: ['amount'] }, (ash) => ash.post('/x')],
    [
      'a canonical form that normalises',
      'POST /x',
      { canonicalization: 'jcs-nfc' },
      (ash) => ash.post('/x', { name: NFD }),
    ],
    [
      'such a form with a scope',
      'POST /x',
      { canonicalization: 'jcs-nfc', scope: ['name'] },
      (ash) => ash.post('/x', { name: NFD, b: 1 }),
    ],
  ];

  const protocols: Row[] = [
    ['v2.2 with a scope', 'POST /x', { protocol: 'v2.2', scope: ['b'] }, (ash) => ash.post('/x', { b: 1, a: 2 })],
    ['v2.2 without a scope', 'POST /x', { protocol: 'v2.2' }, (ash) => ash.post('/x', { b: 1, a: 2 })],
    ['v2.2 without a body', 'POST /x', { protocol: 'v2.2' }, (ash) => ash.post('/x')],
    ['v2.1', 'POST /x', { protocol: 'v2.1' }, (ash) => ash.post('/x', { b: 1, a: 2 })],
    ['v2.1 without a body', 'POST /x', { protocol: 'v2.1' }, (ash) => ash.post('/x')],
    ['v2.1 with raw bytes', 'POST /x', { protocol: 'v2.1', payload: 'raw' }, (ash) => ash.post('/x', 'raw')],
    ['v1 balanced', 'POST /x', { protocol: 'v1' }, (ash) => ash.post('/x?a=1', { b: 1, a: 2 })],
    ['v1 strict', 'POST /x', { protocol: 'v1', mode: 'strict' }, (ash) => ash.post('/x', { b: 1, a: 2 })],
    ['v1 with a form', 'POST /x', { protocol: 'v1' }, (ash) => ash.post('/x', new URLSearchParams('b=2&a=1'))],
    ['v1 without a body', 'POST /x', { protocol: 'v1' }, (ash) => ash.post('/x')],
  ];

  function fetching(init: Parameters<AshClient['fetch']>[1]): Send {
    return (ash) => ash.fetch('/x', init);
  }

  function fileForm(): FormData {
    const form = new FormData();
    form.set('title', 'é');
    form.set('file', new Blob(['content']), 'a.txt');
    return form;
  }

  it.each([...bodies, ...fetches, ...queries, ...scopes, ...protocols])(
    'passes at the first attempt with %s',
    async (_title, binding, route, send) => {
      const { ash, server } = open({ [binding]: route });

      const response = await send(ash);

      expect([response.status, await response.json()]).toEqual([200, { ok: true }]);
      expect(server.seen).toHaveLength(2);
    },
  );

  it('is one that the reference functions verify', async () => {
    const { ash, server } = open({
      'POST /v23': { scope: ['a'] },
      'POST /v22': { protocol: 'v2.2', scope: ['a'] },
      'POST /v21': { protocol: 'v2.1' },
      'POST /chained': { protocol: 'v2.1', chain: { name: 'c', start: true } },
    });
    const body = { b: 1, a: 2 };
    const checks: Record<string, (context: IssuedRecord, time: string, proof: string) => boolean> = {
      '/v23': ({ nonce, contextId, binding }, time, proof) =>
        ashVerifyProofUnified(nonce, contextId, binding, time, body, proof, ['a'], sha256('a')),
      '/v22': ({ nonce, contextId, binding }, time, proof) =>
        ashVerifyProofV21Scoped(nonce, contextId, binding, time, body, ['a'], sha256('a'), proof),
      '/v21': ({ nonce, contextId, binding }, time, proof) =>
        ashVerifyProofV21(nonce, contextId, binding, time, sha256('{"a":2,"b":1}'), proof),
      '/chained': ({ nonce, contextId, binding }, time, proof) =>
        ashVerifyProofV21Chained(nonce, contextId, binding, time, sha256('{"a":2,"b":1}'), null, proof),
    };
    for (const path of Object.keys(checks)) await ash.post(path, body);

    const verdicts = server.calls.map(({ path, headers }) => {
      const context = server.contexts.get(headers.get('x-ash-context-id') ?? '');
      return context && checks[path]?.(context, headers.get('x-ash-timestamp') ?? '', headers.get('x-ash-proof') ?? '');
    });
    expect(verdicts).toEqual([true, true, true, true]);
  });
});

describe('what goes over the wire', () => {
  it('is the canonical text of a JSON body, with its content type', async () => {
    const { ash, server } = open({ 'POST /x': { scope: ['a'] } });
    await ash.post('/x', { b: NFD, a: 1, gone: undefined });

    expect(server.calls[0]?.text).toBe(`{"a":1,"b":"${NFD}"}`);
    expect(server.calls[0]?.headers.get('content-type')).toBe('application/json');
  });

  it('is the canonical text of a form, with its content type', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    await ash.post('/x', new URLSearchParams('b=2&a=x+y'));

    expect(server.calls[0]?.text).toBe('a=x%20y&b=2');
    expect(server.calls[0]?.headers.get('content-type')).toBe('application/x-www-form-urlencoded');
  });

  it('is a text as it was given', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    await ash.fetch('/x', { method: 'POST', headers: JSON_HEADERS, body: '{ "b": 1 }' });

    expect(server.calls[0]?.text).toBe('{ "b": 1 }');
  });

  it('is the text without normalisation where only the proof normalises', async () => {
    const { ash, server } = open({ 'POST /x': { canonicalization: 'jcs-nfc' } });
    await ash.post('/x', { name: NFD });

    expect(server.calls[0]?.text).toBe(`{"name":"${NFD}"}`);
  });

  it.each([
    ['text/plain;charset=UTF-8', 'text', {}],
    ['application/x-special', 'text', { 'content-type': 'application/x-special' }],
    ['image/png', new Blob(['x'], { type: 'image/png' }), {}],
    [null, new Uint8Array([1]), {}],
  ])('names the content type %s of a raw body', async (expected, body, headers) => {
    const { ash, server } = open({ 'POST /x': { payload: 'raw' } });
    await ash.post('/x', body, { headers });

    expect(server.calls[0]?.headers.get('content-type')).toBe(expected);
  });

  it('has neither body nor content type where there is no body', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    await ash.post('/x');

    expect([server.calls[0]?.bytes.length, server.calls[0]?.headers.get('content-type')]).toEqual([0, null]);
  });

  it('has no body where fetch is given null', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    await ash.fetch('/x', { method: 'POST', body: null });

    expect(server.calls[0]?.bytes).toHaveLength(0);
  });

  it('is a method in upper case', async () => {
    const { ash, server } = open({ 'PATCH /x': {} });
    await ash.fetch('/x', { method: 'patch' });

    expect(server.calls[0]?.init.method).toBe('PATCH');
  });

  it('is a body as it was when the call was made', async () => {
    const { ash, server } = open({ 'POST /x': {}, 'POST /raw': { payload: 'raw' } });
    const value = { amount: 1 };
    const bytes = new Uint8Array([1]);
    const sent = [ash.post('/x', value), ash.post('/raw', bytes)];
    value.amount = 1000;
    bytes[0] = 255;
    await Promise.all(sent);

    expect(server.calls.map(({ text }) => text).sort()).toEqual(['\u0001', '{"amount":1}']);
  });

  it.each<[string, Route, string[]]>([
    ['v2.3', {}, ['context-id', 'proof', 'timestamp']],
    ['v2.3 with a scope', { scope: ['a'] }, ['context-id', 'proof', 'scope', 'scope-hash', 'timestamp']],
    ['v2.3 with an empty scope', { scope: [] }, ['context-id', 'proof', 'timestamp']],
    ['v2.1', { protocol: 'v2.1' }, ['context-id', 'proof', 'timestamp']],
    ['v1', { protocol: 'v1' }, ['context-id', 'proof']],
    ['v1 strict', { protocol: 'v1', mode: 'strict' }, ['context-id', 'proof']],
  ])('has these headers of the protocol and no others for %s', async (_title, route, expected) => {
    const { ash, server } = open({ 'POST /x': route });
    await ash.post('/x', { a: 1 });

    const names = [...(server.calls[0]?.headers.keys() ?? [])].filter((name) => name.startsWith('x-ash-'));
    expect(names).toEqual([...expected, 'renew'].sort().map((name) => `x-ash-${name}`));
  });

  it('leaves out headers of the protocol that the caller gives', async () => {
    const { ash, server } = open({ 'POST /x': {} }, { headers: { 'x-ash-client-secret': 'a' } });
    await ash.post('/x', {}, { headers: { 'X-ASH-Chain-Hash': 'b', 'X-ASH-Proof': 'c' } });

    const names = server.seen.flatMap(({ headers }) => [...headers.keys()]);
    expect(names).not.toContain('x-ash-client-secret');
    expect(names).not.toContain('x-ash-chain-hash');
  });

  it('has a bar in the query percent-encoded, as it was proven', async () => {
    const { ash, server } = open({ 'GET /x': {} });
    await ash.get('/x?a=1|2');

    expect(server.calls[0]?.url).toBe(`${BASE}/x?a=1%7C2`);
  });
});

describe('the clock', () => {
  it.each([
    ['an hour behind', -HOUR],
    ['an hour ahead', HOUR],
    ['half a millisecond off', 0.5],
  ])('is corrected by the context when it is %s', async (_title, skew) => {
    const server = new FakeServer({ 'POST /x': {} });
    const ash = new AshClient({ baseUrl: BASE, fetch: server.fetch, clock: () => server.now + skew });

    const response = await ash.post('/x', {});

    expect(response.status).toBe(200);
    expect(server.calls[0]?.headers.get('x-ash-timestamp')).toBe(String(SERVER_TIME));
  });

  it('is corrected by the middle of the time that the context took', async () => {
    const { server } = open({ 'POST /x': {} });
    const clock = jest.fn<() => number>().mockReturnValueOnce(1000).mockReturnValue(3001);
    const slow = new AshClient({ baseUrl: BASE, fetch: server.fetch, clock });
    await slow.post('/x', {});

    expect(server.calls[0]?.headers.get('x-ash-timestamp')).toBe(String(SERVER_TIME + 1001));
  });

  it('is mended by a fresh context when it was set in between', async () => {
    const server = new FakeServer({ 'POST /x': {} });
    let skew = 0;
    const ash = new AshClient({ baseUrl: BASE, fetch: server.fetch, clock: () => server.now + skew });
    const context = await ash.context('POST', '/x');
    skew = -HOUR;

    expect((await ash.post('/x', {}, { context })).status).toBe(200);
    expect(server.calls).toHaveLength(2);
  });
});

describe('a context that was asked for ahead of time', () => {
  it('is used by the call that it is given to', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    const context = await ash.context('post', '/x?a=1');
    await ash.post('/x', { a: 1 }, { context });

    expect(server.contextCalls).toHaveLength(1);
    expect(server.calls[0]?.headers.get('x-ash-context-id')).toBe(context.contextId);
  });

  it('is renewed before it is used where it expired meanwhile', async () => {
    const { ash, server } = open({ 'POST /x': { ttl: 1000 } });
    const context = await ash.context('POST', '/x');
    server.now += 1000;

    expect((await ash.post('/x', {}, { context })).status).toBe(200);
    expect([server.contextCalls.length, server.calls.length]).toEqual([2, 1]);
  });

  it('is renewed before it is used where it expired on its way', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    server.answerOnce('/ash/context', () => {
      const { nonce: _, isSpent: __, ...context } = server.issueFor('POST /x');
      server.now += 70_000;
      return Response.json(context);
    });

    expect((await ash.post('/x', {})).status).toBe(200);
    expect([server.contextCalls.length, server.calls.length]).toEqual([2, 1]);
  });

  it('is still good after headers that took their time', async () => {
    const server = new FakeServer({ 'POST /x': { ttl: 1000 } });
    let wait = 0;
    const headers = (): Record<string, string> => {
      server.now += wait;
      return {};
    };
    const ash = new AshClient({ baseUrl: BASE, fetch: server.fetch, clock: () => server.now, headers });
    const context = await ash.context('POST', '/x');
    wait = 900;

    expect((await ash.post('/x', {}, { context })).status).toBe(200);
    expect((await ash.post('/x', {})).status).toBe(200);
    expect(server.calls).toHaveLength(2);
  });

  it.each<[string, Partial<Record<keyof AshIssuedContext, unknown>>, RegExp]>([
    ['another route', { binding: 'POST /y' }, /not fit for POST \/x: 'binding' is not 'POST \/x'/],
    ['no secret', { clientSecret: undefined }, /'clientSecret'/],
  ])('is an error where it has %s', async (_title, wrong, message) => {
    const { ash, server } = open({ 'POST /x': {} });
    const context = { ...(await ash.context('POST', '/x')), ...wrong } as AshIssuedContext;

    await expect(ash.post('/x', {}, { context })).rejects.toMatchObject({
      code: 'ASH_CLIENT_CONTEXT_INVALID',
      message: expect.stringMatching(message),
    });
    expect(server.calls).toHaveLength(0);
  });
});

describe('a refusal', () => {
  const mended: AshErrorCode[] = [
    'ASH_CTX_NOT_FOUND',
    'ASH_CTX_EXPIRED',
    'ASH_TIMESTAMP_INVALID',
    'ASH_BINDING_MISMATCH',
    'ASH_SUBJECT_MISMATCH',
    'ASH_SCOPE_MISMATCH',
    'ASH_INTEGRITY_FAILED',
    'ASH_PROOF_INVALID',
    // After a pause.
    'ASH_STORE_UNAVAILABLE',
  ];
  const final: AshErrorCode[] = [
    'ASH_CTX_ALREADY_USED',
    'ASH_VERIFICATION_FAILED',
    'ASH_CHAIN_BROKEN',
    'ASH_CHAIN_EXPIRED',
    'ASH_PROOF_MISSING',
    'ASH_HEADER_INVALID',
    'ASH_CANONICALIZATION_ERROR',
    'ASH_UNSUPPORTED_CONTENT_TYPE',
    'ASH_RAW_BODY_UNAVAILABLE',
  ];

  it.each(mended)('%s is mended by one fresh context', async (code) => {
    const { ash, server } = open({ 'POST /x': {} });
    server.answerOnce('/x', () => refusalResponse(code));

    expect((await ash.post('/x', { a: 1 })).status).toBe(200);
    const ids = server.calls.map(({ headers }) => headers.get('x-ash-context-id'));
    expect(new Set(ids).size).toBe(2);
    expect(server.calls.map(({ text }) => text)).toEqual(['{"a":1}', '{"a":1}']);
  });

  it.each(mended)('%s is an error when it comes twice', async (code) => {
    const { ash, server } = open({ 'POST /x': {} });
    server.answerOnce('/x', ...Array.from({ length: 3 }, () => () => refusalResponse(code)));

    await expect(ash.post('/x', {})).rejects.toMatchObject({ code, status: ashErrorStatus(code) });
    expect(server.calls).toHaveLength(2);
  });

  it.each(final)('%s is an error at once', async (code) => {
    const { ash, server } = open({ 'POST /x': {} });
    server.answerOnce('/x', () => refusalResponse(code));

    await expect(ash.post('/x', {})).rejects.toMatchObject({
      name: 'AshClientError',
      code,
      status: ashErrorStatus(code),
    });
    expect(server.calls).toHaveLength(1);
  });

  it('names method, path, sentence and code, and leaves the answer to be read', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    server.answerOnce('/x', () => refusalResponse('ASH_CTX_ALREADY_USED'));

    const error: unknown = await ash.post('/x?token=hidden', {}).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(AshClientError);
    expect(isAshClientError(error) && error.message).toBe(
      'POST /x was refused: The sentence of ASH_CTX_ALREADY_USED. (ASH_CTX_ALREADY_USED)',
    );
    expect(isAshClientError(error) && (await error.response?.json())).toMatchObject({ statusCode: 409 });
  });

  it('without a sentence has its code', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    server.answerOnce('/x', () => Response.json({ code: 'ASH_CHAIN_EXPIRED' }, { status: 410 }));

    await expect(ash.post('/x', {})).rejects.toThrow('POST /x was refused (ASH_CHAIN_EXPIRED)');
  });

  it('is told apart by its code where the status is another one', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    server.answerOnce('/x', () => Response.json({ code: 'ASH_CTX_ALREADY_USED' }, { status: 400 }));

    await expect(ash.post('/x', {})).rejects.toMatchObject({ code: 'ASH_CTX_ALREADY_USED', status: 400 });
  });

  it.each<[string, () => Response]>([
    ['an error of the application', () => Response.json({ code: 'CARD_DECLINED' }, { status: 402 })],
    ['an error without a code', () => Response.json({ message: 'no' }, { status: 400 })],
    ['an error that is null', () => Response.json(null, { status: 400 })],
    ['an error that is no JSON in spite of its type', () => new Response('{', { status: 500, headers: JSON_HEADERS })],
    ['an error page', () => new Response('"ASH_CTX_EXPIRED"', { status: 500 })],
    ['a success that names a code', () => Response.json({ code: 'ASH_CTX_EXPIRED' }, { status: 200 })],
    ['no content', () => new Response(null, { status: 204 })],
  ])('is not seen in %s, which is answered as by fetch', async (_title, answer) => {
    const { ash } = open({ 'POST /x': { answer } });

    const response = await ash.post('/x', {});

    expect([response.status, await response.text()]).toEqual([answer().status, await answer().text()]);
  });
});

describe('an answer of a handler that has run', () => {
  it.each([
    ['the refusal of another service', 'ASH_CTX_EXPIRED', 410],
    ['a refusal under a status of its own', 'ASH_INTEGRITY_FAILED', 500],
  ] as const)('is the application’s and not sent again, also where it is %s', async (_title, code, status) => {
    const { ash, server } = open({ 'POST /x': {} });
    const relayed = { statusCode: status, error: 'Error', code, message: 'of another service' };
    server.answerOnce('/x', () => Response.json(relayed, { status, headers: { 'x-ash-verified': 'true' } }));
    const response = await ash.post('/x', {});
    expect(await response.json()).toEqual(relayed);
    expect(server.calls).toHaveLength(1);
  });

  it('is not sent again where it is a fault of the server, whoever answered it', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    server.answerOnce('/x', () => Response.json({ code: 'ASH_INTEGRITY_FAILED' }, { status: 500 }));
    await expect(ash.post('/x', {})).rejects.toMatchObject({ code: 'ASH_INTEGRITY_FAILED', status: 500 });
    expect(server.calls).toHaveLength(1);
  });
});

describe('a redirect', () => {
  it('is followed neither with a proof nor for a context', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    await ash.post('/x', {});
    await ash.fetch(new Request(`${BASE}/x`, { method: 'POST' }));
    expect(server.contextCalls.map(({ init }) => init.redirect)).toEqual(['error', 'error']);
    expect(server.calls.map(({ init }) => init.redirect)).toEqual(['manual', 'manual']);
  });

  it.each([
    ['of a call', `${BASE}/x`, { redirect: 'follow' }],
    ['of a Request', new Request(`${BASE}/x`, { method: 'POST', redirect: 'error' }), {}],
  ] as const)('is what the option %s says', async (_title, input, init) => {
    const { ash, server } = open({ 'POST /x': {} });
    await ash.fetch(input, { method: 'POST', ...init });
    expect(server.calls[0]?.init.redirect).toBe('redirect' in init ? 'follow' : 'error');
  });
});

describe('the cache of the platform', () => {
  it.each([
    ['is left out', {}, {}, 'no-store'],
    ['is left out for a Request that says nothing', { method: 'POST' }, {}, 'no-store'],
    ['is what a Request says', { method: 'POST', cache: 'reload' }, {}, 'reload'],
    ['is what the call says', {}, { cache: 'no-cache' }, 'no-cache'],
  ])('%s', async (_title, request, init, cache) => {
    const { ash, server } = open({ 'POST /x': {} });
    await ash.fetch(Object.keys(request).length === 0 ? '/x' : new Request(`${BASE}/x`, request), {
      method: 'POST',
      ...init,
    });

    expect(server.calls[0]?.init).toMatchObject({ cache });
  });
});

describe('a network error', () => {
  const failure = new TypeError('fetch failed');
  const fails = () => Promise.reject(failure);

  it('of the request for a context says that nothing was sent', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    server.answerOnce('/ash/context', fails);

    await expect(ash.post('/x', {})).rejects.toMatchObject({
      code: 'ASH_CLIENT_CONTEXT_UNAVAILABLE',
      message: expect.stringMatching(/^POST \/ash\/context for 'POST \/x' had no answer, so the request was not sent/),
      mayHaveRun: false,
      cause: failure,
    });
    expect([server.contextCalls.length, server.calls.length]).toEqual([1, 0]);
  });
});

describe('the answer to the request for a context', () => {
  const text =
    (value: unknown, status = 200) =>
    () =>
      Response.json(value, { status });
  const context = {
    contextId: 'ash_1',
    binding: 'POST /x',
    mode: 'balanced',
    protocol: 'v2.3',
    issuedAt: SERVER_TIME,
    expiresAt: SERVER_TIME + 1000,
    clientSecret: 'a'.repeat(64),
  };

  it.each<[string, () => Response, number, RegExp]>([
    ['an error page', () => new Response('<html>', { status: 404 }), 404, /status 404.+'contextPath'/],
    ['an error of the application', text({ code: 'UNAUTHORIZED' }, 401), 401, /status 401/],
    ['a page', () => new Response('<html>'), 200, /no JSON object/],
    ['a list', text([]), 200, /'contextId'/],
    ['null', text(null), 200, /no JSON object/],
    ['no identifier', text({ ...context, contextId: undefined }), 200, /'contextId'/],
    ['a malformed identifier', text({ ...context, contextId: 'a b' }), 200, /'contextId'/],
    ['another binding', text({ ...context, binding: 'POST /y' }), 200, /'binding' is not 'POST \/x'/],
    ['an unknown mode', text({ ...context, mode: 'lax' }), 200, /'mode' is not one of minimal, balanced, strict/],
    ['an unknown protocol', text({ ...context, protocol: 'v9' }), 200, /'protocol' is not one of v2\.3/],
    ['a protocol by an inherited name', text({ ...context, protocol: 'toString' }), 200, /'protocol'/],
    ['no secret', text({ ...context, clientSecret: undefined }), 200, /'clientSecret'/],
    ['a malformed secret', text({ ...context, clientSecret: 'A'.repeat(64) }), 200, /'clientSecret'/],
    ['no nonce for v1 strict', text({ ...context, protocol: 'v1', mode: 'strict' }), 200, /'nonce'/],
    ['a time as text', text({ ...context, issuedAt: '1' }), 200, /'issuedAt'/],
    ['no time of expiry', text({ ...context, expiresAt: null }), 200, /'expiresAt'/],
    ['a scope as text', text({ ...context, scope: 'a,b' }), 200, /'scope'/],
    ['a scope of numbers', text({ ...context, scope: [1] }), 200, /'scope'/],
    ['a chain without a name', text({ ...context, chain: { start: true } }), 200, /'chain'/],
    ['a chain as text', text({ ...context, chain: 'checkout' }), 200, /'chain'/],
    ['an unknown coverage', text({ ...context, query: 'maybe' }), 200, /'query'/],
    ['an unknown canonical form', text({ ...context, canonicalization: 'nfd' }), 200, /'canonicalization'/],
  ])('is an error where it is %s', async (_title, answer, status, message) => {
    const { ash, server } = open({ 'POST /x': {} });
    server.answerOnce('/ash/context', answer);

    const error: unknown = await ash.post('/x', {}).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({
      code: 'ASH_CLIENT_CONTEXT_REFUSED',
      status,
      message: expect.stringMatching(message),
    });
    expect(String(error)).not.toContain('a'.repeat(64));
    expect(isAshClientError(error) && error.response?.bodyUsed).toBe(false);
    expect(server.calls).toHaveLength(0);
  });

  it('keeps the code of a refusal, and is not asked for again', async () => {
    const { ash, server } = open({});

    await expect(ash.post('/x', {})).rejects.toMatchObject({
      code: 'ASH_BINDING_MISMATCH',
      message: expect.stringContaining("POST /ash/context for 'POST /x' was refused"),
    });
    expect(server.seen).toHaveLength(1);
  });
});

describe('a body that cannot be proven', () => {
  it.each<[string, string, Route, Send]>([
    ['a stream', 'ASH_CLIENT_BODY_UNSUPPORTED', {}, (ash) => ash.post('/x', new ReadableStream())],
    ['an asynchronous iterable', 'ASH_CLIENT_BODY_UNSUPPORTED', {}, (ash) => ash.post('/x', Readable.from(['x']))],
    [
      'an object as a form',
      'ASH_CLIENT_BODY_UNSUPPORTED',
      {},
      (ash) => ash.post('/x', { a: '1' }, { payload: 'form' }),
    ],
    ['raw bytes with v1', 'ASH_CLIENT_BODY_UNSUPPORTED', { protocol: 'v1' }, (ash) => ash.post('/x', 'raw')],
    ['raw bytes with a scope', 'ASH_CLIENT_BODY_UNSUPPORTED', { scope: ['a'] }, (ash) => ash.post('/x', 'raw')],
    [
      'a form with a scope',
      'ASH_CLIENT_BODY_UNSUPPORTED',
      { scope: ['a'] },
      (ash) => ash.post('/x', new URLSearchParams('a=1')),
    ],
    ['an array with a scope', 'ASH_CANONICALIZATION_ERROR', { scope: ['a'] }, (ash) => ash.post('/x', [])],
    ['a function', 'ASH_CANONICALIZATION_ERROR', {}, (ash) => ash.post('/x', () => 1)],
    ['a bigint', 'ASH_CANONICALIZATION_ERROR', {}, (ash) => ash.post('/x', { a: 1n })],
    ['a Map', 'ASH_CANONICALIZATION_ERROR', {}, (ash) => ash.post('/x', new Map())],
    [
      'a JSON text that breaks off',
      'ASH_CANONICALIZATION_ERROR',
      {},
      (ash) => ash.fetch('/x', { method: 'POST', headers: JSON_HEADERS, body: '{"a":1' }),
    ],
    [
      'a JSON text with a lone surrogate',
      'ASH_CANONICALIZATION_ERROR',
      {},
      (ash) => ash.fetch('/x', { method: 'POST', headers: JSON_HEADERS, body: '"\\ud800"' }),
    ],
    [
      'a JSON text with a number that overflows',
      'ASH_CANONICALIZATION_ERROR',
      {},
      (ash) => ash.fetch('/x', { method: 'POST', headers: JSON_HEADERS, body: '1e400' }),
    ],
    [
      'JSON bytes that are not UTF-8',
      'ASH_CANONICALIZATION_ERROR',
      {},
      (ash) => ash.fetch('/x', { method: 'POST', headers: JSON_HEADERS, body: new Uint8Array([34, 255, 34]) }),
    ],
    [
      'JSON with a byte order mark',
      'ASH_CANONICALIZATION_ERROR',
      {},
      (ash) => ash.fetch('/x', { method: 'POST', headers: JSON_HEADERS, body: '\ufeff1' }),
    ],
    [
      'a malformed form',
      'ASH_CANONICALIZATION_ERROR',
      {},
      (ash) => ash.fetch('/x', { method: 'POST', headers: FORM_HEADERS, body: 'a=%ff' }),
    ],
    [
      'a form that is to be JSON',
      'ASH_CANONICALIZATION_ERROR',
      {},
      (ash) => ash.post('/x', new URLSearchParams('a=1'), { payload: 'json' }),
    ],
  ])('is an error and is not sent: %s', async (_title, code, route, send) => {
    const { ash, server } = open({ 'POST /x': route });

    await expect(send(ash)).rejects.toMatchObject({ code });
    expect(server.calls).toHaveLength(0);
  });
});

describe('fetch', () => {
  it('takes a Request with its method, headers, body and signal', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    const controller = new AbortController();
    const headers = { ...JSON_HEADERS, 'x-tenant': 'a' };
    const request = new Request(`${BASE}/x?a=1`, {
      method: 'POST',
      headers,
      body: '{ "b": 1 }',
      redirect: 'manual',
      credentials: 'omit',
      signal: controller.signal,
    });

    expect((await ash.fetch(request)).status).toBe(200);
    const [call] = server.calls;
    expect([call?.text, call?.headers.get('x-tenant'), call?.query]).toEqual(['{ "b": 1 }', 'a', 'a=1']);
    expect(call?.init).toMatchObject({ redirect: 'manual', credentials: 'omit' });
    expect(call?.init.signal?.aborted).toBe(false);
    controller.abort();
    expect(call?.init.signal?.aborted).toBe(true);
  });

  it('takes an init over that of a Request', async () => {
    const { ash, server } = open({ 'PUT /x': {} });
    const request = new Request(`${BASE}/x`, { method: 'POST', body: 'first', headers: { 'x-a': '1' } });
    await ash.fetch(request, { method: 'PUT', body: '{}', headers: JSON_HEADERS });

    expect([server.calls[0]?.text, server.calls[0]?.headers.get('x-a')]).toEqual(['{}', null]);
  });

  it('takes a Request without a body as one without', async () => {
    const { ash, server } = open({ 'GET /x': {}, 'POST /x': {} });
    await ash.fetch(new Request(`${BASE}/x`));
    await ash.fetch(new Request(`${BASE}/x`, { method: 'POST' }));

    expect(server.calls).toHaveLength(2);
  });

  it('keeps what an init leaves undefined', async () => {
    const { ash, server } = open({ 'GET /x': {} });
    const init = { headers: undefined, method: undefined } as unknown as RequestInit;
    await ash.fetch(new Request(`${BASE}/x`, { headers: { 'x-a': '1' } }), init);

    expect(server.calls[0]?.headers.get('x-a')).toBe('1');
  });

  it('passes on what it does not know', async () => {
    const { ash, server } = open({ 'GET /x': {} });
    const init = { redirect: 'error', dispatcher: 'special' } as unknown as RequestInit;
    await ash.fetch('/x', init);

    expect(server.calls[0]?.init).toMatchObject({ redirect: 'error', dispatcher: 'special' });
    expect(server.calls[0]?.init).not.toHaveProperty('payload');
    expect(server.contextCalls[0]?.init).not.toHaveProperty('dispatcher');
  });

  it('can stand apart from its client', async () => {
    const { ash } = open({ 'GET /x': {} });
    const send = ash.fetch.bind(ash);

    expect((await send('/x')).status).toBe(200);
  });

  it('is the one of the platform at the time of the call', async () => {
    const server = new FakeServer({ 'GET /x': {} });
    const ash = new AshClient({ baseUrl: BASE, clock: () => server.now });
    const platform = jest.spyOn(globalThis, 'fetch').mockImplementation((url, init = {}) => {
      return server.fetch(url as string, init);
    });
    await ash.get('/x');
    platform.mockRestore();

    expect(server.seen).toHaveLength(2);
  });

  it('is called without a receiver', async () => {
    const { server } = open({ 'GET /x': {} });
    const receivers: unknown[] = [];
    const ash = new AshClient({
      baseUrl: BASE,
      clock: () => server.now,
      fetch(this: unknown, url: string, init: RequestInit) {
        receivers.push(this);
        return server.fetch(url, init);
      },
    });
    await ash.get('/x');

    expect(receivers).toEqual([undefined, undefined]);
  });
});

describe('a signal', () => {
  it('goes with the request', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    const { signal } = new AbortController();
    await ash.post('/x', {}, { signal });

    expect(server.calls.map(({ init }) => init.signal)).toEqual([signal]);
  });

  it('ends the request for the context that only it waits for', async () => {
    const controller = new AbortController();
    const signals: (AbortSignal | null | undefined)[] = [];
    const fetch = (_url: string, { signal }: RequestInit): Promise<Response> => {
      signals.push(signal);
      controller.abort(new DOMException('stop', 'AbortError'));
      return new Promise(() => undefined);
    };
    const ash = new AshClient({ baseUrl: BASE, fetch });

    const thrown: unknown = await ash.post('/x', {}, { signal: controller.signal }).catch((error: unknown) => error);
    expect(thrown).toBe(controller.signal.reason);
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
  });

  it('that ended before is an error and nothing is sent again', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    const signal = AbortSignal.abort(new DOMException('stop', 'AbortError'));

    await expect(ash.post('/x', {}, { signal })).rejects.toMatchObject({ name: 'AbortError' });
    expect(server.seen).toHaveLength(0);
  });

  describe('beside the time-out', () => {
    const answerAtEnd = (_url: string, { signal }: RequestInit): Promise<Response> =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });

    afterEach(() => {
      jest.restoreAllMocks();
    });

    it('gives way to the time of the client', async () => {
      const timer = new AbortController();
      const timeout = jest.spyOn(AbortSignal, 'timeout').mockReturnValue(timer.signal);
      const ash = new AshClient({ baseUrl: BASE, fetch: answerAtEnd, timeout: 250 });
      const call = ash.post('/x', {}, { signal: new AbortController().signal });
      setImmediate(() => {
        timer.abort(new DOMException('late', 'TimeoutError'));
      });

      await expect(call).rejects.toMatchObject({
        code: 'ASH_CLIENT_CONTEXT_UNAVAILABLE',
        cause: expect.objectContaining({ name: 'TimeoutError' }),
      });
      expect(timeout).toHaveBeenCalledWith(250);
    });

    it('ends the request first where it comes first', async () => {
      const ash = new AshClient({ baseUrl: BASE, fetch: answerAtEnd, timeout: 100_000 });
      const controller = new AbortController();
      const call = ash.post('/x', {}, { signal: controller.signal });
      setImmediate(() => {
        controller.abort();
      });

      await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    });

    it('gives each request its own time', async () => {
      const timeout = jest.spyOn(AbortSignal, 'timeout');
      const { ash } = open({ 'POST /x': {} }, { timeout: 100_000 });
      await ash.post('/x', {});

      // That of the wait for a context, that of the request for it, and that of the proven one.
      expect(timeout).toHaveBeenCalledTimes(3);
    });
  });
});

describe('the headers of the client', () => {
  it.each<[string, AshClientOptions['headers']]>([
    ['a record', { Authorization: 'Bearer 1' }],
    ['Headers', new Headers({ authorization: 'Bearer 1' })],
    ['pairs', [['authorization', 'Bearer 1']]],
    ['a function', () => ({ authorization: 'Bearer 1' })],
    ['an asynchronous function', () => Promise.resolve(new Headers({ authorization: 'Bearer 1' }))],
  ])('go with both requests, given as %s', async (_title, headers) => {
    const { ash, server } = open({ 'POST /x': {} }, headers === undefined ? {} : { headers });
    await ash.post('/x', {});

    expect(server.seen.map((seen) => seen.headers.get('authorization'))).toEqual(['Bearer 1', 'Bearer 1']);
  });

  it('are asked for anew for each request', async () => {
    let token = 0;
    const { ash, server } = open({ 'POST /x': {} }, { headers: () => ({ authorization: String(++token) }) });
    await ash.post('/x', {});

    expect(new Set(server.seen.map((seen) => seen.headers.get('authorization'))).size).toBe(2);
  });

  it('stand under those of a call, which go with the context but for those of its own body and answer', async () => {
    const { ash, server } = open({ 'POST /x': {} }, { headers: { authorization: 'a', 'x-trace': 'a' } });
    const own = { Authorization: 'b', 'x-user': 'b', accept: 'text/csv', 'if-match': '"1"', 'content-language': 'en' };
    await ash.post('/x', {}, { headers: own });

    const names = ['authorization', 'x-trace', 'x-user', 'accept', 'if-match', 'content-language'];
    expect(server.seen.map(({ headers }) => names.map((name) => headers.get(name)))).toEqual([
      ['b', 'a', 'b', null, null, null],
      ['b', 'a', 'b', 'text/csv', '"1"', 'en'],
    ]);
  });

  it('stay with their origin where contexts come from another one', async () => {
    const { ash, server } = open({ 'POST /x': {} }, { contextPath: 'https://issuer.example/ash/context' });
    await ash.post('/x', {}, { headers: { 'x-otp': '123456' } });
    expect(server.seen.map(({ url, headers }) => [new URL(url).host, headers.get('x-otp')])).toEqual([
      ['issuer.example', null],
      ['shop.example', '123456'],
    ]);
  });

  it('do not decide the content type of a body', async () => {
    const { ash, server } = open({ 'POST /x': { payload: 'raw' } }, { headers: JSON_HEADERS });
    await ash.post('/x', 'no JSON');
    await ash.post('/x', new Uint8Array([1]));

    const types = server.calls.map((call) => call.headers.get('content-type'));
    expect(types).toEqual(['text/plain;charset=UTF-8', null]);
  });

  it.each<[string, AshClientOptions, RequestInit, string | undefined]>([
    ['those of the platform', {}, {}, undefined],
    ['those of the client', { credentials: 'include' }, {}, 'include'],
    ['those of the call', { credentials: 'include' }, { credentials: 'omit' }, 'omit'],
  ])('come with the cookies that are %s, for both requests', async (_title, options, init, expected) => {
    const { ash, server } = open({ 'GET /x': {} }, options);
    await ash.get('/x', init);

    expect(server.seen.map((seen) => seen.init.credentials)).toEqual([expected, expected]);
  });

  it('come with the cookies of the client for a Request that says nothing of them', async () => {
    const { ash, server } = open({ 'GET /x': {} }, { credentials: 'include' });
    await ash.fetch(new Request(`${BASE}/x`));

    expect(server.calls[0]?.init.credentials).toBe('include');
  });
});

describe('the URL', () => {
  const bindings: Record<string, Route> = { 'GET /api/x': {}, 'GET /x': {} };

  it.each<[string, AshClientOptions, string, string[]]>([
    ['stands on the base', {}, '/x', [`${BASE}/ash/context`, `${BASE}/x`]],
    [
      'stands below the path of the base',
      { baseUrl: `${BASE}/api/` },
      'x',
      [`${BASE}/api/ash/context`, `${BASE}/api/x`],
    ],
    ['can be absolute', { baseUrl: `${BASE}/api` }, `${BASE}/x`, [`${BASE}/api/ash/context`, `${BASE}/x`]],
    [
      'is asked a context for at another path',
      { contextPath: '/a/ash/context' },
      '/x',
      [`${BASE}/a/ash/context`, `${BASE}/x`],
    ],
    [
      'is asked a context for at another host',
      { contextPath: 'https://id.example/ash/context' },
      '/x',
      ['https://id.example/ash/context', `${BASE}/x`],
    ],
    ['keeps its query', { baseUrl: new URL(BASE) }, '/x?a=1', [`${BASE}/ash/context`, `${BASE}/x?a=1`]],
  ])('%s', async (_title, options, path, expected) => {
    const { ash, server } = open(bindings, options);
    await ash.get(path);

    expect(server.seen.map(({ url }) => url)).toEqual(expected);
  });

  it('can be any absolute one where there is no base, and brings its own contexts', async () => {
    const server = new FakeServer(bindings);
    const ash = new AshClient({ fetch: server.fetch, clock: () => server.now });
    await ash.get('http://other.example:8080/x');

    expect(server.seen.map(({ url }) => url)).toEqual([
      'http://other.example:8080/ash/context',
      'http://other.example:8080/x',
    ]);
  });

  describe('in a page', () => {
    const page = globalThis as { location?: { origin: string } };

    afterEach(() => {
      delete page.location;
    });

    it.each<[string, string, AshClientOptions, string, string]>([
      ['stands on the origin of the page', BASE, {}, '/x', `${BASE}/x`],
      ['stands on a path of the page', BASE, { baseUrl: '/api' }, '/x', `${BASE}/api/x`],
      ['can leave the page where no base is named', BASE, {}, 'https://o.example/x', 'https://o.example/x'],
      ['can be absolute in a page of a file', 'null', { baseUrl: BASE }, '/x', `${BASE}/x`],
    ])('%s', async (_title, origin, options, path, expected) => {
      page.location = { origin };
      const server = new FakeServer(bindings);
      const ash = new AshClient({ fetch: server.fetch, clock: () => server.now, ...options });
      await ash.get(path);

      expect(server.calls[0]?.url).toBe(expected);
    });
  });

  it.each<[string, string | undefined, string, RegExp]>([
    ['is relative without a base', undefined, '/x?token=hidden', /'\/x' is relative.+'baseUrl'/],
    ['leaves the origin', BASE, 'https://evil.example/x', /leaves the origin of 'baseUrl'.+https:\/\/evil\.example/],
    ['leaves the origin by two slashes', BASE, '//evil.example/x', /leaves the origin/],
    ['leaves the origin by a backslash', BASE, '/\\evil.example/x', /leaves the origin/],
    ['leaves the origin by another port', BASE, 'https://shop.example:444/x', /leaves the origin/],
    [
      'leaves the origin with a password',
      BASE,
      'https://me:hidden@evil.example/x',
      /'https:\/\/evil\.example\/x' leaves/,
    ],
    [
      'leaves it with a password by two slashes',
      BASE,
      '//me:hidden@evil.example',
      /'\/\/evil\.example' leaves the origin/,
    ],
    ['is no HTTP', BASE, 'data:text/plain,x', /no http or https/],
    [
      'is no HTTP with a password',
      BASE,
      'ftp:\\\\me:hid@hidden@shop.example/@x',
      /'ftp:\\\\shop\.example\/@x' is no http/,
    ],
    ['is none', BASE, 'https://', /is no URL/],
    ['is none with a query', BASE, 'https://?token=hidden', /'https:\/\/' is no URL/],
    [
      'is none with a password',
      BASE,
      'https://me:hidden@shop.example:99999',
      /'https:\/\/shop\.example:99999' is no URL/,
    ],
  ])('is an error where it %s', async (_title, baseUrl, path, message) => {
    const { server } = open({});
    const ash = new AshClient({ fetch: server.fetch, ...(baseUrl === undefined ? {} : { baseUrl }) });

    const error: unknown = await ash.get(path).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: 'ASH_CLIENT_URL_INVALID', message: expect.stringMatching(message) });
    expect(inspect(error)).not.toContain('hidden');
    expect(server.seen).toHaveLength(0);
  });

  it.each(['/a%2Fb', '/a|b', '/a%5cb'])(
    'is an error of the protocol where no binding can have its path: %s',
    async (path) => {
      const { ash, server } = open({});

      await expect(ash.get(path)).rejects.toMatchObject({ name: 'AshError', code: 'ASH_CANONICALIZATION_ERROR' });
      expect(server.seen).toHaveLength(0);
    },
  );
});

describe('a chain', () => {
  const CHAIN: Record<string, Route> = {
    'POST /cart': { chain: { name: 'checkout', start: true } },
    'POST /checkout': { chain: { name: 'checkout', start: false } },
    'POST /payment': { chain: { name: 'checkout', start: false } },
    'POST /other': { chain: { name: 'signup', start: true } },
    'POST /plain': {},
  };

  const links = (server: FakeServer): (string | null)[] =>
    server.calls.map(({ headers }) => headers.get('x-ash-chain-hash'));

  /** The hashes of the proofs that were sent, in their order. */
  const hashes = (server: FakeServer): string[] =>
    server.calls.map(({ headers }) => sha256(headers.get('x-ash-proof') ?? ''));

  async function statuses(chain: AshClientChain, ...paths: string[]): Promise<number[]> {
    const result: number[] = [];
    for (const path of paths) result.push((await chain.post(path, { path })).status);
    return result;
  }

  it.each(['v2.3', 'v2.1'] as const)('proves the step before with each call of %s', async (protocol) => {
    const routes = Object.fromEntries(Object.entries(CHAIN).map(([name, route]) => [name, { ...route, protocol }]));
    const { ash, server } = open(routes);

    expect(await statuses(ash.chain('checkout'), '/cart', '/checkout', '/payment')).toEqual([200, 200, 200]);
    const [cart, checkout] = hashes(server);
    expect(links(server)).toEqual([null, cart, checkout]);
  });

  it('does not move on with a redirect that came from before the handler', async () => {
    const { ash, server } = open(CHAIN);
    const checkout = ash.chain('checkout');
    await statuses(checkout, '/cart');
    const { previousProof } = checkout;
    server.answerOnce('/checkout', () => new Response(null, { status: 302, headers: { location: '/login' } }));
    expect(await statuses(checkout, '/checkout')).toEqual([302]);
    expect(checkout.previousProof).toBe(previousProof);
    expect(await statuses(checkout, '/checkout')).toEqual([200]);
  });

  it('goes on with its own proof where the header of the server is hidden or malformed', async () => {
    const { ash, server } = open(CHAIN);
    const hide = async (value: string | null, { url, init }: Seen): Promise<Response> => {
      const response = await server.fetch(url, init);
      if (value === null) response.headers.delete('x-ash-chain-proof');
      else response.headers.set('x-ash-chain-proof', value);
      return response;
    };
    server.answerOnce('/cart', (seen) => hide(null, seen));
    server.answerOnce('/checkout', (seen) => hide('nonsense', seen));

    expect(await statuses(ash.chain('checkout'), '/cart', '/checkout', '/payment')).toEqual([200, 200, 200]);
  });

  it('goes on with the proof that the server names', async () => {
    const { ash, server } = open(CHAIN);
    server.links.set(sha256('e'.repeat(64)), 'free');
    server.answerOnce('/cart', () => new Response('', { headers: { 'x-ash-chain-proof': 'e'.repeat(64) } }));
    const chain = ash.chain('checkout');

    expect(await statuses(chain, '/cart', '/checkout')).toEqual([200, 200]);
    expect(links(server)).toEqual([null, sha256('e'.repeat(64))]);
  });

  it('lets a step that was declined be tried again', async () => {
    const { ash, server } = open(CHAIN);
    const chain = ash.chain('checkout');
    await statuses(chain, '/cart', '/checkout');
    server.answerOnce('/payment', () => Response.json({ code: 'CARD_DECLINED' }, { status: 402 }));

    expect(await statuses(chain, '/payment', '/payment')).toEqual([402, 200]);
    const [, checkout] = hashes(server);
    expect(links(server).slice(2)).toEqual([checkout, checkout]);
  });

  it('lets a step that was refused, or that the network lost, be tried again', async () => {
    const { ash, server } = open(CHAIN);
    const chain = ash.chain('checkout');
    await statuses(chain, '/cart');
    const fails = () => Promise.reject(new TypeError('fetch failed'));
    server.answerOnce('/checkout', () => refusalResponse('ASH_CANONICALIZATION_ERROR'), fails, fails);

    await expect(chain.post('/checkout')).rejects.toMatchObject({ code: 'ASH_CANONICALIZATION_ERROR' });
    await expect(chain.post('/checkout')).rejects.toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST' });
    expect(await statuses(chain, '/checkout')).toEqual([200]);
  });

  it('keeps its link when a fresh context mends a step', async () => {
    const { ash, server } = open(CHAIN);
    const chain = ash.chain('checkout');
    await statuses(chain, '/cart');
    server.answerOnce('/checkout', () => refusalResponse('ASH_CTX_EXPIRED'));

    expect(await statuses(chain, '/checkout', '/payment')).toEqual([200, 200]);
  });

  it('sends steps that are called at once one after the other, in the order of the calls', async () => {
    const { ash, server } = open(CHAIN);
    const chain = ash.chain('checkout');

    const responses = await Promise.all([chain.post('/cart', {}), chain.post('/checkout'), chain.post('/payment', {})]);

    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(server.calls.map(({ path }) => path)).toEqual(['/cart', '/checkout', '/payment']);
  });

  it('goes on with the steps behind one that fails', async () => {
    const { ash, server } = open(CHAIN);
    const chain = ash.chain('checkout');
    const fails = () => Promise.reject(new TypeError('fetch failed'));
    server.answerOnce('/checkout', fails, fails);

    const results = await Promise.allSettled([
      chain.post('/cart', {}),
      chain.post('/cart', new ReadableStream()),
      chain.post('/checkout', {}),
      chain.post('/checkout', {}),
    ]);

    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(server.calls.map(({ path }) => path)).toEqual(['/cart', '/checkout', '/checkout', '/checkout']);
  });

  it('sends no step before the one in front has ended, also where one between them could not be encoded', async () => {
    const { ash, server } = open(CHAIN);
    const chain = ash.chain('checkout');
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    server.answerOnce('/cart', async ({ url, init }) => {
      await held;
      return server.fetch(url, init);
    });
    const first = chain.post('/cart', {});
    await expect(chain.post('/cart', new ReadableStream())).rejects.toMatchObject({ name: 'AshClientError' });
    const last = chain.post('/checkout', {});
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);

    expect(server.seen.map(({ path }) => path)).toEqual(['/ash/context', '/cart']);
    release();
    expect((await Promise.all([first, last])).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('sends a body as it was when the step was called', async () => {
    const { ash, server } = open(CHAIN);
    const chain = ash.chain('checkout');
    const body = { quantity: 1 };
    const steps = [chain.post('/cart', {}), chain.post('/checkout', body)];
    body.quantity = 99;
    await Promise.all(steps);

    expect(server.calls[1]?.text).toBe('{"quantity":1}');
  });

  it('begins anew with a step that begins it', async () => {
    const { ash, server } = open(CHAIN);

    expect(await statuses(ash.chain('checkout'), '/cart', '/checkout', '/cart', '/checkout')).toEqual([
      200, 200, 200, 200,
    ]);
    const [first, , second] = hashes(server);
    expect(links(server)).toEqual([null, first, null, second]);
  });

  it('begins anew after a reset, whatever is under way', async () => {
    const { ash, server } = open(CHAIN);
    const chain = ash.chain('checkout');
    const underWay = chain.post('/cart', {});
    chain.reset();
    await underWay;

    expect(chain.previousProof).toBeUndefined();
    await expect(chain.post('/checkout', {})).rejects.toMatchObject({ code: 'ASH_CHAIN_BROKEN' });
    expect(links(server)).toEqual([null, null]);
  });

  it('can be taken up again where an earlier one ended', async () => {
    const { ash } = open(CHAIN);
    const chain = ash.chain('checkout');
    await statuses(chain, '/cart');
    const kept = JSON.stringify(chain.state);

    expect(await statuses(ash.chain('checkout', JSON.parse(kept) as AshChainState), '/checkout')).toEqual([200]);
  });

  it('begins without a step before where none was kept', async () => {
    const { ash } = open(CHAIN);

    expect(await statuses(ash.chain('checkout', null), '/cart', '/checkout')).toEqual([200, 200]);
  });

  it('takes the other verbs and fetch', async () => {
    const chain = { name: 'c', start: true };
    const bindings = ['GET /x', 'PUT /x', 'PATCH /x', 'DELETE /x', 'POST /x'];
    const { ash, server } = open(Object.fromEntries(bindings.map((binding) => [binding, { chain }])));
    const steps = ash.chain('c');
    await steps.get('/x');
    await steps.put('/x', {});
    await steps.patch('/x', {});
    await steps.delete('/x');
    await steps.fetch('/x', { method: 'POST', body: '{}', headers: JSON_HEADERS });

    expect(server.calls.map(({ method, path }) => `${method} ${path}`)).toEqual(bindings);
  });

  it.each([
    ['/other', "POST /other is a step of the chain 'signup', and was called in the chain 'checkout'."],
    ['/plain', "POST /plain is no step of a chain, and was called in the chain 'checkout'."],
  ])('is an error that names both where the route is of another: %s', async (path, message) => {
    const { ash, server } = open(CHAIN);

    await expect(ash.chain('checkout').post(path, {})).rejects.toMatchObject({
      code: 'ASH_CLIENT_CHAIN_MISMATCH',
      message,
    });
    expect(server.calls).toHaveLength(0);
  });

  it('can be begun, and not gone on with, by a call outside of one', async () => {
    const { ash } = open(CHAIN);

    expect((await ash.post('/cart', {})).status).toBe(200);
    await expect(ash.post('/checkout', {})).rejects.toMatchObject({ code: 'ASH_CHAIN_BROKEN' });
  });

  it.each<[string, () => unknown, RegExp]>([
    ['no name', () => new AshClient().chain(''), /needs the name/],
    [
      'a malformed proof',
      () => new AshClient().chain('checkout', { name: 'checkout', previousProof: 'abc' }),
      /state of chain 'checkout' has to be what its 'state' was/,
    ],
  ])('is an error with %s', (_title, make, message) => {
    expect(make).toThrow(
      expect.objectContaining({ name: 'AshConfigurationError', message: expect.stringMatching(message) }),
    );
  });
});
