import { CHANGED, type Change, type Columns, type GroupForms } from './groups.js';
import { numbered, type SqlGroup } from './statement.js';
import { EPOCH_KEY, type SqlTables } from './tables.js';

/** A group waits for a row that somebody else is inserting for this part of what one act alone may wait. */
const GROUP_PATIENCE = 0.05;

/**
 * The forms of PostgreSQL. The values of a parameter come as one array, so that the text is the same for any number of
 * rows.
 *
 * Each row is looked up by itself (`LATERAL`, and what keeps the planner from dissolving it): a plan that was made while
 * the table was empty would read all of it until the table is analysed.
 */
export function postgresGroups(tables: SqlTables, lockTimeout: number | undefined): GroupForms {
  const bounded = boundedWait(lockTimeout);
  return {
    insertion: (table, key, columns) => insertion(table, key, columns, bounded),
    question,
    change,
    mark: (spent, columns) => mark(spent, columns, bounded),
    spend: (isFreeLink, isFreeContext) => spend(tables, isFreeLink, isFreeContext),
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
function insertion(table: string, key: string, columns: Columns, bounded: string): SqlGroup {
  return group(
    'insertion',
    [key],
    `INSERT INTO ${table} (${key}, body, issued_at, expires_at, keep_until)
     SELECT * FROM ${actsOf(columns)} ${bounded} ORDER BY ${key}`,
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
 * no group waits for another, nor for a transaction of the application's. The change finds a locked row by its address;
 * and by its key too, since each partition of a table has addresses of its own. Where the address is of a version which
 * others made after the statement began, it finds none, and the row counts as held.
 */
function change({ table, columns, key, condition, set }: Change): SqlGroup {
  const acts = actsOf(columns);
  const wanted = `SELECT mine.ctid AS place FROM ${table} mine WHERE mine.${key} = act.${key} AND ${condition}`;
  return group(
    'change',
    [key],
    `WITH free AS MATERIALIZED (
       SELECT act.*, locked.place FROM ${acts} CROSS JOIN LATERAL (${wanted} FOR NO KEY UPDATE SKIP LOCKED) AS locked
       ${whole(key)}),
     changed AS (
       UPDATE ${table} mine SET ${set} FROM free act
       WHERE mine.ctid = act.place AND mine.${key} = act.${key} RETURNING act.${key})
     SELECT ${key}, '${CHANGED}' AS outcome FROM changed
     ${heldBesides('changed', key, `${acts} CROSS JOIN LATERAL (${wanted} OFFSET 0) AS wanted`)}`,
  );
}

/**
 * Both rows are locked before either is changed, so that the one is changed with the other or not at all: both are found
 * by their keys, since an address of a version that others made meanwhile would find one of them alone.
 */
function spend({ context, link }: SqlTables, isFreeLink: string, isFreeContext: string): SqlGroup {
  const acts = actsOf({ id: 'text', hash: 'text', holder: 'text', now: 'bigint' });
  const wantedLink = `SELECT 1 FROM ${link} mine WHERE mine.hash = act.hash AND ${isFreeLink}`;
  const wantedContext = `SELECT 1 FROM ${context} mine WHERE mine.id = act.id AND ${isFreeContext}`;
  const wanted = (end: string) =>
    `${acts} CROSS JOIN LATERAL (${wantedLink} ${end}) AS link CROSS JOIN LATERAL (${wantedContext} ${end}) AS context`;
  return group(
    'change',
    ['id', 'hash'],
    `WITH free AS MATERIALIZED (SELECT act.* FROM ${wanted('FOR NO KEY UPDATE SKIP LOCKED')} ${whole('id')}),
     spent AS (
       UPDATE ${context} mine SET consumed_at = act.now FROM free act WHERE mine.id = act.id RETURNING act.*),
     changed AS (
       UPDATE ${link} mine SET holder = act.holder FROM spent act WHERE mine.hash = act.hash RETURNING act.id)
     SELECT id, '${CHANGED}' AS outcome FROM changed
     ${heldBesides('changed', 'id', wanted('OFFSET 0'))}`,
  );
}

/** All of them. Of a bound that it does not know, the planner expects few rows, and looks each up by the index. */
function whole(key: string): string {
  return `LIMIT cardinality(:${key}::text[])`;
}

/** The rows that were wanted and could not be had; not looked for where all could be. */
function heldBesides(changed: string, key: string, wanted: string): string {
  return `UNION ALL SELECT act.${key}, 'held' FROM ${wanted}
     WHERE (SELECT count(*) FROM ${changed}) < cardinality(:${key}::text[])
       AND act.${key} NOT IN (SELECT ${key} FROM ${changed})`;
}

/** The epoch is held until the marks are there: whoever deletes both at once is waited for with it, or waits. */
function mark(spent: string, columns: Columns, bounded: string): SqlGroup {
  return group(
    'change',
    ['key'],
    `INSERT INTO ${spent} (mark_key, keep_until)
     SELECT act.key, act.keepUntil FROM ${actsOf(columns)}
     JOIN ${spent} marks ON marks.mark_key = '${EPOCH_KEY}' AND marks.epoch = act.epoch
     ${bounded} ORDER BY act.key FOR KEY SHARE OF marks
     ON CONFLICT DO NOTHING RETURNING mark_key AS key, '${CHANGED}' AS outcome`,
  );
}

function boundedWait(lockTimeout: number | undefined): string {
  if (lockTimeout === undefined) return '';
  const wait = Math.ceil(lockTimeout * GROUP_PATIENCE);
  return `WHERE (SELECT set_config('lock_timeout', '${String(wait)}ms', true)) IS NOT NULL`;
}
