import type { DataSource } from 'typeorm';
import { connect, openStore, sqliteTarget } from '../../test/stores/sql-fixture.js';
import type { AshSqlStore } from './index.js';

const OPTIONS = { binding: 'POST /transfer', ttlMs: 60_000 };

/** SQLite's number for a commit that is on the disk when it is answered. */
const FULL = 2;

/** How long the application lets SQLite stop the process for another connection, in milliseconds. */
const PATIENCE = 20_000;

class RolledBack extends Error {}

describe('AshSqlStore on the one connection of an SQLite file', () => {
  const target = sqliteTarget();
  let source: DataSource;
  let store: AshSqlStore;
  /** Refuses soon; what is to be answered is asked of the other one. */
  let impatient: AshSqlStore;

  beforeAll(async () => {
    source = await connect(target);
    store = await openStore(source, { timeout: 20_000 });
    impatient = await openStore(source, { timeout: 200 });
  });

  afterAll(async () => {
    await impatient.close();
    await store.close();
    await source.destroy();
    target.remove();
  });

  it('spends no context in a transaction that the application has open, but after it', async () => {
    const { id } = await store.create(OPTIONS);
    let consuming: Promise<unknown> | undefined;
    let isSettled = false;
    await expect(
      source.transaction(async (manager) => {
        await manager.query('SELECT 1');
        consuming = store.consume(id).finally(() => (isSettled = true));
        for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
        expect(isSettled).toBe(false);
        throw new RolledBack();
      }),
    ).rejects.toThrow(RolledBack);
    await expect(consuming).resolves.toBe('consumed');
    await expect(store.consume(id)).resolves.toBe('already-used');
  });

  it('refuses where the transaction takes longer than the store may wait, and names the mend', async () => {
    const { id } = await store.create(OPTIONS);
    await source.transaction(async (manager) => {
      await manager.query('SELECT 1');
      await expect(impatient.consume(id)).rejects.toMatchObject({
        code: 'ASH_STORE_UNAVAILABLE',
        message: expect.stringContaining('withManager(manager)') as string,
      });
    });
    await expect(store.consume(id)).resolves.toBe('consumed');
  });

  it('does not stop the process while another connection writes, and leaves the application’s patience as it was', async () => {
    const other = await connect(target);
    await source.query(`PRAGMA busy_timeout = ${PATIENCE}`);
    const runner = other.createQueryRunner();
    await runner.query('BEGIN IMMEDIATE');
    const begun = performance.now();
    await expect(impatient.create(OPTIONS)).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
    expect(performance.now() - begun).toBeLessThan(PATIENCE / 2);
    const creating = store.create(OPTIONS);
    await runner.query('COMMIT');
    await expect(creating).resolves.toHaveProperty('id');
    await expect(source.query('PRAGMA busy_timeout')).resolves.toStrictEqual([{ timeout: PATIENCE }]);
    await other.destroy();
  });

  it('keeps in a file of its own, written through to the disk, what it spent, and closes it', async () => {
    const { database } = target.options() as { database: string };
    const settings: unknown[] = [];
    const own = await openStore(
      {
        type: 'better-sqlite3',
        database: `${database}-own`,
        prepareDatabase: (file: { pragma: (text: string) => unknown }) => {
          settings.push(file.pragma('synchronous'));
        },
      },
      {},
    );
    expect(settings).toStrictEqual([[{ synchronous: FULL }]]);
    const { id } = await own.create(OPTIONS);
    await own.consume(id);
    await own.close();
    await expect(own.get(id)).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
    await own.open();
    await expect(own.consume(id)).resolves.toBe('already-used');
    await own.close();
  });
});
