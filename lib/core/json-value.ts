import { type AshError, uncanonical } from './errors.js';
import { shown } from './text.js';

/** Deepest nesting of arrays and objects that has a canonical form. Source: protocol, section 3. */
export const MAX_DEPTH = 64;

/** The name or index at which a value stands; empty for the whole payload. */
export type Key = string | number;

export type Members = Readonly<Record<string, unknown>>;

/** The value that JSON has in the place of one with a `toJSON` method, as `JSON.stringify` asks for it. */
export function replacedByToJson(value: unknown, key: Key): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { toJSON } = value as { readonly toJSON?: unknown };
  return typeof toJSON === 'function' ? (toJSON.call(value, String(key)) as unknown) : value;
}

/** @throws AshError `ASH_CANONICALIZATION_ERROR` for NaN and the infinities. */
export function checkNumber(value: number, key: Key): void {
  if (!Number.isFinite(value)) throw refused(`${String(value)} is no JSON number`, key);
}

/**
 * Checks that an object or array has a place in JSON.
 *
 * @param level How many containers it stands in. A cycle ends here too: it has more levels than any bound.
 * @throws AshError `ASH_CANONICALIZATION_ERROR`
 */
export function checkContainer(container: object, key: Key, level: number): asserts container is Members | unknown[] {
  if (level === MAX_DEPTH) throw refused(`more than ${MAX_DEPTH} levels, or a cycle`, key);
  if (Array.isArray(container) || isPlain(container)) return;
  throw refused(`${tagOf(container)} is neither an array nor a plain object`, key);
}

/** The refusal of a value whose type JSON does not have. */
export function noJson(value: unknown, key: Key): AshError {
  return refused(`a value of type ${typeof value} is no JSON`, key);
}

export function tooLarge(): AshError {
  return refused('it is larger than allowed', '');
}

export function refused(what: string, key: Key): AshError {
  const where = key === '' ? '' : ` (at '${shown(String(key))}')`;
  return uncanonical(`The payload has no canonical form: ${what}${where}.`);
}

function isPlain(object: object): object is Members {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === Object.prototype || prototype === null || tagOf(object) === '[object Object]';
}

function tagOf(object: object): string {
  return Object.prototype.toString.call(object);
}
