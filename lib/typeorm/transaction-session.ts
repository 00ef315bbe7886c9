import type { EntityManager, QueryRunner } from 'typeorm';
import { AshConfigurationError } from '../core/index.js';
import { sourceOf } from './data-source.js';
import { Deadline, TooLateError } from './deadline.js';
import type { SqlEngine } from './engine.js';
import { unavailable } from './failure.js';
import type { SqlSession, SqlSessionOptions } from './session.js';
import { bind, type SqlAnswer, type SqlStatement, type SqlValue } from './statement.js';

/** Runs statements in a transaction of the application's: they hold when it commits, and never were when it does not. */
export class TransactionSession implements SqlSession {
  private readonly runner: QueryRunner;

  /** @throws AshConfigurationError for a manager that is in no transaction. */
  constructor(
    manager: EntityManager,
    private readonly engine: SqlEngine,
    private readonly options: SqlSessionOptions,
  ) {
    const runner = manager.queryRunner;
    if (runner?.isTransactionActive !== true) {
      throw new AshConfigurationError(
        'AshSqlStore: withManager() takes a manager inside a transaction, the one that dataSource.transaction(async (manager) => …) gives: outside of one nothing is rolled back together.',
      );
    }
    this.runner = runner;
  }

  async execute(
    statement: SqlStatement,
    values: Readonly<Record<string, SqlValue>>,
    timeout = this.options.timeout,
  ): Promise<SqlAnswer> {
    const { runner, engine } = this;
    try {
      const bound = bind(statement, values);
      if (runner.isReleased || !runner.isTransactionActive) throw new Error('The transaction has ended already.');
      const deadline = new Deadline(timeout);
      const connection: unknown = await deadline.within(runner.connect(), () => `A connection to ${engine.title}`);
      sourceOf(runner.manager).logger.logQuery(statement.text, undefined, runner);
      return await this.run(connection, statement, bound, deadline);
    } catch (error) {
      throw unavailable(error);
    }
  }

  private async run(
    connection: unknown,
    statement: SqlStatement,
    values: SqlValue[],
    deadline: Deadline,
  ): Promise<SqlAnswer> {
    const { engine, options } = this;
    try {
      return await deadline.within(
        engine.run(connection, statement, values, options.prepare),
        () => `An answer of ${engine.title}`,
      );
    } catch (error) {
      // The statement may still happen, so the transaction must not.
      if (error instanceof TooLateError) engine.abandon(connection);
      throw error;
    }
  }
}
