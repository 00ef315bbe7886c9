import { RequestMethod, type Type, type VersioningOptions } from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { MetadataScanner } from '@nestjs/core';
import { RoutePathFactory } from '@nestjs/core/router/route-path-factory.js';

/** A method of a controller. */
export type AshHandler = (...args: never[]) => unknown;

/** A handler with every path that Nest maps to it. */
export interface MappedRoute {
  /** The route in words: `PaymentsController.transfer`. */
  readonly name: string;
  readonly controller: Type<unknown>;
  readonly handler: AshHandler;
  /** The HTTP method, `ALL` for every one. */
  readonly method: string;
  /** Whether the instance of the controller has a method of its own instead, which Nest then calls. */
  readonly isReplaced: boolean;
  /** The full paths: global prefix, version, module, controller and handler. */
  readonly paths: readonly string[];
}

type Version = NonNullable<VersioningOptions['type']> extends number ? string | string[] | symbol : never;

// Nest keeps these under names that have not changed since version 7; the module that exports them did.
const PATH = 'path';
const METHOD = 'method';
const VERSION = '__version__';
const MODULE_PATH = '__module_path__';

/** Every HTTP route of an application, with the paths that Nest's own factory gives it. */
export function mappedRoutes(modules: ModulesContainer, config: ApplicationConfig): MappedRoute[] {
  const factory = new RoutePathFactory(config);
  const scanner = new MetadataScanner();
  const routes: MappedRoute[] = [];
  for (const { controllers, metatype } of modules.values()) {
    const modulePath = modulePathOf(modules, metatype);
    for (const { metatype: controller, instance } of controllers.values()) {
      if (!isController(controller)) continue;
      for (const [method, handler] of handlersOf(controller, scanner)) {
        routes.push({
          name: `${controller.name}.${method}`,
          controller,
          handler,
          isReplaced: isOwnMethod(instance, method),
          ...placeOf(controller, handler, { factory, config, modulePath }),
        });
      }
    }
  }
  return united(routes);
}

/** A controller that stands in several modules is mapped once for each: its handlers have the paths of all of them. */
function united(routes: readonly MappedRoute[]): MappedRoute[] {
  const byController = new Map<Type<unknown>, Map<AshHandler, MappedRoute>>();
  for (const route of routes) {
    const handlers = byController.get(route.controller) ?? new Map<AshHandler, MappedRoute>();
    const known = handlers.get(route.handler);
    const all = known === undefined ? route : { ...known, paths: [...new Set([...known.paths, ...route.paths])] };
    byController.set(route.controller, handlers.set(route.handler, all));
  }
  return [...byController.values()].flatMap((handlers) => [...handlers.values()]);
}

function placeOf(
  controller: Type<unknown>,
  handler: AshHandler,
  {
    factory,
    config,
    modulePath,
  }: { factory: RoutePathFactory; config: ApplicationConfig; modulePath: string | undefined },
): Pick<MappedRoute, 'method' | 'paths'> {
  const requestMethod = metadata<RequestMethod>(METHOD, handler) ?? RequestMethod.GET;
  const versioning = config.getVersioning();
  const controllerVersion = versioning && (metadata<Version>(VERSION, controller) ?? versioning.defaultVersion);
  const globalPrefix = config.getGlobalPrefix();
  const paths = listOf(metadata<string | string[]>(PATH, controller)).flatMap((ctrlPath) =>
    listOf(metadata<string | string[]>(PATH, handler)).flatMap((methodPath) =>
      factory.create(
        {
          ctrlPath: withSlash(ctrlPath),
          methodPath: withSlash(methodPath),
          globalPrefix: globalPrefix === '' ? '' : withSlash(globalPrefix),
          modulePath,
          controllerVersion,
          methodVersion: metadata<Version>(VERSION, handler),
          versioningOptions: versioning,
        } as Parameters<RoutePathFactory['create']>[0],
        requestMethod,
      ),
    ),
  );
  return { method: RequestMethod[requestMethod], paths: [...new Set(paths)] };
}

function handlersOf(controller: Type<unknown>, scanner: MetadataScanner): [name: string, handler: AshHandler][] {
  const prototype = controller.prototype as Record<string, AshHandler>;
  return scanner.getAllMethodNames(prototype).flatMap((name) => {
    const handler = prototype[name];
    return handler !== undefined && metadata(PATH, handler) !== undefined ? [[name, handler]] : [];
  });
}

function isOwnMethod(instance: unknown, method: string): boolean {
  return typeof instance === 'object' && instance !== null && Object.hasOwn(instance, method);
}

/** `RouterModule` marks a module for one application, older versions for all of them. */
function modulePathOf(modules: ModulesContainer, module: object): string | undefined {
  return metadata<string>(MODULE_PATH + modules.applicationId, module) ?? metadata<string>(MODULE_PATH, module);
}

function isController(metatype: unknown): metatype is Type<unknown> {
  return typeof metatype === 'function' && metadata(PATH, metatype) !== undefined;
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the key decides what its decorator left
function metadata<T>(key: string, target: object): T | undefined {
  return Reflect.getMetadata(key, target) as T | undefined;
}

function listOf(paths: string | string[] | undefined): readonly string[] {
  return Array.isArray(paths) ? paths : [paths ?? ''];
}

function withSlash(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}
