import { Inject, Injectable, Logger, type OnModuleInit, type Type } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';
import { UnknownElementException } from '@nestjs/core/errors/exceptions/unknown-element.exception.js';
import { declarationOf, isAshGuard, isSkipped, type Declaration } from './ash.declarations.js';
import { mappedRoutes, type AshHandler, type MappedRoute } from './ash.mapped-routes.js';
import { ASH_ENVELOPE, ASH_OPTIONS, ASH_PROTECTION } from './ash.module-definition.js';
import type { AshModuleOptions } from './ash.options.js';
import { auditOpenRoutes, changesState } from './verification/audit.js';
import { checkDefaultBinding } from './verification/context-endpoint.js';
import { fault } from './verification/declared-binding.js';
import type { AshEnvelope } from './verification/envelope.js';
import { checkFastifyRouter, type FastifyRouterConfig } from './verification/fastify-router.js';
import { protectedLine, protectRoutes } from './verification/protected-routes.js';
import { AshProtection } from './verification/protection.js';
import type { ProtectedRoute } from './verification/protected-route.js';

type Route = ProtectedRoute;

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
    @Inject(ModuleRef) private readonly moduleRef: ModuleRef,
  ) {}

  /** @throws AshConfigurationError that names the first route whose declaration is wrong, and the mend. */
  onModuleInit(): void {
    this.checkRouter();
    const mapped = mappedRoutes(this.modules, this.config);
    const isGlobal = this.isGlobal();
    const declarations = mapped.flatMap((route) => declarationOf(route, this.options, isGlobal) ?? []);
    this.protect(declarations);
    checkDefaultBinding('AshModule', this.options.defaultBinding, this.protection.table);
    this.auditUnprotected(mapped);
    this.logProtected();
  }

  /** The protected route that a handler of a controller is. */
  find(controller: Type<unknown>, handler: unknown): Route | undefined {
    return this.known.get(controller)?.get(handler as AshHandler);
  }

  /** Whether a handler is left unprotected by `@SkipAsh()`. */
  isSkipped(controller: object, handler: object): boolean {
    // What is known was found to be protected at start-up: only the rest is asked for its metadata.
    return this.find(controller as Type<unknown>, handler) === undefined && isSkipped(controller, handler);
  }

  private isGlobal(): boolean {
    const wrapped = this.config.getGlobalRequestGuards().map(({ metatype }): unknown => metatype);
    return [...this.config.getGlobalGuards(), ...wrapped].some(isAshGuard);
  }

  private checkRouter(): void {
    const { httpAdapter } = this.host as Partial<HttpAdapterHost>;
    if (httpAdapter?.getType() !== 'fastify') return;
    checkFastifyRouter('AshModule', httpAdapter.getInstance<{ initialConfig?: FastifyRouterConfig }>().initialConfig);
  }

  private protect(declarations: readonly Declaration[]): void {
    const routes = protectRoutes(
      declarations.map(({ mapped: { name }, bindings, options, chain, isEncrypted }) => ({
        name,
        bindings,
        options,
        chain,
        envelope: isEncrypted ? this.envelopeFor(name) : undefined,
      })),
      (level, message) => {
        this.logger[level](message);
      },
    );
    for (const [index, route] of routes.entries()) {
      const mapped = declarations[index]?.mapped;
      if (mapped === undefined) continue;
      this.protection.table.add(route);
      const handlers = this.known.get(mapped.controller) ?? new Map<AshHandler, Route>();
      this.known.set(mapped.controller, handlers.set(mapped.handler, route));
    }
  }

  /** What opens and seals the payloads of encrypted routes, wherever in the application it is provided. */
  private envelopeFor(name: string): AshEnvelope {
    const [envelope, another] = new Set(this.envelopes());
    if (envelope === undefined) {
      throw fault(name, '@AshEncrypted() needs AshSnapshotModule: import AshSnapshotModule.forRoot(…)');
    }
    if (another === undefined) return envelope;
    throw fault(name, '@AshEncrypted() found several AshSnapshotModules, each with a key of its own: import one');
  }

  private envelopes(): AshEnvelope[] {
    try {
      return this.moduleRef.get<AshEnvelope>(ASH_ENVELOPE, { strict: false, each: true });
    } catch (error) {
      if (error instanceof UnknownElementException) return [];
      throw error;
    }
  }

  private auditUnprotected(mapped: readonly MappedRoute[]): void {
    const open = mapped.filter(
      ({ controller, handler, method }) =>
        changesState(method) && !this.find(controller, handler) && !this.isSkipped(controller, handler),
    );
    auditOpenRoutes('AshModule', {
      audit: this.options.audit,
      open: open.map(({ name, method, paths }) => `${method} ${paths.join(', ')} (${name})`),
      mend: 'Give each @AshProtected() or @SkipAsh().',
      warn: (message) => {
        this.logger.warn(message);
      },
    });
  }

  private logProtected(): void {
    this.logger.log(protectedLine(this.protection.table.routes));
  }
}
