import type { MappedRoute } from './ash.mapped-routes.js';
import {
  CHAIN_KEY,
  ENCRYPTED_KEY,
  ENCRYPTED_METHODS_KEY,
  METHODS_KEY,
  GUARD_MARK,
  PROTECTED_KEY,
  SKIP_KEY,
  type ChainMetadata,
  type ProtectedMetadata,
} from './ash.metadata.js';
import type { AshModuleOptions } from './ash.options.js';
import { fault, readBinding } from './verification/declared-binding.js';
import type { RouteBinding } from './verification/route-binding.js';
import {
  checkRouteOptions,
  definedOptions,
  mergeRouteOptions,
  type AshRouteOptions,
} from './verification/route-options.js';

/** A route that is to be protected, with what its decorators say. */
export interface Declaration {
  readonly mapped: MappedRoute;
  /** The options of the module under those of the controller under those of the route. */
  readonly options: AshRouteOptions;
  readonly bindings: readonly RouteBinding[];
  readonly chain: ChainMetadata | undefined;
  /** Whether its payloads are encrypted. */
  readonly isEncrypted: boolean;
}

// Nest's own.
const GUARDS_KEY = '__guards__';
const EVENTS_KEY = '__sse__';

/**
 * What the decorators of a mapped route declare; nothing for a route that is not to be protected.
 *
 * @param isGlobal Whether the guard is bound to every route.
 * @throws AshConfigurationError that names the route, what is wrong with its declaration, and the mend.
 */
export function declarationOf(
  mapped: MappedRoute,
  module: AshModuleOptions,
  isGlobal: boolean,
): Declaration | undefined {
  const { name, controller, handler } = mapped;
  checkPlacement(mapped);
  const own = read<ProtectedMetadata>(PROTECTED_KEY, handler);
  const shared = read<ProtectedMetadata>(PROTECTED_KEY, controller);
  const chain = read<ChainMetadata>(CHAIN_KEY, handler);
  const isEncrypted = has(ENCRYPTED_KEY, handler) || has(ENCRYPTED_KEY, controller);
  const isProtected =
    own !== undefined || shared !== undefined || isGlobal || isGuarded(controller) || isGuarded(handler);
  if (!isProtected || isSkipped(controller, handler)) {
    if (isEncrypted) checkOpen(mapped);
    if (chain === undefined) return undefined;
    throw fault(name, `@AshChain('${chain.chain}') needs @AshProtected: a step of a chain is a protected route`);
  }
  if (mapped.isReplaced) {
    throw fault(
      name,
      'is replaced on the instance of its controller, where no guard is bound: leave the method as it is',
    );
  }
  const options = [shared, own].flatMap((metadata) => metadata?.options ?? []);
  for (const each of options) checkRouteOptions(name, each);
  if (isEncrypted) checkEncrypted(mapped);
  return {
    mapped,
    options: options.reduce((outer, inner) => mergeRouteOptions(name, outer, inner), ofModule(module, isEncrypted)),
    bindings: bindingsOf(mapped, own?.bindings ?? [], module.publicPrefix ?? ''),
    chain,
    isEncrypted,
  };
}

/** The options of the module that a route takes over. Which bodies the routes of the module take, an encrypted one does not. */
function ofModule(module: AshModuleOptions, isEncrypted: boolean): AshRouteOptions {
  const { payload, ...options } = definedOptions(module);
  return isEncrypted || payload === undefined ? options : { ...options, payload };
}

/** Checks a route whose payloads would be encrypted if it were protected: it is left open by its own `@SkipAsh()` only. */
function checkOpen({ name, handler }: MappedRoute): void {
  if (has(SKIP_KEY, handler) && !has(ENCRYPTED_KEY, handler)) return;
  throw fault(name, '@AshEncrypted() needs @AshProtected: the payloads of protected routes can be encrypted');
}

function checkEncrypted({ name, handler }: MappedRoute): void {
  if (!answersEvents(handler)) return;
  throw fault(name, 'has @AshEncrypted() and @Sse(): a stream of events cannot be encrypted, since it has no end');
}

/**
 * Whether a handler is left unprotected: by its own `@SkipAsh()`, or by its controller's where nothing protects the
 * handler itself.
 */
export function isSkipped(controller: object, handler: object): boolean {
  if (has(SKIP_KEY, handler)) return true;
  return has(SKIP_KEY, controller) && !has(PROTECTED_KEY, handler) && !isGuarded(handler);
}

/** The guard is told by a mark and not by its class, of which two copies can meet; subclasses inherit it. */
export function isAshGuard(guard: unknown): boolean {
  const type: unknown = typeof guard === 'function' ? guard : (guard as object | null)?.constructor;
  return typeof type === 'function' && GUARD_MARK in type;
}

/** Whether `@UseGuards` binds the guard to a controller or a handler. */
function isGuarded(target: object): boolean {
  return (read<unknown[]>(GUARDS_KEY, target) ?? []).some(isAshGuard);
}

function checkPlacement({ name, controller, handler }: MappedRoute): void {
  const own = read<ProtectedMetadata>(PROTECTED_KEY, handler);
  const shared = read<ProtectedMetadata>(PROTECTED_KEY, controller);
  if (own !== undefined && has(SKIP_KEY, handler)) throw fault(name, 'has both @AshProtected and @SkipAsh; keep one');
  if (shared !== undefined && has(SKIP_KEY, controller)) {
    throw fault(controller.name, 'has both @AshProtected and @SkipAsh; keep one');
  }
  if (shared !== undefined && shared.bindings.length > 0) {
    throw fault(controller.name, '@AshProtected on a controller takes no binding: each route has its own');
  }
  if (own === undefined) checkVisible('@AshProtected', METHODS_KEY, { name, controller, handler });
  if (!has(ENCRYPTED_KEY, handler)) checkVisible('@AshEncrypted', ENCRYPTED_METHODS_KEY, { name, controller, handler });
}

/** Checks that a decorator which a handler does not have stands on no method that the handler wraps. */
function checkVisible(
  decorator: string,
  key: string,
  { name, controller, handler }: Pick<MappedRoute, 'name' | 'controller' | 'handler'>,
): void {
  if (!isMarked(controller.prototype as object, handler, key)) return;
  throw fault(name, `has ${decorator} below a decorator that wraps the method and hides it: put ${decorator} on top`);
}

/** Whether a decorator was noted for the method under the name that a class has the handler under. */
function isMarked(prototype: object, handler: unknown, key: string): boolean {
  for (let owner: object | null = prototype; owner !== null; owner = Reflect.getPrototypeOf(owner)) {
    const names = (Reflect.getOwnMetadata(key, owner) ?? []) as PropertyKey[];
    if (names.some((name) => Object.getOwnPropertyDescriptor(owner, name)?.value === handler)) return true;
  }
  return false;
}

/** The bindings of a route: the declared ones, held against what Nest maps, or else what Nest maps. */
function bindingsOf({ name, method, paths }: MappedRoute, declared: readonly string[], prefix: string): RouteBinding[] {
  const isAny = method === 'ALL';
  if (declared.length === 0 && isAny)
    throw fault(name, 'takes every method: give @AshProtected its bindings, METHOD /path');
  const mappedAs = (verb: string): RouteBinding[] => paths.map((path) => parse(name, `${verb} ${prefix}${path}`, path));
  if (declared.length === 0) return mappedAs(method);
  const bindings = declared.map((text) => {
    const binding = parse(name, text);
    const mapped = mappedAs(isAny ? binding.method : method);
    const found = mapped.find((candidate) => candidate.text === binding.text);
    if (found !== undefined) return found;
    throw fault(
      name,
      `@AshProtected('${binding.text}') is mapped as '${mapped.map((each) => each.text).join("', '")}': declare that, or ` +
        `leave the binding out (a prefix that a proxy strips is named once, as 'publicPrefix' of the module)`,
    );
  });
  const missing = isAny ? undefined : mappedAs(method).find(({ text }) => !bindings.some((each) => each.text === text));
  if (missing !== undefined)
    throw fault(name, `is mapped as '${missing.text}' too: declare every path in a list, or none`);
  return bindings;
}

function parse(name: string, text: string, served?: string): RouteBinding {
  return readBinding(name, `@AshProtected('${text}')`, text, served);
}

/** Whether a handler answers a stream of events, whose head Nest may send before the handler has done anything. */
export function answersEvents(handler: object): boolean {
  return has(EVENTS_KEY, handler);
}

function has(key: string, target: object): boolean {
  return Reflect.hasMetadata(key, target);
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the key decides what its decorator left
function read<T>(key: string, target: object): T | undefined {
  return Reflect.getMetadata(key, target) as T | undefined;
}
