import type { SqlAnswer, SqlBound, SqlStatement, SqlValues } from './statement.js';

/** Where statements run: on connections of a pool, on the one connection of an embedded engine, or in a transaction. */
export interface SqlSession {
  /**
   * Runs one statement.
   *
   * @param timeout The longest wait, in milliseconds, where it is not the store's own.
   * @throws AshError `ASH_STORE_UNAVAILABLE`, with the driver's error as its cause.
   */
  execute(statement: SqlStatement, values: SqlValues, timeout?: number): Promise<SqlAnswer>;
}

/** Where statements run that are bound already. */
export interface SqlRunner extends SqlSession {
  /**
   * Runs one statement.
   *
   * @param timeout The longest wait, in milliseconds.
   * @throws AshError `ASH_STORE_UNAVAILABLE`, with the driver's error as its cause.
   */
  run(statement: SqlStatement, bound: SqlBound[], timeout: number): Promise<SqlAnswer>;
}

/** How a session runs its statements. */
export interface SqlSessionOptions {
  /** The longest wait for a connection and a statement together, in milliseconds. */
  readonly timeout: number;
  /** Whether the server keeps each statement for the next time. */
  readonly prepare: boolean;
}
