import type { RedisOptions } from 'ioredis';
import { checkKeys, checkPositive } from '../core/configuration.js';
import { AshConfigurationError } from '../core/index.js';
import { isClient, isCluster, type AshRedisClient } from './redis-client.js';

/** Options of `AshRedisStore`. */
export interface AshRedisStoreOptions {
  /**
   * What every key begins with. Default `ash:`. Two applications on one Redis need two prefixes, or one application's
   * contexts are good at the other.
   */
  readonly prefix?: string;
  /** How long a consumed or expired record is kept after it expired, in milliseconds. Default 60,000. */
  readonly grace?: number;
  /** The longest wait for one command, connecting included, in milliseconds. Default 1,000. */
  readonly commandTimeout?: number;
  /**
   * How many replicas have to confirm what spends (`WAIT`) before it counts; where fewer do, the request is refused.
   * Default 0. It costs a second connection and one round trip from the master to its replicas.
   */
  readonly replicas?: number;
  /** How long the replicas have to confirm, in milliseconds. Default 500. */
  readonly replicaTimeout?: number;
  /**
   * What becomes of contexts and links that were made before the server restarted or another one was promoted:
   * either can have lost that a context was spent. `refuse`, the default, knows them no more, so that no request
   * passes twice; its clients ask for new ones. `accept` keeps them, which is safe where nothing can be lost:
   * `appendfsync always` for restarts, `replicas` for promotions.
   *
   * `refuse` goes by the server's replication ID, which also changes when a server gets its first replica.
   */
  readonly acrossRestarts?: 'refuse' | 'accept';
  /**
   * Whether the store starts on a server whose `maxmemory-policy` lets it forget keys, spent contexts among them.
   * Default `refuse`.
   */
  readonly evictionPolicy?: 'refuse' | 'accept';
  /** The clock, in milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: () => number;
}

/** What an `AshRedisStore` talks through. */
export type AshRedisConnection = string | RedisOptions | AshRedisClient;

/** The options with their defaults. */
export type RedisStoreSettings = Required<AshRedisStoreOptions>;

const OPTION_KEYS = [
  'prefix',
  'grace',
  'commandTimeout',
  'replicas',
  'replicaTimeout',
  'acrossRestarts',
  'evictionPolicy',
  'clock',
];
const CHOICES = ['refuse', 'accept'];

/** @throws AshConfigurationError for an unknown option, or a value that it cannot have. */
export function redisStoreSettings(options: AshRedisStoreOptions): RedisStoreSettings {
  checkKeys('AshRedisStore', options, OPTION_KEYS);
  const { replicas = 0, clock = Date.now } = options;
  if (!Number.isInteger(replicas) || replicas < 0) refuse('replicas', 'an integer of 0 or more', replicas);
  if (typeof clock !== 'function') refuse('clock', 'a function', clock);
  return {
    prefix: checkedPrefix(options.prefix ?? 'ash:'),
    grace: positive('grace', options.grace ?? 60_000),
    commandTimeout: positive('commandTimeout', options.commandTimeout ?? 1_000),
    replicas,
    replicaTimeout: Math.ceil(positive('replicaTimeout', options.replicaTimeout ?? 500)),
    acrossRestarts: choice('acrossRestarts', options.acrossRestarts ?? 'refuse'),
    evictionPolicy: choice('evictionPolicy', options.evictionPolicy ?? 'refuse'),
    clock,
  };
}

/** @throws AshConfigurationError for what the store cannot talk through. */
export function checkConnection(connection: unknown): void {
  if (typeof connection === 'string') return;
  if (typeof connection !== 'object' || connection === null) {
    throw new AshConfigurationError(
      'AshRedisStore: the first argument is a URL of Redis, the options of ioredis, or a client of ioredis.',
    );
  }
  if (!isClient(connection) || !isCluster(connection)) return;
  const { scaleReads } = connection.options;
  if (scaleReads !== undefined && scaleReads !== 'master') {
    throw new AshConfigurationError(
      "AshRedisStore: the Cluster reads from replicas (scaleReads), which do not have a context yet when it is used. Give it cluster.duplicate([], { scaleReads: 'master' }).",
    );
  }
}

/** A brace would be a hash tag, and put every key into one slot. */
function checkedPrefix(prefix: string): string {
  if (typeof prefix !== 'string' || /[{}\s]/.test(prefix)) refuse('prefix', 'a text without braces and spaces', prefix);
  return prefix;
}

function positive(key: string, value: number): number {
  return checkPositive('AshRedisStore', key, value, 'a positive number of milliseconds');
}

function choice<T extends string>(name: string, value: T): T {
  if (!CHOICES.includes(value)) refuse(name, "'refuse' or 'accept'", value);
  return value;
}

function refuse(name: string, demanded: string, value: unknown): never {
  throw new AshConfigurationError(`AshRedisStore: '${name}' is ${demanded}, not ${String(value)}.`);
}
