import { inspect } from 'node:util';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { checkKeys } from '../core/configuration.js';
import { BINDING_OPTION_KEYS, chainPlaceOf } from '../server/options.js';
import { changesState } from '../verification/audit.js';
import { fault, readBinding } from '../verification/declared-binding.js';
import type { ProtectedRoute } from '../verification/protected-route.js';
import type { RouteDeclaration } from '../verification/protected-routes.js';
import type { RouteBinding } from '../verification/route-binding.js';
import { checkRouteOptions, mergeRouteOptions, type AshRouteOptions } from '../verification/route-options.js';
import type { AshFastifyRouteOptions } from './types.js';

const ROUTE_CONFIG_KEYS = [...BINDING_OPTION_KEYS, 'expectedBinding'];

const FORM = 'application/x-www-form-urlencoded';

/** A route as Fastify maps it, whose protection is known when the application is ready. */
export class MarkedRoute {
  private ready: ProtectedRoute<FastifyRequest> | undefined;

  constructor(
    private readonly instance: FastifyInstance,
    readonly methods: readonly string[],
    private readonly options: RouteOptions,
  ) {}

  get url(): string {
    return this.options.url;
  }

  /** @throws AshConfigurationError for what is neither `true` nor an object of options. */
  get config(): AshFastifyRouteOptions {
    const { ash } = this.options.config ?? {};
    if (ash === undefined || ash === true) return {};
    if (isOptions(ash)) return ash;
    throw fault(this.name, `'config.ash' is true, false or an object of options, not ${inspect(ash)}`);
  }

  /** The route in words, for messages. */
  get name(): string {
    return `${this.methods.join(', ')} ${this.url}`;
  }

  /** Whether it answers HEAD alone, as the routes do that Fastify makes of those for GET. */
  get isHead(): boolean {
    return this.methods.length === 1 && this.methods[0] === 'HEAD';
  }

  /** What it can be found by: its methods and its path, one that answers HEAD alone also as its GET. */
  get keys(): string[] {
    const path = `/${this.url.split('/').filter(Boolean).join('/')}`;
    return (this.isHead ? ['HEAD', 'GET'] : this.methods).map((method) => `${method} ${path}`);
  }

  /**
   * Whether it is mapped for the same declaration: with the same handler and the same options, and for the same
   * requests. Another version of a route is another route, whose hooks can be others.
   */
  isSameAs({ options, methods, isHead }: MarkedRoute): boolean {
    const { handler, config, constraints } = this.options;
    const isForSame = isHead || this.methods.join() === methods.join();
    return (
      isForSame &&
      handler === options.handler &&
      config?.ash === options.config?.ash &&
      constraints === options.constraints
    );
  }

  /** The protection, once it is known. */
  get protection(): ProtectedRoute<FastifyRequest> | undefined {
    return this.ready;
  }

  /** Whether the answers of its handler wait for what is to be done before they go out. */
  get isHeld(): boolean {
    return this.ready?.chain !== undefined || this.ready?.spend === 'handler';
  }

  /** @throws AshConfigurationError for a route that takes forms alone, where nothing parses them. */
  protect(route: ProtectedRoute<FastifyRequest>): void {
    if (!route.payload.has('json') && route.payload.has('form') && !this.instance.hasContentTypeParser(FORM)) {
      throw fault(
        route.name,
        `takes forms, which nothing parses here: register '@fastify/formbody', or a parser for '${FORM}', before it`,
      );
    }
    this.ready = route;
  }
}

/** The routes of an application, as Fastify tells of them one by one. */
export class MarkedRoutes {
  private readonly marked: MarkedRoute[] = [];
  private readonly open: string[] = [];

  constructor(private readonly which: 'marked' | 'all') {}

  /** Whether a route with this configuration is to be protected. */
  isToProtect(config: RouteOptions['config'] | undefined): boolean {
    const { ash } = config ?? {};
    return ash === undefined ? this.which === 'all' : ash !== false;
  }

  /** Takes a route in, and gives its mark where it is to be protected. */
  take(instance: FastifyInstance, route: RouteOptions): MarkedRoute | undefined {
    const { method, url, config } = route;
    const methods = typeof method === 'string' ? [method] : method;
    if (!this.isToProtect(config)) {
      if (config?.ash === undefined) this.open.push(...methods.filter(changesState).map((verb) => `${verb} ${url}`));
      return undefined;
    }
    // A copy, since Fastify goes on with the object for the next route that it maps.
    const marked = new MarkedRoute(instance, methods, { ...route });
    this.marked.push(marked);
    return marked;
  }

  /** The routes that change state and say nothing of their protection. */
  get unprotected(): readonly string[] {
    return this.open;
  }

  /**
   * The protected routes, as they are declared, each with the marked routes that it stands for: Fastify maps one route
   * twice below a prefix, with a slash at its end and without, and once more for HEAD.
   *
   * @throws AshConfigurationError
   */
  declarations(
    shared: AshRouteOptions<FastifyRequest>,
    publicPrefix: string,
  ): Map<RouteDeclaration<FastifyRequest>, MarkedRoute[]> {
    const declared = new Map<RouteDeclaration<FastifyRequest>, MarkedRoute[]>();
    const byKey = new Map<string, MarkedRoute[][]>();
    // Behind all others, so that each finds the route of GET that it comes from.
    for (const route of [...this.marked].sort((a, b) => Number(a.isHead) - Number(b.isHead))) {
      const others = route.keys.flatMap((key) => byKey.get(key) ?? []);
      const same = others.find(([first]) => first?.isSameAs(route));
      if (same !== undefined) {
        same.push(route);
        continue;
      }
      const group = [route];
      declared.set(declarationOf(route, shared, publicPrefix), group);
      for (const key of route.keys) byKey.set(key, [...(byKey.get(key) ?? []), group]);
    }
    return declared;
  }
}

function declarationOf(
  { name, methods, url, config }: MarkedRoute,
  shared: AshRouteOptions<FastifyRequest>,
  publicPrefix: string,
): RouteDeclaration<FastifyRequest> {
  checkKeys(name, config, ROUTE_CONFIG_KEYS);
  const { chain, expectedBinding, ...route } = config;
  checkRouteOptions(name, route);
  const bindings = methods.map((method) => readBinding(name, 'its path', `${method} ${publicPrefix}${url}`, url));
  if (expectedBinding !== undefined) checkExpected(name, [expectedBinding].flat(), bindings);
  return {
    name,
    bindings,
    options: mergeRouteOptions(name, shared, route),
    chain: chainPlaceOf(name, chain),
  };
}

function isOptions(ash: unknown): ash is AshFastifyRouteOptions {
  return typeof ash === 'object' && ash !== null && !Array.isArray(ash);
}

function checkExpected(name: string, expected: readonly string[], mapped: readonly RouteBinding[]): void {
  if (!expected.every((text) => typeof text === 'string')) {
    throw fault(name, "'expectedBinding' is a binding, 'POST /transfer', or a list of them");
  }
  const texts = expected.map((text) => readBinding(name, "'expectedBinding'", text).text);
  const isMapped = texts.length === mapped.length && mapped.every(({ text }) => texts.includes(text));
  if (isMapped) return;
  throw fault(
    name,
    `'expectedBinding' is '${texts.join("', '")}', and the route is mapped as '${mapped.map(({ text }) => text).join("', '")}': ` +
      "declare that, or leave it out (a prefix that a proxy strips is named once, as 'publicPrefix' of the plugin)",
  );
}
