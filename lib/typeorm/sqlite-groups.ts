import { CHANGED, type Change, type Columns, type GroupForms } from './groups.js';
import { positional, type SqlGroup } from './statement.js';
import { EPOCH_KEY } from './tables.js';

/**
 * The forms of SQLite. All acts come as one JSON text. Nobody else writes during a statement, and so none of its rows is
 * held. What pays is that the file is written through to the disk once for all, which a question does not need.
 */
export const SQLITE_GROUPS: GroupForms = {
  insertion: (table, key, columns) =>
    group(
      'insertion',
      key,
      `INSERT INTO ${table} (${key}, body, issued_at, expires_at, keep_until) SELECT * FROM ${actsOf(columns)}`,
    ),

  change: ({ table, columns, key, condition, set }: Change) =>
    group(
      'change',
      key,
      `UPDATE ${table} AS mine SET ${set} FROM ${actsOf(columns)}
       WHERE mine.${key} = act.${key} AND ${condition} RETURNING ${key}, '${CHANGED}' AS outcome`,
    ),

  mark: (spent, columns) =>
    group(
      'change',
      'key',
      `INSERT INTO ${spent} (mark_key, keep_until)
       SELECT act.key, act.keepUntil FROM ${actsOf(columns)}
       JOIN ${spent} marks ON marks.epoch = act.epoch WHERE marks.mark_key = '${EPOCH_KEY}'
       ON CONFLICT DO NOTHING RETURNING mark_key AS key, '${CHANGED}' AS outcome`,
    ),
};

function group(kind: SqlGroup['kind'], key: string, text: string): SqlGroup {
  return { statement: positional(text), kind, keys: [key], bind: (acts) => [JSON.stringify(acts)] };
}

/** The acts as rows: `(SELECT json_extract(value, '$.id') AS id, … FROM json_each(:acts)) AS act`. */
function actsOf(columns: Columns): string {
  const named = Object.keys(columns).map((name) => `json_extract(value, '$.${name}') AS ${name}`);
  return `(SELECT ${named.join(', ')} FROM json_each(:acts)) AS act`;
}
