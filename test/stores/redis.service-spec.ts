import { AshRedisStore, type AshRedisConnection, type AshRedisStoreOptions } from 'nestjs-ash/redis';
import { describeAshSeedSet, describeAshSpentSet, describeAshStore } from 'nestjs-ash/testing';
import { Cluster, Redis, type ClusterOptions, type RedisOptions } from 'ioredis';
import { addresses, forget, newPrefix, pass, serviceOf } from './redis-service.js';

const GRACE = 300;
/** A port on which nothing listens. */
const NOBODY = 'redis://127.0.0.1:1';

const single = (options: RedisOptions = {}) => new Redis(serviceOf('REDIS_URL'), options);
const cluster = (options: ClusterOptions = {}) => new Cluster(addresses(serviceOf('REDIS_CLUSTER')), options);
const sentinelOptions = (): RedisOptions => ({
  sentinels: addresses(serviceOf('REDIS_SENTINELS')),
  name: serviceOf('REDIS_SENTINEL_NAME'),
});
const behindSentinel = () => new Redis(sentinelOptions());

type Row = [
  title: string,
  client: () => Redis | Cluster,
  options: AshRedisStoreOptions,
  /** What the store is given where it is not the client. */
  connection?: () => AshRedisConnection,
];

const rows: Row[] = [
  ['on one server', single, {}, () => serviceOf('REDIS_URL')],
  [
    'across restarts, through a client with a prefix and automatic pipelines',
    () => single({ keyPrefix: 'app:', enableAutoPipelining: true }),
    { acrossRestarts: 'accept' },
  ],
  ['behind Sentinel, with a replica that confirms', behindSentinel, { replicas: 1 }, sentinelOptions],
  ['on a Cluster', cluster, {}],
  [
    'on a Cluster with a prefix and automatic pipelines, with a replica that confirms',
    () => cluster({ keyPrefix: 'app:', enableAutoPipelining: true }),
    { replicas: 1 },
  ],
];

describe.each(rows)('%s', (title, connect, options, connection) => {
  let client: Redis | Cluster;
  beforeAll(() => {
    client = connect();
  });
  afterAll(() => client.quit());

  const open = async () => {
    const prefix = newPrefix();
    const store = new AshRedisStore(connection?.() ?? client, { ...options, prefix, grace: GRACE });
    await store.open();
    return {
      store,
      set: store,
      grace: GRACE,
      pass,
      lose: () => forget(client, prefix),
      close: () => store.close(),
    };
  };

  describeAshStore(`AshRedisStore ${title}`, open);
  describeAshSpentSet(`AshRedisStore ${title}`, open);

  describeAshSeedSet(`AshRedisStore ${title}`, async () => {
    const prefix = newPrefix();
    const opened: AshRedisStore[] = [];
    const another = async () => {
      const store = new AshRedisStore(connection?.() ?? client, { ...options, prefix, grace: GRACE });
      opened.push(store);
      await store.open();
      return store;
    };
    return {
      set: await another(),
      another,
      unreachable: () => new AshRedisStore(NOBODY, { commandTimeout: 100 }),
      grace: GRACE,
      pass,
      close: async () => {
        await Promise.all(opened.map((store) => store.close()));
      },
    };
  });
});
