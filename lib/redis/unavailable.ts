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

/**
 * Waits for a promise no longer than the given milliseconds.
 *
 * @param late Makes the error of the one that comes too late.
 */
export async function within<T>(promise: Promise<T>, milliseconds: number, late: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(late());
    }, milliseconds);
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
