import express4 from 'express-4';
import type express from 'express';
import { createShop, createShopOn, type Shop, type ShopOptions } from '../../sample/02-shop/create-shop.js';
import { serveWithExpress } from '../../sample/02-shop/express-shop.js';
import { TestApp, type Adapter, type Plan } from './test-app.js';

declare const NEST_MAJOR: number;

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

/** What routes the requests of the shop and calls its handlers. */
type Framework = 'Nest on Express' | 'Nest on Fastify' | 'Express 5' | 'Express 4' | 'Fastify';

/** A server that the shop runs on. */
export interface ShopServer {
  readonly framework: Framework;
  /** Whose router's and parsers' rules hold. */
  readonly adapter: Adapter;
  readonly create: (options: ShopOptions) => Promise<Shop>;
}

/** A shop that a suite runs against. */
export interface ShopSetUp {
  readonly framework: Framework;
  /** Whose router's and parsers' rules hold: those of Express, or those of Fastify. */
  readonly adapter: Adapter;
  readonly store: ShopStore;
  /** What the shop stands on, for a title. */
  readonly on: string;
  readonly start: () => Promise<TestApp>;
}

const NEST: readonly ShopServer[] = [
  { framework: 'Nest on Express', adapter: 'express', create: chosenBy({ FRAMEWORK: 'nest', ADAPTER: 'express' }) },
  { framework: 'Nest on Fastify', adapter: 'fastify', create: chosenBy({ FRAMEWORK: 'nest', ADAPTER: 'fastify' }) },
];
const EXPRESS_5: ShopServer = {
  framework: 'Express 5',
  adapter: 'express',
  create: chosenBy({ FRAMEWORK: 'express' }),
};
/** The same source, on the version before. */
const EXPRESS_4: ShopServer = {
  framework: 'Express 4',
  adapter: 'express',
  create: (options) => createShopOn((parts) => serveWithExpress(parts, express4 as unknown as typeof express), options),
};
const FASTIFY: ShopServer = { framework: 'Fastify', adapter: 'fastify', create: chosenBy({ FRAMEWORK: 'fastify' }) };

/** The run for another Nest does not repeat what knows nothing of Nest. */
const perNest = (...withoutNest: ShopServer[]): readonly ShopServer[] =>
  NEST_MAJOR === 12 ? [...NEST, ...withoutNest] : NEST;

/** The servers that a shop is tried on: the same cases for each. */
export const SERVERS = {
  nest: NEST,
  /** The newest of each framework. */
  frameworks: perNest(EXPRESS_5, FASTIFY),
  all: perNest(EXPRESS_5, EXPRESS_4, FASTIFY),
} as const;

/** The shop on a store, on each server. */
export function shopsOn(store: ShopStore, servers: readonly ShopServer[]): readonly ShopSetUp[] {
  return servers.map(({ framework, adapter, create }) => ({
    framework,
    adapter,
    store,
    on: `on ${framework}${store.title}`,
    start: async () => listen(await create({ environment: store.environment, isQuiet: true })),
  }));
}

/** Lets a shop listen, whose bank says what ran. */
export async function listen(shop: Shop): Promise<TestApp> {
  await shop.listen(0, '127.0.0.1');
  const { server, bank, shopStore } = shop;
  // Not by way of `/ledger`: of seven requests that an attack takes, four would be for it.
  return new TestApp({
    server,
    store: shopStore.store,
    readLedger: () => ({ ...bank.ledger }),
    close: () => shop.close(),
  });
}

/** A server that the environment names, as it does where the shop is started by hand. */
function chosenBy(names: Readonly<Record<string, string>>): ShopServer['create'] {
  return ({ environment, ...options }) => createShop({ environment: { ...environment, ...names }, ...options });
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
