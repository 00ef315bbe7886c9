import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import {
  redisInfo,
  seen,
  startMariadb,
  startPostgres,
  startRedis,
  startRedisSentinel,
} from '../../scripts/services/index.mjs';

const AGAIN_EVERY = 100;
const PARKED = 50;
const BALLAST = 'x'.repeat(10_000);
const NOWHERE = ['127.0.0.1', 1];

const redisShop = ({ url }) => ({ STORE: 'redis', REDIS_URL: url });
const sealedShop = ({ url }) => ({
  STORE: 'sealed',
  SEALED_OVER: 'redis',
  SEALED_KEYS: `faults:${randomBytes(32).toString('base64url')}`,
  REDIS_URL: url,
});
const sqlShop = ({ url }) => ({ STORE: 'sql', DATABASE_URL: url });
const sentinelShop = ({ name, sentinels }) => ({
  STORE: 'redis',
  REDIS_SENTINELS: sentinels.map(({ host, port }) => `${host}:${port}`).join(','),
  REDIS_SENTINEL_NAME: name,
});

/** Does something over and over for a while. */
async function over(duration, act) {
  const end = performance.now() + duration;
  while (performance.now() < end) {
    await act();
    await wait(AGAIN_EVERY);
  }
}

/** Issues contexts, has Redis save them unspent, spends them, kills Redis: the file brings them back unspent. */
async function killBehindASave(redis, load, duration) {
  const parked = await load.park(PARKED);
  await redis.command('SAVE');
  await load.spend(parked);
  await redis.kill();
  await wait(duration);
  await redis.restart();
}

async function pause(server, _load, duration) {
  server.pause();
  await wait(duration);
  server.resume();
}

const flush = (redis, _load, duration) => over(duration, () => redis.command('FLUSHALL'));

/** Fills the memory to its bound, and keeps it full. */
async function fill(redis, _load, duration) {
  const { used_memory: used } = await redisInfo(redis, 'memory');
  await redis.command('CONFIG', 'SET', 'maxmemory', Number(used));
  await over(duration, () => redis.command('APPEND', 'ballast', BALLAST).catch(() => {}));
  await redis.command('DEL', 'ballast');
  await redis.command('CONFIG', 'SET', 'maxmemory', 0);
}

async function makeReadOnly(redis, _load, duration) {
  await redis.command('REPLICAOF', ...NOWHERE);
  await over(duration, () => redis.command('CLIENT', 'KILL', 'TYPE', 'master').catch(() => {}));
  await redis.command('REPLICAOF', 'NO', 'ONE');
}

async function promote(behind) {
  await behind.master.kill();
  await seen('a promoted replica', async () => (await behind.masterPort()) === behind.replica.port);
}

const cutSessions = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`;

/** Kills a database right after it confirmed what was spent. */
async function killBehindACommit(database, load, duration) {
  const parked = await load.park(PARKED);
  await load.spend(parked);
  await database.kill();
  await wait(duration);
  await database.restart();
}

/** Every write fails as on a full disk. */
async function fillDisk(postgres, _load, duration) {
  await postgres.query(`CREATE OR REPLACE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$`);
  const tables = await postgres.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
  for (const { tablename } of tables) {
    await postgres.query(
      `CREATE TRIGGER no_space BEFORE INSERT OR UPDATE ON "${tablename}" EXECUTE FUNCTION no_space()`,
    );
  }
  await wait(duration);
  await postgres.query('DROP FUNCTION no_space CASCADE');
}

/**
 * Every fault: which server it befalls, how shops are told of that server, and `strike`, which does it and ends when it
 * is over.
 */
export const FAULTS = {
  'redis-killed': {
    title: 'Redis killed, restarted from a file in which what was spent is unspent',
    start: startRedis,
    env: redisShop,
    strike: killBehindASave,
  },
  'redis-paused': { title: 'Redis paused (SIGSTOP)', start: startRedis, env: redisShop, strike: pause },
  'redis-cut': {
    title: 'Connections to Redis cut, over and over',
    start: startRedis,
    env: redisShop,
    strike: (redis, _load, duration) => over(duration, () => redis.command('CLIENT', 'KILL', 'TYPE', 'normal')),
  },
  'redis-flushed': { title: '`FLUSHALL`, over and over', start: startRedis, env: redisShop, strike: flush },
  'redis-full': { title: '`maxmemory` reached', start: startRedis, env: redisShop, strike: fill },
  'redis-read-only': {
    title: 'Redis turned into a read-only replica',
    start: startRedis,
    env: redisShop,
    strike: makeReadOnly,
  },
  'redis-promoted': {
    title: 'Redis master killed, a replica promoted by Sentinel',
    start: startRedisSentinel,
    env: sentinelShop,
    strike: promote,
  },
  'sealed-flushed': {
    title: 'Sealed over Redis: `FLUSHALL`, over and over',
    start: startRedis,
    env: sealedShop,
    strike: flush,
  },
  'sealed-killed': {
    title: 'Sealed over Redis: killed, restarted from an older file',
    start: startRedis,
    env: sealedShop,
    strike: killBehindASave,
  },
  'postgres-killed': {
    title: 'PostgreSQL killed (SIGKILL) and restarted',
    start: startPostgres,
    env: sqlShop,
    strike: killBehindACommit,
  },
  'postgres-paused': { title: 'PostgreSQL paused (SIGSTOP)', start: startPostgres, env: sqlShop, strike: pause },
  'postgres-cut': {
    title: 'Connections to PostgreSQL cut, over and over',
    start: startPostgres,
    env: sqlShop,
    strike: (postgres, _load, duration) => over(duration, () => postgres.query(cutSessions)),
  },
  'postgres-restarted': {
    title: 'PostgreSQL restarted (fast)',
    start: startPostgres,
    env: sqlShop,
    strike: (postgres) => postgres.restart(),
  },
  'postgres-disk-full': {
    title: 'PostgreSQL: every write fails as on a full disk',
    start: startPostgres,
    env: sqlShop,
    strike: fillDisk,
  },
  'mariadb-killed': {
    title: 'MariaDB killed (SIGKILL) and restarted',
    start: startMariadb,
    env: sqlShop,
    strike: killBehindACommit,
  },
  'mariadb-paused': { title: 'MariaDB paused (SIGSTOP)', start: startMariadb, env: sqlShop, strike: pause },
};
