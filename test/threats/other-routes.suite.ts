import { all, header, path } from '../support/attacks.js';
import { sign } from '../support/proof.js';
import { SHOP, type ShopSetUp } from '../support/shop.js';
import { draftOf, harmless, play, type Attack, type Plan, type TestApp } from '../support/test-app.js';

const ANOTHER = [403, 'ASH_BINDING_MISMATCH'] as const;

const ROUTES: readonly Plan[] = Object.values(SHOP);
const PAIRS = ROUTES.flatMap((from) => ROUTES.filter((to) => to !== from).map((to) => [from, to] as const));
const TITLES = PAIRS.map(([from, to]): [string, string, Plan, Plan] => [from.binding, to.binding, from, to]);

/** Makes a request to another route with the context, and proves it for a binding. */
function movedTo(target: Plan, bindingOf: (own: string) => string): Attack {
  return (draft, { context, previousProof }) => {
    Object.assign(draft, draftOf(target));
    sign(context, draft, { payload: target.payload, previousProof, binding: bindingOf(context.binding) });
    // Where the two protocols differ, so that the context is refused and no header.
    draft.headers['x-ash-timestamp'] = String(Date.now());
  };
}

/** Threats 3 and 24: a context on another route. */
export function describeOtherRoutes({ on, start }: ShopSetUp): void {
  describe(`another route ${on}`, () => {
    let shop: TestApp;

    beforeAll(async () => {
      shop = await start();
    });

    afterAll(() => shop.close());

    describe('3: a context', () => {
      it.each(TITLES)('of %s on %s is refused', async (_from, _to, from, to) => {
        expect(
          await play(
            shop,
            from,
            movedTo(to, (own) => own),
          ),
        ).toEqual(harmless(from, ...ANOTHER));
      });

      it.each(TITLES)('of %s with a proof for %s is refused', async (_from, _to, from, to) => {
        expect(
          await play(
            shop,
            from,
            movedTo(to, () => to.binding),
          ),
        ).toEqual(harmless(from, ...ANOTHER));
      });
    });

    describe('24: a header that names another request', () => {
      type Row = [name: string, value: string];
      const names: Row[] = [
        ['X-HTTP-Method-Override', 'PUT'],
        ['X-HTTP-Method', 'DELETE'],
        ['X-Method-Override', 'PATCH'],
        ['X-Original-URL', '/transfer/quick'],
        ['X-Rewrite-URL', '/transfer/quick'],
        ['X-Original-Method', 'GET'],
        ['X-Original-Host', 'elsewhere.example'],
        ['X-Forwarded-Host', 'elsewhere.example'],
        ['X-Forwarded-Proto', 'https'],
        ['X-Forwarded-Prefix', '/transfer/quick'],
        ['X-Forwarded-Path', '/transfer/quick'],
        ['X-Forwarded-URI', '/transfer/quick'],
        ['X-Forwarded-Method', 'PUT'],
        ['X-Forwarded-For', '203.0.113.9'],
        ['Forwarded', 'host=elsewhere.example;proto=https'],
        ['Host', 'elsewhere.example'],
      ];

      it.each(names)('%s is not consulted: the request passes as it is', async (name, value) => {
        const { draft } = await shop.prepare(SHOP.json);
        const ran = await shop.ranDuring(() => shop.send({ ...draft, headers: { ...draft.headers, [name]: value } }));

        expect(ran).toEqual({ transfers: 1 });
        expect(await shop.send(draft)).toMatchObject({ status: 409 });
      });

      it.each(names)('%s opens no other route', async (name, value) => {
        const attack = all(path('/transfer'), header(name, value));

        expect(await play(shop, SHOP.scoped, attack)).toEqual(harmless(SHOP.scoped, ...ANOTHER));
      });
    });
  });
}
