import { setTimeout as pause } from 'node:timers/promises';
import type { DataSource, QueryRunner } from 'typeorm';
import type { SqlEngine } from './engine.js';
import { property } from './property.js';
import type { SqlTables } from './tables.js';

/** Who makes the tables of PostgreSQL, of several processes that start at once: `ash` and a running number. */
const ADVISORY_LOCK = 0x617368_01;

const ATTEMPTS = 20;
const PAUSE = 50;

/** Makes the tables and indexes that are not there. */
export async function createTables(
  runner: QueryRunner,
  engine: SqlEngine,
  tables: SqlTables,
  prefix: string,
): Promise<void> {
  for (const text of engine.tables(tables, prefix)) await runner.query(text);
}

/** Takes the tables away, with all that is in them. */
export async function dropTables(runner: QueryRunner, tables: SqlTables): Promise<void> {
  for (const table of Object.values(tables) as string[]) await runner.query(`DROP TABLE IF EXISTS ${table}`);
}

/** The same as {@link createTables}, also where several processes begin it at once. */
export async function createTablesAtOnce(
  source: DataSource,
  engine: SqlEngine,
  tables: SqlTables,
  prefix: string,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const runner = source.createQueryRunner('master');
    try {
      if (source.options.type === 'postgres') await inTurn(runner, () => createTables(runner, engine, tables, prefix));
      else await createTables(runner, engine, tables, prefix);
      return;
    } catch (error) {
      const fault = engine.faultOf(property(error, 'driverError') ?? error);
      if (fault !== 'conflict' || attempt === ATTEMPTS) throw error;
    } finally {
      await runner.release();
    }
    await pause(PAUSE);
  }
}

/** `IF NOT EXISTS` of PostgreSQL is no promise: of two that find no table, one fails. */
async function inTurn(runner: QueryRunner, act: () => Promise<void>): Promise<void> {
  await runner.startTransaction();
  try {
    await runner.query(`SELECT pg_advisory_xact_lock(${String(ADVISORY_LOCK)})`);
    await act();
    await runner.commitTransaction();
  } catch (error) {
    await runner.rollbackTransaction();
    throw error;
  }
}
