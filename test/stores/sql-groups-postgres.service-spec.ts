import type { AshSqlStore } from 'nestjs-ash/typeorm';
import type { DataSource } from 'typeorm';
import { seen } from '../../scripts/services/index.mjs';
import { connect, dropTables, openStore, POSTGRES, prefixOf } from './sql-fixture.js';

const OPTIONS = { binding: 'POST /transfer', ttlMs: 60_000 };
const MANY = 20;

describe('AshSqlStore on PostgreSQL, asked many things at once,', () => {
  const prefix = prefixOf('held');
  let source: DataSource;
  let holder: DataSource;
  let store: AshSqlStore;

  beforeAll(async () => {
    source = await connect(POSTGRES);
    holder = await connect(POSTGRES);
    store = await openStore(source, { tablePrefix: prefix, timeout: 10_000 });
  });

  afterAll(async () => {
    await store.close();
    await dropTables(holder, prefix);
    await source.destroy();
    await holder.destroy();
  });

  const issue = () => Promise.all(Array.from({ length: MANY }, () => store.create(OPTIONS)));
  /** The sessions that wait for these tables: others may wait for theirs. */
  const WAITING = `FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND strpos(query, '${prefix}') > 0`;
  const waiting = async () => {
    const [row] = await holder.query<[{ n: string }]>(`SELECT count(*) AS n ${WAITING}`);
    return Number(row.n);
  };

  it.each(['commits', 'rolls back'])(
    'lets only the request for a context wait that a transaction holds, until that %s',
    async (end) => {
      const contexts = await issue();
      const [held, ...free] = contexts.map(({ id }) => id);
      if (held === undefined) throw new Error('There is no context.');
      let consuming: Promise<unknown> | undefined;
      let isAnswered = false;
      const transaction = holder.transaction(async (manager) => {
        await store.withManager(manager).consume(held);
        consuming = store.consume(held).finally(() => (isAnswered = true));
        // In the same turn, and so with it.
        const results = await Promise.all(free.map((id) => store.consume(id)));
        expect(results).toStrictEqual(free.map(() => 'consumed'));
        await seen('the one waiting', async () => (await waiting()) === 1);
        expect(isAnswered).toBe(false);
        if (end === 'rolls back') throw new Error(end);
      });
      await Promise.allSettled([transaction]);
      await expect(consuming).resolves.toBe(end === 'commits' ? 'already-used' : 'consumed');
    },
  );

  it('spends each context once, however often others write its row meanwhile', async () => {
    const ended = new AbortController();
    const writing = (async () => {
      while (!ended.signal.aborted) await holder.query(`UPDATE ${prefix}context SET keep_until = keep_until + 1`);
    })();
    try {
      for (let round = 0; round < 50; round++) {
        const contexts = await issue();
        const results = await Promise.all([...contexts, ...contexts].map(({ id }) => store.consume(id)));
        // Which of the two is first is open: a row that is held just then is tried by each of them alone.
        const pairs = contexts.map((_, index) => [results[index], results[index + MANY]].sort());
        expect(pairs).toStrictEqual(contexts.map(() => ['already-used', 'consumed']));
      }
    } finally {
      ended.abort();
      await writing;
    }
  });

  it('leaves room for a new version beside each row that will have one', async () => {
    const tables = await holder.query<{ name: string }[]>(
      "SELECT relname AS name FROM pg_class WHERE relname LIKE $1 AND 'fillfactor=70' = ANY(reloptions) ORDER BY name",
      [`${prefix}%`],
    );
    expect(tables.map(({ name }) => name)).toStrictEqual([`${prefix}context`, `${prefix}link`]);
  });

  it('lets only the request for a key wait that a transaction is marking', async () => {
    const epoch = await store.epoch(0);
    const mark = (key: string, on: Pick<AshSqlStore, 'mark'> = store) =>
      on.mark({ shard: 0, key, epoch, ttlMs: 1_000 });
    let marking: Promise<unknown> | undefined;
    await holder.transaction(async (manager) => {
      await mark('held', store.withManager(manager));
      marking = mark('held');
      const results = await Promise.all(['a', 'b', 'c'].map((key) => mark(key)));
      expect(results).toStrictEqual(['marked', 'marked', 'marked']);
      await seen('the one waiting', async () => (await waiting()) === 1);
    });
    await expect(marking).resolves.toBe('already-marked');
  });

  it('refuses all whose session is ended meanwhile, and has spent none of them', async () => {
    const contexts = await issue();
    let outcomes: Promise<PromiseSettledResult<unknown>[]> | undefined;
    await holder.transaction(async (manager) => {
      await manager.query(`LOCK TABLE ${prefix}context IN ACCESS EXCLUSIVE MODE`);
      outcomes = Promise.allSettled(contexts.map(({ id }) => store.consume(id)));
      await seen('the statement waiting', async () => (await waiting()) === 1);
      await manager.query(`SELECT pg_terminate_backend(pid) ${WAITING}`);
      await outcomes;
    });
    const reason: unknown = expect.objectContaining({ code: 'ASH_STORE_UNAVAILABLE' });
    await expect(outcomes).resolves.toStrictEqual(contexts.map(() => ({ status: 'rejected', reason })));
    const ids = contexts.map(({ id }) => id);
    await expect(
      holder.query(`SELECT id FROM ${prefix}context WHERE id = ANY($1) AND consumed_at IS NOT NULL`, [ids]),
    ).resolves.toStrictEqual([]);
  });
});

describe('AshSqlStore on PostgreSQL, over tables that the application has partitioned,', () => {
  const prefix = prefixOf('parts');
  const PARTITIONS = [0, 1, 2, 3];
  let source: DataSource;
  let store: AshSqlStore;
  let now = Date.now();

  beforeAll(async () => {
    source = await connect(POSTGRES);
    const plain = await openStore(source, { tablePrefix: prefix });
    await plain.close();
    for (const table of ['context', 'link', 'spent']) await partition(`${prefix}${table}`);
    store = await openStore(source, { tablePrefix: prefix, timeout: 10_000, clock: () => now });
  });

  afterAll(async () => {
    await store.close();
    for (const table of ['context', 'link', 'spent']) await source.query(`DROP TABLE ${prefix}${table}_plain`);
    await dropTables(source, prefix);
    await source.destroy();
  });

  const partition = async (table: string) => {
    const [key] = await source.query<[{ name: string }]>(
      `SELECT attname AS name FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
       WHERE indisprimary AND indrelid = $1::regclass`,
      [table],
    );
    await source.query(`ALTER TABLE ${table} RENAME TO ${table}_plain`);
    await source.query(
      `CREATE TABLE ${table} (LIKE ${table}_plain, PRIMARY KEY (${key.name})) PARTITION BY HASH (${key.name})`,
    );
    for (const part of PARTITIONS) {
      await source.query(
        `CREATE TABLE ${table}_${String(part)} PARTITION OF ${table}
         FOR VALUES WITH (MODULUS ${String(PARTITIONS.length)}, REMAINDER ${String(part)})`,
      );
    }
  };
  const times = <T>(count: number, act: (index: number) => Promise<T>) =>
    Promise.all(Array.from({ length: count }, (_, index) => act(index)));

  it('spends none but the contexts that were asked for', async () => {
    const contexts = await times(4 * MANY, () => store.create(OPTIONS));
    const results = await Promise.all(contexts.slice(0, MANY).map(({ id }) => store.consume(id)));
    expect(results).toStrictEqual(results.map(() => 'consumed'));
    const kept = await Promise.all(contexts.slice(MANY).map(({ id }) => store.get(id)));
    expect(kept.filter((context) => context?.consumedAt !== undefined)).toStrictEqual([]);
  });

  it('frees none but the links that were asked for', async () => {
    const hashes = Array.from({ length: 4 * MANY }, (_, index) => index.toString(16).padStart(64, '0'));
    const link = { chain: 'checkout', step: 'POST /cart', issuedAt: now, expiresAt: now + 60_000 };
    await Promise.all(hashes.map((hash) => store.writeLink({ ...link, hash })));
    // One by one: each alone is the statement for one row.
    for (const hash of hashes) await store.reserveLink(hash, `holder of ${hash}`);
    await Promise.all(hashes.slice(0, MANY).map((hash) => store.releaseLink(hash, `holder of ${hash}`)));
    const kept = await Promise.all(hashes.slice(MANY).map((hash) => store.getLink(hash)));
    expect(kept.map((held) => held?.holder)).toStrictEqual(hashes.slice(MANY).map((hash) => `holder of ${hash}`));
  });

  it('forgets none but the marks that are due', async () => {
    const epoch = await store.epoch(0);
    const marks = (name: string) =>
      times(MANY, (index) => store.mark({ shard: 0, key: `${name}${String(index)}`, epoch, ttlMs: 60_000 }));
    await marks('early');
    now -= 3_600_000;
    await marks('due');
    now += 3_600_000;
    const fresh = await marks('late');
    expect(fresh).toStrictEqual(fresh.map(() => 'marked'));
    await store.cleanup();
    for (const name of ['early', 'late']) {
      await expect(marks(name)).resolves.toStrictEqual(fresh.map(() => 'already-marked'));
    }
  });
});
