import type { SqlEngine, SqlFault } from './engine.js';
import { grouped } from './groups.js';
import { attendPool } from './pg-pool.js';
import { property } from './property.js';
import { postgresGroups } from './postgres-groups.js';
import { numbered, type SqlAnswer, type SqlRow } from './statement.js';
import { sharedStatements } from './statements.js';
import { forgettable, type SqlTables } from './tables.js';

/** What the store needs of a client of `pg`. */
interface PostgresClient {
  query(query: { name?: string; text: string; values: unknown[] }): Promise<{
    readonly rows: readonly SqlRow[];
    readonly rowCount: number | null;
  }>;
  end(): Promise<void>;
}

const FAULTS: Readonly<Record<string, SqlFault>> = {
  '40001': 'conflict',
  '40P01': 'conflict',
  '23505': 'duplicate',
  '42P01': 'no-table',
  '42703': 'no-table',
};

/**
 * The classes of a value that does not fit, a broken constraint, a lost transaction, a limit of the server's and a row
 * that somebody else held for too long.
 */
const REFUSED = /^(?:22|23|40|54|55)[0-9A-Z]{3}$/;

/**
 * Room on each page for rows that are changed: one whose new version stands on the same page needs no new entries in the
 * indexes.
 */
const ROOM_FOR_CHANGES = 'WITH (fillfactor = 70)';

export const POSTGRES: SqlEngine = {
  title: 'PostgreSQL',
  start: 'docker run --rm -p 5432:5432 -e POSTGRES_PASSWORD=ash postgres',
  durability: {
    ask: numbered("SELECT current_setting('synchronous_commit') AS setting"),
    unsafe: 'off',
    mend: "synchronous_commit is 'off'; ALTER ROLE … SET synchronous_commit = on, or have it on for the whole server",
  },
  attend: attendPool,
  quote: (name) => `"${name}"`,

  tables: ({ context, link, spent, seed, state }, prefix) => [
    `CREATE TABLE IF NOT EXISTS ${context} (
       "id" character varying(64) NOT NULL, "body" text NOT NULL, "issued_at" bigint NOT NULL,
       "expires_at" bigint NOT NULL, "consumed_at" bigint, "keep_until" bigint NOT NULL, PRIMARY KEY ("id"))
     ${ROOM_FOR_CHANGES}`,
    `CREATE INDEX IF NOT EXISTS "${prefix}context_keep_until" ON ${context} ("keep_until")`,
    `CREATE TABLE IF NOT EXISTS ${link} (
       "hash" character varying(64) NOT NULL, "body" text NOT NULL, "issued_at" bigint NOT NULL,
       "expires_at" bigint NOT NULL, "holder" character varying(1200), "keep_until" bigint NOT NULL, PRIMARY KEY ("hash"))
     ${ROOM_FOR_CHANGES}`,
    `CREATE INDEX IF NOT EXISTS "${prefix}link_keep_until" ON ${link} ("keep_until")`,
    `CREATE TABLE IF NOT EXISTS ${spent} (
       "mark_key" character varying(64) NOT NULL, "epoch" character varying(64), "keep_until" bigint NOT NULL,
       PRIMARY KEY ("mark_key"))`,
    `CREATE INDEX IF NOT EXISTS "${prefix}spent_keep_until" ON ${spent} ("keep_until")`,
    `CREATE TABLE IF NOT EXISTS ${seed} (
       "tick" integer NOT NULL, "seed" integer NOT NULL, "keep_until" bigint NOT NULL, PRIMARY KEY ("tick"))`,
    `CREATE INDEX IF NOT EXISTS "${prefix}seed_keep_until" ON ${seed} ("keep_until")`,
    `CREATE TABLE IF NOT EXISTS ${state} (
       "name" character varying(64) NOT NULL, "value" character varying(128) NOT NULL, "held_until" bigint NOT NULL,
       PRIMARY KEY ("name"))`,
  ],

  statements: (tables, { lockTimeout, batch, asksServerClock }) => {
    // Set by the statement itself, before it reaches a row: a server that goes on waiting for the row after its client
    // has left keeps a session for each client that left.
    const bounded =
      lockTimeout === undefined
        ? ''
        : ` AND (SELECT set_config('lock_timeout', '${String(lockTimeout)}ms', true)) IS NOT NULL`;
    const due = asksServerClock ? 'LEAST(:now, (extract(epoch FROM now()) * 1000)::bigint)' : ':now';
    const shared = sharedStatements(tables, {
      compile: numbered,
      bounded,
      present: '',
      kept: ' FOR KEY SHARE',
      unlessThere: ' ON CONFLICT DO NOTHING',
    });
    return {
      ...grouped({ ...shared, spend: numbered(spend(tables, bounded)) }, tables, postgresGroups(tables, lockTimeout)),
      forget: forgettable(tables).map((table) =>
        // The rows' addresses, so that the batch is found by one walk along the index; a row that is being spent is
        // left for the next time. Where a table has partitions, an address is that of a row in each of them.
        numbered(`
          DELETE FROM ${table} WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM ${table} WHERE keep_until <= ${due}
            ORDER BY keep_until LIMIT ${String(batch)} FOR UPDATE SKIP LOCKED)) AND keep_until <= ${due}`),
      ),
    };
  },

  run: async (connection, { name, text }, values, isPrepared): Promise<SqlAnswer> => {
    const client = connection as PostgresClient;
    const { rows, rowCount } = await client.query({ ...(isPrepared ? { name } : {}), text, values });
    return { rows, affected: rowCount ?? 0 };
  },

  abandon: (connection) => {
    (connection as PostgresClient).end().catch(() => undefined);
  },

  faultOf: (error) => {
    const code = String(property(error, 'code'));
    return FAULTS[code] ?? (REFUSED.test(code) ? 'refused' : 'other');
  },
};

/**
 * Each part reads the one before, and so runs after it: the link is locked, the context spent if the link is free, the
 * link held if the context was spent. Of two requests for one link the second waits at the lock, and then sees the
 * link as the first one left it.
 */
function spend({ context, link }: SqlTables, bounded: string): string {
  return `
    WITH free AS MATERIALIZED (
      SELECT 1 FROM ${link}
      WHERE hash = :hash AND (holder = :holder OR (holder IS NULL AND expires_at > :now))${bounded} FOR UPDATE),
    spent AS (
      UPDATE ${context} SET consumed_at = :now
      WHERE id = :id AND consumed_at IS NULL AND expires_at > :now AND EXISTS (SELECT 1 FROM free) RETURNING 1),
    held AS (
      UPDATE ${link} SET holder = :holder WHERE hash = :hash AND EXISTS (SELECT 1 FROM spent) RETURNING 1)
    SELECT 1 FROM held`;
}
