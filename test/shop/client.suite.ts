import { createHash } from 'node:crypto';
import { AshClient, AshClientError, isAshClientError, type AshClientOptions, type AshFetch } from 'nestjs-ash/client';
import type { Clock } from '../support/clock.js';
import { inStoppedTime } from '../support/stopped-time.js';
import type { ShopSetUp } from '../support/shop.js';
import type { Ledger, TestApp } from '../support/test-app.js';

const HOUR = 3_600_000;
const TRANSFER = { amount: 100, to: 'acct-7' };

const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Keeps what a client sent. */
class RecordingFetch {
  readonly sent: string[] = [];
  readonly written: string[] = [];

  readonly fetch: AshFetch = async (url, init) => {
    this.sent.push(`${init.method ?? 'GET'} ${new URL(url).pathname}`);
    const { body } = init;
    const bytes = body instanceof ArrayBuffer ? Buffer.from(body) : Buffer.from(typeof body === 'string' ? body : '');
    this.written.push(`${JSON.stringify([...new Headers(init.headers)])} ${bytes.toString('latin1')}`);
    return fetch(url, init);
  };
}

/** How a call ended: with the code of an error. */
async function codeOf(call: Promise<Response>): Promise<string | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (isAshClientError(error)) return error.code;
    throw error;
  }
}

type Call = (ash: AshClient) => Promise<Response>;
type Row = [title: string, call: Call, answer: object, ran: Ledger];

const FILE = Uint8Array.of(0, 127, 128, 255);

const ROUTES: Row[] = [
  ['JSON', (ash) => ash.post('/transfer', TRANSFER), { transferred: 100, to: 'acct-7' }, { transfers: 1 }],
  [
    'JSON as a text',
    (ash) => ash.post('/transfer', '{ "to":"a", "amount":1 }', { headers: { 'content-type': 'application/json' } }),
    { transferred: 1 },
    { transfers: 1 },
  ],
  [
    'what stands in the place of fetch',
    (ash) =>
      ash.fetch('/transfer', {
        method: 'POST',
        body: JSON.stringify(TRANSFER),
        headers: { 'content-type': 'application/json' },
      }),
    { transferred: 100 },
    { transfers: 1 },
  ],
  [
    'a scope',
    (ash) => ash.post('/transfer/quick', { ...TRANSFER, note: 'rent' }),
    { transferred: 100, received: TRANSFER },
    { transfers: 1 },
  ],
  [
    'a form',
    (ash) => ash.post('/transfer/form', new URLSearchParams({ to: 'Zoë & co', amount: '1' })),
    { to: 'Zoë & co' },
    { transfers: 1 },
  ],
  ['v1', (ash) => ash.post('/legacy/transfer', TRANSFER), { transferred: 100 }, { transfers: 1 }],
  ['bytes', (ash) => ash.post('/upload', FILE), { bytes: 4, sha256: sha256(FILE) }, { uploads: 1 }],
  ['a text', (ash) => ash.post('/upload', 'grüße'), { bytes: 7, sha256: sha256('grüße') }, { uploads: 1 }],
  [
    'a blob',
    (ash) => ash.post('/upload', new Blob([FILE], { type: 'image/png' })),
    { bytes: 4, sha256: sha256(FILE) },
    { uploads: 1 },
  ],
  [
    'JSON on a raw route',
    (ash) => ash.post('/upload', { b: 1, a: 2 }, { payload: 'raw' }),
    { sha256: sha256('{"a":2,"b":1}') },
    { uploads: 1 },
  ],
  ['no bytes', (ash) => ash.post('/upload', undefined, { payload: 'raw' }), { bytes: 0 }, { uploads: 1 }],
  ['a query', (ash) => ash.get('/report?q=a b+c&é=/&q=%2B'), { q: ['a b c', '+'], é: '/' }, { reports: 1 }],
  ['no query', (ash) => ash.get('/report'), {}, { reports: 1 }],
  ['a path parameter', (ash) => ash.put('/accounts/42/limit', { limit: 5 }), { id: '42', limit: 5 }, { limits: 1 }],
  [
    'a path parameter with escapes',
    (ash) => ash.put('/accounts/a b&ü/limit', { limit: 5 }),
    { id: 'a b&ü' },
    { limits: 1 },
  ],
  [
    'the start of a chain',
    (ash) => ash.post('/cart', { sku: 'A1', quantity: 2 }),
    { sku: 'A1', quantity: 2 },
    { carts: 1 },
  ],
];

/** `AshClient` against the shop. */
export function describeClient({ on, start }: ShopSetUp): void {
  describe(`AshClient and the shop ${on}`, () => {
    let clock: Clock;
    let shop: TestApp;

    inStoppedTime(start, (held) => {
      ({ clock, shop } = held);
    });

    const client = (options: AshClientOptions = {}): AshClient => new AshClient({ baseUrl: shop.origin, ...options });

    it.each(ROUTES)('send %s', async (_title, call, answer, ran) => {
      let response: Response | undefined;

      const counted = await shop.ranDuring(async () => {
        response = await call(client());
      });

      expect(response?.status).toBe(200);
      expect(await response?.json()).toMatchObject(answer);
      expect(counted).toEqual(ran);
    });

    it('send no secret, nor what it comes from, with any of them', async () => {
      const { sent, written, fetch } = new RecordingFetch();
      const secrets: string[] = [];
      const ash = client({
        fetch: async (url, init) => {
          const response = await fetch(url, init);
          const next = Buffer.from(response.headers.get('x-ash-context') ?? '', 'base64url').toString();
          for (const text of [await response.clone().text(), next || '{}']) {
            const { clientSecret } = JSON.parse(text) as { clientSecret?: string };
            if (clientSecret !== undefined) secrets.push(clientSecret);
          }
          return response;
        },
      });
      for (const [, call] of ROUTES) await call(ash);

      // Every answer holds a context, be it the one that was asked for or the next one, and only those of v1 no secret.
      expect(secrets).toHaveLength(sent.length - 2);
      for (const secret of secrets) expect(written.join('\n')).not.toContain(secret);
    });

    it('send many requests at once, each with a context of its own', async () => {
      const ash = client();
      const ran = await shop.ranDuring(() =>
        Promise.all(Array.from({ length: 50 }, () => ash.post('/transfer', TRANSFER))),
      );

      expect(ran).toEqual({ transfers: 50 });
    });

    it('go through a checkout', async () => {
      const checkout = client().chain('checkout');
      const ran = await shop.ranDuring(async () => {
        await checkout.post('/cart', { sku: 'A1', quantity: 2 });
        await checkout.post('/checkout');
        await checkout.post('/payment', { card: '4242' });
      });

      expect(ran).toEqual({ carts: 1, checkouts: 1, payments: 1 });
      expect(await codeOf(checkout.post('/payment', { card: '4242' }))).toBe('ASH_CHAIN_BROKEN');
    });

    it('go through a checkout whose steps are called at once', async () => {
      const checkout = client().chain('checkout');
      const ran = await shop.ranDuring(() =>
        Promise.all([
          checkout.post('/cart', { sku: 'A1', quantity: 2 }),
          checkout.post('/checkout', {}),
          checkout.post('/payment', { card: '4242' }),
        ]),
      );

      expect(ran).toEqual({ carts: 1, checkouts: 1, payments: 1 });
    });

    it('go on with a checkout on another page', async () => {
      const first = client().chain('checkout');
      await first.post('/cart', { sku: 'A1', quantity: 2 });
      const second = client().chain('checkout', { name: 'checkout', previousProof: first.previousProof });

      expect((await second.post('/checkout', {})).status).toBe(200);
      expect((await second.post('/payment', { card: '4242' })).status).toBe(200);
    });

    it('try a card again that was declined', async () => {
      const checkout = client().chain('checkout');
      await checkout.post('/cart', { sku: 'A1', quantity: 2 });
      await checkout.post('/checkout', {});
      const declined = await checkout.post('/payment', { card: 'declined' });
      const paid = await checkout.post('/payment', { card: '4242' });

      expect([declined.status, paid.status]).toEqual([402, 200]);
    });

    type Skipped = [title: string, call: Call, code: string];
    const refused: Skipped[] = [
      ['skips the steps before', (ash) => ash.chain('checkout').post('/payment', { card: '4242' }), 'ASH_CHAIN_BROKEN'],
      ['takes a step outside its chain', (ash) => ash.post('/checkout', {}), 'ASH_CHAIN_BROKEN'],
      ['names another chain', (ash) => ash.chain('other').post('/cart', {}), 'ASH_CLIENT_CHAIN_MISMATCH'],
      [
        'sends a form where JSON is covered',
        (ash) => ash.post('/transfer/quick', new URLSearchParams(TRANSFER.to)),
        'ASH_CLIENT_BODY_UNSUPPORTED',
      ],
      ['sends a text where a form is taken', (ash) => ash.post('/transfer/form', 'x'), 'ASH_UNSUPPORTED_CONTENT_TYPE'],
      ['asks for a route that is not protected', (ash) => ash.get('/ledger'), 'ASH_BINDING_MISMATCH'],
      ['asks for a route that is not there', (ash) => ash.post('/nowhere', {}), 'ASH_BINDING_MISMATCH'],
      ['leaves the shop', (ash) => ash.get('http://elsewhere.example/'), 'ASH_CLIENT_URL_INVALID'],
    ];
    it.each(refused)('agree on the code where the client %s', async (_title, call, code) => {
      let told: string | undefined;
      const ran = await shop.ranDuring(async () => {
        told = await codeOf(call(client()));
      });

      expect(told).toBe(code);
      expect(ran).toEqual({});
    });

    type Drift = [title: string, ahead: number];
    const drifts: Drift[] = [
      ['an hour ahead', HOUR],
      ['an hour behind', -HOUR],
      ['thirty years behind', -30 * 365 * 24 * HOUR],
    ];
    it.each(drifts)('agree on the time where the clock of the client is %s', async (_title, ahead) => {
      const { sent, fetch } = new RecordingFetch();
      const ash = client({ clock: () => Date.now() + ahead, fetch });

      expect((await ash.post('/transfer', TRANSFER)).status).toBe(200);
      expect((await ash.post('/transfer/quick', TRANSFER)).status).toBe(200);
      // Without a second attempt: the first context has told the time.
      expect(sent).toHaveLength(4);
    });

    it('agree on the time again where the clock of the client jumps', async () => {
      let ahead = 0;
      const ash = client({ clock: () => Date.now() + ahead });
      await ash.post('/transfer', TRANSFER);
      const context = await ash.context('POST', '/transfer');
      ahead = HOUR;

      expect((await ash.post('/transfer', TRANSFER, { context })).status).toBe(200);
    });

    type Expired = [title: string, clientClock: (start: number) => () => number, sent: string[]];
    const expired: Expired[] = [
      ['before it sends anything', () => () => Date.now(), ['POST /ash/context', 'POST /transfer/quick']],
      [
        'after the shop has refused it',
        (start) => () => start,
        ['POST /transfer/quick', 'POST /ash/context', 'POST /transfer/quick'],
      ],
    ];
    it.each(expired)('renew a context that has expired, %s', async (_title, clientClock, requests) => {
      const { sent, fetch } = new RecordingFetch();
      const ash = client({ fetch, clock: clientClock(Date.now()) });
      const context = await ash.context('POST', '/transfer/quick');
      sent.length = 0;
      clock.pass(2_000);

      expect(await shop.ranDuring(() => ash.post('/transfer/quick', TRANSFER, { context }))).toEqual({ transfers: 1 });
      expect(sent).toEqual(requests);
    });

    it('renew a context that was issued to another user', async () => {
      let user = 'alice';
      const ash = client({ headers: () => ({ 'x-user': user }) });
      const context = await ash.context('POST', '/transfer');
      user = 'bob';

      expect((await ash.post('/transfer', TRANSFER, { context })).status).toBe(200);
    });

    it('say that a request ran before, and do not send it again', async () => {
      const { sent, fetch } = new RecordingFetch();
      const ash = client({ fetch });
      const context = await ash.context('POST', '/transfer');
      await ash.post('/transfer', TRANSFER, { context });
      sent.length = 0;
      let error: unknown;
      const ran = await shop.ranDuring(async () => {
        error = await ash.post('/transfer', TRANSFER, { context }).catch((reason: unknown) => reason);
      });

      expect(error).toBeInstanceOf(AshClientError);
      expect(error).toMatchObject({ code: 'ASH_CTX_ALREADY_USED', status: 409 });
      expect(sent).toEqual(['POST /transfer']);
      expect(ran).toEqual({});
    });

    type Answered = [title: string, call: Call, status: number];
    const answered: Answered[] = [
      ['an amount that the shop refuses', (ash) => ash.post('/transfer', { amount: -1, to: 'acct-7' }), 400],
      ['a limit that the shop refuses', (ash) => ash.put('/accounts/42/limit', {}), 400],
      ['a cart that the shop refuses', (ash) => ash.chain('checkout').post('/cart', {}), 400],
    ];
    it.each(answered)('hand on the answer to %s, after one attempt', async (_title, call, status) => {
      const { sent, fetch } = new RecordingFetch();
      const response = await call(client({ fetch }));

      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ statusCode: status, message: expect.any(String) });
      expect(sent).toHaveLength(2);
    });

    it('prove a request that something else sends', async () => {
      const ash = client();
      const context = await ash.context('POST', '/transfer');
      const headers = ash.buildHeaders({ ...context, payload: TRANSFER, queryString: 'dry=1' });
      const response = await fetch(`${shop.origin}/transfer?dry=1`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ to: 'acct-7', amount: 100 }),
      });

      expect(response.status).toBe(200);
    });
  });
}
