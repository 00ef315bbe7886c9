import type { DataSource } from 'typeorm';
import type { SqlAnswer, SqlBound, SqlStatement } from './statement.js';
import type { SqlStatements } from './statements.js';
import type { SqlTables } from './tables.js';

/**
 * What an engine's error means to the store. After all but `other` the statement has done nothing, for a reason that
 * lies in it or in its rows: a part of it may do.
 */
export type SqlFault = 'conflict' | 'duplicate' | 'no-table' | 'refused' | 'other';

/** How a set of statements is meant to run. */
export interface SqlStatementOptions {
  /** The longest wait for a row that somebody else holds, in milliseconds; `undefined` in a transaction of the application's. */
  readonly lockTimeout: number | undefined;
  /** How many rows one statement of the cleanup takes. */
  readonly batch: number;
  /** Whether the cleanup asks the server's clock too: one that is ahead here must not have a mark forgotten early. */
  readonly asksServerClock: boolean;
}

/** A setting of a server that can make it lose, in a crash, what it has confirmed. */
interface SqlDurability {
  /** Asks for the setting, as a column `setting`. */
  readonly ask: SqlStatement;
  /** The value with which the server forgets commits when its process is killed. */
  readonly unsafe: string;
  /** What is wrong with it, and the mend, for a message. */
  readonly mend: string;
}

/** One kind of database: its form of the statements, and its driver. */
export interface SqlEngine {
  /** Its name for a message. */
  readonly title: string;
  /** How to start one, for a message. */
  readonly start: string;
  /** Left out where a killed process loses nothing that was confirmed. */
  readonly durability?: SqlDurability;
  /** Sees to the connections of a DataSource from its opening on, and answers how to end that. */
  readonly attend?: (source: DataSource) => () => void;
  /** A name in the engine's quotes. */
  readonly quote: (name: string) => string;
  /** The statements that make the tables and their indexes where they are not there. */
  readonly tables: (tables: SqlTables, prefix: string) => readonly string[];
  readonly statements: (tables: SqlTables, options: SqlStatementOptions) => SqlStatements;
  /**
   * Runs a statement on the driver's own connection.
   *
   * @param isPrepared Whether the server keeps the statement for the next time.
   */
  readonly run: (
    connection: unknown,
    statement: SqlStatement,
    values: SqlBound[],
    isPrepared: boolean,
  ) => Promise<SqlAnswer>;
  /** Ends a connection whose answer came too late, so that no other request gets it. */
  readonly abandon: (connection: unknown) => void;
  /** What an error of the driver means. */
  readonly faultOf: (error: unknown) => SqlFault;
}
