import { Inject, Injectable, Logger, type OnModuleInit, type Type } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { declarationOf, fault, isAshGuard, isSkipped, readBinding, type Declaration } from './ash.declarations.js';
import { mappedRoutes, type AshHandler, type MappedRoute } from './ash.mapped-routes.js';
import { ASH_OPTIONS, ASH_PROTECTION } from './ash.module-definition.js';
import type { AshModuleOptions } from './ash.options.js';
import { AshConfigurationError } from './core/index.js';
import { compileChains, type ChainRule } from './verification/chain-rules.js';
import { checkTtl, compilePolicy } from './verification/policy.js';
import { AshProtection, type ProtectedRoute } from './verification/protection.js';

type Route = ProtectedRoute;

const DEFAULT_TTL = 30_000;
/** RFC 9110, section 9.2.1, and the searching methods: every other one can change state. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'SEARCH', 'PROPFIND', 'QUERY']);

/** What Fastify tells of its router. */
interface FastifyConfig {
  readonly useSemicolonDelimiter?: boolean;
  readonly routerOptions?: { readonly useSemicolonDelimiter?: boolean };
}

/**
 * Finds every route of the application at start-up, holds the declared bindings and chains against what Nest maps, and
 * knows the protected ones from then on.
 */
@Injectable()
export class AshRoutes implements OnModuleInit {
  private readonly logger = new Logger('AshModule');
  private readonly known = new Map<Type<unknown>, Map<AshHandler, Route>>();

  constructor(
    @Inject(ASH_OPTIONS) private readonly options: AshModuleOptions,
    @Inject(ASH_PROTECTION) private readonly protection: AshProtection,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  /** @throws AshConfigurationError that names the first route whose declaration is wrong, and the mend. */
  onModuleInit(): void {
    this.checkRouter();
    const mapped = mappedRoutes(this.modules, this.config);
    const isGlobal = this.isGlobal();
    const declarations = mapped.flatMap((route) => declarationOf(route, this.options, isGlobal) ?? []);
    const rules = this.chainRules(declarations);
    for (const declaration of declarations) this.protect(declaration, rules.get(declaration));
    this.warnOfOpenChains();
    this.checkDefaultBinding();
    this.auditUnprotected(mapped);
    this.logProtected();
  }

  /** The protected route that a handler of a controller is. */
  find(controller: Type<unknown>, handler: unknown): Route | undefined {
    return this.known.get(controller)?.get(handler as AshHandler);
  }

  /** Whether a handler is left unprotected by `@SkipAsh()`. */
  isSkipped(controller: object, handler: object): boolean {
    return isSkipped(controller, handler);
  }

  private isGlobal(): boolean {
    const wrapped = this.config.getGlobalRequestGuards().map(({ metatype }): unknown => metatype);
    return [...this.config.getGlobalGuards(), ...wrapped].some(isAshGuard);
  }

  /** A router that begins the query at a `;` hands the handler a query that no proof covers. */
  private checkRouter(): void {
    const { httpAdapter } = this.host as Partial<HttpAdapterHost>;
    if (httpAdapter?.getType() !== 'fastify') return;
    const { initialConfig } = httpAdapter.getInstance<{ initialConfig?: FastifyConfig }>();
    if (initialConfig?.routerOptions?.useSemicolonDelimiter || initialConfig?.useSemicolonDelimiter) {
      throw fault(
        'AshModule',
        "Fastify's 'useSemicolonDelimiter' begins the query at a ';', which no proof covers: turn it off",
      );
    }
  }

  private chainRules(declarations: readonly Declaration[]): Map<Declaration, ChainRule> {
    const steps = declarations.flatMap((declaration) => {
      const { chain, mapped, bindings } = declaration;
      return chain === undefined ? [] : [{ declaration, step: { ...chain, route: mapped.name, bindings } }];
    });
    const rules = compileChains(steps.map(({ step }) => step));
    return new Map(
      steps.flatMap(({ declaration }, index) => {
        const rule = rules[index];
        return rule === undefined ? [] : [[declaration, rule] as const];
      }),
    );
  }

  private protect({ mapped, options, bindings }: Declaration, chain: ChainRule | undefined): void {
    const { name, controller, handler } = mapped;
    const {
      ttl = DEFAULT_TTL,
      subject,
      statuses = {},
      explain = false,
      renewal = true,
      onVerified,
      onRefused,
    } = options;
    const policy = compilePolicy({
      name,
      bindings,
      options,
      chain,
      needsSubject: typeof subject === 'function',
      explain,
    });
    if (typeof ttl === 'number') checkTtl(name, ttl, policy.mode);
    if (policy.protocol === 'v1') {
      this.logger.warn(`${name} is 'v1': its proofs have no secret, so they detect accidents and replays only.`);
    }
    const route: Route = {
      ...policy,
      ttl,
      subject: subject === false ? undefined : subject,
      statuses,
      renewal,
      onVerified,
      onRefused,
    };
    this.protection.table.add(route);
    const handlers = this.known.get(controller) ?? new Map<AshHandler, Route>();
    this.known.set(controller, handlers.set(handler, route));
  }

  private warnOfOpenChains(): void {
    const open = this.protection.table.routes.filter(({ chain, needsSubject }) => chain !== undefined && !needsSubject);
    for (const name of new Set(open.map(({ chain }) => chain?.name))) {
      this.logger.warn(
        `The chain '${name}' has no 'subject': whoever sees one of its requests can take the next step.`,
      );
    }
  }

  private checkDefaultBinding(): void {
    const { defaultBinding } = this.options;
    if (defaultBinding === undefined) return;
    const binding = readBinding('AshModule', "'defaultBinding'", defaultBinding);
    if (binding.isStatic && this.protection.table.find(binding.text)) return;
    const what = binding.isStatic ? 'which no protected route declares' : 'which is a pattern: name one concrete path';
    throw fault('AshModule', `'defaultBinding' is '${defaultBinding}', ${what}`);
  }

  private auditUnprotected(mapped: readonly MappedRoute[]): void {
    const { audit = 'warn' } = this.options;
    if (audit === 'off') return;
    const open = mapped.filter(
      ({ controller, handler, method }) =>
        !SAFE_METHODS.has(method) && !this.find(controller, handler) && !this.isSkipped(controller, handler),
    );
    if (open.length === 0) return;
    const list = open.map(({ name, method, paths }) => `${method} ${paths.join(', ')} (${name})`).join('; ');
    const message = `these routes change state and are not protected: ${list}. Give each @AshProtected() or @SkipAsh().`;
    if (audit === 'error') throw new AshConfigurationError(`AshModule: ${message}`);
    this.logger.warn(message);
  }

  private logProtected(): void {
    const { routes } = this.protection.table;
    const list = routes.map(
      ({ bindings, mode, protocol }) => `${bindings.map(({ text }) => text).join(', ')} (${protocol}, ${mode})`,
    );
    this.logger.log(routes.length === 0 ? 'No route is protected' : `Protected: ${list.join('; ')}`);
  }
}
