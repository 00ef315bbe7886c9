import { setTimeout as wait } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import { ashGenerateKey, AshSealedStore, type AshContextStore, type AshSpentSet } from 'nestjs-ash';
import { AshRedisStore } from 'nestjs-ash/redis';
import { describeAshStore } from 'nestjs-ash/testing';
import type { DataSource } from 'typeorm';
import { startRedis } from '../../scripts/services/index.mjs';
import { addresses, forget, newPrefix, pass, serviceOf } from './redis-service.js';
import { connect, dropTables, emptyTables, openStore, POSTGRES, prefixOf, TABLES } from './sql-fixture.js';

const GRACE = 300;
const KEYS = [{ id: 'a', secret: ashGenerateKey() }];
const OPTIONS = { binding: 'POST /transfer', ttlMs: 60_000 };

type SpentSet = AshContextStore & AshSpentSet;

const sealedOver = (spent: SpentSet): AshSealedStore => new AshSealedStore({ keys: KEYS, spent });

async function issueMany(store: AshContextStore, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let issued = 0; issued < count; issued++) ids.push((await store.create(OPTIONS)).id);
  return ids;
}

/** Two processes over one spent set let one of many attempts through, and none after the set has lost its marks. */
function describeSealed(
  title: string,
  open: () => Promise<{
    spent: [SpentSet, SpentSet];
    size: () => Promise<number>;
    lose: () => Promise<void>;
    close: () => Promise<void>;
  }>,
): void {
  describe(`AshSealedStore over ${title}`, () => {
    it('writes nothing for 10,000 contexts but the epochs that it asked for, and one record for one that is spent', async () => {
      const { spent, size, close } = await open();
      const store = sealedOver(spent[0]);
      const before = await size();
      const [first = ''] = await issueMany(store, 10_000);
      const issued = await size();
      expect(issued - before).toBeGreaterThan(0);
      expect(issued - before).toBeLessThanOrEqual(spent[0].shards);
      await expect(store.consume(first)).resolves.toBe('consumed');
      await expect(size()).resolves.toBe(issued + 1);
      await close();
    });

    it('lets one of 100 requests on two servers spend a context, ten times over', async () => {
      const { spent, close } = await open();
      const stores = spent.map(sealedOver);
      for (const id of await issueMany(sealedOver(spent[0]), 10)) {
        const attempts = Array.from({ length: 50 }, () => stores.map((store) => store.consume(id))).flat();
        const results = await Promise.all(attempts);
        expect(results.filter((result) => result === 'consumed')).toHaveLength(1);
        expect(results.filter((result) => result === 'already-used')).toHaveLength(99);
      }
      await close();
    });

    it('refuses what was issued before the set lost its marks, spent or not', async () => {
      const { spent, lose, close } = await open();
      const [store, other] = [sealedOver(spent[0]), sealedOver(spent[1])];
      const [used = '', unused = ''] = await issueMany(store, 2);
      await store.consume(used);
      await lose();
      for (const each of [store, other]) {
        await expect(each.consume(used)).resolves.toBe('not-found');
        await expect(each.consume(unused)).resolves.toBe('not-found');
      }
      const [next = ''] = await issueMany(store, 1);
      await expect(store.consume(next)).resolves.toBe('consumed');
      await close();
    });
  });
}

const redisRows: [title: string, connect: () => Redis | Cluster][] = [
  ['Redis', () => new Redis(serviceOf('REDIS_URL'))],
  ['a Redis Cluster', () => new Cluster(addresses(serviceOf('REDIS_CLUSTER')))],
];

describe.each(redisRows)('on %s', (title, connectTo) => {
  let client: Redis | Cluster;
  beforeAll(() => {
    client = connectTo();
  });
  afterAll(() => client.quit());

  const openSet = async (prefix: string, options = {}) => {
    const spent = new AshRedisStore(client, { prefix, ...options });
    await spent.open();
    return spent;
  };

  describeAshStore(`AshSealedStore over ${title}`, async () => {
    const store = new AshSealedStore({
      keys: KEYS,
      spent: await openSet(newPrefix(), { grace: GRACE }),
      grace: GRACE,
    });
    return {
      store,
      grace: GRACE,
      knowsSpent: false,
      pass,
      close: () => store.close(),
    };
  });

  describeSealed(title, async () => {
    const prefix = newPrefix();
    const spent: [SpentSet, SpentSet] = [await openSet(prefix), await openSet(prefix)];
    return {
      spent,
      size: async () => {
        const nodes = client instanceof Cluster ? client.nodes('master') : [client];
        const keys = await Promise.all(nodes.map((node) => node.keys(`${prefix}*`)));
        return keys.flat().length;
      },
      lose: () => forget(client, prefix),
      close: async () => {
        await Promise.all(spent.map((set) => set.close()));
      },
    };
  });
});

describe('on PostgreSQL', () => {
  const tablePrefix = prefixOf('sealed');
  let source: DataSource;
  beforeAll(async () => {
    source = await connect(POSTGRES);
    await openStore(source, { tablePrefix });
  });
  afterAll(async () => {
    await dropTables(source, tablePrefix);
    await source.destroy();
  });

  describeAshStore('AshSealedStore over PostgreSQL', async () => {
    await emptyTables(source, tablePrefix);
    let now = Date.now();
    const clock = (): number => now;
    const spent = await openStore(source, { tablePrefix, grace: GRACE, clock, timeout: 5_000 });
    const store = new AshSealedStore({ keys: KEYS, spent, grace: GRACE, clock });
    return {
      store,
      grace: GRACE,
      knowsSpent: false,
      pass: (milliseconds) => {
        now += milliseconds;
      },
      close: () => store.close(),
    };
  });

  describeSealed('PostgreSQL', async () => {
    await emptyTables(source, tablePrefix);
    const options = { tablePrefix, timeout: 5_000 };
    const spent: [SpentSet, SpentSet] = [await openStore(source, options), await openStore(source, options)];
    return {
      spent,
      size: async () => {
        const counts = TABLES.map((table) => `(SELECT count(*) FROM ${tablePrefix}${table})`).join(' + ');
        const [row] = await source.query<{ size: string }[]>(`SELECT ${counts} AS size`);
        return Number(row?.size);
      },
      lose: () => emptyTables(source, tablePrefix),
      close: async () => {
        await Promise.all(spent.map((set) => set.close()));
      },
    };
  });
});

describe('AshSealedStore over PostgreSQL, in a transaction of the application', () => {
  it('spends a context when the transaction commits, and not when it is rolled back', async () => {
    const source = await connect(POSTGRES);
    const tablePrefix = prefixOf('sealed_transaction');
    const spent = await openStore(source, { tablePrefix });
    const store = sealedOver(spent);
    const [id = ''] = await issueMany(store, 1);
    const spendIn = (ends: () => void): Promise<void> =>
      source.transaction(async (manager) => {
        const view = store.over(spent.withManager(manager));
        await expect(view.consume(id)).resolves.toBe('consumed');
        ends();
      });
    const failed = spendIn(() => {
      throw new Error('The business write failed.');
    });
    await expect(failed).rejects.toThrow('The business write failed.');
    await spendIn(() => undefined);
    await expect(store.consume(id)).resolves.toBe('already-used');
    await dropTables(source, tablePrefix);
    await source.destroy();
  });
});

describe('AshSealedStore over a Redis of its own', () => {
  it('sends nothing for issuing and reading, and one command for spending', async () => {
    const server = await startRedis();
    const store = sealedOver(new AshRedisStore(server.url));
    await store.open();
    const [warm = '', ...ids] = await issueMany(store, 101);
    await store.consume(warm);

    const seen: string[][] = [];
    const client = new Redis(server.url);
    const watcher = await client.monitor();
    watcher.on('monitor', (_time: string, command: string[], source: string) => {
      // What a script calls runs inside of the server.
      if (source !== 'lua') seen.push(command);
    });
    const [spent = ''] = ids;
    for (const id of ids) await store.get(id);
    await store.get(`${spent.slice(0, -2)}AA`);
    await issueMany(store, 100);
    await store.consume(spent);
    await server.command('PING', 'the end');
    await until(() => seen.some(([name]) => name?.toUpperCase() === 'PING'));
    const names = seen.map(([name]) => name?.toUpperCase()).filter((name) => name !== 'PING' && name !== 'INFO');
    expect(names).toStrictEqual(['EVALSHA']);

    watcher.disconnect();
    client.disconnect();
    await store.close();
    await server.stop();
  });

  it('refuses what it issued, spent or not, when the server was killed and is back with what it had saved', async () => {
    const server = await startRedis({ config: { save: '' } });
    const open = async (): Promise<AshSealedStore> => {
      const store = sealedOver(new AshRedisStore(server.url));
      await store.open();
      return store;
    };
    const before = await open();
    const [spent = '', unspent = ''] = await issueMany(before, 2);
    await server.command('SAVE');
    await expect(before.consume(spent)).resolves.toBe('consumed');
    await before.close();
    await server.kill();
    await server.restart();

    const after = await open();
    await expect(after.consume(spent)).resolves.toBe('not-found');
    await expect(after.consume(unspent)).resolves.toBe('not-found');
    const [next = ''] = await issueMany(after, 1);
    await expect(after.consume(next)).resolves.toBe('consumed');
    await after.close();
    await server.stop();
  });
});

async function until(isSo: () => boolean): Promise<void> {
  for (let time = 0; !isSo(); time++) {
    if (time > 400) throw new Error('It was not seen within 2 seconds.');
    await wait(5);
  }
}
