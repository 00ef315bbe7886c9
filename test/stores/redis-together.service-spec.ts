import { Cluster, Redis } from 'ioredis';
import { AshRedisStore } from 'nestjs-ash/redis';
import { startRedis, startRedisCluster, type RedisServer } from '../../scripts/services/index.mjs';
import { newPrefix, serviceOf } from './redis-service.js';

const LIFE = 20_000;
const CONTEXT = { binding: 'POST /transfer', ttlMs: LIFE };
/** More than go into one command. */
const MANY = 150;

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
const counts = (answers: readonly unknown[]): Record<string, number> => {
  const found: Record<string, number> = {};
  for (const answer of answers) found[String(answer)] = (found[String(answer)] ?? 0) + 1;
  return found;
};

/** How often a server was asked for each command meanwhile, by clients alone. */
async function commandsOf(server: Redis, act: () => Promise<unknown>): Promise<Record<string, number>> {
  const seen: string[] = [];
  const monitor = await server.monitor();
  monitor.on('monitor', (_time: string, [command = '']: string[], source: string) => {
    if (source !== 'lua') seen.push(command.toLowerCase());
  });
  await act();
  await server.ping();
  await new Promise((resolve) => setTimeout(resolve, 20));
  monitor.disconnect();
  return counts(seen.filter((command) => command !== 'ping'));
}

describe('What is asked of AshRedisStore in one turn', () => {
  const prefix = newPrefix();
  /** Of its own: whatever it is asked for is counted, and it loses its scripts. */
  let server: RedisServer;
  let redis: Redis;
  let store: AshRedisStore;

  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
    store = new AshRedisStore(server.url, { prefix });
    await store.open();
    // Every script is known to the server from here on.
    const [first, second] = await Promise.all([store.create(CONTEXT), store.create(CONTEXT)]);
    await Promise.all([first, second, first].map(({ id }) => store.get(id)));
    await store.consume(first.id);
    await store.mark({ shard: 0, key: 'f0', epoch: await store.epoch(0), ttlMs: LIFE });
  });
  afterAll(async () => {
    await store.close();
    await redis.quit();
    await server.stop();
  });

  it('goes out as one command for 64 of a kind, and each has its own answer', async () => {
    const contexts = await Promise.all(times(MANY, (at) => store.create({ ...CONTEXT, subject: `user-${at}` })));
    const ids = contexts.map(({ id }) => id);
    let found: unknown[] = [];
    const reads = await commandsOf(redis, async () => {
      found = await Promise.all([...ids, 'ash_unknown'].map((id) => store.get(id)));
    });
    expect(reads).toStrictEqual({ mget: 3 });
    expect(found).toStrictEqual([...contexts, null]);

    let results: unknown[] = [];
    const spendings = await commandsOf(redis, async () => {
      results = await Promise.all(['ash_unknown', ...ids, ...ids].map((id) => store.consume(id)));
    });
    expect(spendings).toStrictEqual({ evalsha: 5 });
    expect(results).toStrictEqual(['not-found', ...ids.map(() => 'consumed'), ...ids.map(() => 'already-used')]);
  });

  it('marks keys of every shard in one command', async () => {
    const epochs = await Promise.all(times(store.shards, (shard) => store.epoch(shard)));
    const marks = times(60, (at) => ({
      shard: at % store.shards,
      key: at.toString(16).padStart(4, '0'),
      epoch: at === 7 ? 'another-epoch-than-it-is' : (epochs[at % store.shards] ?? ''),
      ttlMs: LIFE,
    }));
    let answers: unknown[] = [];
    const commands = await commandsOf(redis, async () => {
      answers = await Promise.all(marks.map((mark) => store.mark(mark)));
    });
    expect(commands).toStrictEqual({ evalsha: 1 });
    expect(answers).toStrictEqual(times(60, (at) => (at === 7 ? 'other-epoch' : 'marked')));
    const again = await Promise.all(marks.map((mark) => store.mark(mark)));
    expect(again).toStrictEqual(times(60, (at) => (at === 7 ? 'other-epoch' : 'already-marked')));
  });

  it('has one winner also where two processes send it at the same time', async () => {
    const other = new AshRedisStore(server.url, { prefix });
    const contexts = await Promise.all(times(MANY, () => store.create(CONTEXT)));
    const results = await Promise.all(contexts.flatMap(({ id }) => [store.consume(id), other.consume(id)]));
    expect(counts(results)).toStrictEqual({ consumed: MANY, 'already-used': MANY });
    await other.close();
  });

  it('is answered where the store is closed in the same turn', async () => {
    const closing = new AshRedisStore(server.url, { prefix });
    await closing.open();
    const { id } = await closing.create(CONTEXT);
    const answers = [closing.get(id), closing.consume(id)];
    await closing.close();
    await expect(Promise.all(answers)).resolves.toMatchObject([{ id }, 'consumed']);
  });

  it('is sent once more, with the text of the script, where the server has lost its scripts', async () => {
    const contexts = await Promise.all(times(10, () => store.create(CONTEXT)));
    await redis.script('FLUSH');
    const results = await Promise.all(contexts.map(({ id }) => store.consume(id)));
    expect(counts(results)).toStrictEqual({ consumed: 10 });
  });

  it('is refused where an application leaves the client in a transaction, and nothing is spent by it', async () => {
    const client = new Redis(serviceOf('REDIS_URL'));
    const shared = new AshRedisStore(client, { prefix });
    await shared.open();
    // As many go together as the word has letters that Redis answers with.
    const together = 'QUEUED'.length;
    const contexts = await Promise.all(times(together, () => shared.create(CONTEXT)));
    await client.multi({ pipeline: false });
    const unavailable = { status: 'rejected', reason: { code: 'ASH_STORE_UNAVAILABLE' } };
    const questions: ((id: string) => Promise<unknown>)[] = [
      () => shared.create(CONTEXT),
      (id) => shared.get(id),
      (id) => shared.consume(id),
    ];
    for (const ask of questions) {
      const outcomes = await Promise.allSettled(contexts.map(({ id }) => ask(id)));
      expect(outcomes).toMatchObject(contexts.map(() => unavailable));
    }
    await client.discard();
    expect(counts(await Promise.all(contexts.map(({ id }) => shared.consume(id))))).toStrictEqual({
      consumed: contexts.length,
    });
    await client.quit();
  });

  it('is refused for want of memory, and what needs none is answered beside it', async () => {
    const small = await startRedis();
    const full = new AshRedisStore(small.url);
    await full.open();
    const contexts = await Promise.all(times(3, () => full.create(CONTEXT)));
    const mark = { shard: 0, key: 'aa', epoch: await full.epoch(0), ttlMs: LIFE };
    await full.mark(mark);
    await small.command('CONFIG', 'SET', 'maxmemory', '1');
    const created = await Promise.allSettled(times(3, () => full.create(CONTEXT)));
    const marked = await Promise.allSettled([full.mark({ ...mark, key: 'bb' }), full.mark(mark)]);
    const spent = await Promise.all(contexts.map(({ id }) => full.consume(id)));
    const unavailable = { status: 'rejected', reason: { code: 'ASH_STORE_UNAVAILABLE' } };
    expect(created).toMatchObject([unavailable, unavailable, unavailable]);
    expect(marked).toMatchObject([unavailable, { value: 'already-marked' }]);
    expect(spent).toStrictEqual(['consumed', 'consumed', 'consumed']);
    await full.close();
    await small.stop();
  });

  it('goes to the master of each key on a Cluster, and marks of one shard go together', async () => {
    const nodes = await startRedisCluster({ replicasPerMaster: 0 });
    const cluster = new Cluster([...nodes.nodes]);
    const spread = new AshRedisStore(cluster, { prefix });
    await spread.open();
    const contexts = await Promise.all(times(MANY, () => spread.create(CONTEXT)));
    const ids = contexts.map(({ id }) => id);
    expect(await Promise.all(ids.map((id) => spread.get(id)))).toStrictEqual(contexts);
    expect(counts(await Promise.all([...ids, ...ids].map((id) => spread.consume(id))))).toStrictEqual({
      consumed: MANY,
      'already-used': MANY,
    });
    const epoch = await spread.epoch(3);
    const keys = times(20, (at) => at.toString(16).padStart(4, '0'));
    await spread.mark({ shard: 3, key: 'ffff', epoch, ttlMs: LIFE });
    const marks: string[] = [];
    const monitors = await Promise.all(cluster.nodes('master').map((node) => node.monitor()));
    for (const monitor of monitors) {
      monitor.on('monitor', (_time: string, [command = '', ...parameters]: string[], source: string) => {
        if (source !== 'lua' && parameters.some((each) => each.includes(`${prefix}{s3}`)))
          marks.push(command.toLowerCase());
      });
    }
    const answers = await Promise.all(keys.map((key) => spread.mark({ shard: 3, key, epoch, ttlMs: LIFE })));
    await Promise.all(cluster.nodes('master').map((node) => node.ping()));
    for (const monitor of monitors) monitor.disconnect();
    expect(counts(answers)).toStrictEqual({ marked: 20 });
    expect(marks).toStrictEqual(['evalsha']);
    await cluster.quit();
    await nodes.stop();
  });
});
