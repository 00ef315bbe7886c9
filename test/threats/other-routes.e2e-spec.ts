import { Controller, Get, Post, Put } from '@nestjs/common';
import { AshProtected } from 'nestjs-ash';
import { method, path } from '../support/attacks.js';
import { Runs, startFixture } from '../support/fixture.js';
import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import { ADAPTERS, harmless, play, type Attack, type Plan, type TestApp } from '../support/test-app.js';
import { describeOtherRoutes } from './other-routes.suite.js';

const ANOTHER = [403, 'ASH_BINDING_MISMATCH'] as const;

shopsOn(MEMORY, SERVERS.all).forEach(describeOtherRoutes);

describe.each(ADAPTERS)('3: a context of one path on %s', (adapter) => {
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
    expect(await app.ranDuring(() => app.pass({ binding: 'POST /orders/latest/items/first', runs: 'first' }))).toEqual({
      first: 1,
    });
  });
});
