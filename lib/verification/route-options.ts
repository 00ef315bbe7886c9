import { checkKeys } from '../core/configuration.js';
import { ASH_MODES, AshConfigurationError, isAshErrorCode } from '../core/index.js';
import { fault } from './declared-binding.js';
import { checkPolicyOptions, POLICY_OPTION_KEYS, type AshPolicyOptions } from './policy.js';
import type { AshRequestLike } from './facts.js';
import type { AshEvents, AshPerRequest, AshSubjectFunction } from './protected-route.js';
import type { AshStatuses } from './refusal.js';

/** What a route can say for itself; each setting that it leaves out is the application's. */
export interface AshRouteOptions<R = AshRequestLike> extends AshPolicyOptions, AshEvents<R> {
  /**
   * The life of a context, in milliseconds, or a function of the request that asks for it. Default 30,000. At most an
   * hour in `minimal`, 15 minutes in `balanced`, 60 seconds in `strict` mode.
   */
  readonly ttl?: AshPerRequest<number, R>;
  /**
   * Tells who sends a request. Contexts and chains are issued to that subject and verified against it, and a missing
   * one is a refusal. `false` on a route that anybody may use.
   */
  readonly subject?: AshSubjectFunction<R> | false;
  /** HTTP statuses to answer instead of the protocol's, by code. */
  readonly statuses?: AshStatuses;
  /**
   * Adds to each refusal which component differs, with the server's canonical text. It cannot be switched on unless
   * `NODE_ENV` is `development` or `test`.
   */
  readonly explain?: boolean;
  /**
   * Whether a client that asks for its next context (`X-ASH-Renew: 1`) gets it in the answer to a request that was
   * verified and spent. Default `true` where the library hands out the contexts, and `false` where the application
   * does: `controller: false` on the module, a middleware without `bindings`, a plugin without `ashFastifyContext`.
   */
  readonly renewal?: boolean;
}

/** The options that a whole application can have. */
export const SHARED_OPTION_KEYS = [
  ...POLICY_OPTION_KEYS,
  'ttl',
  'subject',
  'statuses',
  'explain',
  'renewal',
  'onVerified',
  'onRefused',
] as const satisfies readonly (keyof AshRouteOptions)[];

/** The options of a route: a handler has to be written for `spend`, so that it is none of a whole application. */
export const ROUTE_OPTION_KEYS = [...SHARED_OPTION_KEYS, 'spend'] as const satisfies readonly (keyof AshRouteOptions)[];

const LISTENERS = ['onVerified', 'onRefused'] as const;
const DEVELOPMENT = ['development', 'test'];

/**
 * Checks the options of a route.
 *
 * @throws AshConfigurationError that names the route, the option and the mend.
 */
export function checkRouteOptions<R>(name: string, options: AshRouteOptions<R>): void {
  checkKeys(name, options, ROUTE_OPTION_KEYS);
  checkSharedOptions(name, options);
}

/**
 * Checks the values of the options that a route shares with its application.
 *
 * @throws AshConfigurationError that names whom the options belong to, the option and the mend.
 */
export function checkSharedOptions<R>(name: string, options: AshRouteOptions<R>): void {
  checkPolicyOptions(name, options);
  const { ttl, subject, statuses, explain, renewal } = options;
  if (ttl !== undefined && typeof ttl !== 'number' && typeof ttl !== 'function') {
    throw new AshConfigurationError(`${name}: 'ttl' is a number of milliseconds, or a function that gives one.`);
  }
  if (subject !== undefined && subject !== false && typeof subject !== 'function') {
    throw new AshConfigurationError(`${name}: 'subject' is a function of the request, or false.`);
  }
  for (const [key, value] of Object.entries({ renewal, explain })) {
    if (value !== undefined && typeof value !== 'boolean') {
      throw new AshConfigurationError(`${name}: '${key}' is true or false.`);
    }
  }
  for (const key of LISTENERS) {
    if (options[key] !== undefined && typeof options[key] !== 'function') {
      throw new AshConfigurationError(`${name}: '${key}' is a function.`);
    }
  }
  for (const [code, status] of Object.entries(statuses ?? {})) {
    if (!isAshErrorCode(code))
      throw new AshConfigurationError(`${name}: 'statuses' names '${code}', which is no code.`);
    if (Number.isInteger(status) && status >= 400 && status <= 599) continue;
    throw new AshConfigurationError(`${name}: 'statuses' gives ${code} ${String(status)}; a refusal is 400 to 599.`);
  }
  if (explain === true && !DEVELOPMENT.includes(process.env['NODE_ENV'] ?? '')) {
    throw new AshConfigurationError(
      `${name}: 'explain' shows what a client should have signed, and NODE_ENV is '${process.env['NODE_ENV'] ?? ''}': ` +
        `set NODE_ENV to 'development', or leave 'explain' out.`,
    );
  }
}

/**
 * Inner options over outer ones. A mode that is named further in presets anew what outer options had set one by one:
 * a route that says `strict` is strict.
 */
export function mergeRouteOptions<R>(
  name: string,
  outer: AshRouteOptions<R>,
  options: AshRouteOptions<R>,
): AshRouteOptions<R> {
  const inner = definedOptions(options);
  if (inner.mode === undefined) return { ...outer, ...inner };
  if (outer.mode !== undefined && ASH_MODES.indexOf(inner.mode) < ASH_MODES.indexOf(outer.mode)) {
    throw fault(
      name,
      `mode '${inner.mode}' is laxer than '${outer.mode}', which is demanded around it: a route can be ` +
        'stricter; loosen single settings by their names',
    );
  }
  const { query: _query, unscoped: _unscoped, timestampTolerance: _tolerance, ...rest } = outer;
  return { ...rest, ...inner };
}

/** The options that say something: `undefined` does not. */
export function definedOptions<R>(options: AshRouteOptions<R>): AshRouteOptions<R> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
