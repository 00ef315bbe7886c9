import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { AshModuleExtras, AshModuleOptions } from './ash.options.js';

// Two copies of the package can meet in one process, so the tokens are shared symbols.

/** The token of the module's checked options. */
export const ASH_OPTIONS = Symbol.for('ash:options');

/** The token of the application's protection: its protected routes, issuer and verifier. */
export const ASH_PROTECTION = Symbol.for('ash:protection');

/** The token of what opens and seals the payloads of encrypted routes; `AshSnapshotModule` provides it. */
export const ASH_ENVELOPE = Symbol.for('ash:envelope');

/** The token of what the application handed to `forRoot`, before it is checked. */
export const ASH_UNCHECKED_OPTIONS = Symbol.for('ash:unchecked-options');

/** What shapes the module where the application says nothing; its keys are all that may stand beside `useFactory`. */
export const DEFAULT_EXTRAS: Required<AshModuleExtras> = {
  isGlobal: true,
  controller: {},
  imports: [],
  providers: [],
};

export const { ConfigurableModuleClass, ASYNC_OPTIONS_TYPE, OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<AshModuleOptions>({ moduleName: 'Ash', optionsInjectionToken: ASH_UNCHECKED_OPTIONS })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createAshOptions')
    .setExtras<AshModuleExtras>(DEFAULT_EXTRAS)
    .build();
