import type { SqlStatement } from './statement.js';
import { CLEANUP_LEASE, EPOCH_KEY, type SqlTables } from './tables.js';

/** What a store says to its engine. */
export interface SqlStatements {
  readonly insertContext: SqlStatement;
  readonly selectContext: SqlStatement;
  /** The same after a refusal, which it has to explain. */
  readonly recheckContext: SqlStatement;
  readonly consumeContext: SqlStatement;
  readonly insertLink: SqlStatement;
  readonly selectLink: SqlStatement;
  /** The same after a refusal, which it has to explain. */
  readonly recheckLink: SqlStatement;
  readonly reserveLink: SqlStatement;
  readonly releaseLink: SqlStatement;
  /** Spends a context and holds a link, both or neither; `undefined` where the engine has no such statement. */
  readonly spend: SqlStatement | undefined;
  readonly selectEpoch: SqlStatement;
  readonly insertEpoch: SqlStatement;
  readonly insertMark: SqlStatement;
  readonly selectSeed: SqlStatement;
  readonly insertSeed: SqlStatement;
  /** Puts a seed in the place of one that is kept no more. */
  readonly renewSeed: SqlStatement;
  /** Each forgets one batch of a table. */
  readonly forget: readonly SqlStatement[];
  readonly takeLease: SqlStatement;
  readonly insertLease: SqlStatement;
  /** Each fails where a table is not there, or is another. */
  readonly probe: readonly SqlStatement[];
}

/** In what engines differ over the statements that they share. */
export interface SqlDialect {
  readonly compile: (text: string) => SqlStatement;
  /** Stands before a statement that may wait for a row, and bounds the wait. */
  readonly before?: string;
  /** Stands at the end of the condition of a statement that may wait for a row, and bounds the wait. */
  readonly bounded: string;
  /** Stands at the end of a question whose answer has to be the present, also in a transaction that began before. */
  readonly present: string;
  /** Stands at the end of an insertion from rows that nobody may take away before it has ended. */
  readonly kept: string;
  /** Stands at the end of an insertion that does nothing where the row is there; without it that is an error. */
  readonly unlessThere: string;
}

/** The statements that are the same for all engines. Whether one changed a row is what decides. */
export function sharedStatements(
  { context, link, spent, seed, state }: SqlTables,
  { compile, before = '', bounded, present, kept, unlessThere }: SqlDialect,
): Omit<SqlStatements, 'spend' | 'forget'> {
  const selectContext = `SELECT id, body, issued_at, expires_at, consumed_at FROM ${context} WHERE id = :id`;
  const selectLink = `SELECT hash, body, issued_at, expires_at, holder FROM ${link} WHERE hash = :hash`;
  return {
    insertContext: compile(
      `INSERT INTO ${context} (id, body, issued_at, expires_at, keep_until)
       VALUES (:id, :body, :issuedAt, :expiresAt, :keepUntil)`,
    ),
    selectContext: compile(selectContext),
    recheckContext: compile(`${selectContext}${present}`),
    consumeContext: compile(
      `${before}UPDATE ${context} SET consumed_at = :now
       WHERE id = :id AND consumed_at IS NULL AND expires_at > :now${bounded}`,
    ),
    insertLink: compile(
      `INSERT INTO ${link} (hash, body, issued_at, expires_at, keep_until)
       VALUES (:hash, :body, :issuedAt, :expiresAt, :keepUntil)`,
    ),
    selectLink: compile(selectLink),
    recheckLink: compile(`${selectLink}${present}`),
    reserveLink: compile(
      `${before}UPDATE ${link} SET holder = :holder
       WHERE hash = :hash AND (holder = :holder OR (holder IS NULL AND expires_at > :now))${bounded}`,
    ),
    releaseLink: compile(`${before}UPDATE ${link} SET holder = NULL WHERE hash = :hash AND holder = :holder${bounded}`),
    selectEpoch: compile(`SELECT epoch FROM ${spent} WHERE mark_key = '${EPOCH_KEY}'${present}`),
    insertEpoch: compile(
      `INSERT INTO ${spent} (mark_key, epoch, keep_until)
       VALUES ('${EPOCH_KEY}', :epoch, ${String(Number.MAX_SAFE_INTEGER)})${unlessThere}`,
    ),
    // A mark that somebody is deleting is waited for, and then is not there any more: the epoch, which goes with it, has
    // to be held before that.
    insertMark: compile(
      `${before}INSERT INTO ${spent} (mark_key, keep_until)
       SELECT :key, CAST(:keepUntil AS DECIMAL(16)) FROM ${spent} marks
       WHERE marks.mark_key = '${EPOCH_KEY}' AND marks.epoch = :epoch${bounded}${kept}${unlessThere}`,
    ),
    selectSeed: compile(`SELECT seed FROM ${seed} WHERE tick = :tick AND keep_until > :now${present}`),
    insertSeed: compile(
      `${before}INSERT INTO ${seed} (tick, seed, keep_until) VALUES (:tick, :proposed, :keepUntil)${unlessThere}`,
    ),
    renewSeed: compile(
      `${before}UPDATE ${seed} SET seed = :proposed, keep_until = :keepUntil
       WHERE tick = :tick AND keep_until <= :now${bounded}`,
    ),
    takeLease: compile(
      `UPDATE ${state} SET value = :owner, held_until = :until
       WHERE name = '${CLEANUP_LEASE}' AND (held_until <= :now OR value = :owner)`,
    ),
    insertLease: compile(
      `INSERT INTO ${state} (name, value, held_until) VALUES ('${CLEANUP_LEASE}', :owner, :until)${unlessThere}`,
    ),
    probe: [
      `SELECT id, body, issued_at, expires_at, consumed_at, keep_until FROM ${context} WHERE 1 = 0`,
      `SELECT hash, body, issued_at, expires_at, holder, keep_until FROM ${link} WHERE 1 = 0`,
      `SELECT mark_key, epoch, keep_until FROM ${spent} WHERE 1 = 0`,
      `SELECT tick, seed, keep_until FROM ${seed} WHERE 1 = 0`,
      `SELECT name, value, held_until FROM ${state} WHERE 1 = 0`,
    ].map(compile),
  };
}
