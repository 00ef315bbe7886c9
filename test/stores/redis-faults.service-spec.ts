import { truncateSync, statSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { AshRedisStore, type AshRedisStoreOptions } from 'nestjs-ash/redis';
import { seen, startRedis, type RedisConfig, type RedisServer } from '../../scripts/services/index.mjs';
import { TcpProxy } from './tcp-proxy.js';

const LIFE = 20_000;
const TIMEOUT = 200;
/** What a machine under load adds to a wait. */
const SLACK = 2_000;
const ROUNDS = 100;
const CONTEXT = { binding: 'POST /transfer', ttlMs: LIFE };
const HASH = 'a'.repeat(64);

const linkOf = (hash: string) => ({
  hash,
  chain: 'checkout',
  step: 'POST /cart',
  issuedAt: Date.now(),
  expiresAt: Date.now() + LIFE,
});

const markOf = async (store: AshRedisStore, key: string) => ({
  shard: 3,
  key,
  epoch: await store.epoch(3),
  ttlMs: LIFE,
});

/** What each call comes to, and that none takes longer than it may. */
async function settled(calls: readonly (() => Promise<unknown>)[], longest: number): Promise<string[]> {
  const start = performance.now();
  const outcomes = await Promise.allSettled(calls.map((call) => call()));
  expect(performance.now() - start).toBeLessThan(longest + SLACK);
  return outcomes.map((outcome) =>
    outcome.status === 'fulfilled' ? 'answered' : (outcome.reason as { code: string }).code,
  );
}

const everyCall = (store: AshRedisStore): (() => Promise<unknown>)[] => [
  () => store.create(CONTEXT),
  () => store.get('ash_1'),
  () => store.consume('ash_1'),
  () => store.spend('ash_1', { hash: HASH, holder: 'ash_1/1' }),
  () => store.writeLink(linkOf(HASH)),
  () => store.getLink(HASH),
  () => store.reserveLink(HASH, 'a'),
  () => store.releaseLink(HASH, 'a'),
  () => store.epoch(1),
  () => store.mark({ shard: 1, key: 'aa', epoch: 'b', ttlMs: LIFE }),
  () => store.agreeOnSeed(1, 7, LIFE),
  () => store.findSeed(1),
];

const UNAVAILABLE = everyCall({} as AshRedisStore).map(() => 'ASH_STORE_UNAVAILABLE');

const recovery = (store: AshRedisStore) => seen('recovery', () => store.create(CONTEXT), { within: 10_000, every: 10 });

/** Everything of a test is closed after it, the stores before the servers. */
const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function redisWith(config: RedisConfig = {}): Promise<RedisServer> {
  const server = await startRedis({ config });
  open.push(() => server.stop());
  return server;
}

async function storeOn(connection: ConstructorParameters<typeof AshRedisStore>[0], options: AshRedisStoreOptions = {}) {
  const store = new AshRedisStore(connection, { commandTimeout: TIMEOUT, ...options });
  open.push(() => store.close());
  await store.open();
  return store;
}

async function proxyTo(server: { host: string; port: number }, delay = 0): Promise<TcpProxy> {
  const proxy = await TcpProxy.start(server, delay);
  open.push(() => proxy.stop());
  return proxy;
}

describe('After a restart that lost that a context was spent, AshRedisStore', () => {
  /** What a server did last is taken from what it finds on its disk when it starts again. */
  const losses: [title: string, config: RedisConfig, prepare: (server: RedisServer) => Promise<() => void>][] = [
    [
      'from a snapshot',
      {},
      async (server) => {
        await server.command('SAVE');
        return () => undefined;
      },
    ],
    [
      'from a log that was not on the disk yet',
      { appendonly: 'yes', appendfsync: 'no' },
      (server) => {
        const folder = join(server.folder, 'appendonlydir');
        const file = join(folder, readdirSync(folder).find((name) => name.includes('.incr.')) ?? '');
        const { size } = statSync(file);
        return Promise.resolve(() => {
          truncateSync(file, size);
        });
      },
    ],
  ];

  describe.each(losses)('%s,', (_title, config, prepare) => {
    async function lossOn(options: AshRedisStoreOptions) {
      const server = await redisWith(config);
      const store = await storeOn(server.url, options);
      const { id } = await store.create(CONTEXT);
      const chained = await store.create(CONTEXT);
      await store.writeLink(linkOf(HASH));
      const mark = await markOf(store, 'aa');
      await wait(50);
      const lose = await prepare(server);
      const hold = { hash: HASH, holder: `${chained.id}/1` };
      const before = [await store.consume(id), await store.mark(mark), await store.spend(chained.id, hold)];
      expect(before).toStrictEqual(['consumed', 'marked', 'consumed']);
      await server.kill();
      lose();
      await server.restart();
      await recovery(store);
      expect((await store.get(id))?.consumedAt).toBeUndefined();
      return {
        consume: await store.consume(id),
        reserve: await store.reserveLink(HASH, 'b'),
        mark: await store.mark(mark),
      };
    }

    it('refuses what was made before it', async () => {
      expect(await lossOn({})).toStrictEqual({ consume: 'not-found', reserve: 'not-found', mark: 'other-epoch' });
    });

    it("lets it pass twice where acrossRestarts is 'accept'", async () => {
      const twice = { consume: 'consumed', reserve: 'reserved', mark: 'marked' };
      expect(await lossOn({ acrossRestarts: 'accept' })).toStrictEqual(twice);
    });
  });
});

describe('After a promotion, AshRedisStore', () => {
  /** A master, and a replica that no more hears of what is written once `separate` was called. */
  async function pair() {
    const master = await redisWith();
    const proxy = await proxyTo(master);
    const replica = await redisWith({ replicaof: `127.0.0.1 ${proxy.port}`, 'repl-timeout': 60 });
    const isInStep = async () => {
      const offsets = await Promise.all(
        [master, replica].map(
          async (each) => /master_repl_offset:(\d+)/.exec(String(await each.command('INFO', 'replication')))?.[1],
        ),
      );
      const link = String(await replica.command('INFO', 'replication'));
      return link.includes('master_link_status:up') && offsets[0] === offsets[1];
    };
    await seen('a replica in step', isInStep);
    return {
      master,
      replica,
      isInStep,
      separate: () => {
        proxy.silence();
      },
    };
  }

  async function promotedAfterLoss(options: AshRedisStoreOptions) {
    const { master, replica, isInStep, separate } = await pair();
    const before = await storeOn(master.url, options);
    const { id } = await before.create(CONTEXT);
    await seen('a replica in step', isInStep);
    separate();
    const first = await before.consume(id).catch((error: unknown) => (error as Error).message);
    await replica.command('REPLICAOF', 'NO', 'ONE');
    const after = await storeOn(replica.url, { ...options, replicas: 0 });
    return { first, second: await after.consume(id), master, replica, id };
  }

  it('refuses what was made before it', async () => {
    expect(await promotedAfterLoss({})).toMatchObject({ first: 'consumed', second: 'not-found' });
  });

  it("lets it pass twice where acrossRestarts is 'accept' and no replica has to confirm", async () => {
    const { first, second } = await promotedAfterLoss({ acrossRestarts: 'accept' });
    expect([first, second]).toStrictEqual(['consumed', 'consumed']);
  });

  it('lets it pass once where a replica has to confirm', async () => {
    const { first, second } = await promotedAfterLoss({ acrossRestarts: 'accept', replicas: 1, replicaTimeout: 100 });
    expect(first).toContain('0 of 1 replicas confirmed within 100 ms');
    expect(second).toBe('consumed');
  });

  it('refuses it also where the same process is master again', async () => {
    const { master, replica, id } = await promotedAfterLoss({});
    await master.command('REPLICAOF', '127.0.0.1', replica.port);
    await seen('the loss', async () => String(await master.command('GET', `ash:c:${id}`)).startsWith('-'));
    await master.command('REPLICAOF', 'NO', 'ONE');
    const store = await storeOn(master.url);
    expect(await store.consume(id)).toBe('not-found');
  });
});

describe('While Redis does not answer, AshRedisStore', () => {
  const REPLICA_TIMEOUT = 100;
  const confirmed = { replicas: 1, replicaTimeout: REPLICA_TIMEOUT };
  const own = (server: RedisServer) => server.url;
  const given = (server: RedisServer) => new Redis(server.url, { retryStrategy: () => 50 });

  const ways: [title: string, connect: (server: RedisServer) => string | Redis, options: AshRedisStoreOptions][] = [
    ['of its own', own, {}],
    ['of the application', given, {}],
    ['of its own, with a replica that confirms', own, confirmed],
    ['of the application, with a replica that confirms', given, confirmed],
  ];

  describe.each(ways)('through a client %s,', (_title, connect, options) => {
    const longest = TIMEOUT + 2 * (options.replicas ?? 0) * REPLICA_TIMEOUT;

    const isAnswering = async (store: AshRedisStore): Promise<boolean> => {
      const outcomes = await settled(everyCall(store), longest);
      return outcomes.every((outcome) => outcome === 'answered');
    };
    const answers = (store: AshRedisStore) => seen('an answer to every call', () => isAnswering(store));

    async function connected() {
      const server = await redisWith();
      if (options.replicas !== undefined) {
        await redisWith({ replicaof: `127.0.0.1 ${server.port}` });
        await seen('a replica', async () => String(await server.command('INFO')).includes('state=online'));
      }
      const connection = connect(server);
      if (typeof connection !== 'string') {
        connection.on('error', () => undefined);
        open.push(() => {
          connection.disconnect();
        });
      }
      const store = await storeOn(connection, options);
      await answers(store);
      return { server, store };
    }

    it('refuses every call in time while the server is paused, and recovers by itself', async () => {
      const { server, store } = await connected();
      server.pause();
      expect(await settled(everyCall(store), longest)).toStrictEqual(UNAVAILABLE);
      expect(await settled(everyCall(store), longest)).toStrictEqual(UNAVAILABLE);
      await wait(3 * TIMEOUT);
      expect(await settled(everyCall(store), longest)).toStrictEqual(UNAVAILABLE);
      server.resume();
      await answers(store);
    });

    it('refuses every call in time while the server is gone, and recovers by itself', async () => {
      const { server, store } = await connected();
      const calls = settled(everyCall(store), longest);
      await server.kill();
      await calls;
      expect(await settled(everyCall(store), longest)).toStrictEqual(UNAVAILABLE);
      await wait(3 * TIMEOUT);
      expect(await settled(everyCall(store), longest)).toStrictEqual(UNAVAILABLE);
      await server.restart();
      await answers(store);
    });
  });

  it('asks nothing more of a client that is not its own before that has answered', async () => {
    const server = await redisWith();
    const client = new Redis(server.url);
    open.push(() => {
      client.disconnect();
    });
    const store = await storeOn(client);
    server.pause();
    expect(await settled(everyCall(store), TIMEOUT)).toStrictEqual(UNAVAILABLE);
    const start = performance.now();
    for (let round = 0; round < ROUNDS; round++) await settled(everyCall(store), 0);
    // By far less than if each of them had waited.
    expect(performance.now() - start).toBeLessThan((ROUNDS * TIMEOUT) / 5);
    server.resume();
    await recovery(store);
    const stats = String(await server.command('INFO', 'commandstats'));
    expect(Number(/cmdstat_mget:calls=(\d+)/.exec(stats)?.[1])).toBeLessThan(10);
  });

  it.each([
    ['its own', own],
    ['the application', given],
  ])('leaves nothing to be sent later in the queue of a client of %s', async (_title, connect) => {
    const server = await redisWith();
    const connection = connect(server);
    if (typeof connection !== 'string') {
      connection.on('error', () => undefined);
      open.push(() => {
        connection.disconnect();
      });
    }
    const store = await storeOn(connection);
    await server.kill();
    // What a client of the application has sent when it loses the connection it may send once more: that is its setting.
    await seen('the loss', () => typeof connection === 'string' || connection.status !== 'ready');
    expect(await settled(everyCall(store), TIMEOUT)).toStrictEqual(UNAVAILABLE);
    expect(await settled(everyCall(store), TIMEOUT)).toStrictEqual(UNAVAILABLE);
    await server.restart();
    await recovery(store);
    expect(String(await server.command('INFO', 'commandstats'))).not.toContain('cmdstat_mget:');
  });

  it('leaves a connection on which nothing comes back for a new one', async () => {
    const server = await redisWith();
    const proxy = await proxyTo(server);
    const store = await storeOn(`redis://127.0.0.1:${proxy.port}`);
    proxy.silence();
    expect(await settled(everyCall(store), TIMEOUT)).toStrictEqual(UNAVAILABLE);
    // TCP would try for a quarter of an hour.
    await recovery(store);
  });

  it('recovers from a server that was busy for longer than it waits', async () => {
    const server = await redisWith();
    const store = await storeOn(server.url);
    const busy = "local start = redis.call('TIME')[1] repeat until redis.call('TIME')[1] - start >= 2";
    const running = server.command('EVAL', busy, 0);
    await wait(20);
    expect(await settled(everyCall(store), TIMEOUT)).toStrictEqual(UNAVAILABLE);
    await running;
    await recovery(store);
  });

  it('sends nothing twice when a connection breaks', async () => {
    const server = await redisWith();
    const proxy = await proxyTo(server);
    const store = await storeOn(`redis://127.0.0.1:${proxy.port}`);
    const [{ id: first }, { id }] = [await store.create(CONTEXT), await store.create(CONTEXT)];
    await store.consume(first);
    const runs = async () => {
      const stats = String(await server.command('INFO', 'commandstats'));
      return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1]);
    };
    const before = await runs();
    proxy.cutAtAnswer();
    expect(await settled([() => store.consume(id)], 0)).toStrictEqual(['ASH_STORE_UNAVAILABLE']);
    await seen('recovery', async () => (await store.get(id))?.consumedAt);
    expect(await runs()).toBe(before + 1);
  });

  it('answers what replicas have to confirm where it is closed in the same turn', async () => {
    const server = await redisWith();
    await redisWith({ replicaof: `127.0.0.1 ${server.port}` });
    await seen('a replica', async () => String(await server.command('INFO', 'replication')).includes('state=online'));
    const store = await storeOn(server.url, { replicas: 1, replicaTimeout: 5_000 });
    const contexts = await Promise.all(Array.from({ length: 3 }, () => store.create(CONTEXT)));
    const answers = contexts.map(({ id }) => store.consume(id));
    await store.close();
    expect(await Promise.all(answers)).toStrictEqual(contexts.map(() => 'consumed'));
  });

  it('waits no longer than twice for a replica that is gone, whatever the number of requests', async () => {
    const server = await redisWith();
    const replica = await redisWith({ replicaof: `127.0.0.1 ${server.port}` });
    await seen('a replica', async () => String(await server.command('INFO', 'replication')).includes('state=online'));
    const replicaTimeout = 200;
    const store = await storeOn(server.url, { replicas: 1, replicaTimeout });
    const contexts = await Promise.all(Array.from({ length: 50 }, () => store.create(CONTEXT)));
    const isConfirmed = async () => (await store.consume((await store.create(CONTEXT)).id)) === 'consumed';
    await seen('confirmation', isConfirmed);
    replica.pause();
    const calls = contexts.map(({ id }, index) => async () => {
      await wait(index * 3);
      return store.consume(id);
    });
    expect(new Set(await settled(calls, 150 + 2 * replicaTimeout))).toStrictEqual(new Set(['ASH_STORE_UNAVAILABLE']));
    replica.resume();
    await seen('confirmation', isConfirmed);
  });
});

describe('Where Redis takes no writes, AshRedisStore', () => {
  const states: [
    title: string,
    refuse: (server: RedisServer) => Promise<unknown>,
    accept: (server: RedisServer) => Promise<unknown>,
    message: string,
  ][] = [
    [
      'since it has become a replica',
      (server) => server.command('REPLICAOF', '127.0.0.1', 1),
      (server) => server.command('REPLICAOF', 'NO', 'ONE'),
      'READONLY',
    ],
    [
      'since it has become a replica that takes writes',
      async (server) => {
        await server.command('CONFIG', 'SET', 'replica-read-only', 'no');
        await server.command('REPLICAOF', '127.0.0.1', 1);
      },
      (server) => server.command('REPLICAOF', 'NO', 'ONE'),
      'READONLY',
    ],
    [
      'since it has too few replicas',
      (server) => server.command('CONFIG', 'SET', 'min-replicas-to-write', 1),
      (server) => server.command('CONFIG', 'SET', 'min-replicas-to-write', 0),
      'NOREPLICAS',
    ],
    [
      'since its disk fails',
      async (server) => {
        await server.command('CONFIG', 'SET', 'save', '1 1');
        await server.command('CONFIG', 'SET', 'dbfilename', 'a'.repeat(300));
        await server.command('BGSAVE');
        await seen('the failure', async () =>
          String(await server.command('INFO', 'persistence')).includes('bgsave_status:err'),
        );
      },
      // Without snapshots: one that fails would keep the server from ending.
      (server) => server.command('CONFIG', 'SET', 'save', '', 'stop-writes-on-bgsave-error', 'no'),
      'MISCONF',
    ],
    [
      'since its memory is full',
      (server) => server.command('CONFIG', 'SET', 'maxmemory', 1),
      (server) => server.command('CONFIG', 'SET', 'maxmemory', 0),
      'OOM',
    ],
  ];

  it.each(states)('%s, refuses to create, says why and shows no secret', async (_title, refuse, accept, message) => {
    const server = await redisWith({ requirepass: 'hunter2', 'enable-protected-configs': 'yes' });
    const store = await storeOn(server.url);
    await refuse(server);
    const error = await store.create({ ...CONTEXT, subject: 'user-7' }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: 'ASH_STORE_UNAVAILABLE',
      cause: { message: expect.stringContaining(message) },
    });
    const shown = inspect(error, { depth: 9, showHidden: true });
    expect(shown).not.toMatch(/user-7|nonce|hunter2/);
    await accept(server);
    await recovery(store);
  });

  it.each(['refuse', 'accept'] as const)(
    "since it has become a replica, connects anew, so that it finds the master (acrossRestarts: '%s')",
    async (acrossRestarts) => {
      const server = await redisWith();
      const store = await storeOn({ port: server.port, connectionName: 'store' }, { acrossRestarts });
      const connection = async () => {
        const list = String(await server.command('CLIENT', 'LIST'));
        return list
          .split('\n')
          .find((line) => line.includes('name=store'))
          ?.split(' ')[0];
      };
      const before = await connection();
      await server.command('REPLICAOF', '127.0.0.1', 1);
      await expect(store.create(CONTEXT)).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
      const after = await seen(
        'a connection',
        async () => {
          const now = await connection();
          return now === before ? undefined : now;
        },
        { within: 10_000 },
      );
      expect(after).toMatch(/^id=\d+$/);
    },
  );

  it('since its memory is full, still spends and finds what there is, and takes nothing new', async () => {
    const server = await redisWith();
    const store = await storeOn(server.url);
    const [first, second] = [await store.create(CONTEXT), await store.create(CONTEXT)];
    await store.writeLink(linkOf(HASH));
    const [old, fresh] = [await markOf(store, 'aa'), await markOf(store, 'bb')];
    await store.mark(old);
    await store.agreeOnSeed(1, 7, LIFE);
    await server.command('CONFIG', 'SET', 'maxmemory', 1);
    expect(await store.findSeed(1)).toBe(7);
    await expect(store.agreeOnSeed(2, 8, LIFE)).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
    expect(await store.consume(first.id)).toBe('consumed');
    expect(await store.spend(second.id, { hash: HASH, holder: `${second.id}/1` })).toBe('consumed');
    expect(await store.releaseLink(HASH, `${second.id}/1`)).toBe(true);
    expect(await store.mark(old)).toBe('already-marked');
    await expect(store.mark(fresh)).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
    await server.command('CONFIG', 'SET', 'maxmemory', 0);
    expect(await store.mark(fresh)).toBe('marked');
    expect(await store.agreeOnSeed(2, 9, LIFE)).toBe(9);
    expect(await store.consume(first.id)).toBe('already-used');
  });
});
