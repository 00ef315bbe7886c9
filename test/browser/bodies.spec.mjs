import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { request as forward } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';
import { startShop } from '../dist/shop-process.mjs';
import { BODY_KINDS } from '../support/body-kinds.mjs';
import { openPage } from './harness.mjs';

const KINDS = new URL('../support/body-kinds.mjs', import.meta.url);
const ADAPTERS = ['express', 'fastify'];
const CONTEXT = 'POST /ash/context';
const HOUR = 3_600_000;

/** Stands before the shop as the page's own origin, counts what comes, and breaks connections when it is told to. */
class Proxy {
  target = '';
  arrived = [];
  faults = {};
  /** Told of each answer that is held back. */
  onHeld = () => undefined;

  handle = (request, response) => {
    const { method, headers, url } = request;
    if (url === '/body-kinds.mjs') {
      response.setHeader('content-type', 'text/javascript; charset=utf-8');
      createReadStream(KINDS).pipe(response);
      return;
    }
    const what = `${method} ${url.split('?')[0]}`;
    this.arrived.push({ what, headers });
    const fault = this.faults[what]?.shift();
    if (fault === 'lost') {
      request.socket.resetAndDestroy();
      return;
    }
    const onward = forward(new URL(url, this.target), { method, headers }, (answer) => {
      if (fault === 'unanswered') request.socket.resetAndDestroy();
      if (fault === 'held') this.onHeld(answer.resume());
      if (fault !== undefined) return;
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  };

  /** How many requests of each kind came since this was asked last. */
  counts() {
    const counts = {};
    for (const { what } of this.arrived.splice(0)) counts[what] = (counts[what] ?? 0) + 1;
    return counts;
  }
}

const proxy = new Proxy();
let opened;
before(async () => (opened = await openPage({ handle: proxy.handle })));
after(() => opened?.close());

const inPage = (run, argument) => opened.page.evaluate(run, argument);

for (const adapter of ADAPTERS) {
  describe(`AshClient in a browser and the shop on ${adapter}`, () => {
    let shop;
    before(async () => {
      shop = await startShop({ ADAPTER: adapter });
      proxy.target = shop.url;
    });
    after(() => shop?.end());

    beforeEach(() => {
      proxy.arrived = [];
      proxy.faults = {};
    });

    const ledger = async () => (await fetch(`${shop.url}/ledger`)).json();
    const ranDuring = async (act) => {
      const earlier = await ledger();
      const result = await act();
      const later = await ledger();
      const ran = Object.entries(later).map(([kind, count]) => [kind, count - earlier[kind]]);
      return { result, ran: Object.fromEntries(ran.filter(([, count]) => count !== 0)) };
    };

    for (const [index, kind] of BODY_KINDS.entries()) {
      it(`brings to the handler what it was given: ${kind.title}`, async () => {
        const { result, ran } = await ranDuring(() =>
          inPage(async (index) => {
            const { AshClient } = await import('nestjs-ash/client');
            const { BODY_KINDS, observe } = await import(new URL('/body-kinds.mjs', location.href).href);
            return observe(BODY_KINDS[index], (globalThis.ash ??= new AshClient()), location.origin);
          }, index),
        );

        assert.equal(result.status, 200);
        for (const [name, value] of Object.entries(result.expected)) assert.deepEqual(result.answer[name], value);
        assert.deepEqual(result.fields, kind.fields);
        assert.equal(proxy.arrived.at(-1).headers['content-type'] ?? null, result.type);
        assert.deepEqual(ran, { [kind.runs]: 1 });
      });
    }

    it('is refused before the handler where somebody changes what it sends, each kind', async () => {
      const { result, ran } = await ranDuring(() =>
        inPage(async () => {
          const { AshClient } = await import('nestjs-ash/client');
          const { BODY_KINDS, CHANGES, observeChange } = await import(new URL('/body-kinds.mjs', location.href).href);
          const ash = new AshClient();
          const observe = async (kind) => {
            const change = CHANGES.find(({ to }) => to.includes(kind.covers));
            const { code, mayHaveRun, status } = await observeChange(kind, change, ash, location.origin);
            return [kind.title, { code, mayHaveRun, status }];
          };
          return Promise.all(BODY_KINDS.map(observe));
        }),
      );

      const refused = { code: 'ASH_INTEGRITY_FAILED', mayHaveRun: false, status: undefined };
      assert.deepEqual(
        result,
        BODY_KINDS.map(({ title }) => [title, refused]),
      );
      assert.deepEqual(ran, {});
    });

    const COUNTED = [
      ['100 requests', {}, { 'POST /transfer': 100 }],
      ['200 requests without renewal', { renewal: false }, { 'POST /transfer': 100, [CONTEXT]: 100 }],
    ];
    // What a client sends is the same whatever answers it.
    for (const [title, options, counts] of adapter === 'express' ? COUNTED : []) {
      it(`sends 100 transfers in ${title} when it is warm`, async () => {
        const transfer = (count) =>
          inPage(
            async ({ count, options }) => {
              const { AshClient } = await import('nestjs-ash/client');
              globalThis.warm ??= new AshClient(options);
              for (let sent = 0; sent < count; sent += 1)
                await globalThis.warm.post('/transfer', { amount: 1, to: 'a' });
            },
            { count, options },
          );
        await transfer(1);
        proxy.counts();
        const { ran } = await ranDuring(() => transfer(100));
        await inPage(() => delete globalThis.warm);

        assert.deepEqual(proxy.counts(), counts);
        assert.deepEqual(ran, { transfers: 100 });
      });
    }

    it('sends 50 transfers at once, each with a context of its own', async () => {
      const { ran } = await ranDuring(() =>
        inPage(async () => {
          const { AshClient } = await import('nestjs-ash/client');
          const ash = new AshClient();
          const wave = () =>
            Promise.all(Array.from({ length: 50 }, () => ash.post('/transfer', { amount: 1, to: 'a' })));
          await wave();
          await wave();
        }),
      );

      const used = proxy.arrived.flatMap(({ headers }) => headers['x-ash-context-id'] ?? []);
      assert.equal(new Set(used).size, 100);
      assert.deepEqual(ran, { transfers: 100 });
      assert.deepEqual(proxy.counts(), { 'POST /transfer': 100, [CONTEXT]: 2 });
    });

    for (const [title, ahead, counts] of [
      ['an hour fast', HOUR, { 'POST /transfer': 1, [CONTEXT]: 1 }],
      ['an hour slow', -HOUR, { 'POST /transfer': 2, [CONTEXT]: 1 }],
    ]) {
      it(`passes where the clock of the computer is ${title}, also when it is set in between`, async () => {
        const transfer = (ahead, isNew) =>
          inPage(
            async ({ ahead, isNew }) => {
              const { AshClient } = await import('nestjs-ash/client');
              globalThis.now ??= Date.now;
              Date.now = () => globalThis.now.call(Date) + ahead;
              if (isNew) globalThis.ash = new AshClient();
              try {
                return (await globalThis.ash.post('/transfer', { amount: 1, to: 'a' })).status;
              } finally {
                Date.now = globalThis.now;
              }
            },
            { ahead, isNew },
          );

        assert.equal(await transfer(ahead, true), 200);
        assert.deepEqual(proxy.counts(), { 'POST /transfer': 1, [CONTEXT]: 1 });
        await transfer(0, true);
        proxy.counts();
        assert.equal(await transfer(ahead, false), 200);
        assert.deepEqual(proxy.counts(), counts);
      });
    }

    /** How a call of the page ended. */
    const ending = (path, body, options = {}) =>
      inPage(
        async ({ path, body, options }) => {
          const { AshClient } = await import('nestjs-ash/client');
          globalThis.steady ??= new AshClient();
          const { method = 'POST', ...others } = options;
          const call =
            method === 'GET' ? globalThis.steady.get(path, others) : globalThis.steady.post(path, body, others);
          return call.then(
            ({ status }) => ({ status }),
            ({ code, mayHaveRun }) => ({ code, mayHaveRun }),
          );
        },
        { path, body, options },
      );
    const transferring = (options) => ending('/transfer', { amount: 1, to: 'a' }, options);
    const always = (fault) => Array.from({ length: 20 }, () => fault);

    it('runs a transfer once whose connection broke before it arrived', async () => {
      await transferring();
      proxy.faults = { 'POST /transfer': ['lost'] };
      const { result, ran } = await ranDuring(() => transferring());

      assert.deepEqual(result, { status: 200 });
      assert.deepEqual(ran, { transfers: 1 });
    });

    it('has run a transfer once whose answer was lost, and says that it may have run', async () => {
      await transferring();
      proxy.faults = { 'POST /transfer': always('unanswered') };
      const { result, ran } = await ranDuring(() => transferring());

      assert.deepEqual(result, { code: 'ASH_CLIENT_RESPONSE_LOST', mayHaveRun: true });
      assert.deepEqual(ran, { transfers: 1 });
      proxy.faults = {};
      assert.deepEqual(await transferring(), { status: 200 });
    });

    it('says that a transfer may have run where one answer was lost, whoever sent it again', async () => {
      await transferring();
      proxy.faults = { 'POST /transfer': ['unanswered'] };
      const { result, ran } = await ranDuring(() => transferring());

      // Chromium sends a request again by itself on a connection that was open before, and hears that it ran.
      assert.ok(['ASH_CLIENT_RESPONSE_LOST', 'ASH_CTX_ALREADY_USED'].includes(result.code), result.code);
      assert.equal(result.mayHaveRun, true);
      assert.deepEqual(ran, { transfers: 1 });
    });

    it('makes a report anew whose answer was lost', async () => {
      await ending('/report', undefined, { method: 'GET' });
      proxy.faults = { 'GET /report': ['unanswered'] };

      assert.deepEqual(await ending('/report', undefined, { method: 'GET' }), { status: 200 });
    });

    it('ends with the time-out where the answer does not come, and the transfer has run once', async () => {
      await transferring();
      proxy.faults = { 'POST /transfer': ['held'] };
      const { result, ran } = await ranDuring(() => transferring({ timeout: 1_000 }));

      assert.deepEqual(result, { code: 'ASH_CLIENT_RESPONSE_LOST', mayHaveRun: true });
      assert.deepEqual(ran, { transfers: 1 });
    });

    it('rejects with the reason of the caller who gives up, and sends nothing again', async () => {
      await transferring();
      proxy.counts();
      proxy.faults = { 'POST /transfer': ['held'] };
      const held = new Promise((resolve) => (proxy.onHeld = resolve));
      const call = inPage(async () => {
        const { signal } = (globalThis.caller = new AbortController());
        return globalThis.steady.post('/transfer', { amount: 1, to: 'a' }, { signal }).catch(({ message }) => message);
      });
      await Promise.race([held, call]);
      await inPage(() => globalThis.caller.abort(new Error('changed my mind')));

      assert.equal(await call, 'changed my mind');
      assert.deepEqual(proxy.counts(), { 'POST /transfer': 1 });
    });

    const step = (path, body) =>
      inPage(
        async ({ path, body }) => {
          const { AshClient } = await import('nestjs-ash/client');
          const kept = JSON.parse(sessionStorage.getItem('checkout') ?? 'null');
          const checkout = (globalThis.ash ??= new AshClient()).chain('checkout', kept);
          const keep = () => sessionStorage.setItem('checkout', JSON.stringify(checkout.state));
          addEventListener('pagehide', keep);
          const { status } = await checkout.post(path, body);
          keep();
          return status;
        },
        { path, body },
      );

    it('goes on with a checkout after each step of which the page was loaded again', async () => {
      await inPage(() => sessionStorage.clear());
      const { ran } = await ranDuring(async () => {
        assert.equal(await step('/cart', { sku: 'A1', quantity: 2 }), 200);
        await opened.page.reload();
        assert.equal(await step('/checkout', {}), 200);
        await opened.page.reload();
        assert.equal(await step('/payment', { card: '4242' }), 200);
      });

      assert.deepEqual(ran, { carts: 1, checkouts: 1, payments: 1 });
    });

    it('goes on with a checkout after a step whose answer was lost, also when the page is loaded again', async () => {
      await inPage(() => sessionStorage.clear());
      const { ran } = await ranDuring(async () => {
        assert.equal(await step('/cart', { sku: 'A1', quantity: 2 }), 200);
        proxy.faults = { 'POST /checkout': always('unanswered') };
        await assert.rejects(step('/checkout', {}));
        await opened.page.reload();
        assert.equal(await step('/payment', { card: '4242' }), 200);
      });

      assert.deepEqual(ran, { carts: 1, checkouts: 1, payments: 1 });
    });

    it('goes on with a checkout whose page was loaded again before a step was answered', async () => {
      await inPage(() => sessionStorage.clear());
      const { ran } = await ranDuring(async () => {
        assert.equal(await step('/cart', { sku: 'A1', quantity: 2 }), 200);
        proxy.faults = { 'POST /checkout': ['held'] };
        const held = new Promise((resolve) => (proxy.onHeld = resolve));
        const unanswered = step('/checkout', {}).catch(() => 'gone with its page');
        await Promise.race([held, unanswered]);
        await opened.page.reload();
        assert.equal(await unanswered, 'gone with its page');
        assert.equal(await step('/payment', { card: '4242' }), 200);
      });

      assert.deepEqual(ran, { carts: 1, checkouts: 1, payments: 1 });
    });
  });
}
