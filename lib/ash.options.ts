import type { CanActivate, ModuleMetadata, Provider, Type } from '@nestjs/common';
import type { AshContextStore } from './stores/context-store.js';
import { checkKeys } from './core/configuration.js';
import {
  APPLICATION_OPTION_KEYS,
  checkApplicationOptions,
  type AshApplicationOptions,
} from './verification/application-options.js';
import type { AshRequestLike } from './verification/facts.js';
import { checkSharedOptions, SHARED_OPTION_KEYS, type AshRouteOptions } from './verification/route-options.js';
import { checkAudit, type AshAudit } from './verification/audit.js';

/**
 * A request as the application's functions get it: Express's or Fastify's own object, with what both have in common.
 * Declare the parameter as your framework's request for all that it has.
 *
 * @example
 * subject: (request: Request & { user?: User }) => request.user?.id
 */
export type AshRequest = AshRequestLike;

/** Options of {@link AshModule}. */
export interface AshModuleOptions extends Omit<AshRouteOptions, 'spend'>, AshApplicationOptions {
  /** A store, or the class of one, which Nest then constructs. Default a new `AshMemoryStore`. */
  readonly store?: AshContextStore | Type<AshContextStore>;
  /** Routes that change state and have no decorator: `off`, `warn` (the default), or `error`. */
  readonly audit?: AshAudit;
  /** The binding that the context controller takes where a request names none. */
  readonly defaultBinding?: string;
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

const MODULE_KEYS = [
  ...SHARED_OPTION_KEYS,
  ...APPLICATION_OPTION_KEYS,
  'store',
  'audit',
  'defaultBinding',
] as const satisfies readonly (keyof AshModuleOptions)[];

/**
 * Checks the options of the module.
 *
 * @throws AshConfigurationError that names the option and the mend.
 */
export function checkModuleOptions(options: AshModuleOptions): AshModuleOptions {
  const name = 'AshModule';
  checkKeys(name, options, MODULE_KEYS);
  checkSharedOptions(name, options);
  checkApplicationOptions(name, options);
  checkAudit(name, options.audit);
  return options;
}
