import * as digest from '#digest';

/** What a statement is given. */
export type SqlValue = string | number | null;

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
export function bind({ parameters }: SqlStatement, values: Readonly<Record<string, SqlValue>>): SqlValue[] {
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
