import { header, without } from '../support/attacks.js';
import { SHOP, type ShopSetUp } from '../support/shop.js';
import { harmless, play, type Attack, type Plan, type TestApp } from '../support/test-app.js';

const SOMEBODY_ELSE = [403, 'ASH_SUBJECT_MISMATCH'] as const;

const as = (plan: Plan, user: string): Plan => ({ ...plan, headers: { ...plan.headers, 'x-user': user } });

/** Threat 18: a context in the hands of somebody else. */
export function describeSubjects({ on, start }: ShopSetUp): void {
  describe(`18: a context that was issued to one user, ${on}`, () => {
    let shop: TestApp;

    beforeAll(async () => {
      shop = await start();
    });

    afterAll(() => shop.close());

    type Row = [title: string, plan: Plan, attack: Attack];
    const rows: Row[] = [
      ['another user', as(SHOP.json, 'alice'), header('x-user', 'bob')],
      ['a guest', as(SHOP.json, 'alice'), without('x-user')],
      ['a user, where it was issued to a guest', SHOP.json, header('x-user', 'alice')],
      ['a user of the same name in capitals', as(SHOP.json, 'alice'), header('x-user', 'ALICE')],
      ['two users at once', as(SHOP.json, 'alice'), header('x-user', ['alice', 'bob'])],
      ['a user without a name', as(SHOP.json, 'alice'), header('x-user', '')],
      ['another user on a route of v1', as(SHOP.v1, 'alice'), header('x-user', 'bob')],
      ['another user with a raw body', as(SHOP.raw, 'alice'), header('x-user', 'bob')],
      ['another user on the start of a chain', as(SHOP.cart, 'alice'), header('x-user', 'bob')],
    ];
    it.each(rows)('is refused to %s', async (_title, plan, attack) => {
      expect(await play(shop, plan, attack)).toEqual(harmless(plan, ...SOMEBODY_ELSE));
    });
  });
}
