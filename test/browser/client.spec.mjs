import assert from 'node:assert/strict';
import { request as forward } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { startShop } from '../dist/shop-process.mjs';
import { openPage } from './harness.mjs';

/** Answers the page's own origin from the shop, as a proxy before an application does. */
const proxyTo = (url) => (request, response) => {
  const { method, headers, url: path } = request;
  const onward = forward(new URL(path, url), { method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
};

describe('AshClient in a browser', () => {
  let shop;
  let opened;
  before(async () => {
    shop = await startShop();
    opened = await openPage({ handle: proxyTo(shop.url) });
  });
  after(async () => {
    await opened?.close();
    await shop?.end();
  });

  const inPage = (run) => opened.page.evaluate(run);
  const ledger = async () => (await fetch(`${shop.url}/ledger`)).json();

  it('passes every kind of route', async () => {
    const statuses = await inPage(async () => {
      const { AshClient } = await import('nestjs-ash/client');
      const ash = new AshClient();
      const answers = [
        await ash.post('/transfer', { amount: 1, to: 'é', more: [1, { b: 2, a: 1 }] }),
        await ash.post('/transfer/quick', { amount: 1, to: 'a', note: 'stripped' }),
        await ash.post('/transfer/form', new URLSearchParams({ to: 'a b+c', amount: '1' })),
        await ash.post('/legacy/transfer', { amount: 1, to: 'a' }),
        await ash.post('/upload', new Blob(['some bytes'], { type: 'text/plain' })),
        await ash.get('/report?from=2026-01-01&to=%2B1|2'),
        await ash.put('/accounts/4%202/limit', { limit: 5 }),
      ];
      return answers.map(({ status }) => status);
    });
    assert.deepEqual(statuses, [200, 200, 200, 200, 200, 200, 200]);
    assert.equal((await ledger()).transfers, 4);
  });

  it('goes through a checkout, with a declined card tried again', async () => {
    const statuses = await inPage(async () => {
      const { AshClient } = await import('nestjs-ash/client');
      const checkout = new AshClient().chain('checkout');
      const answers = [
        await checkout.post('/cart', { sku: 'A1', quantity: 2 }),
        await checkout.post('/checkout', {}),
        await checkout.post('/payment', { card: 'declined' }),
        await checkout.post('/payment', { card: '4111' }),
      ];
      return answers.map(({ status }) => status);
    });
    assert.deepEqual(statuses, [200, 200, 402, 200]);
    assert.equal((await ledger()).payments, 1);
  });

  it('throws a refusal with the code of the server', async () => {
    const code = await inPage(async () => {
      const { AshClient } = await import('nestjs-ash/client');
      const ash = new AshClient();
      const context = await ash.context('POST', '/transfer');
      await ash.post('/transfer', { amount: 1, to: 'a' }, { context });
      return ash.post('/transfer', { amount: 1, to: 'a' }, { context }).then(
        () => 'passed',
        (error) => error.code,
      );
    });
    assert.equal(code, 'ASH_CTX_ALREADY_USED');
  });
});
