import { Bank } from '../../sample/02-shop/bank.js';
import { createShop } from '../../sample/02-shop/create-shop.js';
import { ADAPTERS, TestApp, type Adapter, type Plan } from './test-app.js';

/** A store that the shop stands on, and what shows of it through HTTP. */
export interface ShopStore {
  /** Ends the titles of the tests, ` with Redis`. */
  readonly title: string;
  /** What the shop reads instead of the environment of the process. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Whether the store says of a context that it is spent when it is asked for it, and so before anything else is looked
   * at. A sealed context is known to be spent when it is about to be spent again: a request that is changed besides is
   * refused for the change, and one that comes when its context has expired because of that.
   */
  readonly knowsSpent: boolean;
  /**
   * Whether the store goes by the shop's clock alone, so that a test can let time pass. Marks of sealed contexts in Redis
   * expire by its server's clock, and the store refuses an application whose clock is another one.
   */
  readonly followsClock: boolean;
  /** How an identifier looks. */
  readonly contextId: RegExp;
}

/** Keeps everything in the memory of the process. */
export const MEMORY: ShopStore = {
  title: '',
  environment: { STORE: 'memory' },
  knowsSpent: true,
  followsClock: true,
  contextId: /^ash_[0-9a-f]{32}$/,
};

/** A shop that a suite runs against. */
export interface ShopSetUp {
  readonly adapter: Adapter;
  readonly store: ShopStore;
  /** What the shop stands on, for a title. */
  readonly on: string;
  readonly start: () => Promise<TestApp>;
}

/** The shop on a store, on each framework. */
export function shopsOn(store: ShopStore): readonly ShopSetUp[] {
  return ADAPTERS.map((adapter) => ({
    adapter,
    store,
    on: `on ${adapter}${store.title}`,
    start: () => startShop(adapter, store),
  }));
}

/** Starts the shop, whose bank says what ran. */
async function startShop(adapter: Adapter, { environment }: ShopStore): Promise<TestApp> {
  const shop = await createShop({ adapter, logger: false, environment });
  // Not by way of `/ledger`: of seven requests that an attack takes, four would be for it.
  return TestApp.start(shop, ({ nest }) => ({ ...nest.get(Bank).ledger }));
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
