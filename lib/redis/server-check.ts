import { AshConfigurationError } from '../core/index.js';
import { within } from '../stores/within.js';
import type { RedisConnection } from './connection.js';
import { describeTarget, isCluster, type AshRedisClient } from './redis-client.js';
import type { RedisStoreSettings } from './redis.options.js';
import { isForbidden, withoutParameters } from './server-error.js';
import { unavailable } from './unavailable.js';

/** The first version that has all that the scripts use: flags of a script. */
const OLDEST_MAJOR = 7;
const NO_EVICTION = 'noeviction';

type Fields = ReadonlyMap<string, string>;

/**
 * Checks that the servers are such that the store can keep its promises on them.
 *
 * @throws AshConfigurationError that says what is wrong, and the mend.
 */
export async function checkServers(connection: RedisConnection, settings: RedisStoreSettings): Promise<void> {
  const { client } = connection;
  const target = describeTarget(client);
  for (const node of isCluster(client) ? client.nodes('master') : [client]) {
    const fields = await readFields(node, target, settings);
    if (fields === undefined) continue;
    checkRole(fields, target, isCluster(client));
    checkVersion(fields, target);
    checkHistory(fields, target, settings);
    checkEviction(fields, target, settings);
    checkReplicas(fields, target, settings);
  }
}

/** What `INFO` says; nothing where it is forbidden and nothing depends on it. */
async function readFields(
  node: AshRedisClient,
  target: string,
  { acrossRestarts, evictionPolicy, commandTimeout }: RedisStoreSettings,
): Promise<Fields | undefined> {
  try {
    const late = () => unavailable(`Redis did not answer within ${commandTimeout} ms.`);
    const text = await within(node.call('info'), commandTimeout, late);
    return new Map(
      String(text)
        .split(/\r?\n/)
        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
    );
  } catch (error) {
    const cause = withoutParameters(error);
    if (!isForbidden(cause)) throw cause;
    const mends = [
      ...(acrossRestarts === 'refuse' ? ["acrossRestarts: 'accept'"] : []),
      ...(evictionPolicy === 'refuse' ? ["evictionPolicy: 'accept'"] : []),
    ];
    if (mends.length === 0) return undefined;
    throw new AshConfigurationError(
      `AshRedisStore: the user may not run INFO on ${target}, which tells a restart and a promotion from a server that ` +
        `goes on, and which keys it forgets. Allow it (ACL SETUSER … +info), or set ${mends.join(' and ')} and see to it yourself.`,
      { cause },
    );
  }
}

function checkRole(fields: Fields, target: string, isOfCluster: boolean): void {
  const mode = fields.get('redis_mode');
  if (mode === 'sentinel') {
    throw new AshConfigurationError(
      `AshRedisStore: ${target} is a Sentinel. Give the store { sentinels: [{ host, port }], name } as its connection.`,
    );
  }
  if (mode === 'cluster' && !isOfCluster) {
    throw new AshConfigurationError(
      `AshRedisStore: ${target} is a node of a Redis Cluster. Give the store a Cluster of ioredis: new Cluster([{ host, port }]).`,
    );
  }
  const role = fields.get('role');
  if (role !== undefined && role !== 'master') {
    throw new AshConfigurationError(
      `AshRedisStore: ${target} is a replica, which takes no writes. Connect to the master, or through Sentinel.`,
    );
  }
}

function checkVersion(fields: Fields, target: string): void {
  const version = fields.get('redis_version') ?? '';
  if (Number.parseInt(version, 10) >= OLDEST_MAJOR) return;
  throw new AshConfigurationError(
    `AshRedisStore: ${target} is Redis ${version || 'of an unknown version'}; the store needs 7.0 or newer, or Valkey.`,
  );
}

function checkHistory(fields: Fields, target: string, { acrossRestarts }: RedisStoreSettings): void {
  if (acrossRestarts === 'accept' || /^[0-9a-f]{40}$/.test(fields.get('master_replid') ?? '')) return;
  throw new AshConfigurationError(
    `AshRedisStore: ${target} gives no master_replid, so that a restart or a promotion cannot be told from a server that ` +
      "goes on. Where it cannot lose what it has confirmed, set acrossRestarts: 'accept'.",
  );
}

function checkEviction(fields: Fields, target: string, { evictionPolicy }: RedisStoreSettings): void {
  const policy = fields.get('maxmemory_policy');
  if (evictionPolicy === 'accept' || policy === NO_EVICTION) return;
  throw new AshConfigurationError(
    `AshRedisStore: the maxmemory-policy of ${target} is ${policy ?? 'not known'}: a server that forgets keys when its memory ` +
      'is full can forget that a context was spent. Set it to noeviction (CONFIG SET maxmemory-policy noeviction), ' +
      "give the store a Redis of its own, or set evictionPolicy: 'accept'.",
  );
}

function checkReplicas(fields: Fields, target: string, { replicas }: RedisStoreSettings): void {
  const connected = Number(fields.get('connected_slaves') ?? 0);
  if (connected >= replicas) return;
  throw new AshConfigurationError(
    `AshRedisStore: ${replicas} replicas have to confirm, and ${target} has ${connected}: every request would be refused. ` +
      'Start the replicas, or ask for fewer.',
  );
}
