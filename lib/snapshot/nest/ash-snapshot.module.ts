import { Inject, Logger, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { ASH_ENVELOPE } from '../../ash.module-definition.js';
import { checkKeys } from '../../core/configuration.js';
import type { AshEnvelope } from '../../verification/envelope.js';
import type { AshLog } from '../../verification/protected-route.js';
import { ARRAY_CRYPTO_WARNING } from '../cipher/message-sealer.js';
import { AshSnapshots } from '../server/ash-snapshots.js';
import { snapshotsOf, type SnapshotSettings } from '../server/server-snapshots.js';
import { SnapshotEnvelope } from '../server/snapshot-envelope.js';
import { createSnapshotControllers } from './ash-snapshot.controller.js';
import {
  ASH_SNAPSHOT_SETTINGS,
  ASH_SNAPSHOT_UNCHECKED_OPTIONS,
  ConfigurableModuleClass,
  DEFAULT_EXTRAS,
  type ASYNC_OPTIONS_TYPE,
  type OPTIONS_TYPE,
} from './ash-snapshot.module-definition.js';
import {
  MODULE,
  settingsOf,
  type AshSnapshotModuleExtras,
  type AshSnapshotModuleOptions,
} from './ash-snapshot.options.js';

const ASYNC_KEYS = ['useFactory', 'useClass', 'useExisting', 'inject', 'imports', 'provideInjectionTokensFrom'];

/**
 * Hands out signed, ticking snapshots, from which clients and this server derive the keys of their messages:
 * `POST /handshake`, `GET /snapshot` and `GET /health`, and {@link AshSnapshots} for one's own code.
 *
 * @example
 * @Module({ imports: [AshSnapshotModule.forRoot({ config: 'server_config.json' })] })
 * export class AppModule {}
 *
 * @example
 * AshSnapshotModule.forRootAsync({
 *   inject: [ConfigService, AshContextStore],
 *   useFactory: (config: ConfigService, store: AshRedisStore) => ({
 *     secretKey: config.getOrThrow('SNAPSHOT_KEY'),
 *     store,
 *   }),
 *   controller: { path: 'crypto', cors: ['https://shop.example'] },
 * });
 *
 * Source: protocol, section 10.
 */
@Module({})
export class AshSnapshotModule extends ConfigurableModuleClass implements OnModuleInit {
  readonly #store: SnapshotSettings['store'];

  constructor(@Inject(ASH_SNAPSHOT_SETTINGS) { store }: SnapshotSettings) {
    super();
    this.#store = store;
  }

  /**
   * @param options The options, and beside them what shapes the module (`isGlobal`, `controller`, `imports`,
   * `providers`).
   * @throws AshConfigurationError for a fault in `controller`. The options are checked when the application starts.
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
    checkKeys(`${MODULE}.forRootAsync`, options, [...ASYNC_KEYS, ...Object.keys(DEFAULT_EXTRAS)]);
    return assemble(super.forRootAsync(options), options);
  }

  /** Makes the store ready: what it cannot promise keeps the application from starting. Its end is the application's. */
  async onModuleInit(): Promise<void> {
    await this.#store?.open?.();
  }
}

function assemble(definition: DynamicModule, extras: AshSnapshotModuleExtras): DynamicModule {
  const { isGlobal, controller, imports, providers } = { ...DEFAULT_EXTRAS, ...extras };
  return {
    ...definition,
    global: isGlobal,
    imports: [...new Set([...(definition.imports ?? []), ...(imports ?? [])])],
    controllers: controller === false ? [] : createSnapshotControllers(controller),
    providers: [
      ...(definition.providers ?? []),
      { provide: ASH_SNAPSHOT_SETTINGS, useFactory: provideSettings, inject: [ASH_SNAPSHOT_UNCHECKED_OPTIONS] },
      { provide: AshSnapshots, useFactory: provideSnapshots, inject: [ASH_SNAPSHOT_SETTINGS] },
      { provide: ASH_ENVELOPE, useFactory: provideEnvelope, inject: [AshSnapshots, ASH_SNAPSHOT_SETTINGS] },
      ...providers,
    ],
    exports: [AshSnapshots, ASH_ENVELOPE],
  };
}

function provideSettings(options: AshSnapshotModuleOptions): SnapshotSettings {
  return settingsOf(options, new Logger(MODULE));
}

function provideEnvelope(snapshots: AshSnapshots, { cipher }: SnapshotSettings): AshEnvelope {
  return new SnapshotEnvelope(snapshots, cipher);
}

function provideSnapshots(settings: SnapshotSettings): AshSnapshots {
  const logger = new Logger(MODULE);
  const log: AshLog = (level, message, cause) => {
    logger[level](message, cause instanceof Error ? cause.stack : cause);
  };
  const snapshots = snapshotsOf(MODULE, settings, log);
  if (settings.cipher === 'array-crypto') logger.warn(`${MODULE}: ${ARRAY_CRYPTO_WARNING}`);
  return snapshots;
}
