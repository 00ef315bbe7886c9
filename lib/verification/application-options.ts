import { LONGEST_TIMER } from '../core/configuration.js';
import { AshConfigurationError } from '../core/index.js';

/** What an application says once, for all its routes. */
export interface AshApplicationOptions {
  /** The longest wait for the store, in milliseconds; a later answer is a refusal. Default 2,000. */
  readonly storeTimeout?: number;
  /** What a proxy strips from paths before they reach the application, `/api`: declared bindings begin with it. */
  readonly publicPrefix?: string;
  /** The clock, in milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: () => number;
}

/** The option names of {@link AshApplicationOptions}. */
export const APPLICATION_OPTION_KEYS = [
  'storeTimeout',
  'publicPrefix',
  'clock',
] as const satisfies readonly (keyof AshApplicationOptions)[];

/**
 * Checks the values of the options of an application.
 *
 * @throws AshConfigurationError that names whom the options belong to, the option and the mend.
 */
export function checkApplicationOptions(name: string, options: AshApplicationOptions): void {
  const { storeTimeout, publicPrefix, clock } = options;
  if (storeTimeout !== undefined && !(storeTimeout > 0 && storeTimeout <= LONGEST_TIMER)) {
    throw new AshConfigurationError(`${name}: 'storeTimeout' is a number of milliseconds from 1 to ${LONGEST_TIMER}.`);
  }
  if (publicPrefix !== undefined && !/^\/[^?#|\s]*$/.test(publicPrefix)) {
    throw new AshConfigurationError(`${name}: 'publicPrefix' is a path that begins with '/', not '${publicPrefix}'.`);
  }
  if (clock !== undefined && typeof clock !== 'function') {
    throw new AshConfigurationError(`${name}: 'clock' is a function.`);
  }
}
