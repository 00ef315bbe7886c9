import { AshError, isAshError } from '../core/index.js';
import { withoutParameters } from './server-error.js';

/** The refusal of whatever the store could not find out, with the cause for the log. */
export function unavailable(message: string, cause?: unknown): AshError {
  return new AshError('ASH_STORE_UNAVAILABLE', message, cause === undefined ? {} : { cause: withoutParameters(cause) });
}

/** Whatever went wrong, as a refusal whose cause shows no parameter of a command. */
export function asUnavailable(error: unknown): Error {
  if (isAshError(error)) return error;
  return unavailable('Redis refused, or could not be asked.', error);
}
