/** The name of the method that `util.inspect` asks for what to show. */
export const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * Hides members of an object from `console.log` and `util.inspect`. Reading them and `JSON.stringify` are as before.
 *
 * @example
 * console.log(hideFromInspection({ id: 1, secret: 'x' }, ['secret'])); // { id: 1, secret: '[hidden]' }
 */
export function hideFromInspection<T extends object>(object: T, members: readonly (keyof T)[]): T {
  const shown = (): object =>
    Object.fromEntries(
      Object.entries(object).map(([key, value]: [string, unknown]) => [
        key,
        members.includes(key as keyof T) ? '[hidden]' : value,
      ]),
    );
  return Object.defineProperty(object, INSPECT, { value: shown });
}
