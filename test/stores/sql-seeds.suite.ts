import type { AshSqlStore } from 'nestjs-ash/typeorm';
import type { DataSource } from 'typeorm';
import { connect, dropTables, emptyTables, openStore, prefixOf, type SqlTarget } from './sql-fixture.js';

const TICK = 1_763_700_000;
const TTL = 60_000;
const GRACE = 1_000;
const NOW = 1_763_700_000_500;
const ROUNDS = 20;
const RACERS = 8;

/** The rows of the seeds, over one kind of database. */
export function describeSqlSeeds(target: SqlTarget): void {
  describe(`AshSqlStore on ${target.title}, where processes agree on seeds,`, () => {
    const prefix = prefixOf('seeds');
    let sources: DataSource[];
    let stores: AshSqlStore[];
    let now: number;

    beforeAll(async () => {
      sources = await Promise.all([connect(target), connect(target)]);
      stores = [];
      for (const source of sources) {
        const options = { tablePrefix: prefix, grace: GRACE, clock: () => now, timeout: 5_000 };
        stores.push(await openStore(source, options));
      }
    });

    beforeEach(async () => {
      now = NOW;
      await emptyTables(firstOf(sources), prefix);
    });

    afterAll(async () => {
      await dropTables(firstOf(sources), prefix);
      await Promise.all(stores.map((store) => store.close()));
      await Promise.all(sources.map((source) => source.destroy()));
    });

    const agree = (proposed: number) => Promise.all(stores.map((store) => store.agreeOnSeed(TICK, proposed, TTL)));
    const find = () => Promise.all(stores.map((store) => store.findSeed(TICK)));
    const rows = async () => {
      const found = await firstOf(sources).query<object[]>(`SELECT tick, seed, keep_until FROM ${prefix}seed`);
      return found.map((row) => Object.values(row).map(Number));
    };

    it('keeps one row for a tick, until its time and the grace period are over', async () => {
      await agree(7);
      expect(await rows()).toStrictEqual([[TICK, 7, NOW + TTL + GRACE]]);
      now += TTL + GRACE - 1;
      expect(await agree(8)).toStrictEqual([7, 7]);
      now += 1;
      expect(await find()).toStrictEqual([undefined, undefined]);
    });

    it('puts another seed into the row of one whose time is over, and not beside it', async () => {
      await agree(7);
      now += TTL + GRACE;
      expect(await agree(8)).toStrictEqual([8, 8]);
      expect(await rows()).toStrictEqual([[TICK, 8, now + TTL + GRACE]]);
    });

    it(`agrees also while the cleanup takes away the row of that name, ${String(ROUNDS)} times over`, async () => {
      for (let round = 1; round <= ROUNDS; round++) {
        await agree(round);
        now += TTL + GRACE;
        const proposals = Array.from({ length: RACERS }, (_, index) => 1_000 * round + index);
        const [agreed] = await Promise.all([
          Promise.all(proposals.map((proposed) => agree(proposed))),
          ...stores.map((store) => store.cleanup()),
        ]);
        const [seed, ...more] = new Set(agreed.flat());
        expect(more).toStrictEqual([]);
        expect(proposals).toContain(seed);
        expect(await find()).toStrictEqual([seed, seed]);
        now += TTL + GRACE;
      }
    });

    it.each([0, -1, 2 ** 30 + 1])('refuses %d, which is no seed, and leaves it where it is', async (value) => {
      const row = [TICK, value, NOW + TTL];
      await firstOf(sources).query(`INSERT INTO ${prefix}seed (tick, seed, keep_until) VALUES (${row.join(', ')})`);
      for (const ask of [find, () => agree(7)]) {
        await expect(ask()).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
      }
      expect(await rows()).toStrictEqual([row]);
    });
  });
}

function firstOf(sources: readonly DataSource[]): DataSource {
  const [source] = sources;
  if (source === undefined) throw new Error('There is no connection.');
  return source;
}
