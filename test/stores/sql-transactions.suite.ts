import type { AshConsumeResult } from 'nestjs-ash';
import type { AshSqlStore } from 'nestjs-ash/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { connect, dropTables, openStore, prefixOf, type SqlTarget } from './sql-fixture.js';

const OPTIONS = { binding: 'POST /transfer', ttlMs: 60_000 };

class Refused extends Error {}

/** Options of the suite. */
export interface SqlTransactionsOptions {
  /** Ends the server's session of a manager, as a crash of it does; left out for an engine without sessions. */
  readonly killSession?: (manager: EntityManager, admin: DataSource) => Promise<void>;
}

/** The store inside transactions of the application's, over one kind of database. */
export function describeSqlTransactions(target: SqlTarget, { killSession }: SqlTransactionsOptions = {}): void {
  describe(`AshSqlStore on ${target.title}, inside a transaction of the application's,`, () => {
    const prefix = prefixOf('transactions');
    const business = `${prefix}transfer`;
    let source: DataSource;
    let store: AshSqlStore;

    beforeAll(async () => {
      source = await connect(target);
      store = await openStore(source, { tablePrefix: prefix });
      await source.query(`CREATE TABLE ${business} (id varchar(64) NOT NULL PRIMARY KEY)`);
    });

    beforeEach(() => source.query(`DELETE FROM ${business}`));

    afterAll(async () => {
      await store.close();
      await source.query(`DROP TABLE ${business}`);
      await dropTables(source, prefix);
      await source.destroy();
    });

    const write = (manager: EntityManager, id: string) =>
      manager.query(`INSERT INTO ${business} (id) VALUES ('${id}')`);
    const written = async () => (await source.query<unknown[]>(`SELECT id FROM ${business}`)).length;

    /** What a handler does: spends the context and writes its row, or nothing. */
    const transfer = (id: string, from: DataSource, own: string, spent: AshSqlStore = store) =>
      from.transaction(async (manager) => {
        const result = await spent.withManager(manager).consume(id);
        if (result !== 'consumed') throw new Refused(result);
        await write(manager, own);
      });

    it('spends the context and writes the row, when it commits', async () => {
      const { id } = await store.create(OPTIONS);
      await transfer(id, source, 'a');
      expect(await written()).toBe(1);
      await expect(store.consume(id)).resolves.toBe('already-used');
    });

    it('leaves the context unspent where the row cannot be written', async () => {
      const { id } = await store.create(OPTIONS);
      await source.query(`INSERT INTO ${business} (id) VALUES ('a')`);
      await expect(transfer(id, source, 'a')).rejects.toThrow(/unique|duplicate/i);
      await expect(store.get(id)).resolves.not.toHaveProperty('consumedAt');
      await expect(store.consume(id)).resolves.toBe('consumed');
    });

    it('writes no row where the context is spent already', async () => {
      const { id } = await store.create(OPTIONS);
      await store.consume(id);
      await expect(
        source.transaction(async (manager) => {
          await write(manager, 'a');
          const result: AshConsumeResult = await store.withManager(manager).consume(id);
          if (result !== 'consumed') throw new Refused(result);
        }),
      ).rejects.toThrow(new Refused('already-used'));
      expect(await written()).toBe(0);
    });

    it('tells apart why a context is not spent, and takes nothing else with it', async () => {
      const results = await source.transaction(async (manager) => {
        const inside = store.withManager(manager);
        const { id } = await inside.create(OPTIONS);
        return [await inside.consume(id), await inside.consume(id), await inside.consume(`ash_${'0'.repeat(32)}`)];
      });
      expect(results).toStrictEqual(['consumed', 'already-used', 'not-found']);
    });

    it('holds a link, and spends a context with it, in the same way', async () => {
      const { id, issuedAt, expiresAt } = await store.create(OPTIONS);
      const hash = 'a'.repeat(64);
      await store.writeLink({ hash, chain: 'checkout', step: 'POST /cart', issuedAt, expiresAt });
      await expect(
        source.transaction(async (manager) => {
          await expect(store.withManager(manager).spend(id, { hash, holder: `${id}/1` })).resolves.toBe('consumed');
          throw new Refused();
        }),
      ).rejects.toThrow(Refused);
      expect((await store.getLink(hash))?.holder).toBeUndefined();
      await expect(store.spend(id, { hash, holder: `${id}/2` })).resolves.toBe('consumed');
    });

    it('marks a sealed context as spent in the same way', async () => {
      const mark = { shard: 0, key: 'a'.repeat(32), epoch: await store.epoch(0), ttlMs: 60_000 };
      await expect(
        source.transaction(async (manager) => {
          const inside = store.withManager(manager);
          expect([await inside.mark(mark), await inside.mark(mark)]).toStrictEqual(['marked', 'already-marked']);
          throw new Refused();
        }),
      ).rejects.toThrow(Refused);
      await expect(store.mark(mark)).resolves.toBe('marked');
    });

    it('lets one of 20 simultaneous transactions commit', async () => {
      const { id } = await store.create(OPTIONS);
      const sources = await Promise.all(Array.from({ length: 20 }, () => connect(target)));
      const stores = await Promise.all(sources.map((each) => openStore(each, { tablePrefix: prefix, timeout: 5_000 })));
      const outcomes = await Promise.allSettled(
        sources.map((each, index) => transfer(id, each, String(index), stores[index])),
      );
      await Promise.all(sources.map((each) => each.destroy()));
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await written()).toBe(1);
    });

    it('refuses a manager that is in no transaction', () => {
      expect(() => store.withManager(source.manager)).toThrow(/takes a manager inside a transaction/);
    });

    it('does nothing any more once the transaction has ended', async () => {
      const { id } = await store.create(OPTIONS);
      const late = await source.transaction((manager) => Promise.resolve(store.withManager(manager)));
      await expect(late.consume(id)).rejects.toMatchObject({
        code: 'ASH_STORE_UNAVAILABLE',
        message: 'AshSqlStore: The transaction has ended already.',
      });
      await expect(store.consume(id)).resolves.toBe('consumed');
    });

    if (killSession === undefined) return;

    it.each(['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'] as const)(
      'lets one of two transactions commit that began before either spent the context, under %s',
      async (level) => {
        const { id } = await store.create(OPTIONS);
        const runners = [source.createQueryRunner(), source.createQueryRunner()];
        const outcomes: unknown[] = [];
        for (const runner of runners) {
          await runner.startTransaction(level);
          await runner.query(`SELECT id FROM ${prefix}context`);
        }
        for (const [index, runner] of runners.entries()) {
          try {
            const result = await store.withManager(runner.manager).consume(id);
            if (result !== 'consumed') throw new Refused(result);
            await write(runner.manager, String(index));
            await runner.commitTransaction();
            outcomes.push('committed');
          } catch (error) {
            await runner.rollbackTransaction();
            outcomes.push(error);
          }
          await runner.release();
        }
        expect(outcomes[0]).toBe('committed');
        expect(outcomes[1]).toMatchObject(
          level === 'READ COMMITTED' || target.title === 'MariaDB'
            ? new Refused('already-used')
            : { code: 'ASH_STORE_UNAVAILABLE' },
        );
        expect(await written()).toBe(1);
      },
    );

    it('leaves neither where the session dies between the two', async () => {
      const { id } = await store.create(OPTIONS);
      await expect(
        source.transaction(async (manager) => {
          await store.withManager(manager).consume(id);
          await write(manager, 'a');
          await killSession(manager, source);
          await write(manager, 'b');
        }),
      ).rejects.toThrow();
      expect(await written()).toBe(0);
      await expect(store.consume(id)).resolves.toBe('consumed');
    });
  });
}
