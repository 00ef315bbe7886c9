import Database from 'better-sqlite3';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { CONTEXT, newIdentifier, spentNow } from './contestants.mjs';

// The least that keeping contexts in a database takes, in the table of the store: a row that is inserted, one that is
// read, and one that is changed if it is unspent and has not expired. All by prepared statements.

const TEXTS = {
  insert: 'INSERT INTO ash_context (id, body, issued_at, expires_at, keep_until) VALUES (?, ?, ?, ?, ?)',
  select: 'SELECT id, body, issued_at, expires_at, consumed_at FROM ash_context WHERE id = ?',
  update: 'UPDATE ash_context SET consumed_at = ? WHERE id = ? AND consumed_at IS NULL AND expires_at > ?',
};
const BODY = JSON.stringify({ binding: CONTEXT.binding, mode: 'balanced', protocol: 'v2.3', nonce: 'f'.repeat(64) });
const SPENT_NOW = { 1: true, 0: false };

/** PostgreSQL by a pool of `pg`, each statement with a name. */
export function barePostgres(url, connections) {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  // A server that ends takes idle connections with it; what fails while it is asked fails its own question.
  pool.on('error', () => undefined);
  const numbered = (text) => {
    let place = 0;
    return text.replace(/\?/g, () => `$${++place}`);
  };
  const statements = Object.fromEntries(
    Object.entries(TEXTS).map(([name, text]) => [name, { name: `bare_${name}`, text: numbered(text) }]),
  );
  const query = (name, values) => pool.query({ ...statements[name], values });
  return {
    ...bareTable({
      change: async (name, values) => (await query(name, values)).rowCount,
      read: async (name, values) => (await query(name, values)).rows[0],
    }),
    close: () => pool.end(),
  };
}

/** MariaDB by a pool of `mysql2`. */
export function bareMariadb(url, connections) {
  const pool = mysql.createPool({ uri: url, connectionLimit: connections });
  return {
    ...bareTable({
      change: async (name, values) => (await pool.execute(TEXTS[name], values))[0].affectedRows,
      read: async (name, values) => (await pool.execute(TEXTS[name], values))[0][0],
    }),
    close: () => pool.end(),
  };
}

/** SQLite by `better-sqlite3`, whose calls wait for the disk. */
export function bareSqlite(file) {
  const database = new Database(file);
  database.pragma('synchronous = FULL');
  const statements = Object.fromEntries(Object.entries(TEXTS).map(([name, text]) => [name, database.prepare(text)]));
  return {
    ...bareTable({
      change: (name, values) => Promise.resolve(statements[name].run(...values).changes),
      read: (name, values) => Promise.resolve(statements[name].get(...values)),
    }),
    close: () => database.close(),
  };
}

function bareTable({ change, read }) {
  return {
    create: async () => {
      const id = newIdentifier();
      const now = Date.now();
      const expiresAt = now + CONTEXT.ttlMs;
      if ((await change('insert', [id, BODY, now, expiresAt, expiresAt])) !== 1)
        throw new Error('No row was inserted.');
      return id;
    },
    isSpent: async (id) => {
      const row = await read('select', [id]);
      if (row?.id !== id) throw new Error(`The table lost ${id}.`);
      return row.consumed_at !== null;
    },
    spend: async (id) => {
      const now = Date.now();
      return spentNow(await change('update', [now, id, now]), SPENT_NOW);
    },
  };
}
