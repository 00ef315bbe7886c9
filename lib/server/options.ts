import type { AshApplicationOptions } from '../verification/application-options.js';
import { APPLICATION_OPTION_KEYS } from '../verification/application-options.js';
import type { AshChainOptions } from '../verification/chain-rules.js';
import type { AshRequestLike } from '../verification/facts.js';
import type { AshLog } from '../verification/protection.js';
import { ROUTE_OPTION_KEYS, type AshRouteOptions } from '../verification/route-options.js';

/** A route's place in a chain: the chain's name, with what the route follows. Source: protocol, section 9. */
export interface AshChainPlace extends AshChainOptions {
  /** The chain's name. */
  readonly name: string;
}

/** What one route of an application without Nest says for itself. */
export interface AshBindingOptions<R = AshRequestLike> extends AshRouteOptions<R> {
  /**
   * The route's place in a chain. The bare name follows any step of the chain, where all its steps are declared in
   * `bindings`.
   */
  readonly chain?: string | AshChainPlace;
}

/**
 * The protected routes of an application by their bindings: a list of those that have the shared options, or an object
 * with what each says for itself.
 *
 * @example
 * { 'POST /transfer': {}, 'PUT /accounts/:id/limit': { mode: 'strict' } }
 */
export type AshBindings<R = AshRequestLike> = readonly string[] | Readonly<Record<string, AshBindingOptions<R>>>;

/**
 * What a server without Nest says of its protected routes. One object can be given to the middleware of each route and
 * to the endpoint that issues contexts, so that both go by the same rules.
 */
export interface AshServerOptions<R = AshRequestLike> extends AshBindingOptions<R>, AshApplicationOptions {
  /**
   * The protected routes of the whole application. Every declaration is checked at once, chains against all their
   * steps.
   */
  readonly bindings?: AshBindings<R>;
  /**
   * The binding of this one route, `POST /transfer`, or those of its several paths; one of `bindings`, where there are
   * any. Without it the binding is the request's own method and path.
   */
  readonly expectedBinding?: string | readonly string[];
  /** Where messages for the operator go. Default: errors and warnings to the console. */
  readonly log?: AshLog;
}

/** The option names of {@link AshServerOptions}. */
export const SERVER_OPTION_KEYS = [
  ...ROUTE_OPTION_KEYS,
  ...APPLICATION_OPTION_KEYS,
  'chain',
  'bindings',
  'expectedBinding',
  'log',
] as const satisfies readonly (keyof AshServerOptions)[];

/** The option names of {@link AshBindingOptions}. */
export const BINDING_OPTION_KEYS = [
  ...ROUTE_OPTION_KEYS,
  'chain',
] as const satisfies readonly (keyof AshBindingOptions)[];
