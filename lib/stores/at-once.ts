const AT_ONCE = Symbol.for('ash:at-once');

type Methods<K extends string> = Readonly<Record<K, (id: string) => Promise<unknown>>>;
type Answer<S, K extends keyof S> = S[K] extends (id: string) => Promise<infer T> ? (this: S, id: string) => T : never;

/** What a method is marked with: the method itself, since a wrapper may show whatever stands on what it wraps. */
interface Mark<S, K extends keyof S> {
  readonly method: S[K];
  readonly counterpart: Answer<S, K>;
}

/**
 * Says that a store's method has a counterpart which gives the same answer without a promise: for a store that has its
 * answers at hand a promise takes longer than to find them.
 *
 * The mark is that method's own. Whatever overrides it, wraps it or stands for the store is asked as ever.
 */
export function markAtOnce<K extends string, S extends Methods<K>>(store: S, key: K, counterpart: Answer<S, K>): void {
  const mark: Mark<S, K> = { method: store[key], counterpart };
  Object.defineProperty(store[key], AT_ONCE, { value: mark });
}

/** The counterpart of a method that gives its answer at once, if it has one; it is to be called on the store. */
export function atOnce<K extends string, S extends Methods<K>>(store: S, key: K): Answer<S, K> | undefined {
  const method = store[key] as S[K] & { readonly [AT_ONCE]?: Mark<S, K> };
  // A store that lacks the method is not asked here.
  const mark = (method as typeof method | undefined)?.[AT_ONCE];
  return mark?.method === method ? mark.counterpart : undefined;
}
