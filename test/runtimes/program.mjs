/**
 * What a client does in a day, on any platform: each kind of route, a checkout, a replay that is refused.
 *
 * @param {typeof import('../../lib/client/index.js').AshClient} AshClient
 * @param {{ baseUrl?: string }} [options]
 */
export async function shopWith(AshClient, options = {}) {
  const ash = new AshClient(options);
  const checkout = ash.chain('checkout');
  const answers = [
    await ash.post('/transfer', { amount: 1, to: 'é', more: [1, { b: 2, a: 1 }] }),
    await ash.post('/transfer', { amount: 1, to: 'a warm client' }),
    await ash.post('/transfer/form', new URLSearchParams({ to: 'a b+c', amount: '1' })),
    await ash.post('/legacy/transfer', { amount: 1, to: 'a' }),
    await ash.post('/upload', new Blob([new Uint8Array(100_000).fill(7)])),
    await ash.get('/report?from=2026-01-01&to=%2B1|2'),
    await checkout.post('/cart', { sku: 'A1', quantity: 2 }),
    await checkout.post('/checkout', {}),
    await checkout.post('/payment', { card: 'declined' }),
    await checkout.post('/payment', { card: '4111' }),
  ];
  const context = await ash.context('POST', '/transfer');
  await ash.post('/transfer', { amount: 1, to: 'a' }, { context });
  const refusal = await ash.post('/transfer', { amount: 1, to: 'a' }, { context }).catch(({ code }) => code);
  return { statuses: answers.map(({ status }) => status), refusal };
}

/** What it tells where all is well. */
export const HONEST_DAY = {
  statuses: [200, 200, 200, 200, 200, 200, 200, 200, 402, 200],
  refusal: 'ASH_CTX_ALREADY_USED',
};

/** What it leaves in the ledger of the shop. */
export const IN_LEDGER = { transfers: 5, payments: 1 };
