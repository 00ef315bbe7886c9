export { startMariadb } from './mariadb.mjs';
export { startPostgres } from './postgres.mjs';
export { redisInfo, startRedis } from './redis.mjs';
export { startRedisCluster } from './redis-cluster.mjs';
export { startRedisSentinel } from './redis-sentinel.mjs';
export { seen } from './server.mjs';
