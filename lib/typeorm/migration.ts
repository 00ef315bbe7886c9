import type { MigrationInterface, QueryRunner } from 'typeorm';
import { engineOf, sourceOf } from './data-source.js';
import type { SqlEngine } from './engine.js';
import { property } from './property.js';
import { createTables, dropTables } from './schema.js';
import { TABLE_PREFIX, tablesNamed, type SqlTables } from './tables.js';

/**
 * Makes the tables of `AshSqlStore` on PostgreSQL, MySQL, MariaDB and SQLite: the same ones that `createTables` makes.
 *
 * For another prefix than `ash_` extend it, and let the name end in a time of your own.
 *
 * @example
 * new DataSource({ …, migrations: [AshTables1763700000000, …] });
 *
 * @example
 * export class ShopAshTables1763700000001 extends AshTables1763700000000 {
 *   override readonly name = 'ShopAshTables1763700000001';
 *   protected override readonly tablePrefix = 'shop_ash_';
 * }
 */
export class AshTables1763700000000 implements MigrationInterface {
  readonly name: string = 'AshTables1763700000000';
  /** What the tables' names begin with: the store's `tablePrefix`. */
  protected readonly tablePrefix: string = TABLE_PREFIX;

  /** Makes the tables and indexes that are not there. */
  async up(queryRunner: QueryRunner): Promise<void> {
    const { engine, tables } = this.target(queryRunner);
    await createTables(queryRunner, engine, tables, this.tablePrefix);
  }

  /** Takes the tables away: every open context is refused from then on. */
  async down(queryRunner: QueryRunner): Promise<void> {
    await dropTables(queryRunner, this.target(queryRunner).tables);
  }

  private target(queryRunner: QueryRunner): { engine: SqlEngine; tables: SqlTables } {
    const { options } = sourceOf(queryRunner.manager);
    const engine = engineOf(options);
    return { engine, tables: tablesNamed(this.tablePrefix, engine.quote, schemaOf(options)) };
  }
}

/** The schema that a DataSource's tables are in, where it names one. */
export function schemaOf(options: object): string | undefined {
  const schema = property(options, 'schema');
  return typeof schema === 'string' && schema !== '' ? schema : undefined;
}
