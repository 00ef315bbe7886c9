import { ashGenerateKey, AshMemoryStore, AshSealedStore } from 'nestjs-ash';
import { AshRedisStore } from 'nestjs-ash/redis';
import { AshSqlStore } from 'nestjs-ash/typeorm';

const POOL = 10;
/** How long a store may take, in milliseconds: a machine with much else to do is slow, and not at fault. */
export const PATIENCE = 30_000;

const memory = () => new AshMemoryStore({ maxEntries: 10_000_000 });
const redis = ({ redisUrl }) => new AshRedisStore(redisUrl, { commandTimeout: PATIENCE });
const postgres = ({ postgresUrl }) =>
  new AshSqlStore({ type: 'postgres', url: postgresUrl, poolSize: POOL }, { createTables: true, timeout: PATIENCE });

function sealedOver(spent) {
  return new AshSealedStore({ keys: [{ id: '2026-11', secret: ashGenerateKey() }], spent });
}

/** The stores by the names of their cases: each makes one, given where the servers are. */
export const STORES = {
  memory,
  'sealed-memory': () => sealedOver(memory()),
  'sealed-redis': (servers) => sealedOver(redis(servers)),
  redis,
  postgres,
};
