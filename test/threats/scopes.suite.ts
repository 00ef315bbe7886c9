import { header, proven, without } from '../support/attacks.js';
import { SHOP, type ShopSetUp } from '../support/shop.js';
import { harmless, play, type Attack, type Plan, type TestApp } from '../support/test-app.js';

const OTHER_SCOPE = [403, 'ASH_SCOPE_MISMATCH'] as const;
const NO_LINK = [403, 'ASH_CHAIN_BROKEN'] as const;

type Row = [title: string, plan: Plan, attack: Attack, refusal: readonly [status: number, code: string]];

const LEFT_OUT: Row[] = [
  ['the scope, and proves the whole payload', SHOP.scoped, proven({ scope: [] }), OTHER_SCOPE],
  ['the scope header', SHOP.scoped, without('x-ash-scope'), OTHER_SCOPE],
  ['the scope hash', SHOP.scoped, without('x-ash-scope-hash'), OTHER_SCOPE],
  ['both headers of the scope', SHOP.scoped, without('x-ash-scope', 'x-ash-scope-hash'), OTHER_SCOPE],
  ['the chain, and proves no step before', SHOP.checkout, proven({ previousProof: undefined }), NO_LINK],
  ['the chain header', SHOP.checkout, without('x-ash-chain-hash'), NO_LINK],
  ['the chain header of the last step', SHOP.payment, without('x-ash-chain-hash'), NO_LINK],
];

const CLAIMED: Row[] = [
  ['a narrower scope', SHOP.scoped, proven({ scope: ['to'] }), OTHER_SCOPE],
  ['a wider scope', SHOP.scoped, proven({ scope: ['amount', 'to', 'note'] }), OTHER_SCOPE],
  ['another scope', SHOP.scoped, proven({ scope: ['note'] }), OTHER_SCOPE],
  ['its scope in another order', SHOP.scoped, proven({ scope: ['to', 'amount'] }), OTHER_SCOPE],
  ['a scope that covers nothing', SHOP.scoped, proven({ scope: ['nothing'] }), OTHER_SCOPE],
  ['its scope in other letters', SHOP.scoped, header('x-ash-scope', 'Amount,to'), OTHER_SCOPE],
  ['its scope with a comma more', SHOP.scoped, header('x-ash-scope', 'amount,to,'), OTHER_SCOPE],
  ['an empty scope', SHOP.scoped, header('x-ash-scope', ''), OTHER_SCOPE],
  ['the hash of another scope', SHOP.scoped, header('x-ash-scope-hash', '0'.repeat(64)), OTHER_SCOPE],
  ['a scope where the route has none', SHOP.json, proven({ scope: ['amount'] }), OTHER_SCOPE],
  ['an empty scope where the route has none', SHOP.json, header('x-ash-scope', ''), OTHER_SCOPE],
  ['a scope hash where the route has none', SHOP.json, header('x-ash-scope-hash', '0'.repeat(64)), OTHER_SCOPE],
  ['a scope on a form', SHOP.form, header('x-ash-scope', 'amount'), OTHER_SCOPE],
  ['a scope on v1', SHOP.v1, header('x-ash-scope', 'amount'), OTHER_SCOPE],
];

/** Threats 5 and 6: claims of the client in the place of the policy. */
export function describeScopes({ on, start }: ShopSetUp): void {
  describe(`a claim of the client ${on}`, () => {
    let shop: TestApp;

    beforeAll(async () => {
      shop = await start();
    });

    afterAll(() => shop.close());

    it.each(LEFT_OUT)('5: that leaves out %s is refused', async (_title, plan, attack, refusal) => {
      expect(await play(shop, plan, attack)).toEqual(harmless(plan, ...refusal));
    });

    it.each(CLAIMED)('6: that names %s is refused', async (_title, plan, attack, refusal) => {
      expect(await play(shop, plan, attack)).toEqual(harmless(plan, ...refusal));
    });
  });
}
