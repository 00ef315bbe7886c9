import { Controller, Post } from '@nestjs/common';
import { AshProtected, AshService } from 'nestjs-ash';
import { body } from '../support/attacks.js';
import { both, EchoController, form, json, JSON_TYPE, runs, type RefusalByAdapter } from '../support/echo.js';
import { createFixture, startFixture, type FixtureApp } from '../support/fixture.js';
import { ADAPTERS, harmless, play, type Plan } from '../support/test-app.js';

const MISMATCH = [403, 'ASH_INTEGRITY_FAILED'] as const;
const NO_FORM = [400, 'ASH_CANONICALIZATION_ERROR'] as const;
const BY_PARSER = [400] as const;

type Row = [title: string, plan: Plan, sent: string, refusal: RefusalByAdapter];

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
    let app: FixtureApp;

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
});
