import { AshRedisStore } from 'nestjs-ash/redis';
import { redisInfo, seen, startRedis } from '../../scripts/services/index.mjs';

const TTL = 60_000;
const REPLICA_TIMEOUT = 50;
const CONTEXT = { binding: 'POST /transfer', mode: 'balanced', protocol: 'v2.3', ttlMs: TTL };

/** How a store can be set up for a master whose replica may be promoted behind its back. */
export const PROMOTIONS = {
  "`acrossRestarts: 'accept'`": { acrossRestarts: 'accept' },
  "`acrossRestarts: 'accept'`, `replicas: 1`": {
    acrossRestarts: 'accept',
    replicas: 1,
    replicaTimeout: REPLICA_TIMEOUT,
  },
  'as it is by default': {},
  '`replicas: 1`': { replicas: 1, replicaTimeout: REPLICA_TIMEOUT },
};

const inStep = async (replica, master) => {
  const { master_port: port, master_link_status: link } = await redisInfo(replica, 'replication');
  return Number(port) === master.port && link === 'up';
};

async function follow(replica, master) {
  await replica.command('REPLICAOF', master.host, master.port);
  await seen('a replica in step', () => inStep(replica, master));
  await seen('a write that the replica has', async () => {
    await master.command('SET', 'mark', Math.random());
    const [ours, theirs] = await Promise.all([master, replica].map((server) => server.command('GET', 'mark')));
    return ours === theirs;
  });
}

/**
 * Spends contexts on a master that its replica has lost sight of, promotes the replica, and sends the same again.
 * A handler runs once for each `consumed`.
 */
export async function tryPromotion(title, options, { rounds }) {
  const servers = await Promise.all([startRedis(), startRedis()]);
  const stores = servers.map(({ url }) => new AshRedisStore(url, options));
  const result = { title, rounds, spent: 0, refused: 0, passed: 0, secondRuns: 0 };
  try {
    await follow(servers[1], servers[0]);
    await stores[0].open();
    for (let round = 0; round < rounds; round += 1) {
      const [old, next] = round % 2 === 0 ? [0, 1] : [1, 0];
      const { id } = await seen('a new context', () => stores[old].create(CONTEXT));
      await seen('the context on the replica', async () => Number(await servers[next].command('DBSIZE')) > round);

      await servers[next].command('REPLICAOF', 'NO', 'ONE');
      const before = await stores[old].consume(id).catch(() => '503');
      await follow(servers[old], servers[next]);
      await stores[next].open();
      const after = await seen('an answer of the promoted replica', () => stores[next].consume(id));

      if (before === 'consumed') result.spent += 1;
      if (before === '503') result.refused += 1;
      if (after === 'consumed') result.passed += 1;
      if (before === 'consumed' && after === 'consumed') result.secondRuns += 1;
    }
    return result;
  } finally {
    await Promise.all(stores.map((store) => store.close()));
    await Promise.all(servers.map((server) => server.stop()));
  }
}
