import { checkKeys, listOf } from '../core/configuration.js';
import { ashParseBinding } from '../core/index.js';
import { loneChainRule, type ChainRule } from '../verification/chain-rules.js';
import { fault, readBinding } from '../verification/declared-binding.js';
import { chainRules, type RouteDeclaration } from '../verification/protected-routes.js';
import type { RouteBinding } from '../verification/route-binding.js';
import { checkRouteOptions, mergeRouteOptions, type AshRouteOptions } from '../verification/route-options.js';
import {
  BINDING_OPTION_KEYS,
  chainPlaceOf,
  routeOptionsOf,
  type AshBindingOptions,
  type AshBindings,
  type AshServerOptions,
} from './options.js';

/** A route that is declared, with its place in its chain. */
export interface DeclaredRoute<R> {
  readonly declaration: RouteDeclaration<R>;
  readonly rule: ChainRule | undefined;
}

const ANY_ROUTE = 'every route';
const STRANGER = 'a route that is not declared';

/** What routers call every method, and no request has. */
const ANY_METHOD: ReadonlySet<string> = new Set(['*', 'ALL', 'ANY']);

/**
 * The routes that the options declare: those of `expectedBinding`, or else all of `bindings`, or else one for whatever
 * comes.
 *
 * @param name Who declares them, for messages.
 * @throws AshConfigurationError that names the option or the route, and the mend.
 */
export function declareRoutes<R>(name: string, options: AshServerOptions<R>): DeclaredRoute<R>[] {
  const { bindings, expectedBinding } = options;
  checkBindings(name, { bindings, expectedBinding });
  if (bindings !== undefined) return pickExpected(name, declareAllOnce(name, options, bindings), expectedBinding);
  if (expectedBinding !== undefined) return [declareOne(name, options, listOf(expectedBinding))];
  if (options.chain !== undefined) {
    throw fault(
      name,
      "'chain' needs 'expectedBinding', or 'bindings': the steps of a chain are told by their bindings",
    );
  }
  return [
    { declaration: { name: ANY_ROUTE, bindings: [], chain: undefined, ...commonOf(options, false) }, rule: undefined },
  ];
}

/** A route for requests that none of the declared ones is for: a route without a binding is nobody's, and refuses all. */
export function declareStranger<R>(options: AshServerOptions<R>): RouteDeclaration<R> {
  return { name: STRANGER, bindings: [], chain: undefined, options: commonOf(options, false).options };
}

function declareOne<R>(name: string, options: AshServerOptions<R>, texts: readonly string[]): DeclaredRoute<R> {
  const bindings = texts.map((text) => read(name, "'expectedBinding'", text, options));
  const [first] = bindings;
  if (first === undefined) throw fault(name, "'expectedBinding' names no binding");
  const chain = chainPlaceOf(first.text, options.chain);
  const declaration = { name: first.text, bindings, chain, ...commonOf(options, false) };
  return { declaration, rule: chain && loneChainRule({ ...chain, route: first.text, bindings }) };
}

/** What a set of bindings declares, and of what that came. */
interface Declared<R> {
  readonly given: Given;
  readonly routes: readonly DeclaredRoute<R>[];
}

/** All that the declaration of a set of bindings reads. */
interface Given {
  readonly common: readonly unknown[];
  readonly keys: readonly string[];
  readonly values: readonly unknown[];
}

const declaredBefore = new WeakMap<object, Declared<never>>();

/**
 * All routes of the application as they were declared before, where nothing about them has changed: a middleware for
 * each route names the same set, and to declare all of it each time would take a start-up that grows with the square.
 */
function declareAllOnce<R>(
  name: string,
  options: AshServerOptions<R>,
  all: AshBindings<R>,
): readonly DeclaredRoute<R>[] {
  checkNoneOfOneRoute(name, options);
  const common: object = routeOptionsOf(options);
  const given: Given = {
    common: [options.publicPrefix, ...Object.keys(common), ...(Object.values(common) as unknown[])],
    keys: Object.keys(all),
    values: Object.values<unknown>(all),
  };
  const before = declaredBefore.get(all);
  if (before !== undefined && isAlike(before.given, given)) return before.routes;
  const routes = declareAll(name, options, all);
  declaredBefore.set(all, { given, routes });
  return routes;
}

function isAlike(some: Given, others: Given): boolean {
  return (['common', 'keys', 'values'] as const).every((part) => areAlike(some[part], others[part]));
}

function areAlike(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((each, index) => each === others[index]);
}

function checkNoneOfOneRoute<R>(name: string, options: AshServerOptions<R>): void {
  for (const key of ['chain', 'spend'] as const) {
    if (options[key] !== undefined) throw fault(name, `'${key}' is a single route's: say it in 'bindings'`);
  }
}

/** Every route of the application, each checked, and each step held against all the others of its chain. */
function declareAll<R>(name: string, options: AshServerOptions<R>, all: AshBindings<R>): DeclaredRoute<R>[] {
  const common = commonOf(options, true);
  const entries: [string, AshBindingOptions<R>][] = isList(all) ? all.map((text) => [text, {}]) : Object.entries(all);
  if (entries.length === 0) throw fault(name, "'bindings' names no route");
  const declarations = entries.map(([text, own]): RouteDeclaration<R> => {
    const binding = read(name, "'bindings'", text, options);
    if (!isObject(own)) throw fault(binding.text, 'its options are an object: {} where it has none of its own');
    checkKeys(binding.text, own, BINDING_OPTION_KEYS);
    const { chain, ...route } = own;
    checkRouteOptions(binding.text, route);
    return {
      ...common,
      name: binding.text,
      bindings: [binding],
      options: mergeRouteOptions(binding.text, common.options, route),
      chain: chainPlaceOf(binding.text, chain),
    };
  });
  const rules = chainRules(declarations);
  return declarations.map((declaration) => ({ declaration, rule: rules.get(declaration) }));
}

function pickExpected<R>(
  name: string,
  declared: readonly DeclaredRoute<R>[],
  expected: string | readonly string[] | undefined,
): DeclaredRoute<R>[] {
  if (expected === undefined) return [...declared];
  return listOf(expected).map((text) => {
    const { text: normalised } = readBinding(name, "'expectedBinding'", text);
    const found = declared.find(({ declaration }) => declaration.name === normalised);
    if (found !== undefined) return found;
    const known = declared.map(({ declaration }) => `'${declaration.name}'`).join(', ');
    throw fault(name, `'expectedBinding' is '${normalised}', which is none of 'bindings': ${known}`);
  });
}

/** What all routes have in common. Contexts are renewed where the library issues them, and so knows their routes. */
function commonOf<R>(
  options: AshServerOptions<R>,
  renewal: boolean,
): { options: AshRouteOptions<R>; unmapped: { publicPrefix: string } } {
  return {
    options: { renewal, ...routeOptionsOf(options) },
    unmapped: { publicPrefix: options.publicPrefix ?? '' },
  };
}

function read<R>(name: string, where: string, text: string, { publicPrefix = '' }: AshServerOptions<R>): RouteBinding {
  const binding = readBinding(name, where, text);
  const { method, path } = ashParseBinding(binding.text);
  if (ANY_METHOD.has(method)) {
    throw fault(name, `${where}: '${binding.text}' is for no request: name each method, 'GET ${path}', 'POST ${path}'`);
  }
  const prefix = publicPrefix.replace(/\/$/, '');
  if (!`${path}/`.startsWith(`${prefix}/`)) {
    throw fault(name, `${where}: '${binding.text}' does not begin with the 'publicPrefix' '${publicPrefix}'`);
  }
  return readBinding(name, where, text, path.slice(prefix.length));
}

function checkBindings(
  name: string,
  { bindings, expectedBinding }: { readonly bindings: unknown; readonly expectedBinding: unknown },
): void {
  if (bindings !== undefined && !isObject(bindings)) {
    throw fault(name, "'bindings' is a list of bindings, or an object of them with the options of each");
  }
  if (expectedBinding !== undefined && typeof expectedBinding !== 'string' && !Array.isArray(expectedBinding)) {
    throw fault(name, "'expectedBinding' is a binding, 'POST /transfer', or a list of bindings");
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isList<R>(all: AshBindings<R>): all is readonly string[] {
  return Array.isArray(all);
}
