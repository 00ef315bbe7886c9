import { createHash } from 'node:crypto';
import type { Clock } from '../support/clock.js';
import { inStoppedTime } from '../support/stopped-time.js';
import { SHOP, type ShopRequest, type ShopSetUp } from '../support/shop.js';
import type { Plan, TestApp } from '../support/test-app.js';

const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const uploaded = (bytes: string): object => ({ bytes: Buffer.byteLength(bytes), sha256: sha256(bytes) });
const typed = (type: string): Record<string, string> => ({ 'content-type': type });

const USED = { status: 409, code: 'ASH_CTX_ALREADY_USED' };
const EXPIRED = { status: 410, code: 'ASH_CTX_EXPIRED' };

const form = typed('application/x-www-form-urlencoded');
const transferred = { transferred: 100, to: 'acct-7' };

type Row = [title: string, plan: Plan, answer: object];

const HONEST: Row[] = [
  // JSON: the canonical form is the same for every spelling of a value.
  ['a JSON payload', SHOP.json, transferred],
  ['keys in another order', { ...SHOP.json, body: '{"to":"acct-7","amount":100}' }, transferred],
  ['white space', { ...SHOP.json, body: ' {\n\t"amount" : 100,\r\n "to" : "acct-7" } ' }, transferred],
  ['another spelling of a number', { ...SHOP.json, body: '{"amount":1.0e2,"to":"acct-7"}' }, transferred],
  ['escapes in a text', { ...SHOP.json, body: '{"amount":100,"to":"acct\\u002d7"}' }, transferred],
  ['a text beyond ASCII', { ...SHOP.json, body: '{"amount":100,"to":"Zoë 💶"}' }, { to: 'Zoë 💶' }],
  ['members that nobody reads', { ...SHOP.json, body: '{"amount":100,"to":"acct-7","x":[{"y":null}]}' }, transferred],
  ['a charset', { ...SHOP.json, headers: typed('application/json; charset=utf-8') }, transferred],
  ['a content type in capitals', { ...SHOP.json, headers: typed('Application/JSON') }, transferred],
  ['a form on a route that takes both', { ...SHOP.form, binding: 'POST /transfer' }, transferred],

  // A scope: the handler gets what is covered and nothing else.
  ['a scope', SHOP.scoped, { transferred: 100, received: { amount: 100, to: 'acct-7' } }],
  [
    'a scope without what it leaves out',
    { ...SHOP.scoped, body: '{"to":"a","amount":1}' },
    { received: { amount: 1, to: 'a' } },
  ],

  // Forms: any order, any encoding.
  ['a form', SHOP.form, transferred],
  ['fields in another order', { ...SHOP.form, body: 'to=acct-7&amount=100' }, transferred],
  ['escapes that need not be', { ...SHOP.form, body: '%61mount=%31%30%30&to=acct%2d7' }, transferred],
  ['a plus for a space', { ...SHOP.form, body: 'amount=100&to=a+b' }, { to: 'a b' }],
  ['a space as an escape', { ...SHOP.form, body: 'amount=100&to=a%20b' }, { to: 'a b' }],
  ['text beyond ASCII in a form', { ...SHOP.form, body: 'amount=100&to=Zo%C3%AB' }, { to: 'Zoë' }],
  ['a repeated field', { ...SHOP.form, body: 'amount=100&to=acct-7&tag=b&tag=a' }, transferred],
  ['a field without a value', { ...SHOP.form, body: 'amount=100&to=acct-7&urgent' }, transferred],
  [
    'a charset on a form',
    { ...SHOP.form, headers: typed(`${form['content-type'] ?? ''}; charset=UTF-8`) },
    transferred,
  ],

  // Raw bytes, whatever they are.
  ['bytes', SHOP.raw, { bytes: 5, sha256: sha256(SHOP.raw.body) }],
  ['a text', { ...SHOP.raw, body: 'grüße', headers: typed('text/plain; charset=utf-8') }, uploaded('grüße')],
  ['JSON as bytes', { ...SHOP.raw, body: '{ "a":1 }', headers: typed('application/json') }, uploaded('{ "a":1 }')],
  [
    'JSON of a vendor',
    { ...SHOP.raw, body: '{"a":1}', headers: typed('application/vnd.shop+json') },
    uploaded('{"a":1}'),
  ],
  ['a form as bytes', { ...SHOP.raw, body: 'b=2&a=1', headers: form }, uploaded('b=2&a=1')],
  [
    'a file of a form',
    { ...SHOP.raw, body: '--x\r\n\r\nfile\r\n--x--', headers: typed('multipart/form-data; boundary=x') },
    uploaded('--x\r\n\r\nfile\r\n--x--'),
  ],
  ['no bytes', { binding: 'POST /upload', payload: 'raw', runs: 'uploads' }, uploaded('')],
  [
    'a length of nothing',
    { ...SHOP.raw, body: '', headers: { ...SHOP.raw.headers, 'content-length': '0' } },
    uploaded(''),
  ],
  ['two megabytes', { ...SHOP.raw, body: new Uint8Array(2_000_000) }, { bytes: 2_000_000 }],

  // A query: as it stands in the request line.
  ['a query', SHOP.query, { from: '2026-01-01', to: '2026-06-30' }],
  ['no query', { ...SHOP.query, path: '/report' }, {}],
  ['a question mark and no query', { ...SHOP.query, path: '/report?' }, {}],
  ['a query with escapes', { ...SHOP.query, path: '/report?q=a%20b+c&%C3%A9=%2F' }, { q: 'a b c', é: '/' }],
  ['a repeated parameter', { ...SHOP.query, path: '/report?a=2&a=1' }, { a: ['2', '1'] }],
  ['a query beside a body', { ...SHOP.json, path: '/transfer?dry=1' }, transferred],

  // Path parameters.
  ['a path parameter', SHOP.parameter, { id: '42', limit: 500 }],
  ['a parameter with escapes', { ...SHOP.parameter, binding: 'PUT /accounts/a%20b%C3%A9/limit' }, { id: 'a bé' }],
  ['a parameter with a percent sign', { ...SHOP.parameter, binding: 'PUT /accounts/100%25/limit' }, { id: '100%' }],
  [
    'a parameter that looks like a path',
    { ...SHOP.parameter, binding: 'PUT /accounts/a.b:c@d/limit' },
    { id: 'a.b:c@d' },
  ],
  ['a path in other escapes than its binding', { ...SHOP.parameter, path: '/accounts/%34%32/limit' }, { id: '42' }],

  // The older protocol.
  ['v1', SHOP.v1, transferred],
  ['v1 with keys in another order', { ...SHOP.v1, body: '{ "to":"acct-7", "amount":100 }' }, transferred],
  ['v1 with a query', { ...SHOP.v1, path: '/legacy/transfer?dry=1' }, transferred],

  // A chain.
  ['the start of a chain', SHOP.cart, { sku: 'A1', quantity: 2 }],
  ['the second step of a chain', SHOP.checkout, { ready: true }],
  ['a step without a body', { binding: 'POST /checkout', after: [SHOP.cart], runs: 'checkouts' }, { ready: true }],
  ['the last step of a chain', SHOP.payment, { paid: true }],
];

/** Honest requests to every route of the shop, and what it says of their contexts. */
export function describeHonestRequests({ on, store, start }: ShopSetUp): void {
  describe(`the shop ${on}`, () => {
    let shop: TestApp;
    let clock: Clock;

    inStoppedTime(start, (held) => {
      ({ clock, shop } = held);
    });

    describe('takes an honest request with', () => {
      it.each(HONEST)('%s', async (_title, plan, answer) => {
        const { draft } = await shop.prepare(plan);
        let taken: unknown;
        const ran = await shop.ranDuring(async () => {
          const { status, body } = await shop.send(draft);
          taken = { status, body };
        });

        expect(taken).toEqual({ status: 200, body: expect.objectContaining(answer) as object });
        expect(ran).toEqual({ [plan.runs]: 1 });
      });
    });

    describe('issues a context', () => {
      it('with its fields, to be kept by nobody on the way', async () => {
        const { status, headers, body } = await shop.ask({ binding: 'POST /transfer' });
        const now = Date.now();

        expect(status).toBe(200);
        expect(headers['cache-control']).toBe('no-store');
        expect(body).toEqual({
          contextId: expect.stringMatching(store.contextId),
          binding: 'POST /transfer',
          mode: 'balanced',
          protocol: 'v2.3',
          issuedAt: now,
          expiresAt: now + 30_000,
          clientSecret: expect.stringMatching(/^[0-9a-f]{64}$/),
        });
      });

      type Fields = [title: string, binding: string, fields: object];
      const policies: Fields[] = [
        [
          'the scope and the life of its route',
          'POST /transfer/quick',
          { scope: ['amount', 'to'], expiresAt: expect.any(Number) },
        ],
        ['the chain that its route begins', 'POST /cart', { chain: { name: 'checkout', start: true } }],
        ['the chain that its route continues', 'POST /payment', { chain: { name: 'checkout', start: false } }],
        ['the parameters of its route', 'PUT /accounts/42/limit', { binding: 'PUT /accounts/42/limit' }],
      ];
      it.each(policies)('with %s', async (_title, binding, fields) => {
        expect(await shop.context(binding)).toMatchObject(fields);
      });

      it('with neither secret nor nonce where the protocol is v1', async () => {
        const context = await shop.context('POST /legacy/transfer');

        expect(context).toMatchObject({ protocol: 'v1' });
        expect(Object.keys(context).sort()).toEqual([
          'binding',
          'contextId',
          'expiresAt',
          'issuedAt',
          'mode',
          'protocol',
        ]);
      });

      it('that no other one is like', async () => {
        const contexts = await Promise.all(Array.from({ length: 20 }, () => shop.context('POST /transfer')));

        expect(new Set(contexts.map(({ contextId }) => contextId)).size).toBe(20);
        expect(new Set(contexts.map(({ clientSecret }) => clientSecret)).size).toBe(20);
      });

      type Spelling = [asked: string, issued: string];
      const spellings: Spelling[] = [
        ['post /transfer', 'POST /transfer'],
        ['  POST /transfer  ', 'POST /transfer'],
        ['POST transfer', 'POST /transfer'],
        ['POST //transfer///quick', 'POST /transfer/quick'],
        ['POST /transfer/', 'POST /transfer'],
        ['GET /report?from=1', 'GET /report'],
        ['GET /report#top', 'GET /report'],
        ['PUT /accounts/a%20b/limit', 'PUT /accounts/a%20b/limit'],
      ];
      it.each(spellings)("for '%s' as '%s'", async (asked, issued) => {
        expect((await shop.context(asked)).binding).toBe(issued);
      });
    });

    describe('issues no context', () => {
      type Asking = [title: string, body: unknown, code: string];
      const refused: Asking[] = [
        ['without a body', undefined, 'ASH_CANONICALIZATION_ERROR'],
        ['without a binding', {}, 'ASH_CANONICALIZATION_ERROR'],
        ['for an empty binding', { binding: '' }, 'ASH_CANONICALIZATION_ERROR'],
        ['for a binding that is no text', { binding: 42 }, 'ASH_CANONICALIZATION_ERROR'],
        ['for a list of bindings', { binding: ['POST /transfer'] }, 'ASH_CANONICALIZATION_ERROR'],
        ['for null', { binding: null }, 'ASH_CANONICALIZATION_ERROR'],
        ['for a body that is a list', [], 'ASH_CANONICALIZATION_ERROR'],
        ['for a method alone', { binding: 'POST' }, 'ASH_CANONICALIZATION_ERROR'],
        ['for a method that is no token', { binding: 'PO@ST /transfer' }, 'ASH_CANONICALIZATION_ERROR'],
        ["for a path with '|'", { binding: 'POST /transfer|x' }, 'ASH_CANONICALIZATION_ERROR'],
        ['for a path with a space', { binding: 'POST /trans fer' }, 'ASH_CANONICALIZATION_ERROR'],
        ['for a path with a control character', { binding: 'POST /transfer\u0000' }, 'ASH_CANONICALIZATION_ERROR'],
        ['for a path with a back slash', { binding: 'POST \\transfer' }, 'ASH_CANONICALIZATION_ERROR'],
        ['for a path with a dot segment', { binding: 'POST /x/../transfer' }, 'ASH_CANONICALIZATION_ERROR'],
        ['for a path with an escaped slash', { binding: 'PUT /accounts/4%2f2/limit' }, 'ASH_CANONICALIZATION_ERROR'],
        ['for a path with an escaped dot', { binding: 'PUT /accounts/%2e%2E/limit' }, 'ASH_CANONICALIZATION_ERROR'],
        ['for a route that is not there', { binding: 'POST /nowhere' }, 'ASH_BINDING_MISMATCH'],
        ['for a route that is not protected', { binding: 'GET /ledger' }, 'ASH_BINDING_MISMATCH'],
        ['for another method of a route', { binding: 'DELETE /transfer' }, 'ASH_BINDING_MISMATCH'],
        ['for a route in other letters', { binding: 'POST /Transfer' }, 'ASH_BINDING_MISMATCH'],
        ['for a parameter with a malformed escape', { binding: 'PUT /accounts/%ZZ/limit' }, 'ASH_BINDING_MISMATCH'],
        ['for a pattern with too few segments', { binding: 'PUT /accounts/limit' }, 'ASH_BINDING_MISMATCH'],
      ];
      it.each(refused)('%s', async (_title, body, code) => {
        const answer = await shop.ask(body);

        expect(answer).toMatchObject({ status: 400, code });
        expect(answer.body).toEqual({ statusCode: 400, error: 'Bad Request', code, message: expect.any(String) });
      });

      it('without a binding, and names the field', async () => {
        expect((await shop.ask({})).body).toMatchObject({ message: expect.stringContaining('binding') });
      });
    });

    if (!store.followsClock) return;

    describe('takes a context', () => {
      type Life = [title: string, kind: ShopRequest, life: number];
      const lives: Life[] = [
        ['half a minute', 'json', 30_000],
        ['the two seconds of a route that says so', 'scoped', 2_000],
      ];
      it.each(lives)('for %s', async (_title, kind, life) => {
        const plan: Plan = SHOP[kind];
        const intime = await shop.prepare(plan);
        const late = await shop.prepare(plan);
        clock.pass(life - 1);
        const last = await shop.send(intime.draft);
        clock.pass(1);

        expect(last.status).toBe(200);
        expect(await shop.send(late.draft)).toMatchObject({ status: 410, code: 'ASH_CTX_EXPIRED' });
        expect(await shop.ranDuring(() => shop.send(late.draft))).toEqual({});
      });

      it('for a minute longer to say that it has expired or was used, and then knows it no more', async () => {
        const [used, expired] = [await shop.prepare(SHOP.json), await shop.prepare(SHOP.json)];
        await shop.send(used.draft);
        clock.pass(60_000);

        expect(await shop.send(used.draft)).toMatchObject(store.knowsSpent ? USED : EXPIRED);
        expect(await shop.send(expired.draft)).toMatchObject(EXPIRED);
      });
    });
  });
}
