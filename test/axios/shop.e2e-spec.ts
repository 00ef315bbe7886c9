import { createHash } from 'node:crypto';
import axios, { CanceledError, type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { ashAxios, ashCall, type AshAxiosInstance } from 'nestjs-ash/axios';
import { ashOf, errorOf } from '../support/fake-axios.js';
import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import type { Ledger, TestApp } from '../support/test-app.js';

type Api = AxiosInstance & AshAxiosInstance;
type Row = [title: string, call: (api: Api) => Promise<AxiosResponse>, answer: object, ran: Ledger];

const TRANSFER = { amount: 100, to: 'acct-7' };
const FILE = Uint8Array.of(0, 127, 128, 255);
const JSON_TYPE = { 'content-type': 'application/json' };

const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const FILE_ANSWER = { bytes: 4, sha256: sha256(FILE) };

const FORM = new FormData();
FORM.set('file', new Blob([FILE]), 'file.bin');

const ROUTES: Row[] = [
  ['an object', (api) => api.post('/transfer', TRANSFER), { transferred: 100, to: 'acct-7' }, { transfers: 1 }],
  [
    'JSON as a text',
    (api) => api.post('/transfer', '{ "to":"Zoë", "amount":1 }', { headers: JSON_TYPE }),
    { transferred: 1, to: 'Zoë' },
    { transfers: 1 },
  ],
  [
    'a scope',
    (api) => api.post('/transfer/quick', { ...TRANSFER, note: 'rent' }),
    { transferred: 100, received: TRANSFER },
    { transfers: 1 },
  ],
  [
    'URLSearchParams',
    (api) => api.post('/transfer/form', new URLSearchParams({ to: 'Zoë & co', amount: '1' })),
    { to: 'Zoë & co' },
    { transfers: 1 },
  ],
  [
    'an object as a form',
    (api) =>
      api.post(
        '/transfer/form',
        { to: 'Zoë & co', amount: 1 },
        { headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      ),
    { to: 'Zoë & co' },
    { transfers: 1 },
  ],
  [
    'a text, which axios calls a form',
    (api) => api.post('/transfer/form', 'to=a+b&amount=1'),
    { to: 'a b' },
    { transfers: 1 },
  ],
  ['v1', (api) => api.post('/legacy/transfer', TRANSFER), { transferred: 100 }, { transfers: 1 }],
  ['a Buffer', (api) => api.post('/upload', Buffer.from(FILE)), FILE_ANSWER, { uploads: 1 }],
  ['bytes', (api) => api.post('/upload', FILE), FILE_ANSWER, { uploads: 1 }],
  ['an ArrayBuffer', (api) => api.post('/upload', FILE.slice().buffer), FILE_ANSWER, { uploads: 1 }],
  ['a Blob', (api) => api.post('/upload', new Blob([FILE], { type: 'image/png' })), FILE_ANSWER, { uploads: 1 }],
  ['a form with a file', (api) => api.post('/upload', FORM), { bytes: expect.any(Number) }, { uploads: 1 }],
  [
    'a text of its own type',
    (api) => api.post('/upload', 'grüße', { headers: { 'content-type': 'text/plain' } }),
    { bytes: 7, sha256: sha256('grüße') },
    { uploads: 1 },
  ],
  [
    'JSON on a raw route',
    (api) => api.post('/upload', { b: 1, a: 2 }, ashCall({ payload: 'raw' })),
    { sha256: sha256('{"b":1,"a":2}') },
    { uploads: 1 },
  ],
  ['no bytes', (api) => api.post('/upload', undefined, ashCall({ payload: 'raw' })), { bytes: 0 }, { uploads: 1 }],
  [
    'parameters',
    (api) => api.get('/report', { params: { q: ['a b', '+'], é: '/|' }, ...ashCall() }),
    { 'q[]': ['a b', '+'], é: '/|' },
    { reports: 1 },
  ],
  [
    'parameters beside a query',
    (api) => api.get('/report?from=1', { params: new URLSearchParams({ to: '2' }), ...ashCall() }),
    { from: '1', to: '2' },
    { reports: 1 },
  ],
  ['a path parameter', (api) => api.put('/accounts/a b&ü/limit', { limit: 5 }), { id: 'a b&ü' }, { limits: 1 }],
];

/** What the body of an answer holds, whichever kind was asked for. */
async function textOf(data: unknown): Promise<string> {
  if (data instanceof Blob) return data.text();
  if (typeof data === 'string') return data;
  if (data instanceof Uint8Array || data instanceof ArrayBuffer) return new TextDecoder().decode(data);
  if (typeof data !== 'object' || data === null || !(Symbol.asyncIterator in data)) return JSON.stringify(data);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of data as AsyncIterable<Uint8Array<ArrayBuffer>>) chunks.push(chunk);
  return new Blob(chunks).text();
}

describe.each(shopsOn(MEMORY, SERVERS.frameworks))('axios and the shop $on', ({ start }) => {
  let shop: TestApp;
  /** The paths that were called. */
  let called: string[];

  beforeAll(async () => {
    shop = await start();
    shop.server.on('request', ({ url }) => called.push(url ?? ''));
  });
  beforeEach(() => {
    called = [];
  });
  afterAll(() => shop.close());

  describe.each(['http', 'fetch'] as const)('by its adapter %s', (adapter) => {
    const open = (config: AxiosRequestConfig = {}): Api =>
      ashAxios(axios.create({ baseURL: shop.origin, adapter, ...(config as object) }));

    it.each(ROUTES)('sends %s', async (_title, call, answer, ran) => {
      let response: AxiosResponse | undefined;
      const counted = await shop.ranDuring(async () => {
        response = await call(open());
      });

      expect(response?.status).toBe(200);
      expect(response?.data).toMatchObject(answer);
      expect(counted).toEqual(ran);
    });

    it('asks for one context for a hundred transfers, and keeps those that come out of its answers', async () => {
      const api = open();
      let last: AxiosResponse | undefined;
      const ran = await shop.ranDuring(async () => {
        for (let count = 0; count < 100; count += 1) last = await api.post('/transfer', TRANSFER);
      });

      expect(ran).toEqual({ transfers: 100 });
      expect(called).toHaveLength(101);
      expect(Object.keys(last?.headers ?? {})).toEqual(expect.arrayContaining(['x-ash-verified']));
      expect(Object.keys(last?.headers ?? {})).not.toContain('x-ash-context');
    });

    it('sends many at once, each with a context of its own', async () => {
      const api = open();
      const ran = await shop.ranDuring(() =>
        Promise.all(Array.from({ length: 50 }, () => api.post('/transfer', TRANSFER))),
      );

      expect(ran).toEqual({ transfers: 50 });
    });

    it('goes through a checkout, with a card that is declined and tried again', async () => {
      const api = open();
      const chain = api.ash.chain('checkout');
      const ran = await shop.ranDuring(async () => {
        await api.post('/cart', { sku: 'A1', quantity: 2 }, ashCall({ chain }));
        await api.post('/checkout', {}, ashCall({ chain }));
        const declined = await errorOf(api.post('/payment', { card: 'declined' }, ashCall({ chain })));
        expect(declined.response?.status).toBe(402);
        expect(declined.cause).toBeUndefined();
        await api.post('/payment', { card: '4242' }, ashCall({ chain }));
      });

      expect(ran).toEqual({ carts: 1, checkouts: 1, payments: 1 });
    });

    it('sends what postForm makes of the platform, and tells of its progress', async () => {
      let sent = 0;
      const onUploadProgress = ({ loaded }: { readonly loaded: number }): void => {
        sent = loaded;
      };
      const { data } = await open({ env: { FormData } }).postForm('/upload', { a: 'b' }, { onUploadProgress });

      expect(data.bytes).toBeGreaterThan(0);
      expect(sent).toBe(data.bytes);
    });

    it('leaves reading alone, and what a call takes out', async () => {
      const api = open();

      expect((await api.get('/ledger')).status).toBe(200);
      const refused = await errorOf(api.post('/transfer', TRANSFER, ashCall({ protect: false })));
      expect(refused.response?.data).toMatchObject({ code: 'ASH_PROOF_MISSING' });
      expect(called).toEqual(['/ledger', '/transfer']);
    });

    it.each([
      ['nothing', undefined],
      ['bytes', 'arraybuffer'],
      ['a Blob', 'blob'],
      ['a stream', 'stream'],
    ] as const)('rejects for a refusal with its code, asked for %s', async (_title, responseType) => {
      const api = open();
      const context = await api.ash.context('POST', '/transfer');
      await api.post('/transfer', TRANSFER, ashCall({ context }));
      const config = { validateStatus: null, ...(responseType && { responseType }), ...ashCall({ context }) };
      const error = await errorOf(api.post('/transfer', TRANSFER, config));

      expect(error).toMatchObject({ name: 'AxiosError', code: 'ERR_BAD_REQUEST', status: 409 });
      expect(error.message).toMatch(/^POST \/transfer was refused: .* \(ASH_CTX_ALREADY_USED\)$/);
      expect(ashOf(error)).toMatchObject({ code: 'ASH_CTX_ALREADY_USED', status: 409, mayHaveRun: true });
      expect(error.config?.url).toBe('/transfer');
      expect(await textOf(error.response?.data)).toContain('"ASH_CTX_ALREADY_USED"');
    });

    it('hands on the stream of an error that is no refusal', async () => {
      const config = { responseType: 'stream', validateStatus: null } as const;
      const { data, status } = await open().post('/transfer', { amount: -1 }, config);

      expect(status).toBe(400);
      expect(await textOf(data)).toContain('"statusCode":400');
    });

    it('hands on the answer of the handler to what it does not take', async () => {
      const error = await errorOf(open().post('/transfer', { amount: -1 }));

      expect(error).toMatchObject({ code: 'ERR_BAD_REQUEST', message: 'Request failed with status code 400' });
      expect(error.response?.data).toMatchObject({ statusCode: 400 });
      expect(error.cause).toBeUndefined();
    });

    it('says that a route is not protected, with the answer that says so', async () => {
      const error = await errorOf(open().post('/nowhere', {}));

      expect(ashOf(error).code).toBe('ASH_BINDING_MISMATCH');
      expect(error.response).toMatchObject({ status: 400, data: { code: 'ASH_BINDING_MISMATCH' } });
    });

    it('renews a context that was issued to another user', async () => {
      const api = open();
      const context = await api.ash.context('POST', '/transfer', { headers: { 'x-user': 'alice' } });
      const headers = { 'x-user': 'bob' };

      expect((await api.post('/transfer', TRANSFER, { headers, ...ashCall({ context }) })).status).toBe(200);
      expect(called).toEqual(['/ash/context', '/transfer', '/ash/context', '/transfer']);
    });

    it('ends with the signal of the caller, and with a token', async () => {
      const api = open();
      const aborted = new AbortController();
      const token = axios.CancelToken.source();
      const calls = [
        errorOf(api.post('/transfer', TRANSFER, { signal: aborted.signal })),
        errorOf(api.post('/transfer', TRANSFER, { cancelToken: token.token })),
      ];
      aborted.abort();
      token.cancel('never mind');
      const errors = await Promise.all(calls);

      expect(errors.map(({ code, message }) => [code, message])).toEqual([
        ['ERR_CANCELED', 'canceled'],
        ['ERR_CANCELED', 'never mind'],
      ]);
      for (const error of errors) expect(error).toBeInstanceOf(CanceledError);
    });
  });
});
