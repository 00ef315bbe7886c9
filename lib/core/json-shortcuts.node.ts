import { sortKeys, type KeyOrder } from './key-order.js';

interface KnownOrder extends KeyOrder {
  /** The names as they came. */
  readonly given: readonly string[];
}

// The requests to a route have the same few lists of names: to find one takes less time than to sort and quote it. The
// bounds are for lists that somebody makes up.
const MOST_NAMES = 32;
const LONGEST_NAME = 40;
const MOST_LISTS = 256;
const MOST_WITH_ONE_BEGINNING = 8;

const NO_ORDER: KeyOrder = { names: [], heads: [], tails: [] };

/** By the first name of each. */
const known = new Map<string, readonly KnownOrder[]>();
let lists = 0;

/** The order of an object's names, from the memory where it has them. */
export function keyOrder(names: readonly string[]): KeyOrder {
  const [first] = names;
  if (first === undefined) return NO_ORDER;
  if (names.length > MOST_NAMES) return sortKeys(names);
  const candidates = known.get(first);
  if (candidates !== undefined) {
    for (const candidate of candidates) if (isSame(candidate.given, names)) return candidate;
  }
  return learn(names, first, candidates ?? []);
}

function isSame(given: readonly string[], names: readonly string[]): boolean {
  if (given.length !== names.length) return false;
  for (let index = 1; index < names.length; index++) {
    if (given[index] !== names[index]) return false;
  }
  return true;
}

function learn(given: readonly string[], first: string, others: readonly KnownOrder[]): KeyOrder {
  const order = { ...sortKeys(given), given };
  if (given.some((name) => name.length > LONGEST_NAME)) return order;
  if (lists === MOST_LISTS) {
    known.clear();
    lists = 0;
  }
  lists++;
  known.set(first, [order, ...others.slice(0, MOST_WITH_ONE_BEGINNING - 1)]);
  return order;
}

/** Up to here a look at each unit is faster than a regular expression. */
const SHORT = 16;

/** Whether a text is short and has neither control characters, `"` and `\` nor surrogates and what stands behind them. */
export function isPlain(text: string): boolean {
  if (text.length > SHORT) return false;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || unit >= 0xd800) return false;
  }
  return true;
}
