import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { ashNormalizeBinding, ashParseBinding } from '../core/index.js';
import { checkKeys } from '../core/configuration.js';
import { BINDING_OPTION_KEYS } from '../server/options.js';
import { changesState } from '../verification/audit.js';
import { fault, readBinding } from '../verification/declared-binding.js';
import type { ProtectedRoute } from '../verification/protection.js';
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
    private readonly options: Pick<RouteOptions, 'url' | 'handler'> & {
      readonly config: RouteOptions['config'] | undefined;
    },
  ) {}

  get url(): string {
    return this.options.url;
  }

  get handler(): unknown {
    return this.options.handler;
  }

  get config(): AshFastifyRouteOptions {
    const { ash } = this.options.config ?? {};
    return ash === undefined || typeof ash === 'boolean' ? {} : ash;
  }

  /** The protection, once it is known. */
  get protection(): ProtectedRoute<FastifyRequest> | undefined {
    return this.ready;
  }

  /** @throws AshConfigurationError for a route that takes forms alone, where nothing parses them. */
  protect(route: ProtectedRoute<FastifyRequest>): void {
    if (!route.payload.has('json') && route.payload.has('form') && !this.instance.hasContentTypeParser(FORM)) {
      throw fault(route.name, "takes forms, which nothing parses here: register '@fastify/formbody' before it");
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
  take(instance: FastifyInstance, { method, url, handler, config }: RouteOptions): MarkedRoute | undefined {
    const methods = typeof method === 'string' ? [method] : method;
    if (!this.isToProtect(config)) {
      if (config?.ash === undefined) this.open.push(...methods.filter(changesState).map((verb) => `${verb} ${url}`));
      return undefined;
    }
    const route = new MarkedRoute(instance, methods, { url, handler, config });
    this.marked.push(route);
    return route;
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
    const heads: MarkedRoute[] = [];
    for (const route of this.marked) {
      const twin = [...declared].find(([, others]) => others.some((other) => isTwin(other, route)));
      if (twin !== undefined) twin[1].push(route);
      else if (isHead(route)) heads.push(route);
      else declared.set(declarationOf(route, shared, publicPrefix), [route]);
    }
    for (const head of heads) {
      const get = [...declared].find(([, others]) => others.some((other) => isHeadOf(head, other)));
      if (get !== undefined) get[1].push(head);
      else declared.set(declarationOf(head, shared, publicPrefix), [head]);
    }
    return declared;
  }
}

function declarationOf(
  { methods, url, config }: MarkedRoute,
  shared: AshRouteOptions<FastifyRequest>,
  publicPrefix: string,
): RouteDeclaration<FastifyRequest> {
  const name = `${methods.join(', ')} ${url}`;
  checkKeys(name, config, ROUTE_CONFIG_KEYS);
  const { chain, expectedBinding, ...route } = config;
  checkRouteOptions(name, route);
  const bindings = methods.map((method) => readBinding(name, 'its path', `${method} ${publicPrefix}${url}`, url));
  if (expectedBinding !== undefined) checkExpected(name, [expectedBinding].flat(), bindings);
  const { name: chainName, ...rule } = typeof chain === 'string' ? { name: chain } : (chain ?? { name: undefined });
  if (chain !== undefined && typeof chainName !== 'string') {
    throw fault(name, "'chain' has no name: { name: 'checkout', start: true }");
  }
  return {
    name,
    bindings,
    options: mergeRouteOptions(name, shared, route),
    chain: chainName === undefined ? undefined : { chain: chainName, options: rule },
  };
}

function checkExpected(name: string, expected: readonly string[], mapped: readonly RouteBinding[]): void {
  const texts = expected.map((text) => readBinding(name, "'expectedBinding'", text).text);
  const isMapped = texts.length === mapped.length && mapped.every(({ text }) => texts.includes(text));
  if (isMapped) return;
  throw fault(
    name,
    `'expectedBinding' is '${texts.join("', '")}', and the route is mapped as '${mapped.map(({ text }) => text).join("', '")}': ` +
      "declare that, or leave it out (a prefix that a proxy strips is named once, as 'publicPrefix' of the plugin)",
  );
}

function isTwin(a: MarkedRoute, b: MarkedRoute): boolean {
  return a.handler === b.handler && a.methods.join() === b.methods.join() && pathOf(a) === pathOf(b);
}

function isHead({ methods }: MarkedRoute): boolean {
  return methods.length === 1 && methods[0] === 'HEAD';
}

function isHeadOf(head: MarkedRoute, other: MarkedRoute): boolean {
  return other.methods.includes('GET') && pathOf(head) === pathOf(other);
}

function pathOf({ url }: MarkedRoute): string {
  return ashParseBinding(ashNormalizeBinding('GET', url)).path;
}
