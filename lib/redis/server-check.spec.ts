import { RedisConnection } from './connection.js';
import type { AshRedisSingle } from './redis-client.js';
import { redisStoreSettings, type AshRedisStoreOptions } from './redis.options.js';
import { checkServers } from './server-check.js';

const SOUND = {
  redis_version: '7.0.15',
  redis_mode: 'standalone',
  role: 'master',
  connected_slaves: '1',
  master_replid: 'f'.repeat(40),
  maxmemory_policy: 'noeviction',
};

/** A client whose server says of itself what it is given. */
function check(fields: Partial<Record<keyof typeof SOUND, string>>, options: AshRedisStoreOptions): Promise<void> {
  const text = Object.entries(fields).map(([name, value]) => `${name}:${value}\r\n`);
  const client = {
    status: 'ready',
    options: { host: 'cache', port: 6379 },
    call: () => Promise.resolve(`# Server\r\n${text.join('')}`),
  } as unknown as AshRedisSingle;
  return checkServers(new RedisConnection({ client, isOwn: false, timeout: 100 }), redisStoreSettings(options));
}

const without = (...names: (keyof typeof SOUND)[]) =>
  Object.fromEntries(Object.entries(SOUND).filter(([name]) => !names.some((each) => each === name)));

describe('checkServers', () => {
  const taken: [title: string, fields: object, options: AshRedisStoreOptions][] = [
    ['what keeps every promise', SOUND, { replicas: 1 }],
    ['a newer server', { ...SOUND, redis_version: '10.0.1' }, {}],
    ['a server without a mode, as others than Redis are', without('redis_mode', 'role'), {}],
    ['one without an identity where none is asked for', without('master_replid'), { acrossRestarts: 'accept' }],
    ['one without a policy where none is asked for', without('maxmemory_policy'), { evictionPolicy: 'accept' }],
  ];

  it.each(taken)('takes %s', async (_title, fields, options) => {
    await expect(check(fields, options)).resolves.toBeUndefined();
  });

  const refused: [title: string, fields: object, options: AshRedisStoreOptions, message: string][] = [
    ['an old server', { ...SOUND, redis_version: '6.2.14' }, {}, 'cache:6379 is Redis 6.2.14; the store needs 7.0'],
    ['a server without a version', without('redis_version'), {}, 'is Redis of an unknown version'],
    ['a server without an identity', without('master_replid'), {}, "set acrossRestarts: 'accept'"],
    ['an identity of another form', { ...SOUND, master_replid: '?' }, {}, 'gives no master_replid'],
    ['a policy that evicts', { ...SOUND, maxmemory_policy: 'volatile-lru' }, {}, 'of cache:6379 is volatile-lru'],
    ['a policy that is not told', without('maxmemory_policy'), {}, 'of cache:6379 is not known'],
    ['a replica', { ...SOUND, role: 'slave' }, {}, 'cache:6379 is a replica'],
    ['a Sentinel', { ...SOUND, redis_mode: 'sentinel' }, {}, 'cache:6379 is a Sentinel'],
    ['a node of a Cluster', { ...SOUND, redis_mode: 'cluster' }, {}, 'is a node of a Redis Cluster'],
    ['fewer replicas than have to confirm', SOUND, { replicas: 2 }, '2 replicas have to confirm, and cache:6379 has 1'],
  ];

  it.each(refused)('refuses %s, and says what mends it', async (_title, fields, options, message) => {
    await expect(check(fields, options)).rejects.toMatchObject({
      name: 'AshConfigurationError',
      message: expect.stringContaining(message) as string,
    });
  });
});
