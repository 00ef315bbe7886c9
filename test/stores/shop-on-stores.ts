import { randomBytes } from 'node:crypto';
import { describeWholeShop } from '../shop/whole-shop.suite.js';
import { MEMORY, SERVERS, shopsOn, type ShopServer, type ShopStore } from '../support/shop.js';
import { connect, dropTables, MARIADB, POSTGRES } from './sql-fixture.js';

/** A busy machine may take its time: that a store is waited for no longer than it may be is tried elsewhere. */
const STORE_TIMEOUT = '30000';

type Environment = ShopStore['environment'];

/** Keeps what one run leaves on a server apart from what others do. */
const STORE_PREFIX = `shop${randomBytes(6).toString('hex')}`;

/** Runs every suite of the shop with a store. */
export function describeShopWith(
  title: string,
  environment: Environment,
  servers: readonly ShopServer[] = SERVERS.nest,
): void {
  runWith(
    { ...MEMORY, title: ` with ${title}`, environment: { ...environment, STORE_PREFIX, STORE_TIMEOUT } },
    servers,
  );
}

/** Runs every suite of the shop with sealed contexts over a store. */
export function describeShopWithSealed(title: string, environment: Environment, followsClock = true): void {
  const SEALED_KEYS = `test:${randomBytes(32).toString('base64url')}`;
  const store: ShopStore = {
    title: ` with sealed contexts over ${title}`,
    environment: { ...environment, STORE: 'sealed', STORE_PREFIX, STORE_TIMEOUT, SEALED_KEYS },
    knowsSpent: false,
    followsClock,
    contextId: /^ash_s[A-Za-z0-9_-]+$/,
  };
  runWith(store, SERVERS.nest);
}

function runWith(store: ShopStore, servers: readonly ShopServer[]): void {
  const { DATABASE_URL } = store.environment;
  shopsOn(store, servers).forEach(describeWholeShop);
  if (DATABASE_URL === undefined) return;

  // The database may be somebody's own. Redis forgets its keys by itself.
  afterAll(async () => {
    const source = await connect(DATABASE_URL.startsWith('postgres') ? POSTGRES : MARIADB);
    await dropTables(source, `${STORE_PREFIX}_`);
    await source.destroy();
  });
}
