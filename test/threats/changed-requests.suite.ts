import { all, body, contentType, header, method, path, without, withoutBody } from '../support/attacks.js';
import { SHOP, type ShopSetUp } from '../support/shop.js';
import { harmless, play, type Attack, type Plan, type TestApp } from '../support/test-app.js';

const MISMATCH = [403, 'ASH_INTEGRITY_FAILED'] as const;

type Row = [title: string, plan: Plan, attack: Attack, refusal: readonly [status: number, code?: string]];

const anotherDigit = (hex: string): string => (hex.startsWith('0') ? '1' : '0') + hex.slice(1);
const tagged: Plan = { ...SHOP.form, body: 'amount=100&to=acct-7&tag=a&tag=b' };

const CHANGED: Row[] = [
  ['another amount', SHOP.json, body('{"amount":1000,"to":"acct-7"}'), MISMATCH],
  ['another recipient', SHOP.json, body('{"amount":100,"to":"acct-8"}'), MISMATCH],
  ['a number that became a text', SHOP.json, body('{"amount":"100","to":"acct-7"}'), MISMATCH],
  ['a member more', SHOP.json, body('{"amount":100,"to":"acct-7","fee":0}'), MISMATCH],
  ['a member less', SHOP.json, body('{"amount":100}'), MISMATCH],
  ['a member that is null', SHOP.json, body('{"amount":100,"to":"acct-7","fee":null}'), MISMATCH],
  ['a list around it', SHOP.json, body('[{"amount":100,"to":"acct-7"}]'), MISMATCH],
  ['an empty object', SHOP.json, body('{}'), MISMATCH],
  ['no body', SHOP.json, withoutBody, MISMATCH],
  ['a text that is no JSON', SHOP.json, body('{"amount":100'), [400]],

  ['another field of a form', SHOP.form, body('amount=1000&to=acct-7'), MISMATCH],
  ['a field more', SHOP.form, body('amount=100&to=acct-7&fee=0'), MISMATCH],
  ['a field less', SHOP.form, body('amount=100'), MISMATCH],
  ['a field that stands twice', SHOP.form, body('amount=100&to=acct-7&to=acct-8'), MISMATCH],
  ['a repeated field in another order', tagged, body('amount=100&to=acct-7&tag=b&tag=a'), MISMATCH],
  ['a field in other letters', SHOP.form, body('amount=100&TO=acct-7'), MISMATCH],
  ['no form', SHOP.form, withoutBody, MISMATCH],

  ['another byte', SHOP.raw, body(Uint8Array.of(0, 1, 2, 254, 254)), MISMATCH],
  ['a byte more', SHOP.raw, body(Uint8Array.of(0, 1, 2, 254, 255, 0)), MISMATCH],
  ['a byte less', SHOP.raw, body(Uint8Array.of(0, 1, 2, 254)), MISMATCH],
  ['no bytes', SHOP.raw, withoutBody, MISMATCH],

  ['another value in the query', SHOP.query, path('/report?from=2026-01-01&to=2026-12-31'), MISMATCH],
  ['a parameter more', SHOP.query, path('/report?from=2026-01-01&to=2026-06-30&all=1'), MISMATCH],
  ['a parameter less', SHOP.query, path('/report?from=2026-01-01'), MISMATCH],
  ['no query', SHOP.query, path('/report'), MISMATCH],
  ['a query where there was none', SHOP.json, path('/transfer?to=acct-8'), MISMATCH],

  ['another path parameter', SHOP.parameter, path('/accounts/43/limit'), [403, 'ASH_BINDING_MISMATCH']],
  ['a path parameter with a zero', SHOP.parameter, path('/accounts/042/limit'), [403, 'ASH_BINDING_MISMATCH']],
  ['a path parameter with a space', SHOP.parameter, path('/accounts/42%20/limit'), [403, 'ASH_BINDING_MISMATCH']],
  ['a path parameter with a slash', SHOP.parameter, path('/accounts/4%2F2/limit'), [403, 'ASH_BINDING_MISMATCH']],

  ['a method that the route has not', SHOP.json, method('PUT'), [404]],
  ['HEAD for GET', SHOP.query, method('HEAD'), [403]],

  ['a form for JSON', SHOP.json, contentType('application/x-www-form-urlencoded'), MISMATCH],
  ['a text for JSON', SHOP.json, contentType('text/plain'), [415, 'ASH_UNSUPPORTED_CONTENT_TYPE']],
  ['bytes for JSON', SHOP.json, contentType('application/octet-stream'), [415, 'ASH_UNSUPPORTED_CONTENT_TYPE']],
  ['a file for JSON', SHOP.json, contentType('multipart/form-data; boundary=x'), [415, 'ASH_UNSUPPORTED_CONTENT_TYPE']],
  ['JSON for a form', SHOP.form, contentType('application/json'), [400]],
  [
    'JSON on a route of forms',
    SHOP.form,
    all(contentType('application/json'), body('{"amount":"100","to":"acct-7"}')),
    [415, 'ASH_UNSUPPORTED_CONTENT_TYPE'],
  ],
  ['no content type', SHOP.json, without('content-type'), [415, 'ASH_UNSUPPORTED_CONTENT_TYPE']],

  ['another proof', SHOP.json, header('x-ash-proof', anotherDigit), MISMATCH],
  ['another timestamp', SHOP.json, header('x-ash-timestamp', (time) => String(Number(time) + 1)), MISMATCH],
  ['another scope', SHOP.scoped, header('x-ash-scope', 'amount'), [403, 'ASH_SCOPE_MISMATCH']],
  ['another scope hash', SHOP.scoped, header('x-ash-scope-hash', anotherDigit), [403, 'ASH_SCOPE_MISMATCH']],
  ['another chain hash', SHOP.checkout, header('x-ash-chain-hash', anotherDigit), [403, 'ASH_CHAIN_BROKEN']],

  ['a covered member within a scope', SHOP.scoped, body('{"amount":1000,"to":"acct-7","note":"rent"}'), MISMATCH],
  ['another body of a step', SHOP.payment, body('{"card":"5555"}'), MISMATCH],
  ['another body of v1', SHOP.v1, body('{"amount":1000,"to":"acct-7"}'), [403, 'ASH_PROOF_INVALID']],
  ['another query of v1', SHOP.v1, path('/legacy/transfer?to=acct-8'), [403, 'ASH_PROOF_INVALID']],
];

/** Threat 1: a request that is not the one that was proven. */
export function describeChangedRequests({ on, start }: ShopSetUp): void {
  describe(`1: a changed request ${on}`, () => {
    let shop: TestApp;

    beforeAll(async () => {
      shop = await start();
    });

    afterAll(() => shop.close());

    it.each(CHANGED)(
      'is refused for %s, and the request itself still passes',
      async (_title, plan, attack, [status, code]) => {
        expect(await play(shop, plan, attack)).toEqual(harmless(plan, status, code));
      },
    );

    it('is refused for the context of another request to the same route', async () => {
      const other = await shop.prepare(SHOP.json);

      expect(await play(shop, SHOP.json, header('x-ash-context-id', other.context.contextId))).toEqual(
        harmless(SHOP.json, ...MISMATCH),
      );
      expect(await shop.send(other.draft)).toMatchObject({ status: 200 });
    });

    it('is refused a hundred times over, and the request itself still passes', async () => {
      const { draft } = await shop.prepare(SHOP.json);
      const forged = { ...draft, body: '{"amount":1000,"to":"acct-7"}' };
      const answers = await Promise.all(Array.from({ length: 100 }, () => shop.send(forged)));

      expect(new Set(answers.map(({ code }) => code))).toEqual(new Set(['ASH_INTEGRITY_FAILED']));
      expect(await shop.send(draft)).toMatchObject({ status: 200 });
    });
  });
}
