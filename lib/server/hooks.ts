import { AshConfigurationError } from '../core/index.js';

/** What each function of an application's is a function of. */
const HOOKS = {
  onError: 'the refusal, the request and the answer',
  skip: 'the request',
  log: 'a level, a message and a cause',
};

/**
 * Checks that an application's own functions are functions, where it gives any.
 *
 * @throws AshConfigurationError
 */
export function checkHooks(name: string, hooks: Partial<Record<keyof typeof HOOKS, unknown>>): void {
  for (const [key, of] of Object.entries(HOOKS) as [keyof typeof HOOKS, string][]) {
    if (hooks[key] === undefined || typeof hooks[key] === 'function') continue;
    throw new AshConfigurationError(`${name}: '${key}' is a function of ${of}.`);
  }
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

/** Whether an application lets a request pass unverified: only `true` says so, whatever a function in JavaScript gives. */
export async function isSkipped<R>(skip: (request: R) => unknown, request: R): Promise<boolean> {
  return (await skip(request)) === true;
}
