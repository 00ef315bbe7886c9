import { Body, ConflictException, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { AshChain, AshProtected, AshVerified, type AshIssuedContext, type AshVerifiedRequest } from 'nestjs-ash';
import type { AshSqlStore } from 'nestjs-ash/typeorm';
import type { DataSource, EntityManager } from 'typeorm';
import { ADAPTERS, applications, type Application } from '../module/application.js';
import {
  connect,
  dropTables,
  MARIADB,
  openStore,
  POSTGRES,
  prefixOf,
  sqliteTarget,
  type SqlTarget,
} from './sql-fixture.js';

interface Transfer {
  readonly id: string;
  /** Where the handler stops and waits to be told to go on. */
  readonly stopsAt?: 'spent' | 'written';
  readonly fails?: boolean;
}

/** What the handlers work with, and where a test holds them. */
class Books {
  /** Called where a handler stops: with its transaction, open. */
  held: (manager: EntityManager) => Promise<void> = () => Promise.resolve();

  constructor(
    readonly source: DataSource,
    readonly store: AshSqlStore,
    readonly table: string,
  ) {}
}

@Controller()
class Bank {
  constructor(@Inject(Books) private readonly books: Books) {}

  @Post('transfer')
  @HttpCode(200)
  @AshProtected('POST /transfer', { spend: 'handler' })
  transfer(@Body() body: Transfer, @AshVerified() ash: AshVerifiedRequest): Promise<unknown> {
    return this.book(body, ash);
  }

  @Post('cart')
  @HttpCode(200)
  @AshProtected('POST /cart')
  @AshChain('checkout', { start: true })
  cart(): unknown {
    return {};
  }

  @Post('payment')
  @HttpCode(200)
  @AshProtected('POST /payment', { spend: 'handler' })
  @AshChain('checkout', { after: 'POST /cart' })
  payment(@Body() body: Transfer, @AshVerified() ash: AshVerifiedRequest): Promise<unknown> {
    return this.book(body, ash);
  }

  private async book({ id, stopsAt, fails }: Transfer, ash: AshVerifiedRequest): Promise<unknown> {
    const { source, store, table, held } = this.books;
    await source.transaction(async (manager) => {
      await ash.spend(store.withManager(manager));
      if (stopsAt === 'spent') await held(manager);
      await manager.query(`INSERT INTO ${table} (id) VALUES ('${id}')`);
      if (stopsAt === 'written') await held(manager);
      if (fails === true) throw new ConflictException('the business says no');
    });
    return { booked: id };
  }
}

/** How a suite ends the server's session of a transaction, as a crash of it does. */
type KillSession = (manager: EntityManager, admin: DataSource) => Promise<void>;

const SQLITE = sqliteTarget();

const TARGETS: [SqlTarget, KillSession | undefined][] = [
  [
    POSTGRES,
    async (manager, admin) => {
      const [{ pid }] = await manager.query<[{ pid: number }]>('SELECT pg_backend_pid() AS pid');
      await admin.query('SELECT pg_terminate_backend($1)', [pid]);
    },
  ],
  [
    MARIADB,
    async (manager, admin) => {
      const [{ id }] = await manager.query<[{ id: number | string }]>('SELECT CONNECTION_ID() AS id');
      await admin.query(`KILL ${String(id)}`);
    },
  ],
  [SQLITE, undefined],
];

describe.each(ADAPTERS)('On %s a handler that spends its context in its own transaction', (adapter) => {
  describe.each(TARGETS.map(([target, killSession]) => ({ title: target.title, target, killSession })))(
    'of $title',
    ({ target, killSession }) => {
      const start = applications(adapter);
      const prefix = prefixOf(`handler_${adapter}`);
      const table = `${prefix}booking`;
      let source: DataSource;
      let admin: DataSource;
      let store: AshSqlStore;
      let books: Books;
      let application: Application;

      beforeAll(async () => {
        source = await connect(target);
        admin = await connect(target);
        store = await openStore(source, { tablePrefix: prefix });
        await source.query(`CREATE TABLE ${table} (id varchar(64) NOT NULL PRIMARY KEY)`);
      });

      beforeEach(async () => {
        await source.query(`DELETE FROM ${table}`);
        books = new Books(source, store, table);
        application = await start({
          ash: { store },
          controllers: [Bank],
          providers: [{ provide: Books, useValue: books }],
        });
      });

      afterAll(async () => {
        await store.close();
        await source.query(`DROP TABLE ${table}`);
        await dropTables(source, prefix);
        await Promise.all([source.destroy(), admin.destroy()]);
        SQLITE.remove();
      });

      const booked = async () => {
        const rows = await admin.query<{ id: string }[]>(`SELECT id FROM ${table} ORDER BY id`);
        return rows.map(({ id }) => id);
      };
      const context = () => application.client().context('POST', '/transfer');
      const send = (with_: AshIssuedContext, body: Transfer) => application.use(with_, { path: '/transfer', body });
      const isSpent = async ({ contextId }: AshIssuedContext) =>
        (
          await admin.query<unknown[]>(
            `SELECT id FROM ${prefix}context WHERE id = '${contextId}' AND consumed_at IS NOT NULL`,
          )
        ).length === 1;

      it('spends and books together, once', async () => {
        const issued = await context();
        await expect(send(issued, { id: 'a' })).resolves.toMatchObject({ status: 200, body: { booked: 'a' } });
        await expect(send(issued, { id: 'a' })).resolves.toMatchObject({
          status: 409,
          body: { code: 'ASH_CTX_ALREADY_USED' },
        });
        await expect(booked()).resolves.toStrictEqual(['a']);
      });

      it('does so once of 20 identical requests at once', async () => {
        const issued = await context();
        const answers = await Promise.all(
          Array.from({ length: 20 }, (_, index) => send(issued, { id: String(index) })),
        );
        expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
        await expect(booked()).resolves.toHaveLength(1);
        // SQLite runs one transaction at a time on its one connection, and TypeORM refuses to begin a second.
        expect(answers.filter(({ status }) => status !== 200 && status !== 409 && status < 500)).toStrictEqual([]);
      });

      it.each(['a row that is there already', 'the business itself'])(
        'leaves the context unspent and books nothing where it is refused by %s, and the same context is good again',
        async (by) => {
          const issued = await context();
          if (by !== 'the business itself') await admin.query(`INSERT INTO ${table} (id) VALUES ('a')`);
          const before = await booked();
          const answer = await send(issued, { id: 'a', fails: by === 'the business itself' });
          expect(answer.status).toBeGreaterThanOrEqual(400);
          await expect(booked()).resolves.toStrictEqual(before);
          await expect(isSpent(issued)).resolves.toBe(false);
          await expect(send(issued, { id: 'b' })).resolves.toMatchObject({ status: 200 });
          await expect(isSpent(issued)).resolves.toBe(true);
        },
      );

      it.each(['spent', 'written'] as const)(
        'shows nobody the one without the other while it is at "%s"',
        async (stopsAt) => {
          const issued = await context();
          const seen: unknown[] = [];
          books.held = async () => {
            seen.push(await isSpent(issued), await booked());
          };
          await expect(send(issued, { id: 'a', stopsAt })).resolves.toMatchObject({ status: 200 });
          expect(seen).toStrictEqual([false, []]);
          expect([await isSpent(issued), await booked()]).toStrictEqual([true, ['a']]);
        },
      );

      it.each(['spent', 'written'] as const)('leaves neither where the database goes away at "%s"', async (stopsAt) => {
        const issued = await context();
        books.held = async (manager) => {
          // An embedded database goes away with its process, which leaves what a transaction that is rolled back leaves.
          if (killSession === undefined) throw new Error('gone');
          await killSession(manager, admin);
        };
        await expect(send(issued, { id: 'a', stopsAt })).resolves.toMatchObject({ status: 500 });
        expect([await isSpent(issued), await booked()]).toStrictEqual([false, []]);
        await expect(send(issued, { id: 'a' })).resolves.toMatchObject({ status: 200 });
        expect([await isSpent(issued), await booked()]).toStrictEqual([true, ['a']]);
      });

      it('holds the link of the step before with it, and frees it with what it rolls back', async () => {
        const chain = application.client().chain('checkout');
        await chain.post('/cart', {});
        await expect(chain.post('/payment', { id: 'a', fails: true })).resolves.toMatchObject({ status: 409 });
        await expect(booked()).resolves.toStrictEqual([]);
        await expect(chain.post('/payment', { id: 'a' })).resolves.toMatchObject({ status: 200 });
        await expect(booked()).resolves.toStrictEqual(['a']);
      });
    },
  );
});
