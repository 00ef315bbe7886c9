import { AshMemoryStore } from 'nestjs-ash/server';
import { chooseBy, storeTimeoutOf, type Environment } from './environment.js';
import { makeSealedStore } from './sealed-store.js';
import type { ShopStore, SpentStore } from './shop-store.js';
import { makeSqlStore } from './sql-store.js';

// A package is imported when its store is chosen: the shop in memory needs none.
const SPENT_STORES: Readonly<Record<string, (environment: Environment) => Promise<ShopStore<SpentStore>>>> = {
  memory: makeMemoryStore,
  redis: makeRedisStore,
  sql: makeSqlStore,
};

const STORES: Readonly<Record<string, (environment: Environment) => Promise<ShopStore>>> = {
  ...SPENT_STORES,
  sealed: (environment) =>
    makeSealedStore(environment, () => chooseBy(environment, 'SEALED_OVER', 'memory', SPENT_STORES)(environment)),
};

/**
 * Makes the store that the environment names, and opens it: what is wrong with it is told before the shop starts.
 *
 * @throws AshConfigurationError where it cannot work as it is set up.
 */
export async function openStore(environment: Environment): Promise<ShopStore> {
  const made = await chooseBy(environment, 'STORE', 'memory', STORES)(environment);
  try {
    await made.store.open();
    return made;
  } catch (error) {
    await made.close();
    if (made.hint === undefined || !(error instanceof Error)) throw error;
    throw new Error(`${error.message}\n${made.hint}`, { cause: error });
  }
}

function makeMemoryStore(): Promise<ShopStore<SpentStore>> {
  const store = new AshMemoryStore();
  return Promise.resolve({ store, note: 'in the memory of this process', close: () => store.close() });
}

async function makeRedisStore(environment: Environment): Promise<ShopStore<SpentStore>> {
  const {
    REDIS_URL = 'redis://127.0.0.1:6379',
    REDIS_SENTINELS,
    REDIS_SENTINEL_NAME = 'mymaster',
    STORE_PREFIX,
  } = environment;
  const commandTimeout = storeTimeoutOf(environment);
  const { AshRedisStore } = await import('nestjs-ash/redis');
  const store = new AshRedisStore(
    REDIS_SENTINELS === undefined ? REDIS_URL : { sentinels: addressesOf(REDIS_SENTINELS), name: REDIS_SENTINEL_NAME },
    {
      ...(STORE_PREFIX === undefined ? {} : { prefix: `${STORE_PREFIX}:` }),
      ...(commandTimeout === undefined ? {} : { commandTimeout }),
    },
  );
  return {
    store,
    note: 'in Redis',
    hint: "The shop's Redis is the one at REDIS_URL. 'docker compose up redis' starts one where it looks for it by default.",
    close: () => store.close(),
  };
}

/** Reads `host:port,host:port`. */
function addressesOf(list: string): { host: string; port: number }[] {
  return list.split(',').map((address) => {
    const { hostname, port } = new URL(`redis://${address.trim()}`);
    return { host: hostname, port: Number(port) };
  });
}
