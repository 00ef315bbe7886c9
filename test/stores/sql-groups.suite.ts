import { randomBytes } from 'node:crypto';
import type { AshSqlStore } from 'nestjs-ash/typeorm';
import type { DataSource } from 'typeorm';
import { connect, dropTables, openStore, prefixOf, type SqlTarget } from './sql-fixture.js';

const OPTIONS = { binding: 'POST /transfer', ttlMs: 60_000 };
const UNKNOWN = `ash_${'0'.repeat(32)}`;
const MANY = 300;

/** What a store answers to many requests at once, over one kind of database. */
export function describeSqlGroups(target: SqlTarget): void {
  describe(`AshSqlStore on ${target.title}, asked many things at once,`, () => {
    const prefix = prefixOf('groups');
    let source: DataSource;
    let store: AshSqlStore;
    let now = Date.now();

    beforeAll(async () => {
      source = await connect(target);
      store = await openStore(source, { tablePrefix: prefix, timeout: 10_000, clock: () => now });
    });

    afterAll(async () => {
      await store.close();
      await dropTables(source, prefix);
      await source.destroy();
    });

    const times = <T>(count: number, act: (index: number) => Promise<T>) =>
      Promise.all(Array.from({ length: count }, (_, index) => act(index)));
    const hashOf = () => randomBytes(32).toString('hex');
    const counted = (results: readonly unknown[]) => {
      const counts: Record<string, number> = {};
      for (const result of results.map(String)) counts[result] = (counts[result] ?? 0) + 1;
      return counts;
    };
    const keepLink = (hash: string) =>
      store.writeLink({ hash, chain: 'checkout', step: 'POST /cart', issuedAt: now, expiresAt: now + 60_000 });
    const writeLink = async () => {
      const hash = hashOf();
      await keepLink(hash);
      return hash;
    };

    it('keeps each context as it was issued', async () => {
      const contexts = await times(MANY, (index) =>
        store.create({ ...OPTIONS, metadata: { text: `"{\\}',;${String(index)}` } }),
      );
      await expect(times(MANY, (index) => store.get(String(contexts[index]?.id)))).resolves.toStrictEqual(contexts);
    });

    it('spends a context once', async () => {
      const { id } = await store.create(OPTIONS);
      const results = await times(MANY, () => store.consume(id));
      expect(counted(results)).toStrictEqual({ consumed: 1, 'already-used': MANY - 1 });
    });

    it('answers each for its own context', async () => {
      const [fresh, spent, expired] = await Promise.all([
        times(50, () => store.create(OPTIONS)),
        times(50, () => store.create(OPTIONS)),
        times(50, () => store.create({ ...OPTIONS, ttlMs: 1 })),
      ]);
      await times(50, (index) => store.consume(String(spent[index]?.id)));
      now += 1;
      const results = await times(50, (index) => {
        const asked = [fresh[index]?.id, fresh[index]?.id, spent[index]?.id, expired[index]?.id, UNKNOWN];
        return Promise.all(asked.map((id) => store.consume(String(id))));
      });
      for (const [first, second, ...others] of results) {
        expect([first, second].sort()).toStrictEqual(['already-used', 'consumed']);
        expect(others).toStrictEqual(['already-used', 'expired', 'not-found']);
      }
      const read = await times(50, (index) => store.get(String(fresh[index]?.id)));
      expect(read.map((context) => context?.consumedAt)).toStrictEqual(Array.from({ length: 50 }, () => now));
    });

    it('gives each link to one holder, and to the same one again, and lets that one free it', async () => {
      const hashes = await times(20, writeLink);
      const holders = ['a/1', 'a/1', 'b/1'];
      const reserved = await Promise.all(
        hashes.map((hash) => Promise.all(holders.map((holder) => store.reserveLink(hash, holder)))),
      );
      for (const results of reserved) {
        expect([
          ['reserved', 'reserved', 'taken'],
          ['taken', 'taken', 'reserved'],
        ]).toContainEqual(results);
      }
      const released = await Promise.all(
        hashes.flatMap((hash) => [store.releaseLink(hash, 'b/1'), store.releaseLink(hash, 'a/1')]),
      );
      expect(counted(released)).toStrictEqual({ false: 20, true: 20 });
      const links = await Promise.all(hashes.map((hash) => store.getLink(hash)));
      expect(links.map((link) => link?.holder)).toStrictEqual(hashes.map(() => undefined));
    });

    it('spends each context with its link, or neither', async () => {
      const hashes = await times(20, writeLink);
      const contexts = await times(40, () => store.create(OPTIONS));
      const results = await times(40, (index) => {
        const id = String(contexts[index]?.id);
        return store.spend(id, { hash: String(hashes[index % 20]), holder: `${id}/1` });
      });
      expect(counted(results)).toStrictEqual({ consumed: 20, 'link-taken': 20 });
      const read = await Promise.all(contexts.map(({ id }) => store.get(id)));
      expect(read.map((context) => context?.consumedAt !== undefined)).toStrictEqual(
        results.map((result) => result === 'consumed'),
      );
      const links = await Promise.all(hashes.map((hash) => store.getLink(hash)));
      const winners = contexts.filter((_, index) => results[index] === 'consumed');
      expect(links.map((link) => link?.holder).sort()).toStrictEqual(winners.map(({ id }) => `${id}/1`).sort());
    });

    it('spends one context with one of many links, and leaves the other links free', async () => {
      const hashes = await times(20, writeLink);
      const { id } = await store.create(OPTIONS);
      const results = await Promise.all(
        hashes.map((hash, index) => store.spend(id, { hash, holder: `${id}/${String(index)}` })),
      );
      expect(counted(results)).toStrictEqual({ consumed: 1, 'already-used': 19 });
      const links = await Promise.all(hashes.map((hash) => store.getLink(hash)));
      expect(links.filter((link) => link?.holder !== undefined)).toHaveLength(1);
    });

    it('marks each key once, and none of another epoch', async () => {
      const epoch = await store.epoch(0);
      const keys = Array.from({ length: 50 }, hashOf);
      const results = await Promise.all(
        keys.flatMap((key) => [
          store.mark({ shard: 0, key, epoch, ttlMs: 1_000 }),
          store.mark({ shard: 0, key, epoch, ttlMs: 1_000 }),
          store.mark({ shard: 0, key: hashOf(), epoch: 'other', ttlMs: 1_000 }),
        ]),
      );
      expect(counted(results)).toStrictEqual({ marked: 50, 'already-marked': 50, 'other-epoch': 50 });
    });

    it('spends each context once over several processes, whatever the order in which they ask', async () => {
      const others = await Promise.all([1, 2, 3].map(() => connect(target)));
      const stores = await Promise.all(
        others.map((each) => openStore(each, { tablePrefix: prefix, timeout: 10_000, clock: () => now })),
      );
      for (let round = 0; round < 5; round++) {
        const contexts = await times(100, () => store.create(OPTIONS));
        const results = await Promise.all(
          [store, ...stores].flatMap((each, index) =>
            (index % 2 === 0 ? contexts : [...contexts].reverse()).map(({ id }) => each.consume(id)),
          ),
        );
        expect(counted(results)).toStrictEqual({ consumed: 100, 'already-used': 300 });
      }
      await Promise.all(stores.map((each) => each.close()));
      await Promise.all(others.map((each) => each.destroy()));
    });

    it('is answered where the store is closed in the same turn', async () => {
      const closing = await openStore(target.options(), { tablePrefix: prefix, timeout: 10_000, clock: () => now });
      const [free, spent] = await times(2, () => store.create(OPTIONS));
      await store.consume(String(spent?.id));
      const answers = [closing.get(String(free?.id)), closing.consume(String(free?.id)), closing.consume(UNKNOWN)];
      // Refused first, and then asked for why.
      answers.push(...Array.from({ length: 20 }, () => closing.consume(String(spent?.id))));
      await closing.close();
      const used = Array.from({ length: 20 }, () => 'already-used');
      await expect(Promise.all(answers)).resolves.toMatchObject([{ id: free?.id }, 'consumed', 'not-found', ...used]);
      await expect(closing.get(UNKNOWN)).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
    });

    it('refuses the one that is there already, and keeps the others', async () => {
      const hashes = Array.from({ length: 20 }, hashOf);
      const double = await writeLink();
      const outcomes = await Promise.allSettled([double, ...hashes].map(keepLink));
      const [refused, ...kept] = outcomes;
      expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'ASH_STORE_UNAVAILABLE' } });
      expect(kept.map(({ status }) => status)).toStrictEqual(hashes.map(() => 'fulfilled'));
      const links = await Promise.all(hashes.map((hash) => store.getLink(hash)));
      expect(links.filter((link) => link === null)).toStrictEqual([]);
    });
  });
}
