import { readFileSync } from 'node:fs';
import type { AshSqlStore } from 'nestjs-ash/typeorm';
import { startPostgres, type SqlServer } from '../../scripts/services/index.mjs';
import { openStore } from './sql-fixture.js';

const OPTIONS = { binding: 'POST /transfer', ttlMs: 60_000 };
const HASH = 'a'.repeat(64);

describe('AshSqlStore, counted by the log of PostgreSQL,', () => {
  let server: SqlServer;
  let store: AshSqlStore;

  beforeAll(async () => {
    server = await startPostgres({ config: { log_statement: 'all' } });
    store = await openStore({ type: 'postgres', url: server.url }, {});
    // The connections are there, and each has its statements.
    await Promise.all([store.create(OPTIONS), store.create(OPTIONS)]);
  });

  afterAll(async () => {
    await store.close();
    await server.stop();
  });

  /** What the server ran meanwhile: `SELECT ash_context`, each by its name where it is prepared. */
  const ranBy = async (act: () => Promise<unknown>) => {
    const before = readFileSync(server.logFile, 'utf8').length;
    await act();
    const lines = readFileSync(server.logFile, 'utf8').slice(before).split('\n');
    return lines.flatMap((line) => {
      const [, kind, text] = /LOG: {2}(execute \S+|statement): (.+)/.exec(line) ?? [];
      return text === undefined ? [] : [{ text, isPrepared: kind?.startsWith('execute ash_') === true }];
    });
  };

  const link = () => ({
    hash: HASH,
    chain: 'checkout',
    step: 'POST /cart',
    issuedAt: 1,
    expiresAt: Date.now() + 60_000,
  });

  it.each<[string, () => Promise<unknown>, RegExp[]]>([
    ['issues with one', () => store.create(OPTIONS), [/^INSERT INTO "ash_context"/]],
    [
      'verifies with two',
      async () => {
        const { id } = await store.create(OPTIONS);
        await store.get(id);
        await store.consume(id);
      },
      [/^INSERT/, /^SELECT .+ "ash_context"/, /^UPDATE "ash_context"/],
    ],
    [
      'verifies a step of a chain with three, of which two are asked at once',
      async () => {
        const { id } = await store.create(OPTIONS);
        await store.writeLink(link());
        await Promise.all([store.get(id), store.getLink(HASH)]);
        await store.spend(id, { hash: HASH, holder: `${id}/1` });
      },
      [/^INSERT/, /^INSERT/, /^SELECT .+ "ash_(context|link)"/, /^SELECT .+ "ash_(context|link)"/, /^WITH free/],
    ],
    [
      'refuses a replay with the one that loads it',
      async () => {
        const { id } = await store.create(OPTIONS);
        await store.consume(id);
        await store.get(id);
      },
      [/^INSERT/, /^UPDATE/, /^SELECT/],
    ],
    [
      'marks a sealed context with one',
      async () => {
        const epoch = await store.epoch(0);
        await store.mark({ shard: 0, key: 'a', epoch, ttlMs: 60_000 });
      },
      [/^SELECT epoch/, /^INSERT/, /^SELECT epoch/, /^INSERT INTO "ash_spent"/],
    ],
    [
      'agrees on the seed of a tick with two, and joins in with one',
      async () => {
        await store.agreeOnSeed(1, 7, 60_000);
        await store.agreeOnSeed(1, 8, 60_000);
        await store.findSeed(1);
      },
      [/^SELECT seed/, /^INSERT INTO "ash_seed"/, /^SELECT seed/, /^SELECT seed/],
    ],
    [
      'issues, loads and spends many at once with one for all',
      async () => {
        const contexts = await Promise.all([1, 2, 3].map(() => store.create(OPTIONS)));
        await Promise.all(contexts.map(({ id }) => store.get(id)));
        await Promise.all(contexts.map(({ id }) => store.consume(id)));
      },
      [/^INSERT INTO "ash_context"/, /^SELECT .+ "ash_context"/, /^WITH free/],
    ],
    ['asks nothing for what is no tick', () => store.findSeed(-1), []],
    ['asks nothing for an identifier that it never gives', () => store.get(`ash_${'g'.repeat(32)}`), []],
  ])('%s', async (_title, act, expected) => {
    const ran = await ranBy(act);
    expect(ran.map(({ text }) => text)).toStrictEqual(
      expected.map((pattern) => expect.stringMatching(pattern) as string),
    );
    expect(ran.every(({ isPrepared }) => isPrepared)).toBe(true);
  });
});
