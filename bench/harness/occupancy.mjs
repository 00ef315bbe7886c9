import { setTimeout as wait } from 'node:timers/promises';
import { ashGenerateKey, AshSealedStore } from 'nestjs-ash';
import { AshRedisStore } from 'nestjs-ash/redis';
import { AshSqlStore } from 'nestjs-ash/typeorm';
import { redisInfo, seen, startPostgres, startRedis } from '../../scripts/services/index.mjs';
import { CONTEXT } from './contestants.mjs';
import { rateInFlight } from './flight.mjs';

const AT_ONCE = 256;
const PATIENCE = 30_000;
const EXPIRE_WITHIN = 120_000;
const STEADY_WITHIN = 60_000;
const STEADY = 100_000;
const KEYS = [{ id: '2026-11', secret: ashGenerateKey() }];

/**
 * So many contexts in Redis, stored and sealed, by `used_memory`.
 *
 * @returns For both: the bytes of all while they live, and what is left when they have expired.
 */
export async function occupyRedis(count) {
  const server = await startRedis();
  const { host, port } = server;
  const store = new AshRedisStore({ host, port, enableAutoPipelining: true }, { commandTimeout: PATIENCE });
  const used = async () => Number((await redisInfo(server, 'memory')).used_memory);
  const keys = async () => Number(await server.command('DBSIZE'));
  try {
    await store.open();
    await issue(store, 1);
    const sealed = await increase(used, () => issue(sealedOver(store), count));
    await server.command('FLUSHALL');

    const before = await used();
    await issue(store, count);
    if ((await keys()) !== count) throw new Error('Redis does not hold every context.');
    const full = (await used()) - before;
    await expireKeys(server);
    await seen('the end of all keys', async () => (await keys()) === 0, { within: EXPIRE_WITHIN });
    await settled(used);
    const left = (await used()) - before;
    return [
      { who: 'AshRedisStore', full, left },
      { who: 'Sealed over Redis', full: sealed, left: sealed },
    ];
  } finally {
    await store.close();
    await server.stop();
  }
}

/** So few keys at once that the server goes on answering. */
const EXPIRE_SOME = `
local scanned = redis.call('SCAN', ARGV[1], 'COUNT', 10000)
for _, key in ipairs(scanned[2]) do redis.call('PEXPIRE', key, 1000) end
return scanned[1]
`;

async function expireKeys(server) {
  let cursor = '0';
  do cursor = await server.command('EVAL', EXPIRE_SOME, 0, cursor);
  while (cursor !== '0');
}

/** Waits until a figure moves no more: Redis makes its tables smaller a little at a time. */
async function settled(read) {
  let last = await read();
  await seen(
    'a steady memory',
    async () => {
      await wait(1_000);
      const now = await read();
      const isSteady = Math.abs(now - last) < STEADY;
      last = now;
      return isSteady;
    },
    { within: STEADY_WITHIN },
  );
}

async function increase(read, act) {
  const before = await read();
  await act();
  return (await read()) - before;
}

function sealedOver(spent) {
  return new AshSealedStore({ keys: KEYS, spent });
}

function issue(store, count) {
  return rateInFlight(Math.min(count, AT_ONCE), Array.from({ length: count }), async () => {
    if ((await store.create(CONTEXT)).binding !== CONTEXT.binding) throw new Error('A context came out wrong.');
  });
}

const COPIES = `
INSERT INTO ash_context (id, body, issued_at, expires_at, keep_until)
SELECT 'ash_' || md5(random()::text || n), body, issued_at + n / 100, expires_at + n / 100, keep_until + n / 100
FROM ash_context, generate_series(1, $1::int) n`;

/** The same in PostgreSQL, by its tables and their indexes. One row that the store wrote is copied. */
export async function occupyPostgres(count) {
  const server = await startPostgres();
  let ahead = 0;
  const options = { createTables: true, cleanupInterval: false, timeout: PATIENCE, clock: () => Date.now() + ahead };
  const store = new AshSqlStore({ type: 'postgres', url: server.url }, options);
  const bytes = async () => {
    const [{ context, spent }] = await server.query(
      `SELECT pg_total_relation_size('ash_context') AS context, pg_total_relation_size('ash_spent') AS spent`,
    );
    return Number(context) + Number(spent);
  };
  try {
    await store.open();
    const sealed = await increase(bytes, () => issue(sealedOver(store), count));
    const before = await bytes();
    await issue(store, 1);
    await server.query(COPIES, [count - 1]);
    const full = (await bytes()) - before;
    ahead = 2 * CONTEXT.ttlMs;
    const forgotten = await store.cleanup();
    if (forgotten !== count) throw new Error(`The cleanup forgot ${forgotten} contexts instead of ${count}.`);
    await server.query('VACUUM ash_context');
    const left = (await bytes()) - before;
    return [
      { who: 'AshSqlStore, PostgreSQL', full, left },
      { who: 'Sealed over PostgreSQL', full: sealed, left: sealed },
    ];
  } finally {
    await store.close();
    await server.stop();
  }
}
