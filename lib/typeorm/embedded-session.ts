import { setTimeout as pause } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { Deadline } from './deadline.js';
import type { SqlEngine } from './engine.js';
import { unavailable } from './failure.js';
import type { SqlRunner, SqlSessionOptions } from './session.js';
import type { SqliteDatabase } from './sqlite.js';
import { bind, type SqlAnswer, type SqlBound, type SqlStatement, type SqlValues } from './statement.js';

const PAUSE = 2;

/**
 * Runs statements on the one connection that an embedded engine has, which the application may share: a statement
 * waits until no transaction is open on it, since a context that is spent in somebody else's transaction is unspent
 * again when that is rolled back.
 */
export class EmbeddedSession implements SqlRunner {
  constructor(
    private readonly source: DataSource,
    private readonly engine: SqlEngine,
    private readonly options: SqlSessionOptions,
  ) {}

  async execute(statement: SqlStatement, values: SqlValues, timeout = this.options.timeout): Promise<SqlAnswer> {
    return this.run(statement, bind(statement, values), timeout);
  }

  async run(statement: SqlStatement, bound: SqlBound[], timeout: number): Promise<SqlAnswer> {
    try {
      const runner = this.source.createQueryRunner('master');
      const database = (await runner.connect()) as SqliteDatabase;
      this.source.logger.logQuery(statement.text, undefined, runner);
      return await this.whenFree(database, statement, bound, new Deadline(timeout));
    } catch (error) {
      throw unavailable(error);
    }
  }

  private async whenFree(
    database: SqliteDatabase,
    statement: SqlStatement,
    bound: SqlBound[],
    deadline: Deadline,
  ): Promise<SqlAnswer> {
    for (;;) {
      if (!database.inTransaction) {
        try {
          // Nothing runs between the question and the statement.
          return await withoutBlocking(database, () =>
            this.engine.run(database, statement, bound, this.options.prepare),
          );
        } catch (error) {
          if (this.engine.faultOf(error) !== 'conflict' || deadline.isOver) throw error;
        }
      } else if (deadline.isOver) {
        throw new Error(
          'The connection to SQLite is in a transaction of the application: spend the context in it, withManager(manager), or give the store a file of its own.',
        );
      }
      await pause(PAUSE);
    }
  }
}

/** While another process writes, SQLite would wait for it with the whole process: the waiting is done here. */
function withoutBlocking<T>(database: SqliteDatabase, act: () => T): T {
  const before = Number(database.pragma('busy_timeout', { simple: true }));
  if (before === 0) return act();
  database.pragma('busy_timeout = 0');
  try {
    return act();
  } finally {
    database.pragma(`busy_timeout = ${String(before)}`);
  }
}
