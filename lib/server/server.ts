import { checkKeys } from '../core/configuration.js';
import { AshConfigurationError } from '../core/index.js';
import type { AshContextStore } from '../stores/context-store.js';
import { checkApplicationOptions } from '../verification/application-options.js';
import { pathOf, type AshRequestLike } from '../verification/facts.js';
import { ownBinding } from '../verification/own-binding.js';
import { AshProtection, warnOfMemory } from '../verification/protection.js';
import type { AshLog, ProtectedRoute } from '../verification/protected-route.js';
import { protectRoute, warnOfOpenChains } from '../verification/protected-routes.js';
import { checkSharedOptions } from '../verification/route-options.js';
import { consoleLog } from './console-log.js';
import { declareRoutes, declareStranger } from './declared-routes.js';
import { checkGiven, checkHooks } from './hooks.js';
import type { AshServerOptions } from './options.js';
import { safeLog } from './safe-log.js';
import { openStore } from './store-opening.js';
import { warnOnce } from './warn-once.js';

/**
 * The one way through for an application without Nest, on its store; its routes are still to be declared.
 *
 * @param name Who protects, for messages.
 * @param keys The options that it takes.
 * @throws AshConfigurationError that names the option and the mend.
 */
export function protectionOn<R extends AshRequestLike>(
  name: string,
  store: AshContextStore,
  options: AshServerOptions<R>,
  { keys, log }: { keys: readonly string[]; log: AshLog },
): AshProtection<R> {
  checkStore(name, store);
  checkKeys(name, options, keys);
  checkSharedOptions(name, options);
  checkApplicationOptions(name, options);
  const atStart = warnOnce(store, log);
  warnOfMemory(store, atStart);
  const { storeTimeout, clock } = options;
  return new AshProtection<R>({ store, storeTimeout, clock, log, opening: openStore(store, atStart) });
}

/** The protected routes of an application without Nest, on a store. */
export class AshServer<R extends AshRequestLike = AshRequestLike> {
  readonly protection: AshProtection<R>;
  readonly log: AshLog;
  private readonly stranger: ProtectedRoute<R>;
  private readonly publicPrefix: string;

  /**
   * @param name Who declares the routes, for messages.
   * @param keys The options that it takes.
   * @throws AshConfigurationError that names the option or the route, and the mend.
   */
  constructor(name: string, store: AshContextStore, options: AshServerOptions<R>, keys: readonly string[]) {
    checkGiven(name, options);
    const { log = consoleLog, publicPrefix = '' } = options;
    checkHooks(name, { log });
    this.log = safeLog(log);
    this.publicPrefix = publicPrefix;
    this.protection = protectionOn(name, store, options, { keys, log: this.log });
    const declared = declareRoutes(name, options);
    const atStart = warnOnce(store, this.log);
    const routes = declared.map(({ declaration, rule }) => protectRoute(declaration, rule, atStart));
    for (const route of routes) this.protection.table.add(route);
    warnOfOpenChains(routes, atStart);
    this.stranger = protectRoute(declareStranger(options), undefined, () => undefined);
  }

  /** The route that a request is on: the one that is declared for it, or one that refuses it. */
  routeOf(request: R): ProtectedRoute<R> {
    const { routes } = this.protection.table;
    const [only] = routes;
    if (routes.length === 1 && only !== undefined) return only;
    const own = ownBinding({ method: request.method, path: () => pathOf(request) }, this.publicPrefix);
    // That of a parameter beside it, which may demand less, would open a path that only the router spells in another way.
    return (own === undefined ? undefined : this.protection.table.findAlike(own)) ?? this.stranger;
  }
}

function checkStore(name: string, store: unknown): void {
  // Told by what it can do, since two copies of the class can meet.
  const isStore = typeof store === 'object' && store !== null && 'consume' in store && 'create' in store;
  if (!isStore)
    throw new AshConfigurationError(`${name}: 'store' is a store of contexts: new AshMemoryStore(), for one.`);
}
