import type { JsonShortcuts } from './json-shortcuts.js';
import { sortKeys } from './key-order.js';
import { isKeptByObjects, SortedCopy, type ObjectOrder } from './sorted-copy.js';

interface KnownOrder extends ObjectOrder {
  /** The names as they came. */
  readonly given: readonly string[];
}

// The requests to a route have the same few lists of names: to find one takes less time than to sort and quote it. The
// bounds are for lists that somebody makes up.
const MOST_NAMES = 32;
const LONGEST_NAME = 40;
const MOST_LISTS = 256;
const MOST_WITH_ONE_BEGINNING = 8;

const NO_ORDER: ObjectOrder = { names: [], heads: [], tails: [], isKept: true };

/** By the first name of each. */
const known = new Map<string, readonly KnownOrder[]>();
let lists = 0;

/** The order of an object's names, from the memory where it has them. */
export function keyOrder(names: readonly string[]): ObjectOrder {
  const [first] = names;
  if (first === undefined) return NO_ORDER;
  if (names.length > MOST_NAMES) return objectOrder(names);
  const candidates = known.get(first);
  if (candidates !== undefined) {
    for (const candidate of candidates) if (isSame(candidate.given, names)) return candidate;
  }
  return learn(names, first, candidates ?? []);
}

function objectOrder(given: readonly string[]): ObjectOrder {
  const { names, heads, tails } = sortKeys(given);
  return { names, heads, tails, isKept: isKeptByObjects(names) };
}

function isSame(given: readonly string[], names: readonly string[]): boolean {
  if (given.length !== names.length) return false;
  for (let index = 1; index < names.length; index++) {
    if (given[index] !== names[index]) return false;
  }
  return true;
}

function learn(given: readonly string[], first: string, others: readonly KnownOrder[]): ObjectOrder {
  const order = { ...objectOrder(given), given };
  if (given.some((name) => name.length > LONGEST_NAME)) return order;
  if (lists === MOST_LISTS) {
    known.clear();
    lists = 0;
  }
  lists++;
  known.set(first, [order, ...others.slice(0, MOST_WITH_ONE_BEGINNING - 1)]);
  return order;
}

/** From so many members on, to sort a copy and write that natively is faster than to put a text together. */
export const MANY_MEMBERS = 1_000;

/**
 * Down to which level it is tried: what cannot be written so after all was copied in vain, and what is inside of it
 * would be tried again on each level.
 */
const DEEPEST_LEVEL = 3;

export const writeNatively: JsonShortcuts['writeNatively'] = (container, members, level, room) =>
  members < MANY_MEMBERS || level > DEEPEST_LEVEL ? undefined : new SortedCopy(keyOrder, room).write(container, level);
