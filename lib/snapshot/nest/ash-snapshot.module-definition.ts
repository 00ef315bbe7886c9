import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { AshSnapshotModuleExtras, AshSnapshotModuleOptions } from './ash-snapshot.options.js';

// Two copies of the package can meet in one process, so the tokens are shared symbols.

/** The token of what the application handed to `forRoot`, before it is checked. */
export const ASH_SNAPSHOT_UNCHECKED_OPTIONS = Symbol.for('ash:snapshot-unchecked-options');

/** The token of the checked and completed options. */
export const ASH_SNAPSHOT_SETTINGS = Symbol.for('ash:snapshot-settings');

/** What shapes the module where the application says nothing; its keys are all that may stand beside `useFactory`. */
export const DEFAULT_EXTRAS: Required<AshSnapshotModuleExtras> = {
  isGlobal: true,
  controller: {},
  imports: [],
  providers: [],
};

export const { ConfigurableModuleClass, ASYNC_OPTIONS_TYPE, OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<AshSnapshotModuleOptions>({
    moduleName: 'AshSnapshot',
    optionsInjectionToken: ASH_SNAPSHOT_UNCHECKED_OPTIONS,
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createAshSnapshotOptions')
    .setExtras<AshSnapshotModuleExtras>(DEFAULT_EXTRAS)
    .build();
