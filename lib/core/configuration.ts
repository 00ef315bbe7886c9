import { AshConfigurationError } from './errors.js';

/** The longest that timers hold, in Node and on most platforms, in milliseconds: 31 bits, and beyond they go off at once. */
export const LONGEST_TIMER = 2_147_483_647;

/**
 * A number that has to be positive.
 *
 * @param name What the option belongs to, for the message.
 * @param what What the option is, for the message.
 * @throws AshConfigurationError that names the option.
 */
export function checkPositive(name: string, key: string, value: number, what = 'a positive number'): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new AshConfigurationError(`${name}: '${key}' is ${what}, not ${String(value)}.`);
}

/**
 * Checks that options have known keys only.
 *
 * @param name What the options belong to, for the message.
 * @throws AshConfigurationError that names the unknown key and all known ones.
 */
export function checkKeys(name: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new AshConfigurationError(`${name}: there is no option '${key}'; the options are ${known.join(', ')}.`);
    }
  }
}

/** What can be said of one by itself, as a list. */
export function listOf<T extends string>(value: T | readonly T[]): readonly T[] {
  return typeof value === 'string' ? [value] : value;
}
