import type { DataSource, QueryRunner } from 'typeorm';
import { Deadline, TooLateError } from './deadline.js';
import type { SqlEngine } from './engine.js';
import { unavailable } from './failure.js';
import type { SqlRunner, SqlSessionOptions } from './session.js';
import { bind, type SqlAnswer, type SqlBound, type SqlStatement, type SqlValues } from './statement.js';

/** A statement that lost against another transaction is begun again this often. */
const ATTEMPTS = 3;

/**
 * So many requests for a connection may be given up while the pool still has them in its queue; then the next is refused
 * at once and does not queue: a pool without a time-out of its own would keep them all for as long as its server is away.
 */
const MAX_GIVEN_UP = 256;

/** Runs each statement on a connection of the pool, as a transaction of its own. */
export class PooledSession implements SqlRunner {
  private givenUp = 0;

  constructor(
    private readonly source: DataSource,
    private readonly engine: SqlEngine,
    private readonly options: SqlSessionOptions,
  ) {}

  async execute(statement: SqlStatement, values: SqlValues, timeout = this.options.timeout): Promise<SqlAnswer> {
    return this.run(statement, bind(statement, values), timeout);
  }

  async run(statement: SqlStatement, bound: SqlBound[], timeout: number): Promise<SqlAnswer> {
    const deadline = new Deadline(timeout);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.attempt(statement, bound, deadline);
      } catch (error) {
        const isLost = this.engine.faultOf(error) === 'conflict';
        if (!isLost || attempt === ATTEMPTS || deadline.isOver) throw unavailable(error);
      }
    }
  }

  private async attempt(statement: SqlStatement, bound: SqlBound[], deadline: Deadline): Promise<SqlAnswer> {
    const { engine, source } = this;
    this.checkQueue();
    // A replica may not have seen yet that a context is spent.
    const runner = source.createQueryRunner('master');
    const connecting: Promise<unknown> = runner.connect();
    let connection: unknown;
    let isGivenUp = false;
    // One wait for both, since each costs a timer.
    const answering = connecting.then((given) => {
      if (isGivenUp) throw new Error(`A connection to ${engine.title} came too late.`);
      connection = given;
      // Without the values: among them are the secrets of contexts.
      source.logger.logQuery(statement.text, undefined, runner);
      return engine.run(connection, statement, bound, this.options.prepare);
    });
    try {
      return await deadline.within(answering, () =>
        connection === undefined ? `A connection to ${engine.title}` : `An answer of ${engine.title}`,
      );
    } catch (error) {
      if (error instanceof TooLateError) {
        isGivenUp = true;
        if (connection === undefined) this.giveUp(runner, connecting);
        else engine.abandon(connection);
      }
      throw error;
    } finally {
      if (connection !== undefined) await runner.release();
    }
  }

  private checkQueue(): void {
    if (this.givenUp < MAX_GIVEN_UP) return;
    throw new Error(
      `${this.engine.title} gives no connection, and ${String(MAX_GIVEN_UP)} requests for one are overdue.`,
    );
  }

  /** Gives a connection that comes too late back to the pool, unused. */
  private giveUp(runner: QueryRunner, connecting: Promise<unknown>): void {
    this.givenUp++;
    connecting
      .finally(() => this.givenUp--)
      .then(() => runner.release())
      .catch(() => undefined);
  }
}
