import { Controller, Get, Post, Put } from '@nestjs/common';
import { AshProtected } from 'nestjs-ash';
import { all, header, method, path } from '../support/attacks.js';
import { Runs, startFixture } from '../support/fixture.js';
import { sign } from '../support/proof.js';
import { SHOP, startShop } from '../support/shop.js';
import { ADAPTERS, draftOf, harmless, play, type Attack, type Plan, type TestApp } from '../support/test-app.js';

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

describe.each(ADAPTERS)('on %s', (adapter) => {
  let shop: TestApp;

  beforeAll(async () => {
    shop = await startShop(adapter);
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

  describe('3: a context of one path', () => {
    const runs = new Runs();
    let app: TestApp;

    @Controller('orders')
    class OrdersController {
      @Get(':id')
      @AshProtected('GET /orders/:id')
      read() {
        runs.count('read');
      }

      @Post(':id')
      @AshProtected('POST /orders/:id')
      add() {
        runs.count('add');
      }

      @Put(':id')
      @AshProtected('PUT /orders/:id')
      replace() {
        runs.count('replace');
      }

      @Post('latest/items/first')
      @AshProtected('POST /orders/latest/items/first')
      first() {
        runs.count('first');
      }

      @Post(':id/items/:item')
      @AshProtected('POST /orders/:id/items/:item')
      item() {
        runs.count('item');
      }
    }

    beforeAll(async () => {
      app = await startFixture(adapter, { runs, controllers: [OrdersController] });
    });

    afterAll(() => app.close());

    const read: Plan = { binding: 'GET /orders/1', runs: 'read' };
    const add: Plan = { binding: 'POST /orders/1', runs: 'add' };
    const item: Plan = { binding: 'POST /orders/1/items/2', runs: 'item' };

    type Row = [title: string, plan: Plan, attack: Attack, refusal: readonly [status: number, code?: string]];
    const rows: Row[] = [
      ['with another method that changes', read, method('PUT'), ANOTHER],
      ['with another method that only reads', add, method('GET'), ANOTHER],
      ['with one that adds for one that replaces', add, method('PUT'), ANOTHER],
      ['with HEAD for GET', read, method('HEAD'), [403]],
      ['with OPTIONS', read, method('OPTIONS'), [404]],
      ['with its two parameters swapped', item, path('/orders/2/items/1'), ANOTHER],
      ['with a route that has no parameter', item, path('/orders/latest/items/first'), ANOTHER],
      ['with a parameter for each of two', item, path('/orders/1/items/1'), ANOTHER],
    ];
    it.each(rows)('%s runs no other handler', async (_title, plan, attack, [status, code]) => {
      expect(await play(app, plan, attack)).toEqual(harmless(plan, status, code));
    });

    it('is issued for the most specific route', async () => {
      expect(
        await app.ranDuring(() => app.pass({ binding: 'POST /orders/latest/items/first', runs: 'first' })),
      ).toEqual({
        first: 1,
      });
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
