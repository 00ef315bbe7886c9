import { withString } from './json-string.js';

/** In which order the members of an object are written, and what stands before each of them. */
export interface KeyOrder {
  /** The names, sorted by UTF-16 code units. */
  readonly names: readonly string[];
  /** Each name as JSON, with its colon. */
  readonly heads: readonly string[];
  /** The same behind a comma, for a member that is not the first. */
  readonly tails: readonly string[];
}

/**
 * Sorts the names of an object, which is how ECMAScript compares strings.
 *
 * @throws AshError `ASH_CANONICALIZATION_ERROR` for a name that is no Unicode text.
 */
export function sortKeys(given: readonly string[]): KeyOrder {
  const names = [...given].sort();
  const heads = names.map((name) => withString('', name, name) + ':');
  return { names, heads, tails: heads.map((head) => ',' + head) };
}
