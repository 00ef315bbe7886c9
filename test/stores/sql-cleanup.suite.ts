import { AshSqlStore, type AshSqlStoreOptions } from 'nestjs-ash/typeorm';
import type { DataSource, Logger } from 'typeorm';
import { seen } from '../../scripts/services/index.mjs';
import { stopClock } from '../support/clock.js';
import { connect, dropTables, emptyTables, openStore, prefixOf, type SqlTarget } from './sql-fixture.js';

const TTL = 60_000;
const GRACE = 1_000;
/** The tables that the cleanup sees to. */
const FORGETTABLE = ['context', 'link', 'spent', 'seed'];
const OPTIONS = { binding: 'POST /transfer', ttlMs: TTL };

/** A logger of an application that sees every statement, and those that fail. */
function loggerOf(log: (...entry: unknown[]) => void): Logger {
  const quiet = () => undefined;
  return {
    logQuery: log,
    logQueryError: log,
    ...{ logQuerySlow: quiet, logSchemaBuild: quiet, logMigration: quiet, log: quiet },
  };
}

/** The cleanup, by hand and on its schedule, over one kind of database. */
export function describeSqlCleanup(target: SqlTarget, { hasServer = true } = {}): void {
  describe(`AshSqlStore on ${target.title}, when it cleans up,`, () => {
    const prefix = prefixOf('cleanup');
    const opened: AshSqlStore[] = [];
    let source: DataSource;
    let now: number;

    beforeAll(async () => {
      source = await connect(target);
    });

    beforeEach(async () => {
      now = Date.now();
      await openCleaner();
      await emptyTables(source, prefix);
    });

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((store) => store.close()));
    });

    afterAll(async () => {
      await dropTables(source, prefix);
      await source.destroy();
    });

    const cleanerOptions = () => ({ tablePrefix: prefix, grace: GRACE, clock: () => now });

    const openCleaner = async (options: AshSqlStoreOptions = {}) => {
      const store = await openStore(source, { ...cleanerOptions(), ...options });
      opened.push(store);
      return store;
    };

    const count = async (table: string) => {
      const [row] = await source.query<[{ n: number | string }]>(`SELECT COUNT(*) AS n FROM ${prefix}${table}`);
      return Number(row.n);
    };

    const fill = async (store: AshSqlStore) => {
      await Promise.all(Array.from({ length: 25 }, () => store.create(OPTIONS)));
      const epoch = await store.epoch(0);
      for (const key of ['a', 'b']) await store.mark({ shard: 0, key, epoch, ttlMs: TTL });
      const link = { chain: 'checkout', step: 'POST /cart', issuedAt: now, expiresAt: now + TTL };
      for (const tick of [0, 1, 2, 3]) await store.agreeOnSeed(tick, 7, TTL);
      for (const digit of ['a', 'b', 'c']) await store.writeLink({ ...link, hash: digit.repeat(64) });
    };

    it('forgets what is past its grace, in as many batches as it takes, and keeps the rest and the epoch', async () => {
      const store = await openCleaner({ cleanupBatch: 10 });
      await fill(store);
      now += TTL + GRACE - 1;
      await expect(store.cleanup()).resolves.toBe(0);
      const { id } = await store.create(OPTIONS);
      await store.agreeOnSeed(4, 7, TTL);
      const epoch = await store.epoch(0);
      now += 1;
      await expect(store.cleanup()).resolves.toBe(34);
      expect(await Promise.all(FORGETTABLE.map(count))).toStrictEqual([1, 0, 1, 1]);
      await expect(store.consume(id)).resolves.toBe('consumed');
      await expect(store.epoch(0)).resolves.toBe(epoch);
    });

    it('takes a batch at a time, and shows the statements to the application’s logger without their values', async () => {
      const logged: unknown[][] = [];
      const watched = await connect(target, { logger: loggerOf((...entry) => logged.push(entry)) });
      const store = new AshSqlStore(watched, { ...cleanerOptions(), cleanupInterval: false, cleanupBatch: 10 });
      opened.push(store);
      await store.open();
      await fill(store);
      now += TTL + GRACE;
      await store.cleanup();
      const deletions = logged.map(([text]) => String(text)).filter((text) => text.startsWith('DELETE'));
      expect(FORGETTABLE.map((table) => deletions.filter((text) => text.includes(table)).length)).toStrictEqual([
        3, 1, 1, 1,
      ]);
      expect(
        logged.filter(([text]) => /ash|cleanup/.test(String(text))).every(([, values]) => values === undefined),
      ).toBe(true);
      expect(JSON.stringify(logged.map(([text, values]) => [text, values]))).not.toContain('nonce');
      await watched.destroy();
    });

    it('does so on its schedule', async () => {
      await fill(await openCleaner());
      now += TTL + GRACE;
      await openCleaner({ cleanupInterval: 20 });
      const left = async () => await Promise.all(FORGETTABLE.map(count));
      await seen('the rows gone, but for the epoch', async () => (await left()).join() === '0,0,1,0');
      expect(await left()).toStrictEqual([0, 0, 1, 0]);
    });

    it('has one of many instances do it, and another one when that is gone', async () => {
      const owners = new Set<string>();
      const leaseOwner = async () => {
        const [row] = await source.query<[{ value: string }?]>(`SELECT value FROM ${prefix}state`);
        if (row !== undefined) owners.add(row.value);
        return row?.value;
      };
      let asked = 0;
      const logger = loggerOf((text) => {
        if (String(text).startsWith('UPDATE')) asked++;
      });
      const watched = await connect(target, { logger });
      const stores = Array.from(
        { length: 5 },
        () => new AshSqlStore(watched, { ...cleanerOptions(), cleanupInterval: 20 }),
      );
      await Promise.all(stores.map((store) => store.open()));
      const first = await seen('a lease', leaseOwner);
      // The time stands still, so the lease does not end: whoever asks for it meanwhile does not get it.
      await seen('every instance asked several times', async () => (await leaseOwner()) !== undefined && asked >= 25);
      expect(owners).toStrictEqual(new Set([first]));
      await Promise.all(stores.map((store) => store.close()));
      await watched.destroy();
      await openCleaner({ cleanupInterval: 20 });
      now += 1_000;
      await seen('another lease', async () => (await leaseOwner()) !== first);
    });

    it('tells of a failure, goes on with the schedule, and ends with the store', async () => {
      const failures: unknown[] = [];
      const store = await openCleaner({ cleanupInterval: 10, onCleanupError: (error) => failures.push(error) });
      await dropTables(source, prefix);
      await seen('two failures', () => failures.length >= 2);
      await store.close();
      const told = failures.length;
      await openCleaner();
      await fill(await openCleaner());
      expect(failures).toHaveLength(told);
      expect(failures[0]).toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
    });

    if (!hasServer) return;

    it('forgets nothing early where the clock of this process is ahead of the server’s', async () => {
      const clock = stopClock();
      try {
        const store = await openStore(source, { tablePrefix: prefix, grace: GRACE });
        opened.push(store);
        await fill(store);
        clock.pass(TTL + GRACE);
        await expect(store.cleanup()).resolves.toBe(0);
        clock.pass(-10 * (TTL + GRACE));
        await store.create(OPTIONS);
        clock.pass(9 * (TTL + GRACE));
        await expect(store.cleanup()).resolves.toBe(1);
      } finally {
        clock.release();
      }
    });
  });
}
