import { AshConfigurationError } from '../core/index.js';

/** @throws AshConfigurationError */
export function checkOnError(name: string, onError: unknown): void {
  if (onError === undefined || typeof onError === 'function') return;
  throw new AshConfigurationError(`${name}: 'onError' is a function of the refusal, the request and the answer.`);
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
