import { parse } from 'node:querystring';
import { RouteUnderTest, sha256 } from '../../test/verification/route-under-test.js';
import { ashProtocolRules } from '../core/protocols.js';
import type { AshProtocol } from '../core/index.js';
import type { AshBodyFacts } from './facts.js';
import { readPayload, type VerifiedPayload } from './payload.js';
import type { AshPolicyOptions, AshUnscoped } from './policy.js';

const FORM = 'application/x-www-form-urlencoded';

function read(
  body: Partial<AshBodyFacts>,
  options: AshPolicyOptions = {},
  unscoped: AshUnscoped = 'allow',
): VerifiedPayload {
  const { policy } = new RouteUnderTest({ options });
  const facts = { present: true, value: { a: 1 }, raw: undefined, mediaType: 'application/json', ...body };
  return readPayload(facts, { policy, protocol: ashProtocolRules(policy.protocol), scope: policy.scope, unscoped });
}

describe('readPayload takes', () => {
  type Row = [title: string, body: Partial<AshBodyFacts>, options: AshPolicyOptions, canonical: string];
  const rows: Row[] = [
    ['JSON', { value: { b: 1, a: [2] } }, {}, '{"a":[2],"b":1}'],
    ['JSON of a type of its own', { mediaType: 'application/vnd.bank+json' }, {}, '{"a":1}'],
    ['a JSON text', { value: 'a' }, {}, '"a"'],
    ['JSON null', { value: null }, {}, 'null'],
    ['JSON false', { value: false }, {}, 'false'],
    ['an empty JSON object', { value: {} }, {}, '{}'],
    ['__proto__ as a key', { value: JSON.parse('{"__proto__":{"x":1}}') as unknown }, {}, '{"__proto__":{"x":1}}'],
    ['JSON as it is in NFD', { value: 'e\u0301' }, {}, '"e\u0301"'],
    ['JSON in NFC where the route says so', { value: 'e\u0301' }, { canonicalization: 'jcs-nfc' }, '"\u00e9"'],
    ['a form', { value: { b: '1', a: 'x y' }, mediaType: FORM }, {}, 'a=x%20y&b=1'],
    ['a form with a key that stands twice', { value: { a: ['2', '1'] }, mediaType: FORM }, {}, 'a=2&a=1'],
    ['an empty form', { value: {}, mediaType: FORM }, {}, ''],
    [
      'a form without a prototype',
      { value: Object.assign(Object.create(null), { a: '1' }), mediaType: FORM },
      {},
      'a=1',
    ],
    ['the scope of JSON', { value: { a: 1, b: { c: 2, d: 3 } } }, { scope: ['b.c'] }, '{"b":{"c":2}}'],
    ['a payload of exactly the size allowed', { value: 'abc' }, { maxPayloadBytes: 5 }, '"abc"'],
    ['a form of exactly the size allowed', { value: { a: 'é' }, mediaType: FORM }, { maxPayloadBytes: 8 }, 'a=%C3%A9'],
  ];
  it.each(rows)('%s', (_title, body, options, canonical) => {
    expect(read(body, options)).toMatchObject({ canonical, bodyHash: sha256(canonical), replacesBody: false });
  });

  it.each([
    ['v2.3', '{}'],
    ['v2.2', '{}'],
    ['v2.1', ''],
    ['v1', ''],
  ] as [AshProtocol, string][])('no body with %s as %j', (protocol, canonical) => {
    for (const value of [undefined, null, {}, Object.create(null)]) {
      expect(read({ present: false, value, mediaType: '' }, { protocol })).toStrictEqual({
        value: undefined,
        canonical,
        bodyHash: sha256(canonical),
        replacesBody: false,
      });
    }
  });

  it('no body whatever content type was claimed for it', () => {
    expect(read({ present: false, value: undefined, mediaType: 'text/plain' }).canonical).toBe('{}');
  });

  it('a form of Node’s own parser, empty or not, which has a prototype of its own', () => {
    for (const value of [parse(''), parse('a=1')]) {
      expect(read({ value, mediaType: FORM }).canonical).toBe(value['a'] === undefined ? '' : 'a=1');
    }
  });

  it('a value that some middleware put there without a body, by its content type', () => {
    expect(() => read({ present: false, mediaType: '' })).toThrow('ASH_UNSUPPORTED_CONTENT_TYPE');
    expect(read({ present: false }).canonical).toBe('{"a":1}');
  });

  it('the covered part instead of the body where the rest is stripped', () => {
    const body = { value: { a: 1, b: 2 } };
    expect(read(body, { scope: ['a'] }, 'strip')).toMatchObject({ value: { a: 1 }, replacesBody: true });
    expect(read(body, {}, 'strip')).toMatchObject({ value: { a: 1, b: 2 }, replacesBody: false });
  });
});

describe('readPayload takes raw bytes', () => {
  const bytes = Uint8Array.of(0, 128, 255);
  type Row = [title: string, body: Partial<AshBodyFacts>, expected: Uint8Array];
  const rows: Row[] = [
    ['from the body', { value: Buffer.from(bytes) }, bytes],
    ['from the body before those that the parser kept', { value: bytes, raw: Uint8Array.of(1) }, bytes],
    ['from what the parser kept', { value: { a: 1 }, raw: bytes }, bytes],
    ['from what the parser kept before its text', { value: 'text', raw: bytes }, bytes],
    ['from a text', { value: 'é' }, Uint8Array.of(195, 169)],
    ['from an empty text', { value: '' }, new Uint8Array()],
    ['of no body', { present: false, value: undefined }, new Uint8Array()],
    ['of no body that a parser made an object of', { present: false, value: {} }, new Uint8Array()],
  ];
  it.each(rows)('%s', (_title, body, expected) => {
    const payload = read({ mediaType: 'image/png', ...body }, { payload: 'raw' });
    expect(payload).toMatchObject({ canonical: '', bodyHash: sha256(expected), replacesBody: true });
    expect(Buffer.from(payload.value as Uint8Array).equals(expected)).toBe(true);
  });

  it.each([
    ['a body that nothing kept', { value: undefined }],
    ['a body of which only the value is left', { value: { a: 1 } }],
    ['an empty object that stands for a body', { value: {} }],
    ['a value that stands for no body', { present: false, value: { a: 1 } }],
  ])('and refuses %s', (_title, body) => {
    expect(() => read(body, { payload: 'raw' })).toThrow(
      expect.objectContaining({
        code: 'ASH_RAW_BODY_UNAVAILABLE',
        message:
          "The body could not be verified: a route with payload 'raw' needs a parser that keeps the bytes (Nest: rawBody: true, useBodyParser('raw'); Express: express.raw({ type: () => true }) before it; Fastify: addContentTypeParser('*', { parseAs: 'buffer' }, …)).",
      }) as Error,
    );
  });
});

describe('readPayload refuses', () => {
  const unsupported = 'ASH_UNSUPPORTED_CONTENT_TYPE: ASH_UNSUPPORTED_CONTENT_TYPE';
  const nested = (key: string): string =>
    `ASH_CANONICALIZATION_ERROR: The form field '${key}' is nested: send flat fields, repeat a key for a list, or use JSON.`;
  const unread = (mediaType: string, parser = 'express.json()'): string =>
    `ASH_RAW_BODY_UNAVAILABLE: The body could not be verified: no parser of the application reads '${mediaType}' into a value before this route verifies it ` +
    `(Express: app.use(${parser}) before it; Fastify: a content type parser; ashVerify: the value as 'body').`;
  const ANY_JSON = "express.json({ type: ['json', '+json'] })";
  const tooLarge = 'ASH_CANONICALIZATION_ERROR: The payload has no canonical form: it is larger than allowed.';
  type Row = [title: string, body: Partial<AshBodyFacts>, options: AshPolicyOptions, refusal: string];
  const rows: Row[] = [
    ['text', { mediaType: 'text/plain' }, {}, unsupported],
    ['no content type', { mediaType: '' }, {}, unsupported],
    ['what only looks like JSON', { mediaType: 'application/jsonx' }, {}, unsupported],
    ['files', { mediaType: 'multipart/form-data' }, {}, unsupported],
    ['a form on a JSON route', { mediaType: FORM }, { payload: 'json' }, unsupported],
    ['JSON on a form route', {}, { payload: 'form' }, unsupported],
    ['a form on a route with a scope', { mediaType: FORM }, { scope: ['a'] }, unsupported],
    ['JSON that no parser read', { value: undefined }, {}, unread('application/json')],
    [
      'JSON of which a parser left the bytes',
      { value: Buffer.from('{}'), mediaType: 'a+json' },
      {},
      unread('a+json', ANY_JSON),
    ],
    [
      'a content type that a terminal obeys',
      { value: undefined, mediaType: '\u009b1m+json' },
      {},
      unread('\ufffd1m+json', ANY_JSON),
    ],
    [
      'a form that no parser read',
      { value: undefined, mediaType: FORM },
      {},
      unread(FORM, 'express.urlencoded({ extended: false })'),
    ],
    [
      'a form that is no object',
      { value: 'a=1', mediaType: FORM },
      {},
      'ASH_RAW_BODY_UNAVAILABLE: The body could not be verified: the parsed form is no object of fields.',
    ],
    [
      'a form that is null',
      { value: null, mediaType: FORM },
      {},
      'ASH_RAW_BODY_UNAVAILABLE: The body could not be verified: the parsed form is no object of fields.',
    ],
    ['a nested form', { value: { a: { b: '1' } }, mediaType: FORM }, {}, nested('a')],
    [
      'a form with a list of one, which a[]=1 and a=1 would share',
      { value: { a: ['1'] }, mediaType: FORM },
      {},
      nested('a'),
    ],
    ['a form with an empty list', { value: { a: [] }, mediaType: FORM }, {}, nested('a')],
    ['a form with a list in a list', { value: { a: ['1', ['2']] }, mediaType: FORM }, {}, nested('a')],
    ['a form with a number', { value: { b: 'x', a: 1 }, mediaType: FORM }, {}, nested('a')],
    [
      'a nested form, without the line feeds of its key',
      { value: { 'a\nb': {} }, mediaType: FORM },
      {},
      nested('a\ufffdb'),
    ],
    ['a form that is too large', { value: { a: 'é' }, mediaType: FORM }, { maxPayloadBytes: 7 }, tooLarge],
    ['JSON that is too large', { value: 'abcd' }, { maxPayloadBytes: 5 }, tooLarge],
    [
      'a lone surrogate',
      { value: '\ud800' },
      {},
      'ASH_CANONICALIZATION_ERROR: The payload has no canonical form: a lone surrogate is no Unicode text.',
    ],
    [
      'a scope over null',
      { value: null },
      { scope: ['a'] },
      'ASH_CANONICALIZATION_ERROR: A scope needs a payload that is a JSON object.',
    ],
    [
      'a scope over a list',
      { value: [] },
      { scope: ['0'] },
      'ASH_CANONICALIZATION_ERROR: A scope needs a payload that is a JSON object.',
    ],
  ];
  it.each(rows)('%s', (_title, body, options, refusal) => {
    const [code, ...message] = refusal.split(': ');
    expect(() => read(body, options)).toThrow(expect.objectContaining({ code, message: message.join(': ') }) as Error);
  });

  // Each shows no field of its own, whatever is in it.
  const closed: [title: string, value: object][] = [
    ['a stream', new ReadableStream()],
    ['a promise', Promise.resolve({ a: 1 })],
    ['the fields of a form', new URLSearchParams('a=1')],
    ['a map', new Map([['a', 1]])],
  ];
  it.each(closed)('%s, and takes it for no empty payload', (_title, value) => {
    const absent = { present: false, value };
    for (const mediaType of ['', FORM, 'application/json']) expect(() => read({ ...absent, mediaType })).toThrow();
    expect(() => read(absent, { payload: 'raw' })).toThrow("a route with payload 'raw' needs a parser");
    expect(() => read({ value, mediaType: FORM })).toThrow('the parsed form is no object of fields');
  });

  it('members outside the scope where they are rejected, deep ones too', () => {
    const refused = expect.objectContaining({
      code: 'ASH_SCOPE_MISMATCH',
      message: 'The payload has members outside the scope, which this route rejects.',
    }) as Error;
    const options = { scope: ['a', 'b.c'] };
    expect(() => read({ value: { a: 1, x: 1 } }, options, 'reject')).toThrow(refused);
    expect(() => read({ value: { b: { c: 1, d: 1 } } }, options, 'reject')).toThrow(refused);
    expect(read({ value: { a: { any: 1 }, b: { c: 1 } } }, options, 'reject').canonical).toBe(
      '{"a":{"any":1},"b":{"c":1}}',
    );
  });
});

describe('readPayload and a body that nobody has read', () => {
  const unread = { present: true, unread: true };
  type Row = [title: string, body: Partial<AshBodyFacts>, options?: AshPolicyOptions];
  const rows: Row[] = [
    ['an empty object in its place', { value: {} }],
    ['nothing in its place', { value: undefined }],
    ['null in its place', { value: null }],
    ['an empty text in its place', { value: '' }],
    ['an empty form in its place', { value: {}, mediaType: FORM }],
    ['an empty object in its place, for bytes', { value: {} }, { payload: 'raw' }],
    ['nothing in its place, for bytes', { value: undefined }, { payload: 'raw' }],
    ['an empty text in its place, for bytes', { value: '' }, { payload: 'raw' }],
  ];
  it.each(rows)('takes %s for no payload', (_title, body, options = {}) => {
    expect(() => read({ ...body, ...unread }, options)).toThrow(
      expect.objectContaining({ code: 'ASH_RAW_BODY_UNAVAILABLE' }) as Error,
    );
  });

  it('takes what somebody has made of it elsewhere', () => {
    expect(read({ value: { a: 1 }, ...unread }).canonical).toBe('{"a":1}');
    expect(read({ value: Buffer.from('a'), ...unread }, { payload: 'raw' }).bodyHash).toBe(sha256('a'));
    expect(read({ value: undefined, raw: Buffer.from('a'), ...unread }, { payload: 'raw' }).bodyHash).toBe(sha256('a'));
  });

  it('takes an empty body for empty, since there was nothing to read', () => {
    expect(read({ value: {}, present: false, unread: true, mediaType: '' }).canonical).toBe('{}');
  });
});
