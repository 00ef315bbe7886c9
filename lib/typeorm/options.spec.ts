import { inspect } from 'node:util';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { AshSqlStore, type AshSqlStoreOptions } from './index.js';

const SQLITE: DataSourceOptions = { type: 'better-sqlite3', database: ':memory:' };

describe('AshSqlStore refuses', () => {
  it.each<[string, object, RegExp]>([
    ['an unknown option', { ttl: 5 }, /there is no option 'ttl'; the options are createTables, /],
    ['a prefix that is no name', { tablePrefix: 'ash"; DROP' }, /'tablePrefix' is a letter or '_', then at most 31/],
    ['a time-out of nothing', { timeout: 0 }, /'timeout' is a positive number, not 0/],
    ['a grace that is no number', { grace: Number.NaN }, /'grace' is a positive number, not NaN/],
    ['an empty batch', { cleanupBatch: -1 }, /'cleanupBatch' is a positive number, not -1/],
    [
      'a word that is none for lost commits',
      { lostCommits: 'ignore' },
      /'lostCommits' is 'refuse' or 'accept', not 'ignore'/,
    ],
    ['an interval of nothing', { cleanupInterval: 0 }, /'cleanupInterval' is a positive number, not 0/],
  ])('%s', (_title, options, message) => {
    expect(() => new AshSqlStore(SQLITE, options as AshSqlStoreOptions)).toThrow(
      expect.objectContaining({ code: 'ASH_CONFIGURATION_ERROR', message: expect.stringMatching(message) as string }),
    );
  });

  it('a driver that it has no statements for', () => {
    expect(() => new AshSqlStore({ type: 'sqljs' })).toThrow(
      "AshSqlStore: there are no statements for the driver 'sqljs'; it works with postgres, mysql, mariadb, better-sqlite3.",
    );
  });

  it('a DataSource that is not initialized', async () => {
    await expect(new AshSqlStore(new DataSource(SQLITE)).open()).rejects.toMatchObject({
      code: 'ASH_CONFIGURATION_ERROR',
      message: expect.stringContaining('await dataSource.initialize()') as string,
    });
  });

  it('every call before it is open, and after it is closed', async () => {
    const store = new AshSqlStore(SQLITE, { createTables: true });
    const refusal = { code: 'ASH_STORE_UNAVAILABLE', message: 'AshSqlStore: the store is not open: await open().' };
    const create = () => store.create({ binding: 'POST /a', ttlMs: 1_000 });
    await expect(create()).rejects.toMatchObject(refusal);
    await store.open();
    await expect(create()).resolves.toHaveProperty('id');
    await store.close();
    await expect(create()).rejects.toMatchObject(refusal);
  });

  it('a clock that gives no time', async () => {
    let now = Date.now();
    const store = new AshSqlStore(SQLITE, { createTables: true, clock: () => now });
    await store.open();
    const { id } = await store.create({ binding: 'POST /a', ttlMs: 1_000 });
    now = Number.NaN;
    await expect(store.consume(id)).rejects.toThrow("'now' is no value for a statement: NaN");
    await store.close();
  });

  it.each<[string, DataSourceOptions]>([
    ['a url', { type: 'postgres', url: 'postgres://shop:s3cr3t%2Fs3cr3t@[nowhere/orders' }],
    [
      'an option',
      { type: 'mysql', host: '127.0.0.1', port: 9, username: 'shop', password: 's3cr3t', database: 'orders' },
    ],
  ])('what cannot be connected to, without the password of %s', async (_title, options) => {
    const failure: unknown = await Promise.resolve()
      .then(() => new AshSqlStore(options).open())
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'ASH_CONFIGURATION_ERROR' });
    expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain('s3cr3t');
  });
});

describe('AshSqlStore', () => {
  it('opens once, however often it is asked to', async () => {
    const store = new AshSqlStore(SQLITE, { createTables: true });
    await Promise.all([store.open(), store.open()]);
    const { id } = await store.create({ binding: 'POST /a', ttlMs: 1_000 });
    await store.open();
    await expect(store.consume(id)).resolves.toBe('consumed');
    await store.close();
  });

  it('takes whole milliseconds from a clock that gives parts of them', async () => {
    const store = new AshSqlStore(SQLITE, { createTables: true, clock: () => 1_700_000_000_000.75 });
    await store.open();
    const { id, issuedAt, expiresAt } = await store.create({ binding: 'POST /a', ttlMs: 0.5 });
    expect([issuedAt, expiresAt]).toStrictEqual([1_700_000_000_000, 1_700_000_000_001]);
    await expect(store.get(id)).resolves.toMatchObject({ issuedAt, expiresAt });
    await store.close();
  });
});
