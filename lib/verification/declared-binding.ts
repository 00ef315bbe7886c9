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
export function readBinding(name: string, where: string, text: string, served?: string): RouteBinding {
  try {
    return RouteBinding.parse(text, served);
  } catch (error) {
    throw fault(name, `${where}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}
