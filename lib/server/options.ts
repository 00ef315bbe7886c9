import { APPLICATION_OPTION_KEYS, type AshApplicationOptions } from '../verification/application-options.js';
import type { AshChainOptions } from '../verification/chain-rules.js';
import { fault } from '../verification/declared-binding.js';
import type { AshRequestLike } from '../verification/facts.js';
import type { AshLog } from '../verification/protected-route.js';
import type { ChainMembership } from '../verification/protected-routes.js';
import { definedOptions, ROUTE_OPTION_KEYS, type AshRouteOptions } from '../verification/route-options.js';

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
 * const shop = { store, bindings: { 'POST /transfer': {}, 'PUT /accounts/:id/limit': { mode: 'strict' } } } as const;
 * app.post('/ash/context', ashExpressContext(shop));
 */
export type AshBindings<R = AshRequestLike> = readonly string[] | Readonly<Record<string, AshBindingOptions<R>>>;

/**
 * What a server without Nest says of its protected routes. One object can be given to the middleware of each route and
 * to the endpoint that issues contexts, so that both go by the same rules.
 */
export interface AshServerOptions<R = AshRequestLike> extends AshBindingOptions<R>, AshApplicationOptions {
  /**
   * The protected routes of the whole application. Every declaration is checked at once, chains against all their
   * steps. Without `expectedBinding` a request that none of them is for is refused.
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

/** The place in a chain that a route declares, if it declares one. */
export function chainPlaceOf(name: string, chain: AshBindingOptions['chain']): ChainMembership | undefined {
  if (chain === undefined) return undefined;
  // A copy, which also what is no object gives nothing to.
  const { name: chainName, ...options } = typeof chain === 'string' ? { name: chain } : { ...chain };
  if (typeof chainName === 'string') return { chain: chainName, options };
  throw fault(name, "'chain' has no name: { name: 'checkout', start: true }");
}

/** The options that are a route's, out of all that an application says. */
export function routeOptionsOf<R>(options: AshRouteOptions<R>): AshRouteOptions<R> {
  const own = Object.entries(options).filter(([key]) => ROUTE_OPTION_KEYS.some((known) => known === key));
  return definedOptions<R>(Object.fromEntries(own));
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
