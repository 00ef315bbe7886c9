import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { AshRedisStore, type AshRedisConnection, type AshRedisStoreOptions } from 'nestjs-ash/redis';
import { startRedis, type RedisServer } from '../../scripts/services/index.mjs';
import { addresses, newPrefix, serviceOf } from './redis-service.js';

const CONTEXT = { binding: 'POST /transfer', ttlMs: 10_000 };
const PASSWORD = 'hunter2';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function storeOn(connection: AshRedisConnection, options: AshRedisStoreOptions = {}): AshRedisStore {
  const store = new AshRedisStore(connection, { prefix: newPrefix(), ...options });
  open.push(() => store.close());
  return store;
}

/** Why a store does not open, and that nothing in it shows the password. */
async function refusalOf(store: AshRedisStore): Promise<string> {
  const error = await store.open().then(
    () => new Error('It opened.'),
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: 'AshConfigurationError' });
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(PASSWORD);
  return (error as Error).message;
}

const clientsOf = async (server: RedisServer) =>
  String(await server.command('CLIENT', 'LIST', 'TYPE', 'NORMAL'))
    .trim()
    .split('\n').length - 1;

describe('AshRedisStore does not open', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis({ config: { requirepass: PASSWORD } });
    const { command } = server;
    // ioredis says that it cannot see whether the server is still loading where INFO is forbidden.
    jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    await command('ACL', 'SETUSER', 'uninformed', 'on', `>${PASSWORD}`, '~*', '+@all', '-info');
    const commands = [
      'info',
      'get',
      'mget',
      'set',
      'getrange',
      'setrange',
      'exists',
      'time',
      'eval',
      'evalsha',
      'wait',
    ];
    const allowed = commands.map((name) => `+${name}`);
    await command('ACL', 'SETUSER', 'least', 'on', `>${PASSWORD}`, '~ash*', '-@all', ...allowed);
    await command('ACL', 'SETUSER', 'unreading', 'on', `>${PASSWORD}`, '~*', '+@all', '-mget');
    await command('ACL', 'SETUSER', 'unscripted', 'on', `>${PASSWORD}`, '~*', '+@all', '-@scripting');
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await server.stop();
  });

  const as = (user: string, password = PASSWORD) => ({ port: server.port, username: user, password });

  it('without a server, and says where it looked and how to start one', async () => {
    const free = createServer().listen(0);
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    const start = performance.now();
    const message = await refusalOf(storeOn(`redis://user:${PASSWORD}@127.0.0.1:${port}/2`));
    expect(message).toContain(`127.0.0.1:${port}`);
    expect(message).toContain('ECONNREFUSED');
    expect(message).toContain('redis-server, or: docker compose up redis');
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it('on a server that says nothing, and does not wait for long', async () => {
    const silent = createServer().listen(0);
    await once(silent, 'listening');
    open.push(() => silent.close());
    const { port } = silent.address() as AddressInfo;
    const start = performance.now();
    expect(await refusalOf(storeOn({ port }, { commandTimeout: 200 }))).toContain(`localhost:${port}`);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  const rows: [title: string, connection: () => AshRedisConnection, reason: string][] = [
    ['with a wrong password', () => as('default', 'wrong'), 'WRONGPASS'],
    ['without a password that the server demands', () => ({ port: server.port }), 'NOAUTH'],
    [
      'where the user may not run INFO',
      () => as('uninformed'),
      "+info), or set acrossRestarts: 'accept' and evictionPolicy: 'accept'",
    ],
    ['where the user may not run scripts', () => as('unscripted'), 'NOPERM'],
    ['where the user may not read several keys', () => as('unreading'), "'mget'"],
    ['where the user may not do all, and says how it may', () => as('unreading'), 'ACL SETUSER'],
    ['on a node of a Cluster', () => `redis://${serviceOf('REDIS_CLUSTER').split(',')[0] ?? ''}`, 'new Cluster('],
    [
      'on a Sentinel',
      () => `redis://${serviceOf('REDIS_SENTINELS').split(',')[0] ?? ''}`,
      '{ sentinels: [{ host, port }], name }',
    ],
  ];

  it.each(rows)('%s', async (_title, connection, reason) => {
    expect(await refusalOf(storeOn(connection()))).toContain(reason);
  });

  it.each(['allkeys-lru', 'volatile-ttl', 'allkeys-random'])('on the eviction policy %s', async (policy) => {
    await server.command('CONFIG', 'SET', 'maxmemory-policy', policy);
    expect(await refusalOf(storeOn(as('default')))).toContain(`is ${policy}`);
    await expect(storeOn(as('default'), { evictionPolicy: 'accept' }).open()).resolves.toBeUndefined();
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
  });

  it('on a replica', async () => {
    const replica = await startRedis({ config: { replicaof: `127.0.0.1 ${server.port}` } });
    open.push(() => replica.stop());
    expect(await refusalOf(storeOn(replica.url))).toContain('is a replica');
  });

  it('with fewer replicas than have to confirm', async () => {
    expect(await refusalOf(storeOn(as('default'), { replicas: 2 }))).toContain('2 replicas have to confirm');
  });

  it('and can be opened again when the fault is mended, leaving no connection behind before', async () => {
    const before = await clientsOf(server);
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    const store = storeOn(as('default'));
    await refusalOf(store);
    expect(await clientsOf(server)).toBe(before);
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    await store.open();
    expect((await store.create(CONTEXT)).binding).toBe('POST /transfer');
  });

  it('but does for a user that may do no more than the documentation says', async () => {
    const store = storeOn(as('least'));
    await store.open();
    const { id, issuedAt, expiresAt } = await store.create(CONTEXT);
    const link = { hash: 'd'.repeat(64), chain: 'checkout', step: 'POST /cart', issuedAt, expiresAt };
    await store.writeLink(link);
    expect(await store.reserveLink(link.hash, 'a')).toBe('reserved');
    expect(await store.releaseLink(link.hash, 'a')).toBe(true);
    expect(await store.spend(id, { hash: link.hash, holder: `${id}/1` })).toBe('consumed');
    expect(await store.mark({ shard: 0, key: 'aa', epoch: await store.epoch(0), ttlMs: 1_000 })).toBe('marked');
    expect(await store.agreeOnSeed(1, 7, 1_000)).toBe(7);
    expect(await store.findSeed(1)).toBe(7);
  });

  it('but does where INFO is forbidden and nothing depends on it', async () => {
    const store = storeOn(as('uninformed'), { acrossRestarts: 'accept', evictionPolicy: 'accept' });
    await store.open();
    expect(await store.consume((await store.create(CONTEXT)).id)).toBe('consumed');
  });
});

describe('AshRedisStore takes', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis({ config: { requirepass: PASSWORD } });
  });
  afterAll(() => server.stop());

  const spendTwice = async (store: AshRedisStore): Promise<string[]> => {
    const { id } = await store.create(CONTEXT);
    return [await store.consume(id), await store.consume(id)];
  };
  const ONCE = ['consumed', 'already-used'];

  it.each<[title: string, connection: () => AshRedisConnection]>([
    ['a URL', () => server.url],
    ['a URL whose query asks for a queue', () => `${server.url}/1?enableOfflineQueue=true&lazyConnect=false&family=4`],
    ['options', () => ({ port: server.port, password: PASSWORD, enableOfflineQueue: true, lazyConnect: false })],
  ])('%s, opens one connection and ends it', async (_title, connection) => {
    const before = await clientsOf(server);
    const store = storeOn(connection());
    await Promise.all([store.open(), store.open()]);
    await store.open();
    expect(await spendTwice(store)).toStrictEqual(ONCE);
    expect(await clientsOf(server)).toBe(before + 1);
    await store.close();
    await store.close();
    expect(await clientsOf(server)).toBe(before);
    await expect(store.create(CONTEXT)).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
  });

  it('calls before it was opened', async () => {
    expect(await spendTwice(storeOn(server.url))).toStrictEqual(ONCE);
  });

  it.each<[title: string, connect: () => Promise<Redis>]>([
    ['a client', () => Promise.resolve(new Redis(server.url))],
    ['a client that connects when it is used', () => Promise.resolve(new Redis(server.url, { lazyConnect: true }))],
    [
      'a client of another copy of ioredis',
      async () => {
        jest.resetModules();
        const { Redis: OtherRedis } = await import('ioredis');
        expect(OtherRedis).not.toBe(Redis);
        return new OtherRedis(server.url);
      },
    ],
  ])('%s, and leaves it open', async (_title, connect) => {
    const client = await connect();
    open.push(() => client.quit());
    const store = new AshRedisStore(client, { prefix: newPrefix() });
    await store.open();
    expect(await spendTwice(store)).toStrictEqual(ONCE);
    await store.close();
    expect(client.status).toBe('ready');
    expect(await client.ping()).toBe('PONG');
  });

  it('a client of a Cluster, and leaves it open while it ends its own connections', async () => {
    const client = new Cluster(addresses(serviceOf('REDIS_CLUSTER')));
    open.push(() => client.quit());
    const store = new AshRedisStore(client, { prefix: newPrefix(), replicas: 1 });
    await store.open();
    expect(await spendTwice(store)).toStrictEqual(ONCE);
    await store.close();
    expect(client.status).toBe('ready');
    await expect(store.consume('ash_1')).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
  });

  it('no context of another prefix', async () => {
    const [first, second] = [storeOn(server.url), storeOn(server.url)];
    const { id } = await first.create(CONTEXT);
    expect(await second.get(id)).toBeNull();
    expect(await second.consume(id)).toBe('not-found');
    expect(await first.consume(id)).toBe('consumed');
  });

  it('a link that is written once more as it is: held, and with an end', async () => {
    const prefix = newPrefix();
    const store = storeOn(server.url, { prefix });
    const hash = 'c'.repeat(64);
    const now = Date.now();
    const link = { hash, chain: 'checkout', step: 'POST /cart', issuedAt: now, expiresAt: now + 5_000 };
    await store.writeLink(link);
    await store.reserveLink(hash, 'a');
    await store.writeLink(link);
    expect((await store.getLink(hash))?.holder).toBe('a');
    await store.releaseLink(hash, 'a');
    const end = Number(await server.command('PTTL', `${prefix}l:${hash}`));
    expect(end).toBeGreaterThan(60_000);
    expect(end).toBeLessThanOrEqual(65_000);
  });

  it.each([-40_000, 40_000])('no mark by a clock that is %d ms off, and forgets none too early', async (off) => {
    const [right, wrong] = [
      storeOn(server.url, { grace: 1, prefix: 'ash-clock:' }),
      storeOn(server.url, { prefix: 'ash-clock:', clock: () => Date.now() + off }),
    ];
    const mark = { shard: 0, key: `aa${Math.abs(off)}${String(off > 0)}`, epoch: await right.epoch(0), ttlMs: 1_000 };
    await expect(wrong.mark(mark)).rejects.toMatchObject({
      code: 'ASH_STORE_UNAVAILABLE',
      cause: { message: expect.stringMatching(/^CLOCK .* differ by (39|40) s/) },
    });
    expect(await right.mark(mark)).toBe('marked');
    expect(Number(await server.command('PTTL', `ash-clock:{s0}:m:${mark.key}`))).toBeGreaterThan(60_000);
  });

  it('nothing from a client that was closed', async () => {
    const client = new Redis(server.url);
    const store = storeOn(client);
    await Promise.all([once(client, 'end'), client.quit()]);
    await expect(store.create(CONTEXT)).rejects.toMatchObject({
      code: 'ASH_STORE_UNAVAILABLE',
      message: expect.stringContaining('closed') as string,
    });
  });

  it('a password, and shows it nowhere', async () => {
    const store = storeOn(server.url);
    await store.open();
    expect(inspect(store, { depth: 9, showHidden: true })).not.toContain(PASSWORD);
    expect(JSON.stringify(store)).not.toContain(PASSWORD);
  });
});
