import { AshSqlStore, AshTables1763700000000, ashEntitiesFor, type AshContextRow } from 'nestjs-ash/typeorm';
import type { DataSource } from 'typeorm';
import { connect, dropTables, openStore, prefixOf, TABLES, type SqlTarget } from './sql-fixture.js';

/** The tables of the store over one kind of database, whoever makes them. */
export function describeSqlSchema(target: SqlTarget): void {
  describe(`AshSqlStore on ${target.title}, its tables:`, () => {
    const made = prefixOf('made');
    const migrated = prefixOf('migrated');

    class Migration1763700000001 extends AshTables1763700000000 {
      override readonly name = 'Migration1763700000001';
      protected override readonly tablePrefix = migrated;
    }

    let source: DataSource;

    beforeAll(async () => {
      source = await connect(target, {
        entities: ashEntitiesFor(migrated),
        migrations: [Migration1763700000001],
        migrationsTableName: `${migrated}migrations`,
      });
    });

    afterAll(async () => {
      for (const prefix of [made, migrated]) await dropTables(source, prefix);
      await source.query(`DROP TABLE IF EXISTS ${migrated}migrations`);
      await source.destroy();
    });

    /** The columns and indexes of a table, without the names of the table and of what belongs to it. */
    const shape = async (prefix: string) => {
      const runner = source.createQueryRunner();
      const tables = await runner.getTables(TABLES.map((name) => `${prefix}${name}`));
      await runner.release();
      return tables
        .map(({ name, columns, indices }) => ({
          name: name.split('.').at(-1)?.replace(prefix, ''),
          columns: columns.map(({ name: column, type, length, isNullable, isPrimary, charset, collation }) => ({
            ...{ column, type, length, isNullable, isPrimary, charset, collation },
          })),
          indices: indices.map((index) => [index.name?.replace(prefix, ''), index.columnNames]),
        }))
        .sort((a, b) => String(a.name).localeCompare(String(b.name)));
    };

    const pendingChanges = async () => {
      const { upQueries } = await source.driver.createSchemaBuilder().log();
      return upQueries.map(({ query }) => query).filter((query) => query.includes(migrated));
    };

    it('refuses to open without them, and names the mend', async () => {
      await expect(new AshSqlStore(source, { tablePrefix: made }).open()).rejects.toMatchObject({
        code: 'ASH_CONFIGURATION_ERROR',
        message: expect.stringMatching(
          /the tables '.+' are not there .+ Run the migration AshTables1763700000000, or set { createTables: true }/,
        ) as string,
      });
    });

    it('makes them once, also where ten stores open at once', async () => {
      const sources = await Promise.all(Array.from({ length: 10 }, () => connect(target)));
      const stores = await Promise.all(sources.map((each) => openStore(each, { tablePrefix: made, timeout: 5_000 })));
      const ids = await Promise.all(
        stores.map(async (store) => (await store.create({ binding: 'POST /a', ttlMs: 60_000 })).id),
      );
      expect(new Set(ids).size).toBe(10);
      await Promise.all(sources.map((each) => each.destroy()));
    });

    it('makes by the migration what it makes by createTables', async () => {
      await source.runMigrations();
      const tables = await shape(migrated);
      expect(tables.map(({ name }) => name)).toStrictEqual(TABLES);
      expect(tables.flatMap(({ indices }) => indices)).toStrictEqual([
        ['context_keep_until', ['keep_until']],
        ['link_keep_until', ['keep_until']],
        ['seed_keep_until', ['keep_until']],
        ['spent_keep_until', ['keep_until']],
      ]);
      expect(tables).toStrictEqual(await shape(made));
    });

    it('leaves nothing for a generated migration to change, where the entities are the application’s', async () => {
      await expect(pendingChanges()).resolves.toStrictEqual([]);
    });

    it('opens on the migrated tables without making any', async () => {
      const store = await openStore(source, { tablePrefix: migrated, createTables: false });
      const { id } = await store.create({ binding: 'POST /a', ttlMs: 60_000 });
      await expect(store.consume(id)).resolves.toBe('consumed');
      await store.close();
      const row = await source.getRepository<AshContextRow>(`${migrated}context`).findOneByOrFail({ id });
      expect(Number(row.consumedAt)).toBeGreaterThan(0);
    });

    it('takes them away again by the migration', async () => {
      await source.undoLastMigration();
      await expect(shape(migrated)).resolves.toStrictEqual([]);
    });

    it('makes none where the application synchronizes its entities', async () => {
      await source.synchronize();
      const store = await openStore(source, { tablePrefix: migrated, createTables: false });
      const { id } = await store.create({ binding: 'POST /a', ttlMs: 60_000 });
      await expect(store.consume(id)).resolves.toBe('consumed');
      await store.close();
    });
  });
}
