export { AshRedisStore } from './redis.store.js';
export type { AshRedisClient, AshRedisCluster, AshRedisSingle } from './redis-client.js';
export type { AshRedisConnection, AshRedisStoreOptions } from './redis.options.js';
