import { numbered, type SqlGroup, type SqlStatement } from './statement.js';
import type { SqlStatements } from './statements.js';
import type { SqlTables } from './tables.js';

/** A group waits for a row that somebody else is inserting for this part of what one act alone may wait. */
const GROUP_PATIENCE = 0.05;

type Single = Omit<SqlStatements, 'spend' | 'forget'> & { readonly spend: SqlStatement };

/** The parameters of an act in their order, and their types. */
type Columns = Readonly<Record<string, 'text' | 'bigint'>>;

/** A change of the rows of one table. */
interface Change {
  readonly table: string;
  readonly columns: Columns;
  /** The name of the column, and of the parameter, that names a row. */
  readonly key: string;
  /** What a row has to be, where `act` is what is asked for. */
  readonly condition: string;
  /** What becomes of it, where `free` is what is asked for. */
  readonly set: string;
}

/**
 * The statements with their forms for many rows at once. The values of a parameter come as one array, so that the text
 * is the same for any number of rows.
 *
 * Each row is looked up by itself (`LATERAL`, and what keeps the planner from dissolving it): a plan that was made while
 * the table was empty would read all of it ever after.
 */
export function grouped(single: Single, tables: SqlTables, lockTimeout: number | undefined): Single {
  const { context, link, spent } = tables;
  const inserted = boundedWait(lockTimeout);
  const isFreeLink = '(holder = act.holder OR (holder IS NULL AND expires_at > act.now))';
  const isFreeContext = 'consumed_at IS NULL AND expires_at > act.now';
  const selectContext = question(context, 'id', 'body, issued_at, expires_at, consumed_at');
  const selectLink = question(link, 'hash', 'body, issued_at, expires_at, holder');
  return {
    ...single,
    insertContext: { ...single.insertContext, group: insertion(context, 'id', inserted) },
    selectContext: { ...single.selectContext, group: selectContext },
    recheckContext: { ...single.recheckContext, group: selectContext },
    consumeContext: {
      ...single.consumeContext,
      group: change({
        table: context,
        columns: { id: 'text', now: 'bigint' },
        key: 'id',
        condition: isFreeContext,
        set: 'consumed_at = free.now',
      }),
    },
    insertLink: { ...single.insertLink, group: insertion(link, 'hash', inserted) },
    selectLink: { ...single.selectLink, group: selectLink },
    recheckLink: { ...single.recheckLink, group: selectLink },
    reserveLink: {
      ...single.reserveLink,
      group: change({
        table: link,
        columns: { hash: 'text', holder: 'text', now: 'bigint' },
        key: 'hash',
        condition: isFreeLink,
        set: 'holder = free.holder',
      }),
    },
    releaseLink: {
      ...single.releaseLink,
      group: change({
        table: link,
        columns: { hash: 'text', holder: 'text' },
        key: 'hash',
        condition: 'holder = act.holder',
        set: 'holder = NULL',
      }),
    },
    insertMark: { ...single.insertMark, group: mark(spent, inserted) },
    spend: { ...single.spend, group: spend(tables, isFreeLink, isFreeContext) },
  };
}

function group(kind: SqlGroup['kind'], keys: readonly string[], text: string): SqlGroup {
  const statement = numbered(text);
  return {
    statement,
    kind,
    keys,
    bind: (acts) => statement.parameters.map((name) => acts.map((values) => values[name] ?? null)),
  };
}

/** The acts as rows: `unnest(:id::text[], :now::bigint[]) AS act(id, now)`. */
function actsOf(columns: Columns): string {
  const arrays = Object.entries(columns).map(([name, type]) => `:${name}::${type}[]`);
  return `unnest(${arrays.join(', ')}) AS act(${Object.keys(columns).join(', ')})`;
}

/** In an order that all processes keep, so that two never wait for each other. */
function insertion(table: string, key: string, bounded: string): SqlGroup {
  const columns: Columns = {
    [key]: 'text',
    body: 'text',
    issuedAt: 'bigint',
    expiresAt: 'bigint',
    keepUntil: 'bigint',
  };
  return group(
    'insertion',
    [key],
    `INSERT INTO ${table} (${key}, body, issued_at, expires_at, keep_until)
     SELECT * FROM ${actsOf(columns)}${bounded} ORDER BY ${key}`,
  );
}

function question(table: string, key: string, columns: string): SqlGroup {
  return group(
    'question',
    [key],
    `SELECT found.* FROM ${actsOf({ [key]: 'text' })}
     CROSS JOIN LATERAL (SELECT ${key}, ${columns} FROM ${table} WHERE ${key} = act.${key} OFFSET 0) AS found`,
  );
}

/**
 * First locks the rows that are as they have to be, as they are now, without waiting for one, and then changes those:
 * no group waits for another, nor for a transaction of the application's.
 */
function change({ table, columns, key, condition, set }: Change): SqlGroup {
  const acts = actsOf(columns);
  const wanted = `SELECT 1 FROM ${table} WHERE ${key} = act.${key} AND ${condition}`;
  return group(
    'change',
    [key],
    `WITH free AS MATERIALIZED (
       SELECT act.* FROM ${acts} CROSS JOIN LATERAL (${wanted} FOR NO KEY UPDATE SKIP LOCKED) AS locked
       ${whole(key)}),
     changed AS (
       UPDATE ${table} mine SET ${set} FROM free WHERE mine.${key} = free.${key} RETURNING free.${key})
     SELECT ${key}, false AS held FROM changed
     ${heldBesides('changed', key, `${acts} CROSS JOIN LATERAL (${wanted} OFFSET 0) AS wanted`)}`,
  );
}

/** Both rows are locked before either is changed, so that the one is changed with the other or not at all. */
function spend({ context, link }: SqlTables, isFreeLink: string, isFreeContext: string): SqlGroup {
  const acts = actsOf({ id: 'text', hash: 'text', holder: 'text', now: 'bigint' });
  const wantedLink = `SELECT 1 FROM ${link} WHERE hash = act.hash AND ${isFreeLink}`;
  const wantedContext = `SELECT 1 FROM ${context} WHERE id = act.id AND ${isFreeContext}`;
  const wanted = (end: string) =>
    `${acts} CROSS JOIN LATERAL (${wantedLink} ${end}) AS link CROSS JOIN LATERAL (${wantedContext} ${end}) AS context`;
  return group(
    'change',
    ['id', 'hash'],
    `WITH free AS MATERIALIZED (SELECT act.* FROM ${wanted('FOR NO KEY UPDATE SKIP LOCKED')} ${whole('id')}),
     spent AS (
       UPDATE ${context} mine SET consumed_at = free.now FROM free WHERE mine.id = free.id RETURNING free.*),
     changed AS (
       UPDATE ${link} mine SET holder = spent.holder FROM spent WHERE mine.hash = spent.hash RETURNING spent.id)
     SELECT id, false AS held FROM changed
     ${heldBesides('changed', 'id', wanted('OFFSET 0'))}`,
  );
}

/** All of them. Of a bound that it does not know, the planner expects few rows, and looks each up by the index. */
function whole(key: string): string {
  return `LIMIT cardinality(:${key}::text[])`;
}

/** The rows that were wanted and could not be had; not looked for where all could be. */
function heldBesides(changed: string, key: string, wanted: string): string {
  return `UNION ALL SELECT act.${key}, true FROM ${wanted}
     WHERE (SELECT count(*) FROM ${changed}) < cardinality(:${key}::text[])
       AND act.${key} NOT IN (SELECT ${key} FROM ${changed})`;
}

function mark(spent: string, bounded: string): SqlGroup {
  return group(
    'change',
    ['key'],
    `INSERT INTO ${spent} (mark_key, keep_until)
     SELECT act.key, act.keepUntil
     FROM ${actsOf({ key: 'text', epoch: 'text', keepUntil: 'bigint' })}
     JOIN ${spent} marks ON marks.mark_key = 'epoch' AND marks.epoch = act.epoch${bounded}
     ORDER BY act.key ON CONFLICT DO NOTHING RETURNING mark_key AS key`,
  );
}

function boundedWait(lockTimeout: number | undefined): string {
  if (lockTimeout === undefined) return '';
  const wait = Math.ceil(lockTimeout * GROUP_PATIENCE);
  return ` WHERE (SELECT set_config('lock_timeout', '${String(wait)}ms', true)) IS NOT NULL`;
}
