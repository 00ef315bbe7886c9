import { body, path } from '../support/attacks.js';
import { copyOf } from '../support/http.js';
import { SHOP, type ShopSetUp } from '../support/shop.js';
import { harmless, play, type Adapter, type Plan, type TestApp } from '../support/test-app.js';

const MISMATCH = [403, 'ASH_INTEGRITY_FAILED'] as const;
const ANOTHER = [403, 'ASH_BINDING_MISMATCH'] as const;
const NO_ROUTE = [404] as const;
/** Node's own answer, before any application sees the request. */
const BY_NODE = [400] as const;

type Row = [title: string, honest: string, sent: string];

const QUERIES: Row[] = [
  ['an escaped plus for a plus', '/report?q=a+b', '/report?q=a%2Bb'],
  ['a plus for an escaped plus', '/report?q=a%2Bb', '/report?q=a+b'],
  ['an escaped space for a plus', '/report?q=a+b', '/report?q=a%20b'],
  ['an escape that need not be', '/report?q=ab', '/report?q=%61b'],
  ['an escape in small letters', '/report?q=a%2Fb', '/report?q=a%2fb'],
  ['an escaped slash for a slash', '/report?q=a/b', '/report?q=a%2Fb'],
  ['an escaped ampersand for an ampersand', '/report?a=1&b=2', '/report?a=1%26b=2'],
  ['an escaped equals sign', '/report?a=1', '/report?a%3D1'],
  ['a twofold escape', '/report?q=%25', '/report?q=%2525'],
  ['repeated parameters in another order', '/report?a=1&a=2', '/report?a=2&a=1'],
  ['other parameters in another order', '/report?a=1&b=2', '/report?b=2&a=1'],
  ['a parameter that stands twice', '/report?a=1', '/report?a=1&a=2'],
  ['a parameter in brackets', '/report?a=1', '/report?a[]=1'],
  ['an ampersand at the end', '/report?a=1', '/report?a=1&'],
  ['an ampersand at the beginning', '/report?a=1', '/report?&a=1'],
  ['a second question mark', '/report?a=1', '/report??a=1'],
  ['a semicolon for an ampersand', '/report?a=1&b=2', '/report?a=1;b=2'],
  ['letters of another case', '/report?a=b', '/report?A=b'],
  ['an equals sign more', '/report?a', '/report?a='],
  ['a fragment', '/report?a=1', '/report?a=1#b'],
  ['a fragment with a parameter', '/report?a=1', '/report?a=1#&b=2'],
  ['a fragment and no query', '/report', '/report#a=1'],
  ['a fragment before the query', '/report', '/report#?a=1'],
  ['a fragment before the covered query', '/report?a=1', '/report#x?a=1'],
  ['become a fragment', '/report?a=1', '/report#a=1'],
  ['become a fragment with its question mark', '/report??a=1', '/report#?a=1'],
];

const PARAMETERS: Row[] = [
  ['an escaped slash', '/accounts/42/limit', '/accounts/4%2F2/limit'],
  ['an escaped back slash', '/accounts/42/limit', '/accounts/4%5C2/limit'],
  ['an escaped dot segment', '/accounts/42/limit', '/accounts/%2e%2e/limit'],
  ['an escaped NUL', '/accounts/42/limit', '/accounts/42%00/limit'],
  ['a twofold escape', '/accounts/42/limit', '/accounts/%2534%2532/limit'],
  ['a plus for a space', '/accounts/a%20b/limit', '/accounts/a+b/limit'],
  ['another case', '/accounts/ab/limit', '/accounts/AB/limit'],
  ['another form of one letter', '/accounts/%C3%A9/limit', '/accounts/e%CC%81/limit'],
  ['a semicolon', '/accounts/42/limit', '/accounts/42;x=1/limit'],
];

const NOWHERE: Row[] = [
  ['a dot segment', '/report', '/x/../report'],
  ['a single dot', '/report', '/./report'],
  ['an escaped slash', '/report', '/%2Freport'],
  ['a segment more', '/report', '/report/x'],
  ['an empty segment', '/report', '//report'],
  ['a path of another host', '/report', '/http://127.0.0.1/report'],
];

/** What reaches the handler with the same parameters is the same request, however its path is spelled. */
type Spelling = [title: string, plan: Plan, sent: string, status: Readonly<Record<Adapter, number>>];

const SPELLINGS: Spelling[] = [
  ['a slash at the end', SHOP.query, '/report/', { express: 200, fastify: 404 }],
  ['capitals', SHOP.query, '/REPORT', { express: 200, fastify: 404 }],
  ['an escaped letter', SHOP.query, '/%72eport', { express: 404, fastify: 200 }],
  ['a fragment of nothing', SHOP.query, '/report#', { express: 200, fastify: 200 }],
  ['a whole URL', SHOP.query, 'http://elsewhere.example/report', { express: 200, fastify: 200 }],
  ['an escaped digit of a parameter', SHOP.parameter, '/accounts/%34%32/limit', { express: 200, fastify: 200 }],
];

/** Threat 10: a request target in another spelling. */
export function describeRequestTargets({ adapter, on, start }: ShopSetUp): void {
  describe(`10: a request target ${on}`, () => {
    let shop: TestApp;

    beforeAll(async () => {
      shop = await start();
    });

    afterAll(() => shop.close());

    it.each(QUERIES)('whose query has %s is refused', async (_title, honest, sent) => {
      const plan: Plan = { ...SHOP.query, path: honest };

      expect(await play(shop, plan, path(sent))).toEqual(harmless(plan, ...MISMATCH));
    });

    it.each(PARAMETERS)('whose parameter has %s is refused', async (_title, honest, sent) => {
      const plan: Plan = { ...SHOP.parameter, binding: `PUT ${honest}` };

      expect(await play(shop, plan, path(sent))).toEqual(harmless(plan, ...ANOTHER));
    });

    it.each(NOWHERE)('with %s leads nowhere', async (_title, honest, sent) => {
      const plan: Plan = { ...SHOP.query, path: honest };

      expect(await play(shop, plan, path(sent))).toEqual(harmless(plan, ...NO_ROUTE));
    });

    it('with a byte beyond ASCII is refused', async () => {
      const plan: Plan = { ...SHOP.query, path: '/report?q=%C3%A9' };

      expect(await play(shop, plan, path('/report?q=\u00e9'))).toEqual(harmless(plan, ...BY_NODE));
    });

    it.each(SPELLINGS)(
      'with %s is the same request or none',
      async (_title, { path: _path, ...plan }, sent, status) => {
        const { draft } = await shop.prepare(plan);
        const spelled = { ...copyOf(draft), path: sent };
        const expected = status[adapter];

        expect(await shop.send(spelled)).toMatchObject({ status: expected });
        expect(await shop.send(draft)).toMatchObject({ status: expected === 200 ? 409 : 200 });
      },
    );

    it('whose query was covered cannot be moved into the body', async () => {
      const plan: Plan = { ...SHOP.form, binding: 'POST /transfer', path: '/transfer?fee=1' };

      expect(
        await play(shop, plan, (draft, honest) => {
          draft.path = '/transfer';
          return body('amount=100&to=acct-7&fee=1')(draft, honest);
        }),
      ).toEqual(harmless(plan, ...MISMATCH));
    });
  });
}
