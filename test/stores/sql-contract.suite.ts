import { randomBytes } from 'node:crypto';
import { describeAshSeedSet, describeAshSpentSet, describeAshStore } from 'nestjs-ash/testing';
import { AshSqlStore } from 'nestjs-ash/typeorm';
import type { DataSource } from 'typeorm';
import { connect, dropTables, emptyTables, openStore, prefixOf, type SqlTarget } from './sql-fixture.js';

const GRACE = 1_000;

/** The contracts of a store and of a spent set over one kind of database, with one process and with two. */
export function describeSqlContract(target: SqlTarget): void {
  const prefix = prefixOf('contract');
  let source: DataSource;
  let other: DataSource;

  beforeAll(async () => {
    source = await connect(target);
    other = await connect(target);
    await openStore(source, { tablePrefix: prefix });
  });

  afterAll(async () => {
    await dropTables(source, prefix);
    await source.destroy();
    await other.destroy();
  });

  for (const prepare of [true, false]) {
    const open = async () => {
      await emptyTables(source, prefix);
      let now = Date.now();
      const clock = () => now;
      const store = await openStore(source, { tablePrefix: prefix, grace: GRACE, clock, prepare, timeout: 5_000 });
      const pass = (milliseconds: number) => {
        now += milliseconds;
      };
      return { store, pass, grace: GRACE, close: () => store.close() };
    };

    const title = `AshSqlStore on ${target.title}, ${prepare ? 'statements prepared' : 'statements not prepared'},`;
    describeAshStore(title, open);
    describeAshSpentSet(title, async () => {
      const { store, ...fixture } = await open();
      const lose = async () => {
        await source.query(`DELETE FROM ${prefix}spent`);
      };
      return { ...fixture, set: store, lose };
    });
    describeAshSeedSet(title, async () => {
      await emptyTables(source, prefix);
      let now = Date.now();
      const options = { tablePrefix: prefix, grace: GRACE, clock: () => now, prepare, timeout: 5_000 };
      const opened: AshSqlStore[] = [];
      const anotherOn = async (connection: DataSource) => {
        const store = await openStore(connection, options);
        opened.push(store);
        return store;
      };
      return {
        set: await anotherOn(source),
        another: () => anotherOn(other),
        // It is not open, and so has no connection.
        unreachable: () => new AshSqlStore(source, options),
        grace: GRACE,
        pass: (milliseconds) => {
          now += milliseconds;
        },
        close: async () => {
          await Promise.all(opened.map((store) => store.close()));
        },
      };
    });
  }

  describe(`AshSqlStore on ${target.title}, of two processes,`, () => {
    const OPTIONS = { binding: 'POST /transfer', ttlMs: 60_000 };
    const ROUNDS = 10;
    const RACERS = 100;
    let stores: AshSqlStore[];

    beforeAll(async () => {
      stores = await Promise.all(
        [source, other].map((each) => openStore(each, { tablePrefix: prefix, timeout: 5_000 })),
      );
    });

    afterAll(() => Promise.all(stores.map((store) => store.close())));

    const race = <T>(ask: (store: AshSqlStore, index: number) => Promise<T>) =>
      Promise.all(Array.from({ length: RACERS / 2 }, (_, index) => stores.map((store) => ask(store, index))).flat());
    const create = () => openStoreOf(stores).create(OPTIONS);

    it(`lets one of ${String(RACERS)} requests spend a context, ${String(ROUNDS)} times over`, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const { id } = await create();
        const results = await race((store) => store.consume(id));
        expect(results.filter((result) => result === 'consumed')).toHaveLength(1);
        expect(results.filter((result) => result === 'already-used')).toHaveLength(RACERS - 1);
      }
    });

    it(`lets one of ${String(RACERS)} contexts take a link, and leaves the rest unspent, ${String(ROUNDS)} times over`, async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const hash = randomBytes(32).toString('hex');
        const contexts = await Promise.all(Array.from({ length: RACERS / 2 }, create));
        const { issuedAt, expiresAt } = await create();
        await openStoreOf(stores).writeLink({ hash, chain: 'checkout', step: 'POST /cart', issuedAt, expiresAt });
        const results = await race((store, index) => {
          const id = String(contexts[index]?.id);
          return store.spend(id, { hash, holder: `${id}/${randomBytes(8).toString('hex')}` });
        });
        expect(results.filter((result) => result === 'consumed')).toHaveLength(1);
        const read = await Promise.all(contexts.map(({ id }) => openStoreOf(stores).get(id)));
        expect(read.filter((context) => context?.consumedAt !== undefined)).toHaveLength(1);
      }
    });
  });
}

function openStoreOf(stores: readonly AshSqlStore[]): AshSqlStore {
  const [store] = stores;
  if (store === undefined) throw new Error('There is no store open.');
  return store;
}
