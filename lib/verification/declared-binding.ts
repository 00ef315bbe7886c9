import { AshConfigurationError } from '../core/index.js';
import { RouteBinding } from './route-binding.js';

/** An error of the set-up that names its subject first. */
export function fault(name: string, what: string, cause?: unknown): AshConfigurationError {
  return new AshConfigurationError(`${name}: ${what.replace(/\.$/, '')}.`, { cause });
}

/**
 * Reads a binding that an application wrote.
 *
 * @param where What names it, for the message.
 * @param served The path under which the application serves it.
 * @throws AshConfigurationError
 */
export function readBinding(name: string, where: string, text: unknown, served?: string): RouteBinding {
  if (typeof text !== 'string')
    throw fault(name, `${where}: a binding is a text, 'POST /transfer', not ${String(text)}`);
  try {
    return RouteBinding.parse(text, served);
  } catch (error) {
    throw fault(name, `${where}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}
