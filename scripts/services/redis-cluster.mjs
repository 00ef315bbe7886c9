import { redisInfo, startRedis } from './redis.mjs';
import { freePort, HOST, seen } from './server.mjs';

const SLOTS = 16_384;
const NODE_TIMEOUT = 1_500;

async function startNode() {
  return startRedis({
    config: {
      'cluster-enabled': 'yes',
      'cluster-config-file': 'nodes.conf',
      'cluster-node-timeout': NODE_TIMEOUT,
      'cluster-port': await freePort(),
    },
  });
}

const hasPeers = async (server, count) => {
  const nodes = await server.command('CLUSTER', 'NODES');
  const lines = nodes.trim().split('\n');
  return lines.length === count && lines.every((line) => !/handshake|noaddr|fail/.test(line));
};

const isServing = async (server, masters) => {
  const answer = await server.command('CLUSTER', 'INFO');
  return answer.includes('cluster_state:ok') && answer.includes(`cluster_size:${masters}`);
};

/** A Redis Cluster of one's own; `servers` are its masters and then their replicas. */
export async function startRedisCluster({ masters = 3, replicasPerMaster = 1 } = {}) {
  const count = masters * (1 + replicasPerMaster);
  const started = await Promise.allSettled(Array.from({ length: count }, startNode));
  const servers = started.flatMap(({ value }) => value ?? []);
  const stop = () => Promise.all(servers.map((server) => server.stop()));
  try {
    for (const { status, reason } of started) if (status === 'rejected') throw reason;

    const [first] = servers;
    const ids = await Promise.all(servers.map((server) => server.command('CLUSTER', 'MYID')));
    for (const [index, server] of servers.entries()) {
      // Epochs of their own spare the masters a settlement by vote.
      await server.command('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
      if (index < masters) {
        const [from, to] = [index, index + 1].map((share) => Math.floor((share * SLOTS) / masters));
        await server.command('CLUSTER', 'ADDSLOTSRANGE', from, to - 1);
      }
      if (server === first) continue;
      const { 'cluster-port': bus } = Object.fromEntries([await server.command('CONFIG', 'GET', 'cluster-port')]);
      await first.command('CLUSTER', 'MEET', HOST, server.port, bus);
    }
    for (const server of servers) await seen('all nodes of the cluster', () => hasPeers(server, count));
    for (const [index, server] of servers.entries()) {
      if (index >= masters) await server.command('CLUSTER', 'REPLICATE', ids[index % masters]);
    }
    for (const [index, server] of servers.entries()) {
      await seen('a cluster that serves', () => isServing(server, masters));
      if (index < masters) continue;
      await seen(
        'a replica in step with its master',
        async () => (await redisInfo(server, 'replication')).master_link_status === 'up',
      );
    }
    return { nodes: servers.map(({ port }) => ({ host: HOST, port })), servers, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
