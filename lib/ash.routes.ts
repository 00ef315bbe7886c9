import { Inject, Injectable, Logger, type OnModuleInit, type Type } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { mappedRoutes, type AshHandler, type MappedRoute } from './ash.mapped-routes.js';
import { ASH_OPTIONS, ASH_PROTECTION } from './ash.module-definition.js';
import { checkRouteOptions, type AshModuleOptions, type AshRequest, type AshRouteOptions } from './ash.options.js';
import { AshConfigurationError } from './core/index.js';
import {
  CHAIN_KEY,
  GUARD_MARK,
  PROTECTED_KEY,
  SKIP_KEY,
  type ChainMetadata,
  type ProtectedMetadata,
} from './decorators/metadata.js';
import { compileChains, type ChainRule } from './verification/chain-rules.js';
import { checkTtl, compilePolicy } from './verification/policy.js';
import { AshProtection, type ProtectedRoute } from './verification/protection.js';
import { RouteBinding } from './verification/route-binding.js';

type Route = ProtectedRoute<AshRequest>;

/** A route that is to be protected, with what its decorators say. */
interface Declaration {
  readonly mapped: MappedRoute;
  readonly options: AshRouteOptions;
  readonly bindings: readonly RouteBinding[];
  readonly chain: ChainMetadata | undefined;
}

const DEFAULT_TTL = 30_000;
const GUARDS_KEY = '__guards__';
/** RFC 9110, section 9.2.1, and the searching methods: every other one can change state. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'SEARCH', 'PROPFIND', 'QUERY']);

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
    @Inject(ASH_PROTECTION) private readonly protection: AshProtection<AshRequest>,
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
  ) {}

  /** @throws AshConfigurationError that names the first route whose declaration is wrong, and the mend. */
  onModuleInit(): void {
    const mapped = mappedRoutes(this.modules, this.config);
    const declarations = mapped.flatMap((route) => this.declare(route) ?? []);
    const rules = this.chainRules(declarations);
    for (const declaration of declarations) this.protect(declaration, rules.get(declaration));
    this.checkDefaultBinding();
    this.auditUnprotected(mapped);
    this.logProtected();
  }

  /** The protected route that a handler of a controller is. */
  find(controller: Type<unknown>, handler: unknown): Route | undefined {
    return this.known.get(controller)?.get(handler as AshHandler);
  }

  /** Whether a handler, or its controller where the handler is not protected itself, has `@SkipAsh()`. */
  isSkipped(controller: object, handler: object): boolean {
    if (has(SKIP_KEY, handler)) return true;
    return has(SKIP_KEY, controller) && !has(PROTECTED_KEY, handler);
  }

  private declare(mapped: MappedRoute): Declaration | undefined {
    const { name, controller, handler } = mapped;
    const own = read<ProtectedMetadata>(PROTECTED_KEY, handler);
    const shared = read<ProtectedMetadata>(PROTECTED_KEY, controller);
    const chain = read<ChainMetadata>(CHAIN_KEY, handler);
    if (own !== undefined && has(SKIP_KEY, handler)) throw fault(name, 'has both @AshProtected and @SkipAsh; keep one');
    if (shared !== undefined && has(SKIP_KEY, controller)) {
      throw fault(controller.name, 'has both @AshProtected and @SkipAsh; keep one');
    }
    if (shared !== undefined && shared.bindings.length > 0) {
      throw fault(controller.name, '@AshProtected on a controller takes no binding: each route has its own');
    }
    const isProtected = own !== undefined || shared !== undefined || this.isGuarded(mapped);
    if (!isProtected || this.isSkipped(controller, handler)) {
      if (chain === undefined) return undefined;
      throw fault(name, `@AshChain('${chain.chain}') needs @AshProtected: a step of a chain is a protected route`);
    }
    for (const { options } of [shared, own].filter(isPresent)) checkRouteOptions(name, options);
    return {
      mapped,
      options: merge(this.options, shared?.options ?? {}, own?.options ?? {}),
      bindings: this.bindingsOf(mapped, own?.bindings ?? []),
      chain,
    };
  }

  /** Whether the guard is bound without a decorator of ours: globally, or by `@UseGuards`. */
  private isGuarded({ controller, handler }: MappedRoute): boolean {
    const bound = [controller, handler].flatMap((target) => read<unknown[]>(GUARDS_KEY, target) ?? []);
    const wrapped = this.config.getGlobalRequestGuards().map(({ metatype }): unknown => metatype);
    return [...bound, ...this.config.getGlobalGuards(), ...wrapped].some(isAshGuard);
  }

  private bindingsOf({ name, method, paths }: MappedRoute, declared: readonly string[]): RouteBinding[] {
    const publicPaths = paths.map((path) => (this.options.publicPrefix ?? '') + path);
    const isAny = method === 'ALL';
    if (declared.length === 0) {
      if (isAny) throw fault(name, 'takes every method: give @AshProtected its bindings, METHOD /path');
      return publicPaths.map((path) => parse(name, `${method} ${path}`));
    }
    const bindings = declared.map((text) => parse(name, text));
    for (const binding of bindings) {
      const mapped = publicPaths.map((path) => parse(name, `${isAny ? binding.method : method} ${path}`).text);
      if (mapped.includes(binding.text)) continue;
      throw fault(
        name,
        `@AshProtected('${binding.text}') is mapped as '${mapped.join("', '")}': declare that, or leave the binding out ` +
          `(a prefix that a proxy strips is named once, as 'publicPrefix' of the module)`,
      );
    }
    if (isAny) return bindings;
    const missing = publicPaths
      .map((path) => parse(name, `${method} ${path}`).text)
      .find((text) => !bindings.some((b) => b.text === text));
    if (missing !== undefined)
      throw fault(name, `is mapped as '${missing}' too: declare every path in a list, or none`);
    return bindings;
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
    const { ttl = DEFAULT_TTL, subject, statuses = {}, explain = false, onVerified, onRefused } = options;
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
      onVerified,
      onRefused,
    };
    this.protection.table.add(route);
    const handlers = this.known.get(controller) ?? new Map<AshHandler, Route>();
    this.known.set(controller, handlers.set(handler, route));
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

/** Later options over earlier ones; what is `undefined` says nothing. */
function merge(...all: readonly AshRouteOptions[]): AshRouteOptions {
  return Object.assign(
    {},
    ...all.map((options) => Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))),
  ) as AshRouteOptions;
}

/** The guard is told by a mark and not by its class, of which two copies can meet; subclasses inherit it. */
function isAshGuard(guard: unknown): boolean {
  const type: unknown = typeof guard === 'function' ? guard : (guard as object | null)?.constructor;
  return typeof type === 'function' && GUARD_MARK in type;
}

function parse(name: string, text: string): RouteBinding {
  return readBinding(name, `@AshProtected('${text}')`, text);
}

function readBinding(name: string, where: string, text: string): RouteBinding {
  try {
    return RouteBinding.parse(text);
  } catch (error) {
    throw fault(name, `${where}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

function has(key: string, target: object): boolean {
  return Reflect.hasMetadata(key, target);
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the key decides what its decorator left
function read<T>(key: string, target: object): T | undefined {
  return Reflect.getMetadata(key, target) as T | undefined;
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}

function fault(name: string, what: string, cause?: unknown): AshConfigurationError {
  return new AshConfigurationError(`${name}: ${what.replace(/\.$/, '')}.`, { cause });
}
