import type { SqlEngine, SqlFault } from './engine.js';
import { grouped } from './groups.js';
import { property } from './property.js';
import { SQLITE_GROUPS } from './sqlite-groups.js';
import { positional, type SqlAnswer, type SqlBound, type SqlRow } from './statement.js';
import { sharedStatements } from './statements.js';
import { forgettable } from './tables.js';

interface PreparedStatement {
  readonly reader: boolean;
  all(...values: SqlBound[]): readonly SqlRow[];
  run(...values: SqlBound[]): { readonly changes: number };
}

/** What the store needs of a database of `better-sqlite3`. */
export interface SqliteDatabase {
  readonly inTransaction: boolean;
  prepare(text: string): PreparedStatement;
  pragma(source: string, options?: { simple: boolean }): unknown;
}

const FAULTS: Readonly<Record<string, SqlFault>> = {
  SQLITE_BUSY: 'conflict',
  SQLITE_LOCKED: 'conflict',
  SQLITE_CONSTRAINT_PRIMARYKEY: 'duplicate',
};

const prepared = new WeakMap<SqliteDatabase, Map<string, PreparedStatement>>();

/** SQLite through `better-sqlite3`. */
export const SQLITE: SqlEngine = {
  title: 'SQLite',
  start: 'name a file in a folder that this process may write to',
  quote: (name) => `"${name}"`,

  tables: ({ context, link, spent, seed, state }, prefix) => [
    `CREATE TABLE IF NOT EXISTS ${context} (
       "id" varchar(64) PRIMARY KEY NOT NULL, "body" text NOT NULL, "issued_at" bigint NOT NULL,
       "expires_at" bigint NOT NULL, "consumed_at" bigint, "keep_until" bigint NOT NULL)`,
    `CREATE INDEX IF NOT EXISTS "${prefix}context_keep_until" ON ${context} ("keep_until")`,
    `CREATE TABLE IF NOT EXISTS ${link} (
       "hash" varchar(64) PRIMARY KEY NOT NULL, "body" text NOT NULL, "issued_at" bigint NOT NULL,
       "expires_at" bigint NOT NULL, "holder" varchar(1200), "keep_until" bigint NOT NULL)`,
    `CREATE INDEX IF NOT EXISTS "${prefix}link_keep_until" ON ${link} ("keep_until")`,
    `CREATE TABLE IF NOT EXISTS ${spent} (
       "mark_key" varchar(64) PRIMARY KEY NOT NULL, "epoch" varchar(64), "keep_until" bigint NOT NULL)`,
    `CREATE INDEX IF NOT EXISTS "${prefix}spent_keep_until" ON ${spent} ("keep_until")`,
    `CREATE TABLE IF NOT EXISTS ${seed} (
       "tick" integer PRIMARY KEY NOT NULL, "seed" integer NOT NULL, "keep_until" bigint NOT NULL)`,
    `CREATE INDEX IF NOT EXISTS "${prefix}seed_keep_until" ON ${seed} ("keep_until")`,
    `CREATE TABLE IF NOT EXISTS ${state} (
       "name" varchar(64) PRIMARY KEY NOT NULL, "value" varchar(128) NOT NULL, "held_until" bigint NOT NULL)`,
  ],

  statements: (tables, { batch }) => {
    const shared = sharedStatements(tables, {
      compile: positional,
      bounded: '',
      present: '',
      kept: '',
      unlessThere: ' ON CONFLICT DO NOTHING',
    });
    return {
      ...grouped({ ...shared, spend: undefined }, tables, SQLITE_GROUPS),
      forget: forgettable(tables).map((table) =>
        positional(`
          DELETE FROM ${table} WHERE rowid IN (
            SELECT rowid FROM ${table} WHERE keep_until <= :now ORDER BY keep_until LIMIT ${String(batch)})`),
      ),
    };
  },

  run: (connection, { text }, values, isPrepared) =>
    new Promise<SqlAnswer>((resolve) => {
      const statement = prepare(connection as SqliteDatabase, text, isPrepared);
      if (statement.reader) {
        const rows = statement.all(...values);
        resolve({ rows, affected: rows.length });
      } else {
        resolve({ rows: [], affected: statement.run(...values).changes });
      }
    }),

  // Its answers are never late: they come before anything else runs.
  abandon: () => undefined,

  faultOf: (error) => {
    const code = String(property(error, 'code'));
    if (code === 'SQLITE_ERROR' && /no such (table|column)/.test(String(property(error, 'message')))) return 'no-table';
    return FAULTS[code] ?? (code.startsWith('SQLITE_CONSTRAINT') ? 'refused' : 'other');
  },
};

function prepare(database: SqliteDatabase, text: string, isKept: boolean): PreparedStatement {
  if (!isKept) return database.prepare(text);
  let statements = prepared.get(database);
  if (statements === undefined) prepared.set(database, (statements = new Map<string, PreparedStatement>()));
  let statement = statements.get(text);
  if (statement === undefined) statements.set(text, (statement = database.prepare(text)));
  return statement;
}
