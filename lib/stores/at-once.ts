const AT_ONCE = Symbol.for('ash:at-once');

type Methods<K extends string> = Readonly<Record<K, (id: string) => Promise<unknown>>>;
type Answer<S, K extends keyof S> = S[K] extends (id: string) => Promise<infer T> ? (this: S, id: string) => T : never;

/**
 * Says that a store's method has a counterpart which gives the same answer without a promise: for a store that has its
 * answers at hand a promise takes longer than to find them.
 *
 * The mark is the method's own. Whatever overrides the method, wraps it or stands for the store is asked as ever.
 */
export function markAtOnce<K extends string, S extends Methods<K>>(store: S, key: K, counterpart: Answer<S, K>): void {
  Object.defineProperty(store[key], AT_ONCE, { value: counterpart });
}

/** The counterpart of a method that gives its answer at once, if it has one; it is to be called on the store. */
export function atOnce<K extends string, S extends Methods<K>>(store: S, key: K): Answer<S, K> | undefined {
  return (store[key] as { [AT_ONCE]?: Answer<S, K> })[AT_ONCE];
}
