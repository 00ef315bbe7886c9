import { Redis, type RedisOptions } from 'ioredis';
import { AshConfigurationError } from '../core/index.js';
import { isCluster, type AshRedisClient, type AshRedisSingle } from './redis-client.js';
import { isReadOnly } from './server-error.js';

const SCHEMES = ['redis:', 'rediss:'];
/** The longest wait between two attempts to connect, in milliseconds. */
const LONGEST_RETRY = 500;
const RETRY_STEP = 50;
/** How long the end of a connection waits for the other side, in milliseconds. */
const FAREWELL = 200;
/** The idle time after which TCP asks whether the other side is still there, in milliseconds. */
const KEEP_ALIVE = 5_000;

const retry = (times: number): number => Math.min(times * RETRY_STEP, LONGEST_RETRY);

/** What holds a client to the store's promise: no queue while the server is away, and no command that is sent twice. */
const PROMISE = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  retryStrategy: retry,
  sentinelRetryStrategy: retry,
  reconnectOnError: isReadOnly,
} satisfies RedisOptions;

/** How long the client waits for the server and for Sentinels. */
const waits = (timeout: number): RedisOptions => ({
  keepAlive: KEEP_ALIVE,
  connectTimeout: timeout,
  commandTimeout: timeout,
  sentinelCommandTimeout: timeout,
  disconnectTimeout: FAREWELL,
  maxLoadingRetryTime: LONGEST_RETRY,
});

/**
 * A client of the store's own.
 *
 * @param timeout The longest wait for an answer, in milliseconds.
 * @throws AshConfigurationError for what is no URL of Redis. The URL is not shown: it can hold a password.
 */
export function ownClient(connection: string | RedisOptions, timeout: number): AshRedisSingle {
  if (typeof connection === 'string') return new Redis(checkedUrl(connection), { ...waits(timeout), ...PROMISE });
  return new Redis({ ...waits(timeout), ...connection, ...PROMISE });
}

/**
 * A second client to where the first one goes, for what blocks its connection. It sends nothing twice: a `WAIT` on
 * another connection would confirm what it knows nothing of.
 */
export function secondClient(client: AshRedisClient, timeout: number): AshRedisClient {
  const options = { ...waits(timeout), ...PROMISE, enableAutoPipelining: false };
  if (!isCluster(client)) return client.duplicate(options);
  return client.duplicate([], {
    lazyConnect: true,
    enableAutoPipelining: false,
    scaleReads: 'master',
    clusterNodeRetryStrategy: null,
    redisOptions: { ...client.options.redisOptions, ...options },
  });
}

/** Without what a URL's query would say about the options that are the store's promise. */
function checkedUrl(connection: string): string {
  if (!URL.canParse(connection) || !SCHEMES.includes(new URL(connection).protocol)) {
    throw new AshConfigurationError(
      "AshRedisStore: the connection is a URL that begins with 'redis://' or 'rediss://', the options of ioredis, or a " +
        "client of ioredis; a socket is { path: '/run/redis.sock' }. (The URL that was given is not shown: it can hold a password.)",
    );
  }
  const [address = '', query = ''] = connection.split('?');
  const parameters = query.split('&').filter((parameter) => !((parameter.split('=')[0] ?? '') in PROMISE));
  return parameters.join('') === '' ? address : `${address}?${parameters.join('&')}`;
}
