import { createHash, createHmac } from 'node:crypto';
import { ashBuildProof, type AshIssuedContext } from '../core/index.js';
import { AshClient, type AshBuildHeadersOptions } from './index.js';

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

const SECRET = '5'.repeat(64);
const TIMESTAMP = 1_760_000_000_000;
const V1 = { contextId: 'ash_1', mode: 'balanced', binding: 'POST /api/update' } as const;
const V23 = { ...V1, clientSecret: SECRET, timestamp: TIMESTAMP };

const hmac = (...parts: string[]): string => {
  return createHmac('sha256', SECRET)
    .update([String(TIMESTAMP), ...parts].join('|'))
    .digest('hex');
};

describe('AshClient.buildHeaders', () => {
  it('proves with v1 where there is no secret', () => {
    expect(AshClient.buildHeaders({ ...V1, payload: { name: 'John' } })).toEqual({
      'X-ASH-Context-ID': 'ash_1',
      'X-ASH-Proof': ashBuildProof('balanced', 'POST /api/update', 'ash_1', null, '{"name":"John"}'),
    });
  });

  it('proves with v2.3 where there is a secret', () => {
    expect(AshClient.buildHeaders({ ...V23, payload: { b: 1, a: 2 } })).toEqual({
      'X-ASH-Context-ID': 'ash_1',
      'X-ASH-Proof': hmac(V1.binding, sha256('{"a":2,"b":1}'), '', ''),
      'X-ASH-Timestamp': String(TIMESTAMP),
    });
  });

  it('names the scope and the step before', () => {
    const previousProof = 'c'.repeat(64);
    const headers = AshClient.buildHeaders({ ...V23, payload: { a: 1, b: 2 }, scope: ['b'], previousProof });

    expect(headers).toEqual({
      'X-ASH-Context-ID': 'ash_1',
      'X-ASH-Proof': hmac(V1.binding, sha256('{"b":2}'), sha256('b'), sha256(previousProof)),
      'X-ASH-Timestamp': String(TIMESTAMP),
      'X-ASH-Scope': 'b',
      'X-ASH-Scope-Hash': sha256('b'),
      'X-ASH-Chain-Hash': sha256(previousProof),
    });
  });

  it.each<[string, Partial<AshBuildHeadersOptions>, string]>([
    ['no payload', {}, hmac(V1.binding, sha256('{}'), '', '')],
    ['a form', { payload: new URLSearchParams('b=1&a=x+y') }, hmac(V1.binding, sha256('a=x%20y&b=1'), '', '')],
    ['an empty form', { payload: new URLSearchParams() }, hmac(V1.binding, sha256('{}'), '', '')],
    ['bytes', { payload: new Uint8Array([1, 2]) }, hmac(V1.binding, sha256(new Uint8Array([1, 2])), '', '')],
    [
      'a part of a buffer',
      { payload: new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2) },
      hmac(V1.binding, sha256(new Uint8Array([2, 3])), '', ''),
    ],
    ['a buffer', { payload: new ArrayBuffer(2) }, hmac(V1.binding, sha256(new Uint8Array(2)), '', '')],
    ['null', { payload: null }, hmac(V1.binding, sha256('null'), '', '')],
    ['a query', { queryString: 'a=1' }, hmac(`${V1.binding}?a=1`, sha256('{}'), '', '')],
    ['a query with its mark', { queryString: '?a=1' }, hmac(`${V1.binding}?a=1`, sha256('{}'), '', '')],
    ['a query that is ignored', { queryString: 'a=1', query: 'ignore' }, hmac(V1.binding, sha256('{}'), '', '')],
    ['a query in minimal mode', { queryString: 'a=1', mode: 'minimal' }, hmac(V1.binding, sha256('{}'), '', '')],
    ['an empty proof before', { previousProof: '' }, hmac(V1.binding, sha256('{}'), '', '')],
    ['a timestamp as text', { timestamp: String(TIMESTAMP) }, hmac(V1.binding, sha256('{}'), '', '')],
    ['v2.1', { protocol: 'v2.1' }, hmac(V1.binding, sha256(''))],
    [
      'v2.1 after a step',
      { protocol: 'v2.1', previousProof: 'c'.repeat(64) },
      hmac(V1.binding, sha256(''), sha256('c'.repeat(64))),
    ],
    [
      'v2.1 at the start of a chain',
      { protocol: 'v2.1', chain: { name: 'c', start: true } },
      hmac(V1.binding, sha256(''), sha256('')),
    ],
    ['v2.2', { protocol: 'v2.2' }, hmac(V1.binding, sha256('{}'), sha256(''))],
  ])('proves %s', (_title, options, proof) => {
    expect(AshClient.buildHeaders({ ...V23, ...options })['X-ASH-Proof']).toBe(proof);
  });

  it('proves with the nonce for v1 in strict mode, and sends neither', () => {
    const nonce = 'd'.repeat(64);
    const headers = AshClient.buildHeaders({ ...V1, mode: 'strict', nonce, payload: {} });

    expect(headers['X-ASH-Proof']).toBe(ashBuildProof('strict', V1.binding, V1.contextId, nonce, '{}'));
    expect(JSON.stringify(headers)).not.toContain(nonce);
  });

  it('takes a context as the server answered it', () => {
    const context: AshIssuedContext = {
      ...V1,
      protocol: 'v2.3',
      clientSecret: SECRET,
      issuedAt: TIMESTAMP,
      expiresAt: TIMESTAMP + 1000,
      chain: { name: 'checkout', start: true },
      query: 'cover',
    };
    const headers = AshClient.buildHeaders({ ...context, payload: {}, timestamp: TIMESTAMP });

    expect(headers['X-ASH-Proof']).toBe(hmac(V1.binding, sha256('{}'), '', ''));
    expect(JSON.stringify(headers)).not.toContain(SECRET);
  });

  it('takes the time of the platform', () => {
    const before = Date.now();
    const timestamp = Number(AshClient.buildHeaders({ ...V1, clientSecret: SECRET })['X-ASH-Timestamp']);

    expect(timestamp).toBeGreaterThanOrEqual(before);
    expect(timestamp).toBeLessThanOrEqual(Date.now());
  });

  it('takes the corrected time of its client', async () => {
    const context = { ...V1, protocol: 'v2.3', clientSecret: SECRET, issuedAt: TIMESTAMP, expiresAt: TIMESTAMP + 1000 };
    const ash = new AshClient({
      baseUrl: 'https://shop.example',
      clock: () => 5000,
      fetch: () => Promise.resolve(Response.json(context)),
    });
    const before = ash.buildHeaders(V23);
    const { timestamp: _, ...options } = V23;

    expect(before['X-ASH-Timestamp']).toBe(String(TIMESTAMP));
    expect(ash.buildHeaders(options)['X-ASH-Timestamp']).toBe('5000');
    await ash.context('POST', '/api/update');
    expect(ash.buildHeaders(options)['X-ASH-Timestamp']).toBe(String(TIMESTAMP));
  });

  it.each<[string, unknown, string, RegExp]>([
    ['a text', { ...V23, payload: '{"a":1}' }, 'ASH_CLIENT_BODY_UNSUPPORTED', /JSON.parse/],
    ['a Blob', { ...V23, payload: new Blob([]) }, 'ASH_CLIENT_BODY_UNSUPPORTED', /Blob has to be given as its bytes/],
    ['a stream', { ...V23, payload: new ReadableStream() }, 'ASH_CLIENT_BODY_UNSUPPORTED', /ReadableStream/],
    ['bytes with v1', { ...V1, payload: new Uint8Array() }, 'ASH_CLIENT_BODY_UNSUPPORTED', /'v1'/],
    ['a bigint', { ...V23, payload: 1n }, 'ASH_CANONICALIZATION_ERROR', /bigint/],
    ['no secret for v2.3', { ...V1, protocol: 'v2.3' }, 'ASH_CLIENT_CONTEXT_INVALID', /'clientSecret'/],
    ['no nonce for v1 strict', { ...V1, mode: 'strict' }, 'ASH_CLIENT_CONTEXT_INVALID', /'nonce'/],
    ['an unknown protocol', { ...V23, protocol: 'v3' }, 'ASH_CLIENT_CONTEXT_INVALID', /'protocol'/],
    ['a malformed identifier', { ...V23, contextId: 'a\nb' }, 'ASH_CLIENT_CONTEXT_INVALID', /'contextId'/],
    ['an unsafe binding', { ...V23, binding: 'POST /a|b' }, 'ASH_CANONICALIZATION_ERROR', /'\|'/],
    ['a bar in the query', { ...V23, queryString: 'a|b' }, 'ASH_CANONICALIZATION_ERROR', /'\|'/],
    ['a malformed timestamp', { ...V23, timestamp: Number.NaN }, 'ASH_TIMESTAMP_INVALID', /milliseconds/],
    ['a malformed proof before', { ...V23, previousProof: 'abc' }, 'ASH_PROOF_INVALID', /64/],
  ])('is an error for %s', (_title, options, code, message) => {
    expect(() => AshClient.buildHeaders(options as AshBuildHeadersOptions)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});
