import { ashContext, type AshContext } from '../stores/context.js';
import type { AshChainLink, AshStoredLink } from '../stores/context-store.js';
import type { SqlRow } from './statement.js';

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What a context holds beside its columns, as text. */
export function contextBody({ binding, mode, protocol, subject, scope, metadata, nonce }: AshContext): string {
  return JSON.stringify({ binding, mode, protocol, subject, scope, metadata, nonce });
}

/** What a link holds beside its columns, as text. */
export function linkBody({ chain, step, subject }: AshChainLink): string {
  return JSON.stringify({ chain, step, subject });
}

/** @throws TypeError for a row that this store did not write. */
export function readContext(row: SqlRow, id: string): AshContext {
  const { body, issued_at: issuedAt, expires_at: expiresAt, consumed_at: consumedAt } = row;
  const fields = parse(body) as Writable<AshContext>;
  // In the object that was read: to copy it into another one costs as much as to read it.
  fields.id = checked(row['id'], id);
  fields.issuedAt = integer(issuedAt);
  fields.expiresAt = integer(expiresAt);
  if (consumedAt !== null) fields.consumedAt = integer(consumedAt);
  return ashContext(fields);
}

/** @throws TypeError for a row that this store did not write. */
export function readLink(row: SqlRow, hash: string): AshStoredLink {
  const { body, issued_at: issuedAt, expires_at: expiresAt, holder } = row;
  return {
    ...(parse(body) as Pick<AshChainLink, 'chain' | 'step'>),
    hash: checked(row['hash'], hash),
    issuedAt: integer(issuedAt),
    expiresAt: integer(expiresAt),
    ...(holder === null ? {} : { holder: text(holder) }),
  };
}

function parse(body: unknown): unknown {
  return JSON.parse(text(body));
}

/** An engine whose columns compare text by its own rules finds a row that was not asked for. */
function checked(found: unknown, asked: string): string {
  if (found === asked) return asked;
  throw new TypeError('AshSqlStore: the table answered with another row than the one that was asked for.');
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('AshSqlStore: a column that holds text holds something else.');
}

/** 64-bit integers come as numbers, as text or as `bigint`, by the driver and how it is set up. */
function integer(value: unknown): number {
  const digits = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
  const number = typeof digits === 'string' && /^-?\d+$/.test(digits) ? Number(digits) : NaN;
  if (Number.isSafeInteger(number)) return number;
  throw new TypeError('AshSqlStore: a column that holds milliseconds holds something else.');
}
