import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { binariesOf } from './binaries.mjs';
import { freePort, HOST, makeFolder, startServer } from './server.mjs';

const DEFAULTS = { save: '', appendonly: 'no', 'maxmemory-policy': 'noeviction', 'repl-diskless-sync-delay': 0 };

/** One command over a connection of its own, whatever state the server is in. */
async function ask({ port, password, timeout = 2_000 }, command, ...args) {
  const redis = new Redis({
    host: HOST,
    port,
    ...(password && { password }),
    lazyConnect: true,
    enableReadyCheck: false,
    retryStrategy: null,
    connectTimeout: timeout,
    commandTimeout: timeout,
  });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await redis.call(command, ...args);
  } finally {
    // One that has ended would wait for the other side to say goodbye.
    if (redis.status !== 'end') redis.disconnect();
  }
}

const lines = (config) =>
  Object.entries(config)
    .flatMap(([key, value]) => [value].flat().map((each) => `${key} ${each === '' ? '""' : each}\n`))
    .join('');

/**
 * A Redis of one's own. `config` is what its redis.conf would say: `{ appendonly: 'yes', save: ['60 1', '300 10'] }`.
 * Without it nothing is written to the disk.
 */
export async function startRedis({ config = {}, port, sentinel = false } = {}) {
  const [command] = binariesOf('redis');
  const chosenPort = port ?? (await freePort());
  const folder = makeFolder(sentinel ? 'sentinel' : 'redis');
  const file = join(folder, 'redis.conf');
  writeFileSync(file, lines({ bind: HOST, port: chosenPort, dir: folder, ...(sentinel ? {} : DEFAULTS), ...config }));
  const password = config.requirepass;
  const at = { port: chosenPort, password };
  const server = await startServer({
    name: sentinel ? 'Sentinel' : 'Redis',
    command,
    args: [file, ...(sentinel ? ['--sentinel'] : [])],
    folder,
    port: chosenPort,
    isReady: async () => (await ask(at, 'PING')) === 'PONG',
  });
  return Object.defineProperties(
    {
      url: `redis://${password ? `:${password}@` : ''}${HOST}:${chosenPort}`,
      command: (name, ...args) => ask(at, name, ...args),
    },
    Object.getOwnPropertyDescriptors(server),
  );
}

/** The fields of INFO's answer. */
export async function redisInfo(server, section) {
  const text = await server.command('INFO', section);
  return Object.fromEntries(
    text
      .split('\r\n')
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
}
