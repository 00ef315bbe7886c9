import { redisInfo, startRedis } from './redis.mjs';
import { HOST, seen } from './server.mjs';

const NAME = 'ash';
const DOWN_AFTER = 500;
const FAILOVER_TIMEOUT = 3_000;

/** Redis gives a Sentinel's answer as names and values in turn. */
const fieldsOf = (list) =>
  Object.fromEntries(list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]]] : [])));

/** A master with replicas of one's own, behind Sentinels that promote a replica half a second after the master is gone. */
export async function startRedisSentinel({ replicas = 1, sentinels = 3, config = {} } = {}) {
  const servers = [];
  const start = async (options) => {
    const server = await startRedis(options);
    servers.push(server);
    return server;
  };
  const stop = () => Promise.all(servers.map((server) => server.stop()));
  try {
    const master = await start({ config });
    const following = await Promise.all(
      Array.from({ length: replicas }, () => start({ config: { ...config, replicaof: `${HOST} ${master.port}` } })),
    );
    for (const replica of following) {
      await seen(
        'a replica in step',
        async () => (await redisInfo(replica, 'replication')).master_link_status === 'up',
      );
    }
    const watching = [];
    for (let index = 0; index < sentinels; index += 1) {
      watching.push(
        await start({
          sentinel: true,
          config: {
            sentinel: [
              `monitor ${NAME} ${HOST} ${master.port} ${Math.floor(sentinels / 2) + 1}`,
              `down-after-milliseconds ${NAME} ${DOWN_AFTER}`,
              `failover-timeout ${NAME} ${FAILOVER_TIMEOUT}`,
              `parallel-syncs ${NAME} 1`,
            ],
          },
        }),
      );
    }
    for (const sentinel of watching) {
      await seen('a Sentinel that knows all', async () => {
        const known = fieldsOf(await sentinel.command('SENTINEL', 'MASTER', NAME));
        const [replica] = await sentinel.command('SENTINEL', 'REPLICAS', NAME);
        return (
          Number(known['num-slaves']) === replicas &&
          Number(known['num-other-sentinels']) === sentinels - 1 &&
          known.flags === 'master' &&
          (replica === undefined || fieldsOf(replica)['master-link-status'] === 'ok')
        );
      });
    }
    return {
      name: NAME,
      sentinels: watching.map(({ port }) => ({ host: HOST, port })),
      master,
      replica: following[0],
      replicas: following,
      servers,
      /** The port that Sentinel gives for the master at present. */
      async masterPort() {
        const [, port] = await watching[0].command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME);
        return Number(port);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
