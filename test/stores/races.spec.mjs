import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isAccepted, ledgerOf, post, prove, tallyOf } from '../../bench/faults/requests.mjs';
import { startShops } from '../../bench/faults/shops.mjs';

const ADAPTERS = ['express', 'fastify', 'express'];
const SHOPS = ADAPTERS.length;
const REQUESTS = 300;
const ROUNDS = 10;
const { POSTGRES_URL, REDIS_URL } = process.env;

assert.ok(
  POSTGRES_URL && REDIS_URL,
  'POSTGRES_URL and REDIS_URL name the servers: run it by `npm test -- build stores`',
);

const STORES = {
  Redis: { STORE: 'redis', REDIS_URL },
  PostgreSQL: { STORE: 'sql', DATABASE_URL: POSTGRES_URL },
};

for (const [store, env] of Object.entries(STORES)) {
  describe(`${SHOPS} shops on one ${store}, and ${REQUESTS} requests at once`, () => {
    let shops;
    let end;
    before(async () => {
      const STORE_TIMEOUT = '30000';
      const shared = { ...env, STORE_PREFIX: 'races', STORE_TIMEOUT };
      ({ shops, end } = await startShops(ADAPTERS.map((ADAPTER) => ({ ...shared, ADAPTER }))));
    });
    after(() => end?.());

    const atOnce = (drafts) => Promise.all(drafts.map((draft, index) => post(shops[index % SHOPS], draft)));

    /** Takes a step and answers its request, which counts as the step before from then on. */
    async function step(path, payload, previousProof) {
      const { draft } = await prove(shops[0], path, payload, { previousProof });
      assert.ok(isAccepted(await post(shops[1], draft)), path);
      return draft;
    }

    async function reachPayment() {
      const cart = await step('/cart', { sku: 'A1', quantity: 1 });
      const checkout = await step('/checkout', {}, cart.headers['X-ASH-Proof']);
      return checkout.headers['X-ASH-Proof'];
    }

    /** How often each handler ran meanwhile. */
    async function ranDuring(act) {
      const earlier = await ledgerOf(shops);
      await act();
      const later = await ledgerOf(shops);
      return Object.fromEntries(
        Object.entries(later)
          .map(([kind, count]) => [kind, count - earlier[kind]])
          .filter(([, count]) => count > 0),
      );
    }

    async function once(kind, drafts) {
      let tally;
      const ran = await ranDuring(async () => (tally = tallyOf(await atOnce(drafts))));
      assert.deepEqual(ran, { [kind]: 1 });
      assert.equal(tally['200'], 1);
      return tally;
    }

    for (let round = 1; round <= ROUNDS; round += 1) {
      it(`run an identical transfer once, round ${round}`, async () => {
        const { draft } = await prove(shops[round % SHOPS], '/transfer', { amount: 1, to: `acct-${round}` });
        const tally = await once('transfers', Array(REQUESTS).fill(draft));
        assert.deepEqual(tally, { 200: 1, ASH_CTX_ALREADY_USED: REQUESTS - 1 });
      });

      it(`run an identical payment once, round ${round}`, async () => {
        const previousProof = await reachPayment();
        const { draft } = await prove(shops[round % SHOPS], '/payment', { card: '4242' }, { previousProof });
        const tally = await once('payments', Array(REQUESTS).fill(draft));
        assert.deepEqual(tally, { 200: 1, ASH_CTX_ALREADY_USED: REQUESTS - 1 });
      });

      it(`run one payment of many on one checkout, round ${round}`, async () => {
        const previousProof = await reachPayment();
        const payments = await Promise.all(
          Array.from({ length: REQUESTS }, (_, index) =>
            prove(shops[index % SHOPS], '/payment', { card: '4242' }, { previousProof }),
          ),
        );
        const tally = await once(
          'payments',
          payments.map(({ draft }) => draft),
        );
        assert.deepEqual(tally, { 200: 1, ASH_CHAIN_BROKEN: REQUESTS - 1 });
      });
    }
  });
}
