import formbody from '@fastify/formbody';
import type { FastifyInstance } from 'fastify';
import type { AshFastifyRouteOptions } from 'nestjs-ash/fastify';
import { body, header, proven, without, withoutBody, all } from '../support/attacks.js';
import { closeFastify, FORM_TYPE, JSON_TYPE, startFastify, type FastifyApp } from '../support/fastify-app.js';
import { harmless, play, type Attack, type Plan } from '../support/test-app.js';

afterEach(closeFastify);

/** What a scope of an application does with bodies. */
type Parsers = (app: FastifyInstance) => unknown;

const asItIs: Parsers = () => undefined;
const forms: Parsers = (app) => app.register(formbody);
const everythingAsBytes: Parsers = (app) => {
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes, done) => {
    done(null, bytes);
  });
};
const bytesAlone: Parsers = (app) => {
  app.removeAllContentTypeParsers();
  everythingAsBytes(app);
};
const nothingRead: Parsers = (app) => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => {
    done(null);
  });
};
const nothingReadAsEmpty: Parsers = (app) => {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => {
    done(null, {});
  });
};
const jsonAsText: Parsers = (app) => {
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    done(null, text);
  });
};

/** Answers what the handler received. */
function start(parsers: Parsers, ash: AshFastifyRouteOptions | true): Promise<FastifyApp> {
  return startFastify({
    routes: async (app, ran) => {
      // Behind the endpoint, which reads JSON.
      await app.register(async (scope) => {
        await parsers(scope);
        scope.route({
          method: ['POST', 'GET', 'DELETE'],
          url: '/a',
          config: { ash },
          handler: ({ body: received, ash: verified }) => {
            ran('a');
            const payload = verified?.payload;
            return {
              received: received instanceof Uint8Array ? Buffer.from(received).toString() : received,
              payload: payload instanceof Uint8Array ? Buffer.from(payload).toString() : payload,
            };
          },
        });
      });
    },
  });
}

function plan(type: string | undefined, text: string | undefined, binding = 'POST /a'): Plan {
  return {
    binding,
    headers: type === undefined ? {} : { 'content-type': type },
    ...(text === undefined ? {} : { body: text }),
    runs: 'a',
  };
}

const JSON_PLAN = plan(JSON_TYPE['content-type'], '{"amount":100}');
const FORM_PLAN = plan(FORM_TYPE['content-type'], 'amount=100');
const BYTES_PLAN: Plan = { ...plan('application/octet-stream', 'abc'), payload: 'raw' };

describe('An honest body reaches the handler as it was verified', () => {
  type Row = [title: string, parsers: Parsers, ash: AshFastifyRouteOptions | true, request: Plan, received: unknown];
  const rows: Row[] = [
    ['as JSON', asItIs, true, JSON_PLAN, { received: { amount: 100 }, payload: { amount: 100 } }],
    ['as JSON with a charset', asItIs, true, plan('application/json; charset=utf-8', '1'), { received: 1, payload: 1 }],
    ['as null in JSON', asItIs, true, plan('application/json', 'null'), { received: null, payload: null }],
    ['as an empty object', asItIs, true, plan('application/json', '{}'), { received: {}, payload: {} }],
    ['as a form', forms, true, FORM_PLAN, { received: { amount: '100' }, payload: { amount: '100' } }],
    ['as nothing', asItIs, true, plan(undefined, undefined), {}],
    ['as bytes', everythingAsBytes, { payload: 'raw' }, BYTES_PLAN, { received: 'abc', payload: 'abc' }],
    [
      'as the bytes of a text',
      asItIs,
      { payload: 'raw' },
      { ...plan('text/plain', 'abc'), payload: 'raw' },
      { received: 'abc', payload: 'abc' },
    ],
    [
      'as what the scope covers',
      asItIs,
      { scope: ['amount'], unscoped: 'strip' },
      plan('application/json', '{"amount":1,"note":"x"}'),
      { received: { amount: 1 }, payload: { amount: 1 } },
    ],
    ['as nothing with DELETE', asItIs, true, plan(undefined, undefined, 'DELETE /a'), {}],
    [
      'as JSON with DELETE',
      asItIs,
      true,
      plan('application/json', '[1]', 'DELETE /a'),
      { received: [1], payload: [1] },
    ],
  ];
  it.each(rows)('%s', async (_title, parsers, ash, request, received) => {
    const app = await start(parsers, ash);
    expect(await app.pass(request)).toMatchObject({ status: 200, body: received });
  });

  it.each(['content-length', 'transfer-encoding'])('framed by %s', async (framing) => {
    const app = await start(asItIs, true);
    const { draft } = await app.prepare(JSON_PLAN);
    draft.headers[framing] = framing === 'content-length' ? '14' : 'chunked';
    expect(await app.send(draft)).toMatchObject({ status: 200, body: { received: { amount: 100 } } });
  });
});

describe('11: a body that came is never verified as an empty one', () => {
  const emptyProof = all(body('{"amount":1000000}'), proven({ covered: '{}' }));
  const emptyForm = all(body('amount=1000000'), proven({ covered: '' }));

  type Row = [title: string, request: Plan, attack: Attack, status: number, code?: string];
  const rows: Row[] = [
    ['with a proof of an empty object', JSON_PLAN, emptyProof, 403, 'ASH_INTEGRITY_FAILED'],
    [
      'with a proof of an empty object, in chunks',
      JSON_PLAN,
      all(emptyProof, header('transfer-encoding', 'chunked')),
      403,
      'ASH_INTEGRITY_FAILED',
    ],
    ['as a form with a proof of nothing', FORM_PLAN, emptyForm, 403, 'ASH_INTEGRITY_FAILED'],
    ['where it is none any more', JSON_PLAN, withoutBody, 403, 'ASH_INTEGRITY_FAILED'],
    [
      'where its length says nothing',
      JSON_PLAN,
      all(withoutBody, header('content-length', '0')),
      403,
      'ASH_INTEGRITY_FAILED',
    ],
    [
      'of a type that no parser takes',
      JSON_PLAN,
      header('content-type', 'application/xml'),
      415,
      'FST_ERR_CTP_INVALID_MEDIA_TYPE',
    ],
    ['of text', JSON_PLAN, header('content-type', 'text/plain'), 415, 'ASH_UNSUPPORTED_CONTENT_TYPE'],
    ['without a type', JSON_PLAN, without('content-type'), 415, 'FST_ERR_CTP_INVALID_MEDIA_TYPE'],
    ['of a type that is none', JSON_PLAN, header('content-type', 'json'), 415, 'FST_ERR_CTP_INVALID_MEDIA_TYPE'],
    ['of JSON that is none', JSON_PLAN, body('{"amount":'), 400, 'FST_ERR_CTP_INVALID_JSON_BODY'],
    [
      'of JSON that would pollute',
      JSON_PLAN,
      body('{"__proto__":{"admin":true}}'),
      400,
      'FST_ERR_CTP_INVALID_JSON_BODY',
    ],
    ['of JSON without a letter', JSON_PLAN, body(''), 400, 'FST_ERR_CTP_EMPTY_JSON_BODY'],
  ];
  it.each(rows)('%s', async (_title, request, attack, status, code) => {
    const app = await start(forms, true);
    expect(await play(app, request, attack)).toEqual(harmless(request, status, code));
  });

  it('with GET, whose body Fastify reads for nobody', async () => {
    const app = await start(asItIs, true);
    const request = plan(undefined, undefined, 'GET /a');
    const attack = all(header('content-type', 'application/json'), body('{"amount":1}'));
    expect(await play(app, request, attack)).toEqual(harmless(request, 500, 'ASH_RAW_BODY_UNAVAILABLE'));
  });

  it('with GET on a route that takes bytes', async () => {
    const app = await start(everythingAsBytes, { payload: 'raw' });
    const request: Plan = { ...plan(undefined, undefined, 'GET /a'), payload: 'raw' };
    expect(await play(app, request, body('abc'))).toEqual(harmless(request, 500, 'ASH_RAW_BODY_UNAVAILABLE'));
  });
});

describe('Where the parsers of an application do not fit, a request is refused with the mend', () => {
  type Row = [title: string, parsers: Parsers, ash: AshFastifyRouteOptions | true, request: Plan, code: string];
  const rows: Row[] = [
    ['since they give bytes for JSON', bytesAlone, { payload: 'json' }, JSON_PLAN, 'ASH_RAW_BODY_UNAVAILABLE'],
    ['since they read nothing', nothingRead, { payload: 'json' }, JSON_PLAN, 'ASH_RAW_BODY_UNAVAILABLE'],
    [
      'since they leave an empty object',
      nothingReadAsEmpty,
      { payload: 'json' },
      JSON_PLAN,
      'ASH_RAW_BODY_UNAVAILABLE',
    ],
    [
      'since they keep no bytes',
      asItIs,
      { payload: 'raw' },
      { ...JSON_PLAN, payload: 'raw' },
      'ASH_RAW_BODY_UNAVAILABLE',
    ],
    ['since they pass the bytes by', nothingRead, { payload: 'raw' }, BYTES_PLAN, 'ASH_RAW_BODY_UNAVAILABLE'],
    ['since they give a text for JSON', jsonAsText, { payload: 'json' }, JSON_PLAN, 'ASH_INTEGRITY_FAILED'],
  ];
  it.each(rows)('%s', async (_title, parsers, ash, request, code) => {
    const app = await start(parsers, ash);
    const answer = await app.ranDuring(async () => {
      const honest = await app.prepare(request);
      // An empty proof is the one that a body which nobody has read would have.
      for (const covered of [undefined, '{}', '']) {
        await proven(covered === undefined ? {} : { covered })(honest.draft, honest);
        expect((await app.send(honest.draft)).code).toBe(code);
      }
    });
    expect(answer).toEqual({});
  });

  it('in words that name the content type parser', async () => {
    const app = await start(asItIs, { payload: 'raw' });
    const { text } = await app.pass({ ...JSON_PLAN, payload: 'raw' });
    expect(text).toContain("Fastify: addContentTypeParser('*', { parseAs: 'buffer' }, …)");
  });
});
