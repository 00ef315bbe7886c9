import { AshError, isAshError } from '../core/index.js';
import { property } from './property.js';

/** PostgreSQL: the statement's name is unknown on this session, or is taken on it. */
const FOREIGN_SESSION_CODES = ['26000', '42P05', '08P01'];

/** Any error beneath a store, as the one that a store rejects with. */
export function unavailable(error: unknown): AshError {
  if (isAshError(error)) return error;
  return new AshError('ASH_STORE_UNAVAILABLE', `AshSqlStore: ${reasonOf(error)}`, { cause: error });
}

/** What an error says in a line: an `AggregateError` of several addresses has no message of its own. */
export function reasonOf(error: unknown): string {
  const code = property(error, 'code');
  const message = error instanceof Error && error.message !== '' ? error.message : String(code ?? error);
  if (typeof code !== 'string' || !FOREIGN_SESSION_CODES.includes(code)) return message;
  return `${message} (behind a pooler of transactions the store needs { prepare: false })`;
}
