import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseBy, storeTimeoutOf, type Environment } from './environment.js';
import type { ShopStore, SpentStore } from './shop-store.js';

const DRIVERS = { postgres: 'postgres', postgresql: 'postgres', mysql: 'mysql', mariadb: 'mariadb' } as const;

/** A store in the database of `DATABASE_URL`, or else in an SQLite file that is gone with the shop. */
export async function makeSqlStore(environment: Environment): Promise<ShopStore<SpentStore>> {
  const { DATABASE_URL, STORE_PREFIX } = environment;
  const { AshSqlStore } = await import('nestjs-ash/typeorm');
  const timeout = storeTimeoutOf(environment);
  const options = {
    createTables: true,
    ...(STORE_PREFIX === undefined ? {} : { tablePrefix: `${STORE_PREFIX}_` }),
    ...(timeout === undefined ? {} : { timeout }),
  };
  if (DATABASE_URL !== undefined) {
    const type = chooseBy({ DATABASE_URL: schemeOf(DATABASE_URL) }, 'DATABASE_URL', '', DRIVERS);
    const store = new AshSqlStore({ type, url: DATABASE_URL }, options);
    return {
      store,
      note: 'in the database of DATABASE_URL',
      hint:
        "The shop's database is the one at DATABASE_URL. 'docker compose up postgres' starts one at\n" +
        "postgres://ash:ash@127.0.0.1:5432/ash, and 'docker compose up mariadb' one at mariadb://ash:ash@127.0.0.1:3306/ash.",
      close: () => store.close(),
    };
  }
  const folder = join(tmpdir(), `ash-shop-${randomUUID()}`);
  const store = new AshSqlStore({ type: 'better-sqlite3', database: join(folder, 'shop.sqlite') }, options);
  await mkdir(folder, { mode: 0o700 });
  return {
    store,
    note: 'in an SQLite file that is gone with this process',
    close: async () => {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The scheme of a URL, which alone can be shown: the rest may hold a password. */
function schemeOf(url: string): string {
  return /^([a-z]+):\/\//.exec(url)?.[1] ?? 'no URL';
}
