import { gzipSync } from 'node:zlib';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import {
  BODY,
  closeExpressApps,
  EXPRESS_VERSIONS,
  ExpressApp,
  type HonestRequest,
  type Parts,
} from '../support/express-app.js';
import type { Draft } from '../support/http.js';

afterEach(closeExpressApps);

type Parsers = (parts: Parts) => RequestHandler[];
type Change = (draft: Draft) => void;

const BYTES = { 'content-type': 'application/octet-stream' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const VENDOR = { 'content-type': 'application/vnd.bank+json' };
const TEXT = { 'content-type': 'text/plain' };

const none: Parsers = () => [];
const json: Parsers = ({ express }) => [express.json()];
const form: Parsers = ({ express }) => [express.urlencoded({ extended: false })];
const nestedForm: Parsers = ({ express }) => [express.urlencoded({ extended: true })];
const raw: Parsers = ({ express }) => [express.raw()];
const rawOfAll: Parsers = ({ express }) => [express.raw({ type: () => true })];
const text: Parsers = ({ express }) => [express.text({ type: () => true })];
const jsonOfAll: Parsers = ({ express }) => [express.json({ type: () => true })];
const allJson: Parsers = ({ express }) => [express.json({ strict: false })];

/** Keeps the bytes beside what is made of them, as many applications do. */
const keepingBytes: Parsers = ({ express }) => [
  express.json({
    type: () => true,
    verify: (request, _response, bytes) => {
      Object.assign(request, { rawBody: bytes });
    },
  }),
];

/** Keeps the text of the body under a name that Fastify has for Node's request. */
const keepingText: Parsers = ({ express }) => [
  express.json({
    verify: (request, _response, bytes) => {
      Object.assign(request, { raw: bytes.toString() });
    },
  }),
];

/** Keeps something of its own on each request under that name. */
const jsonBesideRaw: Parsers = ({ express }) => [
  (request, _response, next) => {
    Object.assign(request, { raw: { at: Date.now() } });
    next();
  },
  express.json(),
];

/** Reads the body away and keeps nothing of it. */
const eater: RequestHandler = (request, _response, next) => {
  request.on('end', next);
  request.resume();
};

const chunked: Change = ({ headers }) => {
  headers['transfer-encoding'] = 'chunked';
};

function as(body: string | Uint8Array | undefined, headers: Readonly<Record<string, string>> = {}): Change {
  return (draft) => {
    draft.body = body;
    Object.assign(draft.headers, headers);
  };
}

interface Route {
  readonly payload?: 'raw' | 'json' | 'form';
}

/** The route that the parsers stand before, by its own method. */
function serve(parsers: Parsers, route: Route): (parts: Parts) => void {
  return (parts) => {
    const { app, ash, run } = parts;
    for (const parser of parsers(parts)) app.use(parser);
    const answerParser: ErrorRequestHandler = (error: { status?: number; code?: string }, _request, response, next) => {
      if (error.status === undefined || error.code !== undefined) next(error);
      else response.status(error.status).json({ code: 'parser' });
    };
    app.all('/transfer', ash({ expectedBinding: 'POST /transfer', ...route }), run('transfer'));
    app.get('/report', ash({ expectedBinding: 'GET /report', ...route }), run('report'));
    app.use(answerParser);
  };
}

describe.each(EXPRESS_VERSIONS)('%s takes', (_name, express) => {
  type Row = [
    title: string,
    parsers: Parsers,
    request: HonestRequest,
    received: unknown,
    change?: Change,
    route?: Route,
  ];
  const rows: Row[] = [
    ['JSON', json, {}, { amount: 100, to: 'acct-7' }],
    ['JSON in pieces', json, {}, { amount: 100, to: 'acct-7' }, chunked],
    [
      'JSON that is compressed',
      json,
      {},
      { amount: 100, to: 'acct-7' },
      as(gzipSync(BODY), { 'content-encoding': 'gzip' }),
    ],
    ['JSON of a type of its own', jsonOfAll, { headers: VENDOR }, { amount: 100, to: 'acct-7' }],
    ['an empty object', json, { body: '{}' }, {}],
    ['JSON that is no object', allJson, { body: '7' }, 7],
    ['a form', form, { headers: FORM, body: 'b=2&a=1&a=3' }, { b: '2', a: ['1', '3'] }],
    [
      'a form that was read for brackets, without any',
      nestedForm,
      { headers: FORM, body: 'b=2&a=1' },
      { b: '2', a: '1' },
    ],
    ['bytes', raw, { headers: BYTES, payload: 'raw', body: 'abc' }, [97, 98, 99], () => undefined, { payload: 'raw' }],
    [
      'bytes of any type',
      rawOfAll,
      { headers: FORM, payload: 'raw', body: 'a' },
      [97],
      () => undefined,
      { payload: 'raw' },
    ],
    [
      'the bytes that a parser kept',
      keepingBytes,
      { payload: 'raw', body: '{"a":1}' },
      [...Buffer.from('{"a":1}')],
      () => undefined,
      { payload: 'raw' },
    ],
    [
      'a text as its bytes',
      text,
      { headers: TEXT, payload: 'raw', body: 'é' },
      [195, 169],
      () => undefined,
      { payload: 'raw' },
    ],
    ['no bytes', raw, { payload: 'raw', body: undefined }, [], () => undefined, { payload: 'raw' }],
    ['JSON where an application keeps its text beside it', keepingText, {}, { amount: 100, to: 'acct-7' }],
  ];
  it.each(rows)('%s', async (_title, parsers, request, received, change = () => undefined, route = {}) => {
    const app = await ExpressApp.start(express, serve(parsers, route), { parsers: false });
    const { draft } = await app.prove('POST /transfer', request);
    change(draft);
    const { status, body } = await app.send(draft);
    expect({ status, body }).toStrictEqual({ status: 200, body: { ran: 'transfer', received } });
  });

  type Empty = [title: string, parsers: Parsers, change: Change];
  const empty: Empty[] = [
    ['no body behind a parser', json, () => undefined],
    ['no body without a parser', none, () => undefined],
    ['no body behind a parser of bytes', rawOfAll, () => undefined],
    ['no body behind a parser of text', text, () => undefined],
    ['a length of 0', json, as(undefined, { 'content-length': '0' })],
    ['a length of 0 of a type', json, as(undefined, { 'content-length': '0', 'content-type': 'application/json' })],
    ['a length of 0 of a type that nobody reads', json, as(undefined, { 'content-length': '0', ...VENDOR })],
    ['no pieces', json, as('', { 'transfer-encoding': 'chunked', 'content-type': 'application/json' })],
  ];
  it.each(empty)('%s as an empty payload', async (_title, parsers, change) => {
    const app = await ExpressApp.start(express, serve(parsers, {}), { parsers: false });
    const { draft } = await app.prove('POST /transfer', { body: undefined });
    change(draft);
    await expect(app.send(draft)).resolves.toMatchObject({ status: 200 });
    expect(app.ran).toStrictEqual(['transfer']);
  });

  it('GET with a body that its proof covers', async () => {
    const app = await ExpressApp.start(express, serve(json, {}), { parsers: false });
    await expect(app.pass('GET /report')).resolves.toMatchObject({ status: 200 });
  });
});

describe.each(EXPRESS_VERSIONS)('%s never takes for empty', (_name, express) => {
  const UNREAD = { status: 500, code: 'ASH_RAW_BODY_UNAVAILABLE' };
  const UNSUPPORTED = { status: 415, code: 'ASH_UNSUPPORTED_CONTENT_TYPE' };
  const MISMATCH = { status: 403, code: 'ASH_INTEGRITY_FAILED' };
  const EVIL = '{"amount":9999}';
  const evil = (headers: Readonly<Record<string, string>>, body: string | Uint8Array = EVIL): Change =>
    as(body, headers);
  const inPieces: Change = (draft) => {
    evil({ 'content-type': 'application/json' })(draft);
    chunked(draft);
  };
  type Row = [title: string, parsers: Parsers, change: Change, refused: object, route?: Route];
  const rows: Row[] = [
    ['JSON that no parser reads', none, evil({ 'content-type': 'application/json' }), UNREAD],
    ['JSON in pieces that no parser reads', none, inPieces, UNREAD],
    ['JSON in pieces', json, inPieces, MISMATCH],
    ['JSON of a type of its own that the parser passes by', json, evil(VENDOR), UNREAD],
    ['JSON that the parser passes by, beside what the application calls raw', jsonBesideRaw, evil(VENDOR), UNREAD],
    ['a form that the parser of JSON passes by', json, evil(FORM, 'amount=9999'), UNREAD],
    ['JSON that the parser of forms passes by', form, evil({ 'content-type': 'application/json' }), UNREAD],
    ['JSON that is read into bytes', rawOfAll, evil({ 'content-type': 'application/json' }), UNREAD],
    ['JSON that is read into a text', text, evil({ 'content-type': 'application/json' }), MISMATCH],
    ['a text that nobody reads', json, evil(TEXT), UNSUPPORTED],
    ['a body without a type', json, evil({}), UNSUPPORTED],
    ['parts of a form', json, evil({ 'content-type': 'multipart/form-data; boundary=x' }), UNSUPPORTED],
    ['bytes that nobody reads', json, evil(BYTES), UNREAD, { payload: 'raw' }],
    ['bytes that were read as JSON', json, evil({ 'content-type': 'application/json' }), UNREAD, { payload: 'raw' }],
    ['an empty object for bytes', json, evil({ 'content-type': 'application/json' }, '{}'), UNREAD, { payload: 'raw' }],
    ['other bytes', raw, evil(BYTES), MISMATCH, { payload: 'raw' }],
    ['a form with brackets', nestedForm, evil(FORM, 'a[b]=1'), { status: 400, code: 'ASH_CANONICALIZATION_ERROR' }],
    ['JSON for a form', json, evil({ 'content-type': 'application/json' }), UNSUPPORTED, { payload: 'form' }],
  ];
  it.each(rows)('%s', async (_title, parsers, change, refused, route = {}) => {
    const app = await ExpressApp.start(express, serve(parsers, route), { parsers: false });
    const { draft, context } = await app.prove('POST /transfer', { body: undefined });
    change(draft);
    const { status, code } = await app.send(draft);
    expect({ status, code, ran: app.ran, spent: await app.isSpent(context) }).toStrictEqual({
      ...refused,
      ran: [],
      spent: false,
    });
  });

  it('a body whose parser stands behind the middleware, and says what mends it', async () => {
    const app = await ExpressApp.start(
      express,
      ({ app: server, ash, express: { json: parser }, run }) => {
        server.post('/transfer', ash(), parser(), run('transfer'));
      },
      { parsers: false },
    );
    const { draft } = await app.prove('POST /transfer');
    await expect(app.send(draft)).resolves.toMatchObject({
      status: 500,
      code: 'ASH_RAW_BODY_UNAVAILABLE',
      body: { message: expect.stringContaining('app.use(express.json()) before it') },
    });
    expect(app.log.mock.calls).toContainEqual(['error', expect.stringContaining('app.use(express.json())'), undefined]);
    expect(app.ran).toStrictEqual([]);
  });

  it('bytes that are missing, and says what mends it', async () => {
    const app = await ExpressApp.start(express, serve(json, { payload: 'raw' }), { parsers: false });
    await expect(app.pass('POST /transfer', { payload: 'raw' })).resolves.toMatchObject({
      status: 500,
      body: { message: expect.stringContaining('express.raw({ type: () => true }) before it') },
    });
  });

  it('a body on GET', async () => {
    const app = await ExpressApp.start(express, serve(json, {}), { parsers: false });
    const { draft } = await app.prove('GET /report', { body: undefined });
    evil({ 'content-type': 'application/json' })(draft);
    await expect(app.send(draft)).resolves.toMatchObject(MISMATCH);
    expect(app.ran).toStrictEqual([]);
  });

  it('a body that was read away before the parser', async () => {
    const app = await ExpressApp.start(
      express,
      serve(() => [eater], {}),
      { parsers: false },
    );
    const { draft } = await app.prove('POST /transfer', { body: undefined });
    evil({ 'content-type': 'application/json' })(draft);
    await expect(app.send(draft)).resolves.toMatchObject(UNREAD);
    expect(app.ran).toStrictEqual([]);
  });
});
