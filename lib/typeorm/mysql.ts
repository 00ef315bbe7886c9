import type { SqlEngine, SqlFault, SqlStatementOptions } from './engine.js';
import { property } from './property.js';
import { positional, type SqlAnswer, type SqlRow } from './statement.js';
import { sharedStatements, type SqlStatements } from './statements.js';
import { forgettable, type SqlTables } from './tables.js';

type Callback = (error: Error | null, answer: readonly SqlRow[] | { readonly affectedRows?: number }) => void;

/** What the store needs of a connection of `mysql2`; `mysql` has no `execute`. */
interface MysqlConnection {
  execute?(text: string, values: unknown[], callback: Callback): void;
  query(text: string, values: unknown[], callback: Callback): void;
  destroy(): void;
}

const FAULTS: Readonly<Record<number, SqlFault>> = {
  1213: 'conflict',
  1020: 'conflict',
  1062: 'duplicate',
  1146: 'no-table',
  1054: 'no-table',
};

/** Identifiers, hashes and holders are ASCII, and compared byte by byte. */
const BYTES = 'CHARACTER SET ascii COLLATE ascii_bin';
const TEXT = 'text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';

/** MySQL, which waits for a row that somebody else holds as long as `innodb_lock_wait_timeout` of the server says. */
export const MYSQL: SqlEngine = {
  title: 'MySQL',
  start: 'docker run --rm -p 3306:3306 -e MYSQL_ROOT_PASSWORD=ash -e MYSQL_DATABASE=ash mysql',
  durability: {
    ask: positional('SELECT @@GLOBAL.innodb_flush_log_at_trx_commit AS setting'),
    unsafe: '0',
    mend: 'innodb_flush_log_at_trx_commit is 0; SET GLOBAL innodb_flush_log_at_trx_commit = 1',
  },
  quote: (name) => `\`${name}\``,

  tables: ({ context, link, spent, seed, state }, prefix) => [
    `CREATE TABLE IF NOT EXISTS ${context} (
       id varchar(64) ${BYTES} NOT NULL, body ${TEXT} NOT NULL, issued_at bigint NOT NULL, expires_at bigint NOT NULL,
       consumed_at bigint NULL, keep_until bigint NOT NULL,
       PRIMARY KEY (id), INDEX ${prefix}context_keep_until (keep_until)) ENGINE=InnoDB`,
    `CREATE TABLE IF NOT EXISTS ${link} (
       hash varchar(64) ${BYTES} NOT NULL, body ${TEXT} NOT NULL, issued_at bigint NOT NULL, expires_at bigint NOT NULL,
       holder varchar(1200) ${BYTES} NULL, keep_until bigint NOT NULL,
       PRIMARY KEY (hash), INDEX ${prefix}link_keep_until (keep_until)) ENGINE=InnoDB`,
    `CREATE TABLE IF NOT EXISTS ${spent} (
       mark_key varchar(64) ${BYTES} NOT NULL, epoch varchar(64) ${BYTES} NULL, keep_until bigint NOT NULL,
       PRIMARY KEY (mark_key), INDEX ${prefix}spent_keep_until (keep_until)) ENGINE=InnoDB`,
    `CREATE TABLE IF NOT EXISTS ${seed} (
       tick int NOT NULL, seed int NOT NULL, keep_until bigint NOT NULL,
       PRIMARY KEY (tick), INDEX ${prefix}seed_keep_until (keep_until)) ENGINE=InnoDB`,
    `CREATE TABLE IF NOT EXISTS ${state} (
       name varchar(64) ${BYTES} NOT NULL, value varchar(128) ${BYTES} NOT NULL, held_until bigint NOT NULL,
       PRIMARY KEY (name)) ENGINE=InnoDB`,
  ],

  statements: (tables, options) => statements(tables, options, ''),

  run: (given, { text }, values, isPrepared) =>
    new Promise<SqlAnswer>((resolve, reject) => {
      const connection = given as MysqlConnection;
      const done: Callback = (error, answer) => {
        if (error) reject(error);
        else if (isRows(answer)) resolve({ rows: answer, affected: answer.length });
        else resolve({ rows: [], affected: answer.affectedRows ?? 0 });
      };
      if (isPrepared && connection.execute !== undefined) connection.execute(text, values, done);
      else connection.query(text, values, done);
    }),

  abandon: (connection) => {
    (connection as MysqlConnection).destroy();
  },

  faultOf: (error) => FAULTS[Number(property(error, 'errno'))] ?? 'other',
};

/** MariaDB, which takes a bound for the waiting with the statement. */
export const MARIADB: SqlEngine = {
  ...MYSQL,
  title: 'MariaDB',
  start: 'docker run --rm -p 3306:3306 -e MARIADB_ROOT_PASSWORD=ash -e MARIADB_DATABASE=ash mariadb',
  statements: (tables, options) => {
    const { lockTimeout } = options;
    if (lockTimeout === undefined) return statements(tables, options, '');
    const seconds = Math.ceil(lockTimeout / 1_000);
    return statements(tables, options, `SET STATEMENT innodb_lock_wait_timeout=${String(seconds)} FOR `);
  },
};

function statements(tables: SqlTables, options: SqlStatementOptions, before: string): SqlStatements {
  const { lockTimeout, batch, asksServerClock } = options;
  const due = asksServerClock ? 'LEAST(:now, FLOOR(UNIX_TIMESTAMP(NOW(3)) * 1000))' : ':now';
  return {
    ...sharedStatements(tables, {
      compile: positional,
      before,
      bounded: '',
      // A transaction of MySQL's sees rows as they were when it began, unless it asks for a lock.
      present: lockTimeout === undefined ? ' LOCK IN SHARE MODE' : '',
      kept: ' LOCK IN SHARE MODE',
      // Neither `IGNORE`, which swallows every error, nor `ON DUPLICATE KEY`, whose count depends on the client's flags.
      unlessThere: '',
    }),
    spend: positional(`
      ${before}UPDATE ${tables.link} link JOIN ${tables.context} context ON context.id = :id
      SET link.holder = :holder, context.consumed_at = :now
      WHERE link.hash = :hash AND (link.holder = :holder OR (link.holder IS NULL AND link.expires_at > :now))
        AND context.consumed_at IS NULL AND context.expires_at > :now`),
    forget: forgettable(tables).map((table) =>
      positional(`DELETE FROM ${table} WHERE keep_until <= ${due} ORDER BY keep_until LIMIT ${String(batch)}`),
    ),
  };
}

function isRows(answer: Parameters<Callback>[1]): answer is readonly SqlRow[] {
  return Array.isArray(answer);
}
