import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AshSqlStore, AshTables1763700000000, type AshSqlStoreOptions } from 'nestjs-ash/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';

/** A kind of database, and where one is. */
export interface SqlTarget {
  readonly title: string;
  readonly options: () => DataSourceOptions;
}

export const POSTGRES: SqlTarget = {
  title: 'PostgreSQL',
  options: () => ({ type: 'postgres', url: serviceUrl('POSTGRES_URL') }),
};

export const MARIADB: SqlTarget = {
  title: 'MariaDB',
  options: () => ({ type: 'mariadb', url: serviceUrl('MARIADB_URL') }),
};

/** SQLite in a file of its own, which `remove` removes. */
export function sqliteTarget(): SqlTarget & { remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-ash-sqlite-'));
  return {
    title: 'SQLite',
    options: () => ({ type: 'better-sqlite3', database: join(folder, 'ash.sqlite'), enableWAL: true, timeout: 0 }),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What the names of a spec's tables begin with: specs share a database. */
export function prefixOf(spec: string): string {
  return `${spec}_${String(process.pid)}_`;
}

/** A DataSource of the application's; give it `entities` and `migrations` of one's own. */
export async function connect(target: SqlTarget, more: Partial<DataSourceOptions> = {}): Promise<DataSource> {
  const source = new DataSource({ ...target.options(), ...more } as DataSourceOptions);
  return source.initialize();
}

/** A store that cleans up when it is told to only. */
export async function openStore(
  connection: DataSource | DataSourceOptions,
  options: AshSqlStoreOptions,
): Promise<AshSqlStore> {
  const store = new AshSqlStore(connection, { cleanupInterval: false, createTables: true, ...options });
  await store.open();
  return store;
}

/** The tables of a store, without their prefix. */
export const TABLES = ['context', 'link', 'seed', 'spent', 'state'];

/** Empties the tables of a store. */
export async function emptyTables(source: DataSource, prefix: string): Promise<void> {
  for (const table of TABLES) await source.query(`DELETE FROM ${prefix}${table}`);
}

/** Takes the tables of a store away. */
export async function dropTables(source: DataSource, prefix: string): Promise<void> {
  class Tables extends AshTables1763700000000 {
    protected override readonly tablePrefix = prefix;
  }
  const runner = source.createQueryRunner();
  await new Tables().down(runner);
  await runner.release();
}

function serviceUrl(variable: string): string {
  const url = process.env[variable];
  if (url === undefined) throw new Error(`${variable} is not set: run the store tests by \`npm test -- stores\`.`);
  return url;
}
