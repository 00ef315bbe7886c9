import type { CanActivate, ModuleMetadata, Provider, Type } from '@nestjs/common';
import { checkKeys } from '../../core/configuration.js';
import { AshConfigurationError } from '../../core/index.js';
import type { AshSeedSet } from '../../stores/seed-set.js';
import { checkApplicationOptions } from '../../verification/application-options.js';
import type { AshCipher } from '../cipher/cipher.js';
import { secretKeyBytes } from '../cipher/secret-key.js';
import type { AshSnapshotConfigLog } from '../server/config-file.js';
import { checkRange } from '../server/ranges.js';
import { ashSnapshotServerConfig } from '../server/server-config.js';
import type { SnapshotSettings } from '../server/server-snapshots.js';

export const MODULE = 'AshSnapshotModule';

/**
 * Options of {@link AshSnapshotModule}. What is given in code counts, whatever the file says of it. What has its name from
 * the reference is in the reference's units.
 */
export interface AshSnapshotModuleOptions {
  /**
   * The path of the file that holds the secret key, as {@link ashSnapshotServerConfig} reads and makes it. Default
   * `server_config.json` in the working directory.
   */
  readonly config?: string;
  /** The key that server and clients share, at least 16 bytes: as bytes, or as base64. No file is read then. */
  readonly secretKey?: string | Uint8Array;
  /** The length of a tick, in **seconds**, from 0.01 to 3,600: whole milliseconds. Default 1. */
  readonly tickInterval?: number;
  /** How long a snapshot is kept after its tick, in **seconds**, up to 86,400. Default 60. */
  readonly maxDrift?: number;
  /** The length of a handshake's hash, in bytes, from 1 to 32. Default 16. */
  readonly hashSize?: number;
  /** What messages are encrypted with. Default `aes-256-gcm`; `array-crypto` hides nothing, and the start-up says so. */
  readonly cipher?: AshCipher;
  /**
   * Where processes agree on a random seed for each tick: an `AshRedisStore` or an `AshSqlStore`. It is made ready at
   * start-up, and the application's to end. Default: the seeds follow from the key and the time, and nobody has to agree.
   */
  readonly store?: AshSeedSet;
  /** The longest wait for the store, in milliseconds; a later answer is a 503. Default 2,000. */
  readonly storeTimeout?: number;
  /** The clock, in milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: () => number;
  /** How many handshakes are remembered at most, up to 100,000; beyond it the oldest is forgotten. Default 10,000. */
  readonly maxHandshakes?: number;
  /** How long a handshake is remembered, in **seconds**, up to 86,400. Default 3,600. */
  readonly handshakeTtl?: number;
}

/** Options of the endpoints `handshake`, `snapshot` and `health`. */
export interface AshSnapshotControllerOptions {
  /** The path that the endpoints are under, below the global prefix. Default none: `/snapshot`. */
  readonly path?: string;
  /** The application's own guards, for authentication and rate limits, of `handshake` and `snapshot`. */
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[];
  /**
   * The origins whose pages may ask: `['https://shop.example']`, exactly as a browser sends them, or `'*'` for every page
   * there is. Default `false`: none but the server's own.
   */
  readonly cors?: false | '*' | readonly string[];
}

/** What shapes the module itself, beside the options: given to `forRootAsync` next to `useFactory`. */
export interface AshSnapshotModuleExtras {
  /** Whether every module sees the exports without importing the module. Default `true`. */
  readonly isGlobal?: boolean;
  /** The endpoints; `false` for endpoints of one's own. */
  readonly controller?: AshSnapshotControllerOptions | false;
  /** Modules whose exports the guards of the endpoints need. */
  readonly imports?: ModuleMetadata['imports'];
  /** Providers that the guards of the endpoints need. */
  readonly providers?: readonly Provider[];
}

/** Gives the module its options. */
export interface AshSnapshotOptionsFactory {
  createAshSnapshotOptions(): AshSnapshotModuleOptions | Promise<AshSnapshotModuleOptions>;
}

const OPTION_KEYS = [
  'config',
  'secretKey',
  'tickInterval',
  'maxDrift',
  'hashSize',
  'cipher',
  'store',
  'storeTimeout',
  'clock',
  'maxHandshakes',
  'handshakeTtl',
] as const satisfies readonly (keyof AshSnapshotModuleOptions)[];

const RANGED_KEYS = ['tickInterval', 'maxDrift', 'hashSize', 'maxHandshakes', 'handshakeTtl'] as const;

type RangedKey = (typeof RANGED_KEYS)[number];

const DEFAULTS: Readonly<Record<RangedKey, number>> = {
  tickInterval: 1,
  maxDrift: 60,
  hashSize: 16,
  maxHandshakes: 10_000,
  handshakeTtl: 3_600,
};

/** A secret key, with what stands beside it. */
type KeyFile = { readonly secretKey: Uint8Array } & Readonly<Partial<Record<RangedKey, number>>>;

/**
 * Checks the options of the module, and completes them by the file where they hold no key.
 *
 * @throws AshConfigurationError that names the option or the file, and the mend.
 */
export function settingsOf(options: AshSnapshotModuleOptions, log: AshSnapshotConfigLog): SnapshotSettings {
  checkOptions(options);
  const { cipher = 'aes-256-gcm', store, storeTimeout = 2_000, clock = Date.now } = options;
  const file = fileOf(options, log);
  const numbered = (key: RangedKey): number => options[key] ?? file[key] ?? DEFAULTS[key];
  return {
    secretKey: file.secretKey,
    tickInterval: numbered('tickInterval'),
    maxDrift: numbered('maxDrift'),
    hashSize: numbered('hashSize'),
    cipher,
    store,
    storeTimeout,
    clock,
    maxHandshakes: numbered('maxHandshakes'),
    handshakeTtl: numbered('handshakeTtl'),
  };
}

/** All that can be said of the options without the file, which is not made for a start that fails. */
function checkOptions(options: AshSnapshotModuleOptions): void {
  checkKeys(MODULE, options, OPTION_KEYS);
  checkApplicationOptions(MODULE, options);
  for (const key of RANGED_KEYS) {
    if (options[key] !== undefined) checkRange(`${MODULE}: '${key}'`, key, options[key]);
  }
  const { config, secretKey, store } = options;
  if (config === undefined && secretKey === undefined && ('config' in options || 'secretKey' in options)) {
    throw fault(
      "'secretKey' or 'config' is named and undefined, as a variable of the environment is that is not set: leave both out for a key in 'server_config.json'.",
    );
  }
  if (config !== undefined && secretKey !== undefined) {
    throw fault("'config' and 'secretKey' are both given: the key stands in the file or in code, so give one of them.");
  }
  if (config !== undefined && (typeof config !== 'string' || config === '')) {
    throw fault("'config' is the path of the file with the secret key.");
  }
  if (store !== undefined && !isSeedSet(store)) {
    throw fault("'store' is an AshRedisStore or an AshSqlStore, where processes agree on the seeds of the ticks.");
  }
}

function fileOf({ config, secretKey }: AshSnapshotModuleOptions, log: AshSnapshotConfigLog): KeyFile {
  if (secretKey !== undefined) return { secretKey: secretKeyBytes(`${MODULE}: 'secretKey'`, secretKey) };
  return ashSnapshotServerConfig(config, log);
}

/** Looks at what it can do: it may come from another copy of the package. */
function isSeedSet(store: object): boolean {
  const { agreeOnSeed, findSeed } = store as Partial<Record<keyof AshSeedSet, unknown>>;
  return typeof agreeOnSeed === 'function' && typeof findSeed === 'function';
}

function fault(what: string): AshConfigurationError {
  return new AshConfigurationError(`${MODULE}: ${what}`);
}
