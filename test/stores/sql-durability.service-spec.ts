import { AshSqlStore } from 'nestjs-ash/typeorm';
import type { DataSourceOptions } from 'typeorm';
import { startMariadb } from '../../scripts/services/index.mjs';
import { connect, dropTables, POSTGRES, prefixOf } from './sql-fixture.js';

const prefix = prefixOf('durability');
const OPTIONS = { createTables: true, tablePrefix: prefix, cleanupInterval: false } as const;

describe('AshSqlStore refuses to start on a server that may lose what it has confirmed:', () => {
  afterEach(async () => {
    const source = await connect(POSTGRES);
    await dropTables(source, prefix);
    await source.destroy();
  });

  it('PostgreSQL with synchronous_commit = off, unless it is told to', async () => {
    const lax = { ...POSTGRES.options(), extra: { options: '-c synchronous_commit=off' } };
    await expect(new AshSqlStore(lax, OPTIONS).open()).rejects.toMatchObject({
      code: 'ASH_CONFIGURATION_ERROR',
      message: expect.stringMatching(
        /may lose commits .* synchronous_commit is 'off'; ALTER ROLE .*lostCommits: 'accept'/,
      ) as string,
    });
    const store = new AshSqlStore(lax, { ...OPTIONS, lostCommits: 'accept' });
    await expect(store.open()).resolves.toBeUndefined();
    await store.close();
    const strict = new AshSqlStore(POSTGRES.options(), OPTIONS);
    await expect(strict.open()).resolves.toBeUndefined();
    await strict.close();
  });

  it('MariaDB with innodb_flush_log_at_trx_commit = 0, unless it is told to', async () => {
    // A server of its own: the setting is one of the whole server.
    const server = await startMariadb({ config: { 'innodb-flush-log-at-trx-commit': 0 } });
    try {
      const lax: DataSourceOptions = { type: 'mariadb', url: server.url };
      await expect(new AshSqlStore(lax, OPTIONS).open()).rejects.toMatchObject({
        code: 'ASH_CONFIGURATION_ERROR',
        message: expect.stringContaining('SET GLOBAL innodb_flush_log_at_trx_commit = 1') as string,
      });
      const store = new AshSqlStore(lax, { ...OPTIONS, lostCommits: 'accept' });
      await expect(store.open()).resolves.toBeUndefined();
      await store.close();
    } finally {
      await server.stop();
    }
  });
});
