import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AshClient } from 'nestjs-ash/client';
import { SERVERS, startShop } from './shop-process.mjs';

for (const [title, environment] of SERVERS) {
  describe(`the built shop on ${title}`, () => {
    let shop;
    before(async () => (shop = await startShop(environment)));
    after(() => shop?.end());

    it('serves its page, a protected route and the ledger', async () => {
      const page = await fetch(shop.url);
      assert.match(page.headers.get('content-type'), /^text\/html/);
      const answer = await new AshClient({ baseUrl: shop.url }).post('/transfer', { amount: 3, to: 'a' });
      assert.deepEqual(await answer.json(), { transferred: 3, to: 'a', balance: 3 });
      const ledger = await (await fetch(`${shop.url}/ledger`)).json();
      assert.equal(ledger.transfers, 1);
    });

    it('ends cleanly on SIGTERM', async () => {
      const [code, signal] = await shop.end();
      assert.ok(code === 0 || signal === 'SIGTERM', `it ended with ${code} ${signal}`);
      await assert.rejects(fetch(shop.url));
    });
  });
}

it('a shop with an unknown framework, adapter or store says what it takes, and ends', async () => {
  await assert.rejects(startShop({ FRAMEWORK: 'koa' }), /ended before it was ready: 1/);
  await assert.rejects(startShop({ ADAPTER: 'koa' }), /ended before it was ready: 1/);
  await assert.rejects(startShop({ STORE: 'paper' }), /ended before it was ready: 1/);
});
