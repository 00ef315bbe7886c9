import { compileChains, type AshChainOptions, type ChainRule } from './chain-rules.js';
import type { AshEnvelope } from './envelope.js';
import { checkTtl, compilePolicy, type AshRoutePolicy } from './policy.js';
import type { AshLog, ProtectedRoute } from './protected-route.js';
import type { RouteBinding } from './route-binding.js';
import type { AshRouteOptions } from './route-options.js';

const DEFAULT_TTL = 30_000;

/** A route's place in a chain, as it is declared. */
export interface ChainMembership {
  readonly chain: string;
  readonly options: AshChainOptions;
}

/** A route that is to be protected, as its application declares it. */
export interface RouteDeclaration<R> {
  /** The route in words, for messages. */
  readonly name: string;
  readonly bindings: readonly RouteBinding[];
  /** The options of the application under those of the route. */
  readonly options: AshRouteOptions<R>;
  readonly chain: ChainMembership | undefined;
  /** See {@link AshRoutePolicy.unmapped}. */
  readonly unmapped?: AshRoutePolicy['unmapped'];
  /** What opens and seals its payloads, where they are encrypted. */
  readonly envelope?: AshEnvelope | undefined;
}

/**
 * Checks the routes of an application against each other and makes them ready, in their order.
 *
 * @throws AshConfigurationError that names the first route whose declaration is wrong, and the mend.
 */
export function protectRoutes<R>(declarations: readonly RouteDeclaration<R>[], log: AshLog): ProtectedRoute<R>[] {
  const rules = chainRules(declarations);
  const routes = declarations.map((declaration) => protectRoute(declaration, rules.get(declaration), log));
  warnOfOpenChains(routes, log);
  return routes;
}

/** The place in its chain of each declaration that has one. */
export function chainRules<R>(
  declarations: readonly RouteDeclaration<R>[],
): ReadonlyMap<RouteDeclaration<R>, ChainRule> {
  const steps = declarations.flatMap((declaration) => {
    const { chain, name, bindings } = declaration;
    return chain === undefined ? [] : [{ declaration, step: { ...chain, route: name, bindings } }];
  });
  const rules = compileChains(steps.map(({ step }) => step));
  return new Map(
    steps.flatMap(({ declaration }, index) => {
      const rule = rules[index];
      return rule === undefined ? [] : [[declaration, rule] as const];
    }),
  );
}

/** Makes one route ready. */
export function protectRoute<R>(
  { name, bindings, options, unmapped, envelope }: RouteDeclaration<R>,
  chain: ChainRule | undefined,
  log: AshLog,
): ProtectedRoute<R> {
  const { ttl = DEFAULT_TTL, subject, statuses = {}, explain = false, renewal = true, onVerified, onRefused } = options;
  const needsSubject = typeof subject === 'function';
  const policy = compilePolicy({ name, bindings, options, chain, needsSubject, explain, unmapped, envelope });
  if (typeof ttl === 'number') checkTtl(name, ttl, policy.mode);
  if (policy.protocol === 'v1') {
    log('warn', `${name} is 'v1': its proofs have no secret, so they detect accidents and replays only.`);
  }
  return {
    ...policy,
    ttl,
    subject: subject === false ? undefined : subject,
    statuses,
    renewal,
    onVerified,
    onRefused,
  };
}

/** Says which chains anybody can go on with. */
export function warnOfOpenChains<R>(routes: readonly ProtectedRoute<R>[], log: AshLog): void {
  const open = routes.filter(({ chain, needsSubject }) => chain !== undefined && !needsSubject);
  for (const name of new Set(open.map(({ chain }) => chain?.name))) {
    log('warn', `The chain '${name}' has no 'subject': whoever sees one of its requests can take the next step.`);
  }
}

/** One line of what is protected, for the log. */
export function protectedLine(routes: readonly Pick<AshRoutePolicy, 'bindings' | 'mode' | 'protocol'>[]): string {
  const list = routes.map(
    ({ bindings, mode, protocol }) => `${bindings.map(({ text }) => text).join(', ')} (${protocol}, ${mode})`,
  );
  return list.length === 0 ? 'No route is protected' : `Protected: ${list.join('; ')}`;
}
