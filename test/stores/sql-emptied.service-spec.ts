import { setTimeout as wait } from 'node:timers/promises';
import type { DataSourceOptions } from 'typeorm';
import { startMariadb, startPostgres, type SqlServer } from '../../scripts/services/index.mjs';
import { connect, dropTables, openStore, prefixOf } from './sql-fixture.js';

/** For longer than a group waits for a row, and for less than a mark by itself does. */
const HELD = 300;
const LIFE = 60_000;

const SERVERS: [title: string, type: 'postgres' | 'mariadb', start: () => Promise<SqlServer>][] = [
  ['PostgreSQL', 'postgres', () => startPostgres()],
  ['MariaDB', 'mariadb', () => startMariadb()],
  // Where the rows that a statement reads are not locked by it, unless it says so.
  [
    'MariaDB under read committed',
    'mariadb',
    () => startMariadb({ config: { 'transaction-isolation': 'READ-COMMITTED' } }),
  ],
];

describe.each(SERVERS)('While somebody empties the spent set in %s, AshSqlStore', (_title, type, start) => {
  const prefix = prefixOf('emptied');
  let server: SqlServer;
  let target: { title: string; options: () => DataSourceOptions };

  beforeAll(async () => {
    server = await start();
    target = { title: type, options: () => ({ type, url: server.url }) };
  });
  afterAll(() => server.stop());

  it.each([1, 3])('marks nothing again that was marked before (%d at once)', async (together) => {
    const source = await connect(target);
    const store = await openStore(target.options(), { tablePrefix: prefix, timeout: 5_000 });
    const epoch = await store.epoch(0);
    const keys = Array.from({ length: together }, (_, index) => `${String(together)}${String(index)}`);
    const markAll = () => Promise.all(keys.map((key) => store.mark({ shard: 0, key, epoch, ttlMs: LIFE })));
    await expect(markAll()).resolves.toStrictEqual(keys.map(() => 'marked'));
    let again: Promise<unknown> | undefined;
    await source.transaction(async (manager) => {
      await manager.query(`DELETE FROM ${prefix}spent`);
      again = markAll();
      await wait(HELD);
    });
    await expect(again).resolves.toStrictEqual(keys.map(() => 'other-epoch'));
    await store.close();
    await dropTables(source, prefix);
    await source.destroy();
  });
});
