import { AshRedisStore } from './redis.store.js';

const URL_OF_ONE = 'redis://127.0.0.1:1';

describe('AshRedisStore refuses', () => {
  const options: [title: string, options: Record<string, unknown>, message: string][] = [
    ['an unknown option', { ttl: 5 }, "there is no option 'ttl'; the options are prefix, grace,"],
    ['a prefix with a hash tag', { prefix: '{a}:' }, "'prefix' is a text without braces and spaces"],
    ['a grace of nothing', { grace: 0 }, "'grace' is a positive number of milliseconds, not 0."],
    ['a time-out that is no number', { commandTimeout: Number.NaN }, "'commandTimeout' is a positive number"],
    ['half a replica', { replicas: 0.5 }, "'replicas' is an integer of 0 or more, not 0.5."],
    ['a wait for replicas without an end', { replicas: 1, replicaTimeout: 0 }, "'replicaTimeout' is a positive number"],
    ['another word for a restart', { acrossRestarts: 'keep' }, "'acrossRestarts' is 'refuse' or 'accept', not keep."],
    ['another word for an eviction', { evictionPolicy: true }, "'evictionPolicy' is 'refuse' or 'accept', not true."],
    ['a clock that is none', { clock: 5 }, "'clock' is a function, not 5."],
  ];

  it.each(options)('%s', (_title, given, message) => {
    expect(() => new AshRedisStore(URL_OF_ONE, given)).toThrow(
      expect.objectContaining({ name: 'AshConfigurationError', message: expect.stringContaining(message) as string }),
    );
  });

  const connections: [title: string, connection: unknown, message: string][] = [
    ['no connection', undefined, 'the first argument is a URL of Redis'],
    ['a number', 6379, 'the first argument is a URL of Redis'],
    ['the URL of something else', 'https://:hunter2@localhost', "begins with 'redis://' or 'rediss://'"],
    ['what is no URL', 'redis//:hunter2@localhost', "begins with 'redis://' or 'rediss://'"],
    [
      'a Cluster that reads from replicas',
      { call: () => undefined, nodes: () => [], status: 'ready', options: { scaleReads: 'slave' } },
      "{ scaleReads: 'master' }",
    ],
  ];

  it.each(connections)('%s, and shows no password', (_title, connection, message) => {
    const make = () => new AshRedisStore(connection as string);
    expect(make).toThrow(expect.objectContaining({ message: expect.stringContaining(message) as string }));
    expect(make).not.toThrow(/hunter2/);
  });
});

describe('AshRedisStore', () => {
  it('connects to nothing before it is used, and closes all the same', async () => {
    const store = new AshRedisStore(URL_OF_ONE, { replicas: 1 });
    await expect(store.close()).resolves.toBeUndefined();
    await expect(store.consume('ash_1')).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
  });
});
