import { AshConfigurationError } from './errors.js';

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
