import type { DataSource, DataSourceOptions } from 'typeorm';
import { AshError } from '../core/index.js';
import { UnderWay } from '../stores/under-way.js';
import { engineOf, isDataSource, makeDataSource } from './data-source.js';
import { EmbeddedSession } from './embedded-session.js';
import type { SqlEngine } from './engine.js';
import { GroupingSession } from './grouping-session.js';
import { schemaOf } from './migration.js';
import type { CheckedOptions } from './options.js';
import { PooledSession } from './pooled-session.js';
import type { SqlSession } from './session.js';
import type { SqlRecordsOptions } from './sql-records.js';
import { SQLITE } from './sqlite.js';
import type { SqlStatements } from './statements.js';
import { tablesNamed, type SqlTables } from './tables.js';

/** A batch of the cleanup may take this many times as long as another statement. */
const CLEANUP_PATIENCE = 10;

/** What a store is made of, found out once. */
export interface SqlParts {
  readonly source: DataSource;
  /** Whether the DataSource is the store's own, and ends with it. */
  readonly isOwn: boolean;
  readonly engine: SqlEngine;
  readonly tables: SqlTables;
  readonly statements: SqlStatements;
  /** The same for a transaction of the application's. */
  readonly statementsInside: SqlStatements;
  readonly options: CheckedOptions;
  /** Whether the store is open: before and after, no statement runs. */
  readonly gate: { isOpen: boolean; leave: () => void };
  /** The statements that were let through the gate. */
  readonly underWay: UnderWay;
}

/** @throws AshConfigurationError for a driver that the store has no statements for, or options of no DataSource. */
export function assemble(connection: DataSource | DataSourceOptions, options: CheckedOptions): SqlParts {
  const { timeout, prepare, tablePrefix, cleanupBatch, hasOwnClock } = options;
  const isOwn = !isDataSource(connection);
  const engine = engineOf(isOwn ? connection : connection.options);
  const source = isOwn ? makeDataSource(connection, timeout, prepare) : connection;
  const tables = tablesNamed(tablePrefix, engine.quote, schemaOf(source.options));
  const shared = { batch: cleanupBatch, asksServerClock: !hasOwnClock };
  return {
    source,
    isOwn,
    engine,
    tables,
    statements: engine.statements(tables, { ...shared, lockTimeout: timeout }),
    statementsInside: engine.statements(tables, { ...shared, lockTimeout: undefined }),
    options,
    gate: { isOpen: false, leave: () => undefined },
    underWay: new UnderWay(),
  };
}

/** The records of a store on connections of its DataSource, or in a transaction of the application's. */
export function recordsOf(parts: SqlParts, inside?: SqlSession): SqlRecordsOptions {
  const { engine, statements, statementsInside, options } = parts;
  const { clock, grace, timeout, cleanupBatch } = options;
  return {
    engine,
    clock,
    grace,
    cleanupBatch,
    cleanupTimeout: timeout * CLEANUP_PATIENCE,
    statements: inside === undefined ? statements : statementsInside,
    session: inside ?? gated(parts),
  };
}

function gated({ source, engine, options, gate, underWay }: SqlParts): SqlSession {
  const runner =
    engine === SQLITE ? new EmbeddedSession(source, engine, options) : new PooledSession(source, engine, options);
  const session = new GroupingSession(runner, engine, options.timeout);
  return {
    execute: (statement, values, timeout) => {
      if (gate.isOpen) return underWay.during(() => session.execute(statement, values, timeout));
      return Promise.reject(new AshError('ASH_STORE_UNAVAILABLE', 'AshSqlStore: the store is not open: await open().'));
    },
  };
}
