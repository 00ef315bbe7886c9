import { setTimeout as wait } from 'node:timers/promises';
import { Cluster } from 'ioredis';
import { AshRedisStore } from 'nestjs-ash/redis';
import { seen, startRedisCluster, startRedisSentinel } from '../../scripts/services/index.mjs';

const CONTEXT = { binding: 'POST /transfer', ttlMs: 30_000 };
const TIMEOUT = 300;
/** Of so many contexts each master has some, though by chance. */
const MANY = 50;
const SLACK = 2_000;
/** From the first refusal to the first answer: the Sentinels take half a second to miss the master, and then agree. */
const RECOVERY = 20_000;

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** Calls again and again until the call answers; no single one may take longer than it may. */
async function until<T>(call: () => Promise<T>, longest = TIMEOUT): Promise<T> {
  return seen(
    'an answer',
    async () => {
      const start = performance.now();
      try {
        return await call();
      } finally {
        expect(performance.now() - start).toBeLessThan(longest + SLACK);
      }
    },
    { within: RECOVERY },
  );
}

it('AshRedisStore finds the master that Sentinel promoted, also while one Sentinel hangs, and refuses what was made before', async () => {
  const { master, sentinels, servers, name, stop } = await startRedisSentinel();
  open.push(stop);
  const store = new AshRedisStore({ sentinels: [...sentinels], name }, { commandTimeout: TIMEOUT });
  open.push(() => store.close());
  await store.open();
  const { id } = await store.create(CONTEXT);
  // The first Sentinel that the store would ask takes the question, and never answers.
  const hanging = servers.find(({ port }) => port === sentinels[0]?.port);
  hanging?.pause();
  open.push(() => hanging?.resume());
  await master.kill();
  const fresh = await until(() => store.create(CONTEXT));
  expect(await store.consume(id)).toBe('not-found');
  expect(await store.consume(fresh.id)).toBe('consumed');
});

it('AshRedisStore finds the masters that a Cluster promoted, also while the old one hangs', async () => {
  const { nodes, servers, stop } = await startRedisCluster();
  open.push(stop);
  const cluster = new Cluster([...nodes]);
  open.push(() => {
    cluster.disconnect();
  });
  const store = new AshRedisStore(cluster, { commandTimeout: TIMEOUT });
  const replicaTimeout = 200;
  const confirmed = new AshRedisStore(cluster, { commandTimeout: TIMEOUT, replicas: 1, replicaTimeout });
  open.push(() => confirmed.close());
  await Promise.all([store.open(), confirmed.open()]);
  const pass = async () => {
    const { id } = await confirmed.create(CONTEXT);
    return (await confirmed.consume(id)) === 'consumed';
  };
  for (let index = 0; index < 25; index++) await until(pass, 2 * TIMEOUT + 2 * replicaTimeout);
  const contexts = await Promise.all(Array.from({ length: 2 * MANY }, () => store.create(CONTEXT)));
  const [paused] = servers;
  paused?.pause();
  open.push(() => paused?.resume());
  const before = await Promise.allSettled(contexts.slice(0, MANY).map(({ id }) => store.consume(id)));
  // Two of three masters go on.
  const answered = before.filter((result) => result.status === 'fulfilled');
  expect(answered.length).toBeGreaterThan(0);
  expect(answered.length).toBeLessThan(MANY);
  await wait(TIMEOUT);
  const after = [];
  for (const { id } of contexts.slice(MANY)) after.push(await until(() => store.consume(id)));
  expect(new Set(after)).toStrictEqual(new Set(['consumed', 'not-found']));
  for (let index = 0; index < 25; index++) await until(() => store.create(CONTEXT));
  // The old master comes back as a replica, and what has to be confirmed goes to the new one.
  paused?.resume();
  for (let index = 0; index < 25; index++) await until(pass, 2 * TIMEOUT + 2 * replicaTimeout);
});
