import assert from 'node:assert/strict';
import { request as forward } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';
import { startShop } from '../dist/shop-process.mjs';
import { openPage } from './harness.mjs';

/** Answers the page's own origin from the shop, as a proxy before an application does, and keeps what was asked for. */
const proxyTo = (url, asked) => (request, response) => {
  const { method, headers, url: path } = request;
  asked.push(path);
  const onward = forward(new URL(path, url), { method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
};

for (const adapter of ['xhr', 'fetch']) {
  describe(`axios in a browser, by its adapter ${adapter}`, () => {
    const asked = [];
    let shop;
    let opened;
    before(async () => {
      shop = await startShop();
      opened = await openPage({ handle: proxyTo(shop.url, asked) });
    });
    beforeEach(() => {
      asked.length = 0;
    });
    after(async () => {
      await opened?.close();
      await shop?.end();
    });

    const inPage = (run) => opened.page.evaluate(run, adapter);
    const ledger = async () => (await fetch(`${shop.url}/ledger`)).json();

    it('passes every kind of route', async () => {
      const before = await ledger();
      const statuses = await inPage(async (adapter) => {
        const { default: axios } = await import('axios');
        const { ashAxios, ashCall } = await import('nestjs-ash/axios');
        const api = ashAxios(axios.create({ adapter }));
        const form = new FormData();
        form.set('file', new File(['some bytes'], 'file.txt'));
        const answers = [
          await api.post('/transfer', { amount: 1, to: 'é', more: [1, { b: 2, a: 1 }] }),
          await api.post('/transfer/form', new URLSearchParams({ to: 'a b+c', amount: '1' })),
          await api.post('/upload', new Blob(['some bytes'], { type: 'text/plain' })),
          await api.post('/upload', Uint8Array.of(0, 255)),
          await api.post('/upload', form),
          await api.get('/report', { params: { from: '2026-01-01', to: '+1|2' }, ...ashCall() }),
          await api.put('/accounts/4 2/limit', { limit: 5 }),
        ];
        return answers.map(({ status }) => status);
      });
      const after = await ledger();

      assert.deepEqual(statuses, [200, 200, 200, 200, 200, 200, 200]);
      assert.equal(after.transfers - before.transfers, 2);
      assert.equal(after.uploads - before.uploads, 3);
    });

    it('asks for one context for a hundred transfers', async () => {
      const before = await ledger();
      const shown = await inPage(async (adapter) => {
        const { default: axios } = await import('axios');
        const { ashAxios } = await import('nestjs-ash/axios');
        const api = ashAxios(axios.create({ adapter }));
        let answer;
        for (let count = 0; count < 100; count += 1) answer = await api.post('/transfer', { amount: 1, to: 'a' });
        return Object.keys(answer.headers);
      });

      assert.equal((await ledger()).transfers - before.transfers, 100);
      assert.equal(asked.length, 101);
      assert.ok(!shown.includes('x-ash-context'));
    });

    it('goes through a checkout', async () => {
      const before = await ledger();
      await inPage(async (adapter) => {
        const { default: axios } = await import('axios');
        const { ashAxios, ashCall } = await import('nestjs-ash/axios');
        const api = ashAxios(axios.create({ adapter }));
        const chain = api.ash.chain('checkout');
        await api.post('/cart', { sku: 'A1', quantity: 2 }, ashCall({ chain }));
        await api.post('/checkout', {}, ashCall({ chain }));
        await api.post('/payment', { card: '4111' }, ashCall({ chain }));
      });

      assert.equal((await ledger()).payments - before.payments, 1);
    });

    for (const responseType of ['json', 'arraybuffer', 'blob']) {
      it(`rejects for a refusal with its code, asked for ${responseType}`, async () => {
        const told = await opened.page.evaluate(
          async ([adapter, responseType]) => {
            const { default: axios } = await import('axios');
            const { ashAxios, ashCall } = await import('nestjs-ash/axios');
            const api = ashAxios(axios.create({ adapter }));
            const call = ashCall({ context: await api.ash.context('POST', '/transfer') });
            await api.post('/transfer', { amount: 1, to: 'a' }, call);
            return api.post('/transfer', { amount: 1, to: 'a' }, { responseType, ...call }).then(
              () => 'passed',
              ({ name, status, cause }) => [name, status, cause.code, cause.mayHaveRun],
            );
          },
          [adapter, responseType],
        );

        assert.deepEqual(told, ['AxiosError', 409, 'ASH_CTX_ALREADY_USED', true]);
      });
    }

    it('ends with the signal of the caller', async () => {
      const told = await inPage(async (adapter) => {
        const { default: axios } = await import('axios');
        const { ashAxios } = await import('nestjs-ash/axios');
        const controller = new AbortController();
        const call = ashAxios(axios.create({ adapter })).post('/transfer', {}, { signal: controller.signal });
        controller.abort();
        return call.catch((error) => [axios.isCancel(error), error.code]);
      });

      assert.deepEqual(told, [true, 'ERR_CANCELED']);
    });
  });
}
