import { Body, Controller, Post } from '@nestjs/common';
import { AshProtected, AshService, AshVerified } from 'nestjs-ash';
import { all, body, contentType, header, withoutBody } from '../support/attacks.js';
import { createFixture, Runs, startFixture } from '../support/fixture.js';
import { sign } from '../support/proof.js';
import { SHOP, startShop } from '../support/shop.js';
import {
  ADAPTERS,
  draftOf,
  harmless,
  play,
  type Adapter,
  type Attack,
  type Plan,
  type TestApp,
} from '../support/test-app.js';

type Refusal = readonly [status: number, code?: string];
/** The adapters' parsers differ in what they read. */
type ByAdapter = Readonly<Record<Adapter, Refusal>>;

const MISMATCH = [403, 'ASH_INTEGRITY_FAILED'] as const;
const NO_FORM = [400, 'ASH_CANONICALIZATION_ERROR'] as const;
const OTHER_TYPE = [415, 'ASH_UNSUPPORTED_CONTENT_TYPE'] as const;
const UNREAD = [500, 'ASH_RAW_BODY_UNAVAILABLE'] as const;
const BY_PARSER = [400] as const;
const TOO_LARGE = [413] as const;

const both = (refusal: Refusal): ByAdapter => ({ express: refusal, fastify: refusal });

const JSON_TYPE = { 'content-type': 'application/json' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };

const runs = new Runs();

@Controller()
class EchoController {
  @Post('echo')
  @AshProtected('POST /echo')
  echo(@Body() received: unknown) {
    runs.count('echo');
    // As text, which shows an own member of the name `__proto__` and a lone surrogate too.
    return { received: JSON.stringify(received), admin: ({} as { admin?: unknown }).admin };
  }

  @Post('covered')
  @AshProtected('POST /covered', { scope: ['a'], unscoped: 'strip' })
  covered(@Body() received: unknown) {
    runs.count('covered');
    return { received: JSON.stringify(received) };
  }

  @Post('small')
  @AshProtected('POST /small', { maxPayloadBytes: 64 })
  small() {
    runs.count('small');
  }

  @Post('bytes')
  @AshProtected('POST /bytes', { payload: 'raw' })
  bytes(@Body() received: Uint8Array, @AshVerified('payload') bytes: Uint8Array) {
    runs.count('bytes');
    return { received: Buffer.from(received).toString(), bytes: Buffer.from(bytes).toString() };
  }
}

const json = (text: string): Plan => ({ binding: 'POST /echo', headers: JSON_TYPE, body: text, runs: 'echo' });
const form = (text: string): Plan => ({ binding: 'POST /echo', headers: FORM_TYPE, body: text, runs: 'echo' });

type Row = [title: string, plan: Plan, sent: string, refusal: ByAdapter];

const POLLUTING: Row[] = [
  ["'__proto__'", json('{"a":1}'), '{"a":1,"__proto__":{"admin":true}}', { express: MISMATCH, fastify: BY_PARSER }],
  [
    "'__proto__' within",
    json('{"a":{}}'),
    '{"a":{"__proto__":{"admin":true}}}',
    { express: MISMATCH, fastify: BY_PARSER },
  ],
  [
    "'__proto__' in escapes",
    json('{"a":1}'),
    '{"a":1,"\\u005f_proto__":{"admin":true}}',
    { express: MISMATCH, fastify: BY_PARSER },
  ],
  ["'__proto__' that is null", json('{"a":1}'), '{"a":1,"__proto__":null}', { express: MISMATCH, fastify: BY_PARSER }],
  [
    "'constructor' with a prototype",
    json('{"a":1}'),
    '{"a":1,"constructor":{"prototype":{"admin":true}}}',
    { express: MISMATCH, fastify: BY_PARSER },
  ],
  ["'constructor'", json('{"a":1}'), '{"a":1,"constructor":{"admin":true}}', both(MISMATCH)],
  ["'prototype'", json('{"a":1}'), '{"a":1,"prototype":{"admin":true}}', both(MISMATCH)],
  ["'toString'", json('{"a":1}'), '{"a":1,"toString":"x"}', both(MISMATCH)],
  ["'toJSON'", json('{"a":1}'), '{"a":1,"toJSON":"x"}', both(MISMATCH)],
  ["'constructor' of a form", form('a=1'), 'a=1&constructor=admin', both(MISMATCH)],
];

const NUMBERS_AND_TEXTS: Row[] = [
  ['a key that stands twice, first as it was proven', json('{"a":1}'), '{"a":1,"a":2}', both(MISMATCH)],
  ['a composed letter decomposed', json('{"a":"\u00e9"}'), '{"a":"e\u0301"}', both(MISMATCH)],
  ['a decomposed letter composed', json('{"a":"e\u0301"}'), '{"a":"\u00e9"}', both(MISMATCH)],
  ['a key in another normal form', json('{"\u00e9":1}'), '{"e\u0301":1}', both(MISMATCH)],
  ['a letter of another width', json('{"a":"A"}'), '{"a":"\uff21"}', both(MISMATCH)],
  ['a lone surrogate', json('{"a":"x"}'), '{"a":"\\ud800"}', both(NO_FORM)],
  ['a lone surrogate in a key', json('{"a":"x"}'), '{"\\udc00":"x"}', both(NO_FORM)],
  ['surrogates in the wrong order', json('{"a":"\u{1f4b6}"}'), '{"a":"\\udcb6\\ud83d"}', both(NO_FORM)],
  ['a number that overflows', json('{"a":1}'), '{"a":1e400}', both(NO_FORM)],
  ['a number that overflows below', json('{"a":1}'), '{"a":-1e400}', both(NO_FORM)],
  ['an integer for its text', json('{"a":"9007199254740993"}'), '{"a":9007199254740993}', both(MISMATCH)],
  ['a neighbour of a large integer', json('{"a":9007199254740992}'), '{"a":9007199254740994}', both(MISMATCH)],
  ['a neighbour of a fraction', json('{"a":1}'), '{"a":1.0000000000000002}', both(MISMATCH)],
  ['the other sign', json('{"a":1}'), '{"a":-1}', both(MISMATCH)],
  ['a text for true', json('{"a":true}'), '{"a":"true"}', both(MISMATCH)],
  ['a text for null', json('{"a":null}'), '{"a":"null"}', both(MISMATCH)],
  ['null for nothing', json('{}'), '{"a":null}', both(MISMATCH)],
  ['an empty text for null', json('{"a":null}'), '{"a":""}', both(MISMATCH)],
  ['an empty list for an empty object', json('{"a":{}}'), '{"a":[]}', both(MISMATCH)],
  ['a list for an object with indexes', json('{"a":{"0":1}}'), '{"a":[1]}', both(MISMATCH)],
  ['a list in another order', json('{"a":[1,2]}'), '{"a":[2,1]}', both(MISMATCH)],
  ['a dotted key for a nested one', json('{"a":{"b":1}}'), '{"a.b":1}', both(MISMATCH)],
  ['a quote that ends a text', json('{"a":"x\\",\\"b\\":\\"y"}'), '{"a":"x","b":"y"}', both(MISMATCH)],
  ['text behind the value', json('{"a":1}'), '{"a":1}{"a":2}', both(BY_PARSER)],
  ['a comment', json('{"a":1}'), '{"a":1/**/}', both(BY_PARSER)],
  ['a composed letter of a form decomposed', form('a=%C3%A9'), 'a=e%CC%81', both(MISMATCH)],
  ['a field of a form in brackets', form('a=1'), 'a[]=1', { express: NO_FORM, fastify: MISMATCH }],
  ['a nested field of a form', form('a=1'), 'a[b]=1', { express: NO_FORM, fastify: MISMATCH }],
];

type Same = [title: string, plan: Plan, sent: string, received: string];

/** Other bytes of the same value: the handler gets what was proven, and nothing else. */
const SAME_VALUES: Same[] = [
  ['a key that stands twice, last as it was proven', json('{"a":1}'), '{"a":2,"a":1}', '{"a":1}'],
  ['zero with a sign', json('{"a":0}'), '{"a":-0}', '{"a":0}'],
  [
    'an integer that no double holds',
    json('{"a":9007199254740992}'),
    '{"a":9007199254740993}',
    '{"a":9007199254740992}',
  ],
  ['a fraction that no double holds', json('{"a":1}'), '{"a":1.0000000000000001}', '{"a":1}'],
  ['an exponent', json('{"a":100}'), '{"a":1E+2}', '{"a":100}'],
  ['keys in another order', json('{"a":1,"b":2}'), '{"b":2,"a":1}', '{"b":2,"a":1}'],
  ['a pair of surrogates in escapes', json('{"a":"\u{1f4b6}"}'), '{"a":"\\ud83d\\udcb6"}', '{"a":"\u{1f4b6}"}'],
];

describe.each(ADAPTERS)('on %s', (adapter) => {
  describe('a payload', () => {
    let app: TestApp;

    beforeAll(async () => {
      app = await startFixture(adapter, { runs, controllers: [EchoController], nest: { rawBody: true } });
    });

    afterAll(() => app.close());

    it.each(POLLUTING)(
      '8: with %s that was not proven is refused, and pollutes nothing',
      async (_title, plan, sent, refusal) => {
        expect(await play(app, plan, body(sent))).toEqual(harmless(plan, ...refusal[adapter]));
        expect(Object.keys(Object.prototype)).toEqual([]);
        expect(({} as { admin?: unknown }).admin).toBeUndefined();
      },
    );

    it("8: with '__proto__' that was proven is an own member like any other, or refused", async () => {
      const plan = json('{"a":1,"__proto__":{"admin":true}}');
      const { status, body: answer } = await app.pass(plan);

      expect({ status, answer }).toMatchObject(
        adapter === 'express' ? { status: 201, answer: { received: plan.body } } : { status: 400 },
      );
      expect(answer).not.toHaveProperty('admin');
    });

    it("8: with '__proto__' outside a scope is stripped, or refused", async () => {
      const plan: Plan = { binding: 'POST /covered', headers: JSON_TYPE, body: '{"a":1}', runs: 'covered' };
      const { draft } = await app.prepare(plan);
      const { status, body: answer } = await app.send({ ...draft, body: '{"a":1,"__proto__":{"admin":true}}' });

      expect({ status, answer }).toMatchObject(
        adapter === 'express' ? { status: 201, answer: { received: '{"a":1}' } } : { status: 400 },
      );
    });

    it("8: with '__proto__' in a form that was not proven does not reach the handler", async () => {
      const { draft } = await app.prepare(form('a=1'));
      const { status, body: answer } = await app.send({ ...draft, body: 'a=1&__proto__=x&__proto__[admin]=1' });

      // Express's parser drops it, so that the handler gets what was proven. Fastify refuses it, or keeps it as a field.
      const [expected, seen] = adapter === 'express' ? [[201], { received: '{"a":"1"}' }] : [[400, 403], {}];
      expect(expected).toContain(status);
      expect(answer).toMatchObject(seen);
      expect(({} as { admin?: unknown }).admin).toBeUndefined();
    });

    it("8: of the context endpoint with '__proto__' pollutes nothing", async () => {
      const text = '{"binding":"POST /echo","__proto__":{"admin":true}}';
      const { status } = await app.send({
        method: 'POST',
        path: '/ash/context',
        headers: { ...JSON_TYPE },
        body: text,
      });

      expect(status).toBe(adapter === 'express' ? 200 : 400);
      expect(({} as { admin?: unknown }).admin).toBeUndefined();
    });

    it.each(['__proto__.x', 'constructor', 'prototype.x', 'a.__proto__', 'a.constructor.prototype'])(
      "8: whose scope has the path '%s' is an error at start-up and of each context",
      async (unsafe) => {
        @Controller()
        class UnsafeController {
          @Post('x')
          @AshProtected('POST /x', { scope: [unsafe] })
          handle() {
            return undefined;
          }
        }
        const starting = createFixture(adapter, { controllers: [UnsafeController] }).then((unsafeApp) =>
          unsafeApp.init(),
        );

        await expect(starting).rejects.toThrow(/UnsafeController\.handle: The scope is unsafe/);
        await expect(app.nest.get(AshService).issue({ binding: 'POST /echo', scope: [unsafe] })).rejects.toThrow(
          'The scope is unsafe',
        );
        expect(Object.keys(Object.prototype)).toEqual([]);
      },
    );

    it.each(NUMBERS_AND_TEXTS)('9: with %s is refused', async (_title, plan, sent, refusal) => {
      expect(await play(app, plan, body(sent))).toEqual(harmless(plan, ...refusal[adapter]));
    });

    it.each(['application/json', 'application/x-www-form-urlencoded', 'APPLICATION/JSON; charset=utf-8'])(
      "9: of bytes, with the type '%s' that was not proven, comes to the handler as its bytes",
      async (type) => {
        const plan: Plan = {
          binding: 'POST /bytes',
          headers: JSON_TYPE,
          body: '{"a":1}',
          payload: 'raw',
          runs: 'bytes',
        };
        const { draft } = await app.prepare(plan);
        const { status, body: answer } = await app.send({
          ...draft,
          headers: { ...draft.headers, 'content-type': type },
        });

        expect({ status, answer }).toEqual({ status: 201, answer: { received: plan.body, bytes: plan.body } });
      },
    );

    it.each(SAME_VALUES)('9: with %s is what was proven', async (_title, plan, sent, received) => {
      const { draft } = await app.prepare(plan);

      expect(await app.send({ ...draft, body: sent })).toMatchObject({ status: 201, body: { received } });
      expect(await app.send(draft)).toMatchObject({ status: 409 });
    });
  });

  describe('11: a body', () => {
    let shop: TestApp;

    beforeAll(async () => {
      shop = await startShop(adapter);
    });

    afterAll(() => shop.close());

    const empty: Plan = { binding: 'POST /checkout', runs: 'checkouts', after: [SHOP.cart] };
    const emptyRaw: Plan = { binding: 'POST /upload', payload: 'raw', runs: 'uploads' };
    const emptyV1: Plan = { ...SHOP.v1, body: '{"amount":100,"to":"acct-7"}' };
    const chunked = header('transfer-encoding', 'chunked');
    const bytes = Uint8Array.of(1, 2, 3);

    type Hidden = [title: string, plan: Plan, attack: Attack, refusal: ByAdapter];
    const hidden: Hidden[] = [
      ['of JSON', empty, all(body('{"x":1}'), contentType('application/json')), both(MISMATCH)],
      ['of JSON in chunks', empty, all(body('{"x":1}'), contentType('application/json'), chunked), both(MISMATCH)],
      ['of a form', empty, all(body('x=1'), contentType('application/x-www-form-urlencoded')), both(MISMATCH)],
      ['of a text', empty, all(body('x'), contentType('text/plain')), both(OTHER_TYPE)],
      ['of a text in chunks', empty, all(body('x'), contentType('text/plain'), chunked), both(OTHER_TYPE)],
      ['of bytes', empty, all(body(bytes), contentType('application/octet-stream')), both(OTHER_TYPE)],
      ['of a file', empty, all(body('--x--'), contentType('multipart/form-data; boundary=x')), both(OTHER_TYPE)],
      ['of a vendor’s JSON', empty, all(body('{"x":1}'), contentType('application/vnd.x+json')), both(UNREAD)],
      ['without a type', empty, body('{"x":1}'), both(OTHER_TYPE)],
      ['without a type in chunks', empty, all(body('{"x":1}'), chunked), both(OTHER_TYPE)],
      [
        'of no type at all',
        empty,
        all(body('{"x":1}'), contentType('nonsense')),
        { express: OTHER_TYPE, fastify: [415] },
      ],
      ['of bytes on a raw route', emptyRaw, all(body(bytes), contentType('application/octet-stream')), both(MISMATCH)],
      [
        'of bytes in chunks on a raw route',
        emptyRaw,
        all(body(bytes), contentType('application/octet-stream'), chunked),
        both(MISMATCH),
      ],
      ['of JSON on a raw route', emptyRaw, all(body('{}'), contentType('application/json')), both(MISMATCH)],
      ['of a text on a raw route', emptyRaw, all(body('x'), contentType('text/plain')), both(MISMATCH)],
      ['without a type on a raw route', emptyRaw, body('x'), both(MISMATCH)],
      [
        'of JSON with GET',
        SHOP.query,
        all(body('{"x":1}'), contentType('application/json')),
        { express: MISMATCH, fastify: UNREAD },
      ],
      [
        'of JSON in chunks with GET',
        SHOP.query,
        all(body('{"x":1}'), contentType('application/json'), chunked),
        { express: MISMATCH, fastify: UNREAD },
      ],
      ['of a text with GET', SHOP.query, all(body('x'), contentType('text/plain')), both(OTHER_TYPE)],
      ['without a type with GET', SHOP.query, body('x'), both(OTHER_TYPE)],
      ['that is left out', SHOP.json, withoutBody, both(MISMATCH)],
      ['that is left out with v1', emptyV1, withoutBody, both([403, 'ASH_PROOF_INVALID'])],
      [
        'that is empty',
        SHOP.json,
        all(body(''), header('content-length', '0')),
        { express: MISMATCH, fastify: BY_PARSER },
      ],
      ['that is empty and without a type', SHOP.json, all(withoutBody, header('content-length', '0')), both(MISMATCH)],
      ['that is an empty object', SHOP.json, body('{}'), both(MISMATCH)],
      ['with an empty proof', SHOP.json, header('x-ash-proof', ''), both([403, 'ASH_PROOF_MISSING'])],
      ['of two lengths', SHOP.json, header('content-length', ['28', '0']), both([400])],
      ['of a length and in chunks', SHOP.json, all(header('content-length', '28'), chunked), both([400])],
    ];
    it.each(hidden)('%s is never taken for another one', async (_title, plan, attack, refusal) => {
      expect(await play(shop, plan, attack)).toEqual(harmless(plan, ...refusal[adapter]));
    });

    type Empty = [title: string, plan: Plan, attack: Attack];
    const none: Empty[] = [
      ['no framing', empty, withoutBody],
      ['a length of 0', empty, header('content-length', '0')],
      ['a length of 0 with GET', SHOP.query, header('content-length', '0')],
      ['a type and no body', SHOP.query, contentType('application/json')],
      ['chunks of nothing on a raw route', emptyRaw, all(chunked, contentType('application/octet-stream'))],
    ];
    it.each(none)('that is none passes with %s', async (_title, plan, attack) => {
      const honest = await shop.prepare(plan);
      await attack(honest.draft, honest);

      expect(await shop.ranDuring(() => shop.send(honest.draft))).toEqual({ [plan.runs]: 1 });
    });

    describe('that no parser of the application reads', () => {
      let app: TestApp;

      beforeAll(async () => {
        app = await startFixture(adapter, { runs, controllers: [EchoController], nest: { bodyParser: false } });
      });

      afterAll(() => app.close());

      type Unread = [title: string, plan: Plan];
      const unread: Unread[] = [
        ['a form', form('a=1')],
        [
          'bytes',
          {
            binding: 'POST /bytes',
            headers: { 'content-type': 'application/octet-stream' },
            body: 'x',
            payload: 'raw',
            runs: 'bytes',
          },
        ],
        [
          'a file',
          {
            binding: 'POST /bytes',
            headers: { 'content-type': 'multipart/form-data; boundary=x' },
            body: '--x--',
            payload: 'raw',
            runs: 'bytes',
          },
        ],
      ];
      it.each(unread)('is refused: %s', async (_title, plan) => {
        // No context can be asked for without a parser either.
        const context = await app.nest.get(AshService).issue({ binding: plan.binding });
        const draft = draftOf(plan);
        sign(context, draft, { payload: plan.payload });
        let answer: unknown;
        const ran = await app.ranDuring(async () => {
          answer = await app.send(draft);
        });

        // Fastify refuses such a type before any guard.
        expect(answer).toMatchObject(
          adapter === 'express' ? { status: 500, code: 'ASH_RAW_BODY_UNAVAILABLE' } : { status: 415 },
        );
        expect(ran).toEqual({});
      });
    });

    it('whose bytes nobody kept is refused on a raw route, and the answer names the mend', async () => {
      const app = await startFixture(adapter, { runs, controllers: [EchoController] });
      const plan: Plan = { binding: 'POST /bytes', headers: JSON_TYPE, body: '{"a":1}', payload: 'raw', runs: 'bytes' };
      const { status, code, body: answer } = await app.pass(plan);
      await app.close();

      expect({ status, code }).toEqual({ status: 500, code: 'ASH_RAW_BODY_UNAVAILABLE' });
      expect(answer).toMatchObject({ message: expect.stringContaining('rawBody: true') });
    });
  });

  describe('27: a payload', () => {
    const LIMIT = 4_000_000;
    let app: TestApp;

    beforeAll(async () => {
      app = await startFixture(adapter, { runs, controllers: [EchoController], bodyLimit: LIMIT });
    });

    afterAll(() => app.close());

    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    const nestedObjects = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
    /** A JSON whose canonical form has a number of bytes. */
    const ofBytes = (bytes: number): string => `{"a":"${'x'.repeat(bytes - 8)}"}`;
    const members = (keys: readonly string[]): string =>
      JSON.stringify(Object.fromEntries(keys.map((key) => [key, 1])));
    const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `key${index}`);
    /** 'Aa' and 'BB' have one hash in the functions that tables of strings usually take. */
    const colliding = (pairs: number): string[] =>
      Array.from({ length: 2 ** pairs }, (_, index) =>
        Array.from({ length: pairs }, (_pair, bit) => ((index >> bit) & 1 ? 'BB' : 'Aa')).join(''),
      );

    type Bounded = [title: string, text: string];
    const passing: Bounded[] = [
      ['64 levels of lists', nested(64)],
      ['64 levels of objects', nestedObjects(63).replace('1', '{}')],
      ['20,000 members', members(numbered(20_000))],
      ['16,384 keys that collide', members(colliding(14))],
      ['100,000 items', JSON.stringify(Array.from({ length: 100_000 }, () => 0))],
      ['a megabyte', ofBytes(1_048_576)],
    ];
    it.each(passing)('with %s passes', async (_title, text) => {
      expect(await app.ranDuring(() => app.pass(json(text)))).toEqual({ echo: 1 });
    });

    const refused: [title: string, text: string, refusal: Refusal][] = [
      ['65 levels of lists', nested(65), NO_FORM],
      ['65 levels of objects', nestedObjects(64).replace('1', '{}'), NO_FORM],
      ['100,000 levels', nested(100_000), NO_FORM],
      ['a byte more than a megabyte', ofBytes(1_048_577), NO_FORM],
      ['a megabyte of letters of two bytes', `{"a":"${'é'.repeat(524_288)}"}`, NO_FORM],
      ['three megabytes of members', members(numbered(200_000)), NO_FORM],
      ['more than the parser takes', ofBytes(LIMIT + 1), TOO_LARGE],
    ];
    it.each(refused)('with %s is refused', async (_title, text, refusal) => {
      expect(await play(app, json('{"a":1}'), body(text))).toEqual(harmless(json('{"a":1}'), ...refusal));
    });

    it('that is larger than its route takes is refused', async () => {
      const small: Plan = { binding: 'POST /small', headers: JSON_TYPE, body: '{"a":1}', runs: 'small' };

      expect(await play(app, small, body(ofBytes(65)))).toEqual(harmless(small, ...NO_FORM));
      expect(await app.ranDuring(() => app.pass({ ...small, body: ofBytes(64) }))).toEqual({ small: 1 });
    });

    it('of a form that is larger than its route takes is refused', async () => {
      const small: Plan = { binding: 'POST /small', headers: FORM_TYPE, body: 'a=1', runs: 'small' };

      expect(await play(app, small, body(`a=${'é'.repeat(11)}`))).toEqual(harmless(small, ...NO_FORM));
    });

    it.each(['/', '/x', '|'])(
      'of the context endpoint whose binding is a long text of "%s" gets a short answer',
      async (text) => {
        const { status, text: answer } = await app.ask({ binding: `POST ${text.repeat(50_000)}` });

        expect(status).toBe(400);
        expect(answer.length).toBeLessThan(1_000);
      },
    );
  });
});
