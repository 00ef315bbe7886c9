import type {
  FastifyInstance,
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
  RouteHandlerMethod,
  RouteOptions,
} from 'fastify';
import type { AshConfigurationError } from '../core/index.js';
import { checkHooks, isSkipped } from '../server/hooks.js';
import type { AshLog, AshStatuses } from '../server/index.js';
import { routeOptionsOf, SERVER_OPTION_KEYS } from '../server/options.js';
import { Passage } from '../server/passage.js';
import { safeLog } from '../server/safe-log.js';
import { protectionOn } from '../server/server.js';
import { auditOpenRoutes, checkAudit } from '../verification/audit.js';
import { fault } from '../verification/declared-binding.js';
import { checkFastifyRouter } from '../verification/fastify-router.js';
import { protectedLine, protectRoutes } from '../verification/protected-routes.js';
import type { AshProtection } from '../verification/protection.js';
import type { AshRouteOptions } from '../verification/route-options.js';
import { concludedHandler } from './handler.js';
import { MarkedRoutes, type MarkedRoute } from './marked-routes.js';
import { pluginOptions, setUp } from './plugin-options.js';
import { refuse, type Exchange } from './refusal.js';
import type { AshFastifyOptions } from './types.js';

const NAME = 'ashFastifyPlugin';
const PLUGIN_KEYS = [
  ...SERVER_OPTION_KEYS.filter((key) => !['bindings', 'expectedBinding', 'chain', 'spend', 'log'].includes(key)),
  'store',
  'routes',
  'audit',
  'skip',
  'onError',
];

/** Options of the other servers, with where Fastify has them. */
const ELSEWHERE = {
  bindings: 'a route says by its config.ash that it is protected',
  expectedBinding: "it is a single route's: say it in its config.ash",
  chain: "it is a single route's: say it in its config.ash",
  spend: "it is a single route's: say it in its config.ash",
  log: 'messages go to the logger of the application',
};

/** Where the mark of a route stands in its configuration. */
const MARK = Symbol('ash:route');

/** Where the instance keeps what the context endpoint needs. */
export const ISSUING = Symbol.for('ash:fastify');

/** What the context endpoint finds on the instance. */
export interface Issuing {
  readonly protection: AshProtection<FastifyRequest>;
  readonly statuses: AshStatuses;
  /** Says that contexts are issued by the library, and what is to be checked when all routes are known. */
  readonly add: (check: () => void) => void;
}

interface Marks {
  readonly [MARK]?: MarkedRoute;
}

type Done = (error?: Error) => void;

/** The protection of an instance of Fastify: what its hooks do. */
class InstanceProtection {
  readonly protection: AshProtection<FastifyRequest>;
  private readonly log: AshLog;
  private readonly passage: Passage<FastifyRequest>;
  private readonly routes: MarkedRoutes;
  private readonly checks: (() => void)[] = [];
  /** The hooks of this instance, which another plugin can hand on with the options of a route. */
  private readonly hooks = new WeakSet();
  /** The requests that may come to their handlers. */
  private readonly passed = new WeakSet<FastifyRequest>();

  constructor(
    private readonly fastify: FastifyInstance,
    private readonly options: AshFastifyOptions,
  ) {
    const { store, routes = 'marked', audit, skip, onError } = options;
    for (const [key, where] of Object.entries(ELSEWHERE)) {
      if (key in options) throw fault(NAME, `there is no option '${key}': ${where}`);
    }
    this.log = safeLog((level, message, cause) => {
      fastify.log[level](cause === undefined ? {} : { err: cause }, message);
    });
    this.protection = protectionOn<FastifyRequest>(NAME, store, options, { keys: PLUGIN_KEYS, log: this.log });
    checkHooks(NAME, { onError, skip });
    checkAudit(NAME, audit);
    if (!['marked', 'all'].includes(routes)) throw fault(NAME, `'routes' is 'marked' or 'all', not '${routes}'`);
    checkFastifyRouter(NAME, fastify.initialConfig);
    this.passage = new Passage(this.protection);
    this.routes = new MarkedRoutes(routes);
  }

  get issuing(): Issuing {
    const { protection, checks, options } = this;
    return { protection, statuses: options.statuses ?? {}, add: (check) => checks.push(check) };
  }

  /** Gives a route that is declared its hook, where it is to be protected. */
  declare(instance: FastifyInstance, route: RouteOptions): void {
    const mark = this.routes.take(instance, route);
    if (mark === undefined) return;
    route.config = { ...route.config, [MARK]: mark } as NonNullable<typeof route.config>;
    const verify = (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
      this.verify(mark, { request, reply, done });
    };
    this.hooks.add(verify);
    // Behind every hook that says who sends the request, and before the validation, which changes the body.
    route.preValidation = [...[route.preValidation ?? []].flat().filter((hook) => !this.hooks.has(hook)), verify];
    route.handler = this.guard(mark, route.handler);
  }

  /** Closes a route that was there before the plugin, and so has no hook of it. */
  close(request: FastifyRequest, done: Done): void {
    const { config } = request.routeOptions;
    const isKnown = request.is404 || !this.routes.isToProtect(config) || (config as Marks)[MARK] !== undefined;
    if (isKnown) done();
    else done(unknownRoute(request));
  }

  /** Lets a handler run for what was let through alone, also where a hook 'onRoute' has taken the verification away. */
  private guard(mark: MarkedRoute, handler: RouteHandlerMethod): RouteHandlerMethod {
    const { passed } = this;
    const concluded = concludedHandler(handler, () => mark.isHeld);
    return function (request, reply) {
      if (passed.has(request)) return concluded.call(this, request, reply);
      throw fault(
        mark.name,
        `a hook 'onRoute' has taken the verification out of its 'preValidation', so that it is closed: keep what ${NAME} has put there`,
      );
    };
  }

  /** Checks all that was declared, and makes it ready. */
  async open(): Promise<void> {
    const { options, protection, log } = this;
    await options.store.open();
    const declared = [...this.routes.declarations(this.sharedOptions(), options.publicPrefix ?? '')];
    const routes = protectRoutes(
      declared.map(([declaration]) => declaration),
      log,
    );
    for (const [index, route] of routes.entries()) {
      protection.table.add(route);
      for (const mark of declared[index]?.[1] ?? []) mark.protect(route);
    }
    for (const check of this.checks) check();
    auditOpenRoutes(NAME, {
      audit: options.audit,
      open: this.routes.unprotected,
      mend: 'Give each config: { ash: true }, or { ash: false } to leave it open.',
      warn: (message) => {
        log('warn', message);
      },
    });
    this.fastify.log.info(protectedLine(protection.table.routes));
  }

  private verify(mark: MarkedRoute, exchange: Exchange & { done: Done }): void {
    const { request, reply, done } = exchange;
    const { skip, onError } = this.options;
    const enter = async (): Promise<void> => {
      if (skip !== undefined && (await isSkipped(skip, request))) return;
      if (mark.protection === undefined) throw unknownRoute(request);
      await this.passage.enter(request, reply.raw, mark.protection);
    };
    enter().then(
      () => {
        this.passed.add(request);
        done();
      },
      (error: unknown) => refuse(error, exchange, onError),
    );
  }

  /** Contexts are renewed where the library issues them. */
  private sharedOptions(): AshRouteOptions<FastifyRequest> {
    return { renewal: this.checks.length > 0, ...routeOptionsOf(this.options) };
  }
}

const plugin: FastifyPluginAsync<AshFastifyOptions> = (fastify, options) =>
  setUp(() => {
    protect(fastify, pluginOptions(options));
  });

function protect(fastify: FastifyInstance, options: AshFastifyOptions): void {
  if (ISSUING in fastify) throw fault(NAME, 'is registered here already: one is for an instance and all that is below');
  const instance = new InstanceProtection(fastify, options);
  const { protection } = instance;
  fastify.decorateRequest('ash', null);
  fastify.decorate('ash', {
    issue: (issue, request) => protection.issue(issue, request),
    issueFor: (binding, request) => protection.issueFor(binding, request),
  });
  fastify.decorate(ISSUING, instance.issuing);
  fastify.addHook('onRoute', function (this: FastifyInstance, route) {
    instance.declare(this, route);
  });
  fastify.addHook('onRequest', (request, _reply, done) => {
    instance.close(request, done);
  });
  fastify.addHook('onReady', () => instance.open());
}

/**
 * A plugin of Fastify 5 that verifies the requests of every route with `config: { ash: … }` and spends their contexts, or
 * refuses them. The handler finds the verified request as `request.ash`; where it ends a step of a chain, the answer
 * carries `X-ASH-Chain-Proof`. All routes and chains are checked when the application becomes ready.
 *
 * It protects the instance that it is registered on, and all scopes below. Register it, and wait for it, before the
 * routes are declared: a marked route that was there before is answered 500.
 *
 * It verifies behind all hooks up to `preValidation`, which say who sends a request: one in `preHandler` comes too late
 * for `subject`. A schema of the route is held against the request behind it, and changes the body in place: what it
 * converts, leaves out or adds is in `request.body` then, and in the `request.ash.payload` that is the same object.
 *
 * @throws AshConfigurationError that names the option or the route, and the mend.
 * @example
 * await app.register(ashFastifyPlugin, { store });
 * await app.register(ashFastifyContext);
 * app.post('/transfer', { config: { ash: { scope: ['amount', 'to'] } } }, (request) => ({ done: request.ash?.payload }));
 *
 * Source: protocol, section 8.
 */
export const ashFastifyPlugin: FastifyPluginAsync<AshFastifyOptions> = asPlugin(plugin);

function unknownRoute({ method, url }: FastifyRequest): AshConfigurationError {
  return fault(
    `${method} ${url.split('?', 1)[0] ?? ''}`,
    `${NAME} does not know the route, so that it is closed: await app.register(${NAME}, …) before the route is declared`,
  );
}

/** Its hooks are for the instance that it is registered on. Source: the documentation of Fastify, "Plugins". */
function asPlugin(of: typeof plugin): typeof plugin {
  return Object.assign(of, {
    [Symbol.for('skip-override')]: true,
    [Symbol.for('fastify.display-name')]: NAME,
    [Symbol.for('plugin-meta')]: { name: NAME, fastify: '5.x' },
  });
}
