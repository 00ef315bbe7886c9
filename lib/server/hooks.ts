import { AshConfigurationError } from '../core/index.js';

/** @throws AshConfigurationError */
export function checkOnError(name: string, onError: unknown): void {
  if (onError === undefined || typeof onError === 'function') return;
  throw new AshConfigurationError(`${name}: 'onError' is a function of the refusal, the request and the answer.`);
}

/** @throws AshConfigurationError */
export function checkLog(name: string, log: unknown): void {
  if (log === undefined || typeof log === 'function') return;
  throw new AshConfigurationError(`${name}: 'log' is a function of a level, a message and a cause.`);
}

/**
 * Checks that there are options at all, which whoever writes no types can leave out.
 *
 * @throws AshConfigurationError
 */
export function checkGiven(name: string, options: unknown): void {
  if (typeof options === 'object' && options !== null) return;
  throw new AshConfigurationError(`${name}: its options are missing: { store: new AshMemoryStore() }, for one.`);
}

/** @throws AshConfigurationError */
export function checkSkip(name: string, skip: unknown): void {
  if (skip === undefined || typeof skip === 'function') return;
  throw new AshConfigurationError(`${name}: 'skip' is a function of the request.`);
}

/** Whether an application lets a request pass unverified: only `true` says so, whatever a function in JavaScript gives. */
export async function isSkipped<R>(skip: ((request: R) => unknown) | undefined, request: R): Promise<boolean> {
  return skip !== undefined && (await skip(request)) === true;
}
