import { Bank } from './bank.js';
import { chooseBy, storeTimeoutOf, type Environment } from './environment.js';
import type { Page } from './page.js';
import type { ShopStore } from './shop-store.js';
import type { ServeShop, ShopServer } from './shop.js';
import { openStore } from './stores.js';

/** How the shop is put together. */
export interface ShopOptions {
  /** What names the framework and the store: see below, and `stores.ts`. */
  readonly environment: Environment;
  /** Without it the shop has no page. */
  readonly page?: Page;
  readonly isQuiet?: boolean;
}

/** The shop, which does not listen yet. */
export interface Shop extends ShopServer {
  readonly bank: Bank;
  readonly shopStore: ShopStore;
}

// A framework is imported when it is chosen: the shop on Express needs neither Nest nor Fastify.
const FRAMEWORKS: Readonly<Record<string, (environment: Environment) => Promise<ServeShop>>> = {
  nest: async ({ ADAPTER = 'express' }) => {
    const { serveWithNest } = await import('./nest-shop.js');
    return (parts) => serveWithNest(parts, ADAPTER);
  },
  express: async () => (await import('./express-shop.js')).serveWithExpress,
  fastify: async () => (await import('./fastify-shop.js')).serveWithFastify,
};

/** Makes the shop on the framework and with the store that the environment names. */
export async function createShop(options: ShopOptions): Promise<Shop> {
  const { environment } = options;
  return createShopOn(await chooseBy(environment, 'FRAMEWORK', 'nest', FRAMEWORKS)(environment), options);
}

/** Makes the shop on a framework, with the store that the environment names. */
export async function createShopOn(serve: ServeShop, { environment, ...options }: ShopOptions): Promise<Shop> {
  const shopStore = await openStore(environment);
  const bank = new Bank();
  const storeTimeout = storeTimeoutOf(environment);
  const patience = storeTimeout === undefined ? undefined : { storeTimeout };
  try {
    const server = await serve({ ...options, bank, store: shopStore.store, patience });
    const close = async (): Promise<void> => {
      await server.close();
      await shopStore.close();
    };
    return { ...server, close, bank, shopStore };
  } catch (error) {
    await shopStore.close();
    throw error;
  }
}
