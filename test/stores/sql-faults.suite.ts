import { randomBytes } from 'node:crypto';
import { AshSqlStore } from 'nestjs-ash/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { seen, type SqlServer } from '../../scripts/services/index.mjs';
import { openStore } from './sql-fixture.js';

const OPTIONS = { binding: 'POST /transfer', ttlMs: 600_000 };
const TIMEOUT = 500;
/** What a busy machine may add to a time-out. */
const LATE = 3_000;
/** For how long MariaDB waits for a row at least. */
const SERVER_WAIT = 1_000;
/** MariaDB's list of locks is made anew only when nobody has looked for 100 ms. */
const LOCKS_EVERY = 200;
const POOL = 10;

/** A kind of server, and how its sessions are looked at. */
export interface SqlFaultTarget {
  readonly title: string;
  readonly type: 'postgres' | 'mariadb';
  readonly start: () => Promise<SqlServer>;
  /** Counts the sessions of clients, without the one that asks. */
  readonly sessions: string;
  /** Counts the sessions that wait for a row. */
  readonly waiting: string;
  /** Names the session that asks. */
  readonly session: string;
  /** Ends every session but the one that asks. */
  readonly endSessions: (server: SqlServer) => Promise<unknown>;
}

/** The store while its server fails, over one kind of server. */
export function describeSqlFaults(target: SqlFaultTarget): void {
  describe(`AshSqlStore, when its ${target.title}`, () => {
    let server: SqlServer;
    let options: DataSourceOptions;
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);

    beforeAll(async () => {
      process.on('uncaughtException', note);
      process.on('unhandledRejection', note);
      server = await target.start();
      options = { type: target.type, url: server.url };
    });

    afterAll(async () => {
      await server.stop();
      process.off('uncaughtException', note);
      process.off('unhandledRejection', note);
    });

    const counted = async (text: string) => {
      const [row] = await server.query(text);
      return Number(row?.['n']);
    };
    const sessions = () => counted(target.sessions);
    const waiting = () => counted(target.waiting);

    /** How long each call took, and how it ended. */
    const timed = async <T>(count: number, ask: () => Promise<T>) => {
      const outcomes = await Promise.all(
        Array.from({ length: count }, async () => {
          const begun = performance.now();
          const [outcome] = await Promise.allSettled([ask()]);
          return { status: outcome.status, duration: performance.now() - begun };
        }),
      );
      return { outcomes, longest: Math.max(...outcomes.map(({ duration }) => duration)) };
    };

    const works = (store: AshSqlStore) =>
      seen('a context spent once', async () => {
        const { id } = await store.create(OPTIONS);
        return (await store.consume(id)) === 'consumed' && (await store.consume(id)) === 'already-used';
      });

    const connections: [string, (run: (store: AshSqlStore) => Promise<void>) => Promise<void>][] = [
      [
        'a DataSource of its own',
        async (run) => {
          const store = await openStore(options, { timeout: TIMEOUT });
          await run(store);
          await store.close();
        },
      ],
      [
        'the application’s DataSource',
        async (run) => {
          const source = await new DataSource(options).initialize();
          const store = await openStore(source, { timeout: TIMEOUT });
          await run(store);
          await store.close();
          expect(source.isInitialized).toBe(true);
          await source.destroy();
        },
      ],
    ];

    describe.each(connections)('and it is on %s,', (_title, withStore) => {
      it('is paused, refuses each of 200 calls in time, and goes on afterwards with no more sessions than its pool has', () =>
        withStore(async (store) => {
          const { id } = await store.create(OPTIONS);
          server.pause();
          try {
            for (let round = 0; round < 4; round++) {
              const { outcomes, longest } = await timed(50, () => store.consume(id));
              expect(outcomes.map(({ status }) => status)).not.toContain('fulfilled');
              expect(longest).toBeLessThan(TIMEOUT + LATE);
            }
          } finally {
            server.resume();
          }
          await works(store);
          await seen('the sessions that were given up ended', async () => (await sessions()) <= POOL);
          // What was sent before the wait was over may have happened: then the context is spent, and never unspent again.
          const results = [await store.consume(id), await store.consume(id)];
          expect(results[1]).toBe('already-used');
        }));

      it('is restarted, refuses meanwhile, and goes on afterwards by itself, with what was spent still spent', () =>
        withStore(async (store) => {
          const { id } = await store.create(OPTIONS);
          await store.consume(id);
          await server.kill();
          const { outcomes, longest } = await timed(50, () => store.consume(id));
          expect(outcomes.map(({ status }) => status)).not.toContain('fulfilled');
          expect(longest).toBeLessThan(TIMEOUT + LATE);
          await server.restart();
          await works(store);
          await expect(store.consume(id)).resolves.toBe('already-used');
        }));

      it('ends all sessions, and goes on with new ones', () =>
        withStore(async (store) => {
          await Promise.all(Array.from({ length: POOL }, () => store.create(OPTIONS)));
          await target.endSessions(server);
          await works(store);
          expect(await sessions()).toBeLessThanOrEqual(POOL);
        }));

      it('lets a transaction hold a context, refuses whoever waits too long, and leaves nobody waiting in the server', () =>
        withStore(async (store) => {
          const holder = await new DataSource(options).initialize();
          const { id } = await store.create(OPTIONS);
          const hash = randomBytes(32).toString('hex');
          const { issuedAt, expiresAt } = await store.create(OPTIONS);
          await store.writeLink({ hash, chain: 'checkout', step: 'POST /cart', issuedAt, expiresAt });
          await holder.transaction(async (manager) => {
            await store.withManager(manager).spend(id, { hash, holder: `${id}/1` });
            for (const ask of [
              () => store.consume(id),
              () => store.reserveLink(hash, 'other/1'),
              () => store.spend(id, { hash, holder: `${id}/2` }),
            ]) {
              const { outcomes, longest } = await timed(20, ask);
              expect(outcomes.map(({ status }) => status)).not.toContain('fulfilled');
              expect(longest).toBeLessThan(TIMEOUT + LATE);
            }
            await seen('nobody waiting', async () => (await waiting()) === 0, {
              within: SERVER_WAIT + LATE,
              every: LOCKS_EVERY,
            });
            expect(await sessions()).toBeLessThanOrEqual(2 * POOL);
          });
          await expect(store.consume(id)).resolves.toBe('already-used');
          await holder.destroy();
        }));
    });

    it('answers too late, gives that connection to no other request', async () => {
      const source = await new DataSource({ type: target.type, url: server.url, poolSize: 1 }).initialize();
      const store = await openStore(source, { timeout: TIMEOUT });
      const { id } = await store.create(OPTIONS);
      const session = async () => {
        const [row] = await source.query<Record<string, unknown>[]>(target.session);
        return row?.['id'];
      };
      const before = await session();
      expect(await session()).toBe(before);
      server.pause();
      try {
        await expect(store.consume(id)).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
      } finally {
        server.resume();
      }
      expect(await session()).not.toBe(before);
      await store.close();
      await source.destroy();
    });

    it('answers too late inside a transaction of the application’s, lets that transaction not commit', async () => {
      const source = await new DataSource(options).initialize();
      const store = await openStore(source, { timeout: TIMEOUT });
      const { id } = await store.create(OPTIONS);
      const other = await store.create(OPTIONS);
      await source.transaction(async (holder) => {
        await store.withManager(holder).consume(id);
        await expect(
          source.transaction(async (manager) => {
            const inside = store.withManager(manager);
            await inside.consume(other.id);
            await expect(inside.consume(id)).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
          }),
        ).rejects.toThrow();
      });
      await expect(store.consume(id)).resolves.toBe('already-used');
      await expect(store.consume(other.id)).resolves.toBe('consumed');
      await store.close();
      await source.destroy();
    });

    it('does not answer at the end, is not waited for', async () => {
      const store = await openStore(options, { timeout: TIMEOUT });
      server.pause();
      const begun = performance.now();
      try {
        await store.close();
        expect(performance.now() - begun).toBeLessThan(TIMEOUT + LATE);
      } finally {
        server.resume();
      }
      await expect(store.create(OPTIONS)).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
    });

    it('is away at the start, says where it was looked for and how to start one, and never the password', async () => {
      const store = new AshSqlStore({ type: target.type, url: `${target.type}://shop:s3cr3t%21@127.0.0.1:9/orders` });
      const failure = await store.open().catch((error: unknown) => error);
      expect(failure).toMatchObject({
        code: 'ASH_CONFIGURATION_ERROR',
        message: expect.stringMatching(
          / cannot be used at 127\.0\.0\.1:9, database 'orders': .*ECONNREFUSED.*\(docker run /,
        ) as string,
      });
      expect(String((failure as Error).stack)).not.toContain('s3cr3t');
    });

    it('does not answer at the start, says so in time, and can be opened when it does', async () => {
      const store = new AshSqlStore(options, { timeout: 200, createTables: true, cleanupInterval: false });
      server.pause();
      const begun = performance.now();
      try {
        await expect(store.open()).rejects.toMatchObject({ code: 'ASH_CONFIGURATION_ERROR' });
      } finally {
        server.resume();
      }
      expect(performance.now() - begun).toBeLessThan(2_000 + LATE);
      await store.open();
      await works(store);
      await store.close();
    });

    it('failed in all these ways, left no error without a handler', () => {
      expect(unhandled).toStrictEqual([]);
    });
  });
}
