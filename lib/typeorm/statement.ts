import * as digest from '#digest';

/** What a statement is given. */
export type SqlValue = string | number | null;

/** What a driver is given for one parameter: a list where a statement is for many rows at once. */
export type SqlBound = SqlValue | readonly SqlValue[];

/** The values of one act, by the names of the parameters. */
export type SqlValues = Readonly<Record<string, SqlValue>>;

/** One row of an answer; 64-bit numbers come as text from some drivers. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** What a statement answered. */
export interface SqlAnswer {
  readonly rows: readonly SqlRow[];
  /** How many rows it found or changed. */
  readonly affected: number;
}

/** A statement in an engine's own form. */
export interface SqlStatement {
  /** Names the text, and no other one, on every connection: under it the server keeps the prepared statement. */
  readonly name: string;
  readonly text: string;
  /** The parameters in the order in which the driver takes them. */
  readonly parameters: readonly string[];
  /** The same for many rows at once, where the engine has such a form. */
  readonly group?: SqlGroup;
}

/** A statement that does for many acts at once, each with a row of its own, what another one does for one of them. */
export interface SqlGroup {
  readonly statement: SqlStatement;
  /**
   * How its answer is told apart into those of the acts. An insertion does all or nothing. For a question and a change
   * each row of the answer names its act by the first of the keys; a change answers with the rows that it changed, whose
   * `outcome` says so, and with those that it found as they have to be and that somebody else has locked.
   */
  readonly kind: 'insertion' | 'question' | 'change';
  /** The parameters of which no two acts of one change may share a value: their rows would be the same. */
  readonly keys: readonly string[];
  /** The values of all acts, in the statement's order. */
  readonly bind: (acts: readonly SqlValues[]) => SqlBound[];
}

/** A name after a colon; PostgreSQL writes a type after two. */
const PARAMETER = /(?<!:):([a-z]\w*)/gi;
const NAME_DIGITS = 16;

/** `:id` as `$1`, as PostgreSQL takes it: each name once. */
export function numbered(text: string): SqlStatement {
  const parameters: string[] = [];
  return statement(
    text.replace(PARAMETER, (_match, name: string) => {
      if (!parameters.includes(name)) parameters.push(name);
      return `$${String(parameters.indexOf(name) + 1)}`;
    }),
    parameters,
  );
}

/** `:id` as `?`, as MySQL and SQLite take it: each name as often as it stands there. */
export function positional(text: string): SqlStatement {
  const parameters: string[] = [];
  return statement(
    text.replace(PARAMETER, (_match, name: string) => {
      parameters.push(name);
      return '?';
    }),
    parameters,
  );
}

/**
 * The values of a statement in its order.
 *
 * @throws TypeError for a value that is missing, and for a number that is no integer: a clock which gives none must
 * not become a `NULL` that compares with nothing.
 */
export function bind({ parameters }: SqlStatement, values: SqlValues): SqlValue[] {
  return parameters.map((name) => {
    const value = values[name];
    const isFit = typeof value === 'number' ? Number.isSafeInteger(value) : value !== undefined;
    if (value === undefined || !isFit) {
      throw new TypeError(`AshSqlStore: '${name}' is no value for a statement: ${String(value)}.`);
    }
    return value;
  });
}

function statement(text: string, parameters: readonly string[]): SqlStatement {
  const line = text.replace(/\s+/g, ' ').trim();
  return { name: `ash_${digest.sha256Hex(line).slice(0, NAME_DIGITS)}`, text: line, parameters };
}
