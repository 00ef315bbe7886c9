/** What is there, or comes later. */
export type Awaitable<T> = T | Promise<T>;

/**
 * Goes on with a value: at once where it is there. A store in this process's memory has its answers there, and a promise
 * for each step of a verification would cost more than the step.
 */
export function after<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return isPromise(value) ? value.then(next) : next(value);
}

/** Told by what it can do: a promise may be one of another realm. */
export function isPromise<T>(value: Awaitable<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
