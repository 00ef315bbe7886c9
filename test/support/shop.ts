import { createShop } from '../../sample/02-shop/create-shop.js';
import { TestApp, type Adapter, type Ledger, type Plan } from './test-app.js';

/** Starts the shop, whose own `/ledger` says what ran. */
export async function startShop(adapter: Adapter): Promise<TestApp> {
  return TestApp.start(
    await createShop({ adapter, logger: false }),
    async (app) => (await app.get('/ledger')).body as Ledger,
  );
}

const JSON_TYPE = { 'content-type': 'application/json' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };

const CART: Plan = { binding: 'POST /cart', headers: JSON_TYPE, body: '{"sku":"A1","quantity":2}', runs: 'carts' };
const CHECKOUT: Plan = { binding: 'POST /checkout', headers: JSON_TYPE, body: '{}', runs: 'checkouts', after: [CART] };

/** An honest request for each protected route of the shop. */
export const SHOP = {
  json: {
    binding: 'POST /transfer',
    headers: JSON_TYPE,
    body: '{"amount":100,"to":"acct-7"}',
    runs: 'transfers',
  },
  scoped: {
    binding: 'POST /transfer/quick',
    headers: JSON_TYPE,
    body: '{"amount":100,"to":"acct-7","note":"rent"}',
    runs: 'transfers',
  },
  form: {
    binding: 'POST /transfer/form',
    headers: FORM_TYPE,
    body: 'amount=100&to=acct-7',
    runs: 'transfers',
  },
  raw: {
    binding: 'POST /upload',
    headers: { 'content-type': 'application/octet-stream' },
    body: Uint8Array.of(0, 1, 2, 254, 255),
    payload: 'raw',
    runs: 'uploads',
  },
  query: { binding: 'GET /report', path: '/report?from=2026-01-01&to=2026-06-30', runs: 'reports' },
  parameter: { binding: 'PUT /accounts/42/limit', headers: JSON_TYPE, body: '{"limit":500}', runs: 'limits' },
  v1: {
    binding: 'POST /legacy/transfer',
    headers: JSON_TYPE,
    body: '{"amount":100,"to":"acct-7"}',
    runs: 'transfers',
  },
  cart: CART,
  checkout: CHECKOUT,
  payment: {
    binding: 'POST /payment',
    headers: JSON_TYPE,
    body: '{"card":"4242"}',
    runs: 'payments',
    after: [CART, CHECKOUT],
  },
} satisfies Record<string, Plan>;

/** A kind of request that the shop takes. */
export type ShopRequest = keyof typeof SHOP;
