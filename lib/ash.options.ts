import type { CanActivate, ModuleMetadata, Provider, Type } from '@nestjs/common';
import { AshConfigurationError, isAshErrorCode } from './core/index.js';
import type { AshContextStore } from './stores/context-store.js';
import { checkKeys, LONGEST_TIMER } from './core/configuration.js';
import { checkPolicyOptions, POLICY_OPTION_KEYS, type AshPolicyOptions } from './verification/policy.js';
import type { AshEvents, AshPerRequest, AshSubjectFunction } from './verification/protection.js';
import type { AshRequestLike } from './verification/facts.js';
import type { AshStatuses } from './verification/refusal.js';

/**
 * A request as the application's functions get it: Express's or Fastify's own object, with what both have in common.
 * Declare the parameter as your framework's request for all that it has.
 *
 * @example
 * subject: (request: Request & { user?: User }) => request.user?.id
 */
export type AshRequest = AshRequestLike;

/** What a route can say for itself; each setting that it leaves out is the module's. */
export interface AshRouteOptions extends AshPolicyOptions, AshEvents {
  /**
   * The life of a context, in milliseconds, or a function of the request that asks for it. Default 30,000. At most an
   * hour in `minimal`, 15 minutes in `balanced`, 60 seconds in `strict` mode.
   */
  readonly ttl?: AshPerRequest<number>;
  /**
   * Tells who sends a request. Contexts and chains are issued to that subject and verified against it, and a missing
   * one is a refusal. `false` on a route that anybody may use.
   */
  readonly subject?: AshSubjectFunction | false;
  /** HTTP statuses to answer instead of the protocol's, by code. */
  readonly statuses?: AshStatuses;
  /**
   * Adds to each refusal which component differs, with the server's canonical text. It cannot be switched on unless
   * `NODE_ENV` is `development` or `test`.
   */
  readonly explain?: boolean;
  /**
   * Whether a client that asks for its next context (`X-ASH-Renew: 1`) gets it in the answer to a request that was
   * verified and spent. Default `true`; `false` where `controller: false` leaves it to the application to hand out
   * contexts.
   */
  readonly renewal?: boolean;
}

/** What is done about routes that change state and are not protected: nothing, a warning, or an error at start-up. */
export type AshAudit = 'off' | 'warn' | 'error';

/** Options of {@link AshModule}. */
export interface AshModuleOptions extends Omit<AshRouteOptions, 'spend'> {
  /** A store, or the class of one, which Nest then constructs. Default a new `AshMemoryStore`. */
  readonly store?: AshContextStore | Type<AshContextStore>;
  /** The longest wait for the store, in milliseconds; a later answer is a refusal. Default 2,000. */
  readonly storeTimeout?: number;
  /** Routes that change state and have no decorator: `off`, `warn` (the default), or `error`. */
  readonly audit?: AshAudit;
  /** What a proxy strips from paths before they reach the application, `/api`: declared bindings begin with it. */
  readonly publicPrefix?: string;
  /** The binding that the context controller takes where a request names none. */
  readonly defaultBinding?: string;
  /** The clock, in milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: () => number;
}

/** Options of the context controller. */
export interface AshControllerOptions {
  /** Its path below the global prefix. Default `ash/context`. */
  readonly path?: string;
  /** The application's own guards, for authentication and rate limits. */
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[];
  /** The most contexts in one answer to a request that says how many it wants: a whole number from 1. Default 32. */
  readonly batch?: number;
}

/** What shapes the module itself, beside the options: given to `forRootAsync` next to `useFactory`. */
export interface AshModuleExtras {
  /** Whether every module sees the exports without importing the module. Default `true`. */
  readonly isGlobal?: boolean;
  /** The controller that issues contexts; `false` for an endpoint of one's own. */
  readonly controller?: AshControllerOptions | false;
  /** Modules whose exports the store or the guards of the controller need. */
  readonly imports?: ModuleMetadata['imports'];
  /** Providers that replace the module's own, `{ provide: AshContextStore, useClass: MyStore }`. */
  readonly providers?: readonly Provider[];
}

/** Gives the module its options. */
export interface AshOptionsFactory {
  createAshOptions(): AshModuleOptions | Promise<AshModuleOptions>;
}

const SHARED_KEYS = [
  ...POLICY_OPTION_KEYS,
  'ttl',
  'subject',
  'statuses',
  'explain',
  'renewal',
  'onVerified',
  'onRefused',
] as const satisfies readonly (keyof AshRouteOptions)[];

// A handler has to be written for it, so that it is no option of a whole module.
const ROUTE_KEYS = [...SHARED_KEYS, 'spend'] as const satisfies readonly (keyof AshRouteOptions)[];

const MODULE_KEYS = [
  ...SHARED_KEYS,
  'store',
  'storeTimeout',
  'audit',
  'publicPrefix',
  'defaultBinding',
  'clock',
] as const satisfies readonly (keyof AshModuleOptions)[];

const FUNCTIONS = ['onVerified', 'onRefused', 'clock'] as const;
const DEVELOPMENT = ['development', 'test'];

/**
 * Checks the options of a route.
 *
 * @throws AshConfigurationError that names the route, the option and the mend.
 */
export function checkRouteOptions(name: string, options: AshRouteOptions): void {
  checkKeys(name, options, ROUTE_KEYS);
  checkSharedOptions(name, options);
}

/**
 * Checks the options of the module.
 *
 * @throws AshConfigurationError that names the option and the mend.
 */
export function checkModuleOptions(options: AshModuleOptions): AshModuleOptions {
  const name = 'AshModule';
  checkKeys(name, options, MODULE_KEYS);
  checkSharedOptions(name, options);
  const { storeTimeout, audit, publicPrefix } = options;
  if (storeTimeout !== undefined && !(storeTimeout > 0 && storeTimeout <= LONGEST_TIMER)) {
    throw new AshConfigurationError(`${name}: 'storeTimeout' is a number of milliseconds from 1 to ${LONGEST_TIMER}.`);
  }
  if (audit !== undefined && !['off', 'warn', 'error'].includes(audit)) {
    throw new AshConfigurationError(`${name}: 'audit' is one of off, warn, error, not '${audit}'.`);
  }
  if (publicPrefix !== undefined && !/^\/[^?#|\s]*$/.test(publicPrefix)) {
    throw new AshConfigurationError(`${name}: 'publicPrefix' is a path that begins with '/', not '${publicPrefix}'.`);
  }
  return options;
}

function checkSharedOptions(name: string, options: AshModuleOptions): void {
  checkPolicyOptions(name, options);
  const { ttl, subject, statuses, explain, renewal } = options;
  if (ttl !== undefined && typeof ttl !== 'number' && typeof ttl !== 'function') {
    throw new AshConfigurationError(`${name}: 'ttl' is a number of milliseconds, or a function that gives one.`);
  }
  if (subject !== undefined && subject !== false && typeof subject !== 'function') {
    throw new AshConfigurationError(`${name}: 'subject' is a function of the request, or false.`);
  }
  if (renewal !== undefined && typeof renewal !== 'boolean') {
    throw new AshConfigurationError(`${name}: 'renewal' is true or false.`);
  }
  for (const key of FUNCTIONS) {
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
