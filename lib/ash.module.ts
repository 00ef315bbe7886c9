import {
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type OnModuleDestroy,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { createAshController } from './ash.controller.js';
import { AshGuard } from './ash.guard.js';
import { AshInterceptor } from './ash.interceptor.js';
import {
  ASH_OPTIONS,
  ASH_PROTECTION,
  ASH_UNCHECKED_OPTIONS,
  ConfigurableModuleClass,
  DEFAULT_EXTRAS,
  type ASYNC_OPTIONS_TYPE,
  type OPTIONS_TYPE,
} from './ash.module-definition.js';
import { checkModuleOptions, type AshModuleExtras, type AshModuleOptions, type AshRequest } from './ash.options.js';
import { AshRoutes } from './ash.routes.js';
import { AshService } from './ash.service.js';
import { AshVerdicts } from './ash.verdicts.js';
import { AshContextStore } from './stores/context-store.js';
import { AshMemoryStore } from './stores/memory.store.js';
import { checkKeys } from './core/configuration.js';
import { AshProtection, warnOfMemory } from './verification/protection.js';
import type { AshLog } from './verification/protected-route.js';

const ASYNC_KEYS = ['useFactory', 'useClass', 'useExisting', 'inject', 'imports', 'provideInjectionTokensFrom'];

/** The stores that the module made itself, and so ends itself. */
class OwnStores {
  readonly stores: AshContextStore[] = [];
}

/**
 * Request integrity and single use for a Nest application: a store provider, the controller that issues contexts, the
 * guard that verifies and spends them, and the audit of every route at start-up.
 *
 * @example
 * @Module({ imports: [AshModule.forRoot()], controllers: [PaymentsController] })
 * export class AppModule {}
 *
 * @example
 * AshModule.forRootAsync({
 *   inject: [ConfigService],
 *   useFactory: (config: ConfigService) => ({ mode: config.getOrThrow('ASH_MODE') }),
 *   controller: { guards: [SessionGuard] },
 * });
 */
@Module({})
export class AshModule extends ConfigurableModuleClass implements OnModuleInit, OnModuleDestroy {
  constructor(
    @Inject(OwnStores) private readonly own: OwnStores,
    @Inject(AshContextStore) private readonly store: AshContextStore,
  ) {
    super();
  }

  /**
   * @param options The options, and beside them what shapes the module (`isGlobal`, `controller`, `imports`,
   * `providers`).
   * @throws AshConfigurationError for an unknown option or an unsafe value.
   */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return assemble(super.forRoot(options), options);
  }

  /**
   * @param options `useFactory`, `useClass` or `useExisting`, and beside them what shapes the module (`isGlobal`,
   * `controller`, `imports`, `providers`).
   * @throws AshConfigurationError for an unknown key beside `useFactory`. The options that the factory gives are
   * checked when it has run.
   */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    checkKeys('AshModule.forRootAsync', options, [...ASYNC_KEYS, ...Object.keys(DEFAULT_EXTRAS)]);
    return assemble(super.forRootAsync(options), options);
  }

  /** Makes the store ready, whoever made it: what it cannot promise keeps the application from starting. */
  onModuleInit(): Promise<void> {
    return this.store.open();
  }

  /** Ends the store that the module made. A store that the application made is the application's to end. */
  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.own.stores.map((store) => store.close()));
  }
}

function assemble(definition: DynamicModule, extras: AshModuleExtras): DynamicModule {
  const { isGlobal, controller, imports, providers } = { ...DEFAULT_EXTRAS, ...extras };
  return {
    ...definition,
    global: isGlobal,
    imports: [...new Set([...(definition.imports ?? []), ...(imports ?? [])])],
    controllers: controller === false ? [] : [createAshController(controller)],
    providers: [
      ...(definition.providers ?? []),
      { provide: ASH_OPTIONS, useFactory: optionsFor(controller), inject: [ASH_UNCHECKED_OPTIONS] },
      OwnStores,
      { provide: AshContextStore, useFactory: provideStore, inject: [ASH_OPTIONS, ModuleRef, OwnStores] },
      { provide: ASH_PROTECTION, useFactory: provideProtection, inject: [ASH_OPTIONS, AshContextStore] },
      AshRoutes,
      AshVerdicts,
      AshService,
      AshGuard,
      AshInterceptor,
      ...providers,
    ],
    exports: [
      ASH_OPTIONS,
      ASH_PROTECTION,
      AshContextStore,
      AshRoutes,
      AshVerdicts,
      AshService,
      AshGuard,
      AshInterceptor,
    ],
  };
}

/** The checked options. Without the controller, contexts are handed out after checks of the application's own. */
function optionsFor(controller: AshModuleExtras['controller']): (options: AshModuleOptions) => AshModuleOptions {
  return (options) => {
    const { renewal = controller !== false, ...rest } = checkModuleOptions(options);
    return { ...rest, renewal };
  };
}

async function provideStore(
  { store, clock }: AshModuleOptions,
  moduleRef: ModuleRef,
  own: OwnStores,
): Promise<AshContextStore> {
  if (store !== undefined && typeof store !== 'function') return store;
  const made = await makeStore(store, clock, moduleRef);
  own.stores.push(made);
  return made;
}

async function makeStore(
  store: Type<AshContextStore> | undefined,
  clock: (() => number) | undefined,
  moduleRef: ModuleRef,
): Promise<AshContextStore> {
  if (store !== undefined) return moduleRef.create<AshContextStore>(store);
  return new AshMemoryStore(clock === undefined ? {} : { clock });
}

function provideProtection({ storeTimeout, clock }: AshModuleOptions, store: AshContextStore): AshProtection {
  const log = logTo(new Logger('AshModule'));
  warnOfMemory(store, log);
  return new AshProtection<AshRequest>({ store, storeTimeout, clock, log });
}

function logTo(logger: Logger): AshLog {
  return (level, message, cause) => {
    if (cause === undefined) logger[level](message);
    else logger[level](message, cause instanceof Error ? cause.stack : cause);
  };
}
