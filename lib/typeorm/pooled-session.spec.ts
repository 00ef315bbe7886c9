import type { DataSource } from 'typeorm';
import { PooledSession } from './pooled-session.js';
import { POSTGRES } from './postgres.js';
import { numbered } from './statement.js';

const STATEMENT = numbered('SELECT 1');
const MANY = 1_000;
const MAX_GIVEN_UP = 256;

/** A pool that gives no connection until it is told to. */
function stuckPool() {
  const waiting: (() => void)[] = [];
  let released = 0;
  const client = { query: () => Promise.resolve({ rows: [], rowCount: 0 }) };
  const source = {
    logger: { logQuery: () => undefined },
    createQueryRunner: () => ({
      connect: () =>
        new Promise((resolve) => {
          waiting.push(() => {
            resolve(client);
          });
        }),
      release: () => {
        released++;
        return Promise.resolve();
      },
    }),
  } as unknown as DataSource;
  return {
    source,
    asked: () => waiting.length,
    released: () => released,
    giveAll: () => {
      for (const give of waiting.splice(0)) give();
    },
  };
}

const open = (source: DataSource, timeout: number) => new PooledSession(source, POSTGRES, { timeout, prepare: true });

describe('PooledSession', () => {
  it('lets any number of requests wait for a connection in their time', async () => {
    const pool = stuckPool();
    const session = open(pool.source, 5_000);
    const answers = Promise.all(Array.from({ length: MANY }, () => session.execute(STATEMENT, {})));
    expect(pool.asked()).toBe(MANY);
    pool.giveAll();
    await expect(answers).resolves.toHaveLength(MANY);
    expect(pool.released()).toBe(MANY);
  });

  it('puts no more into the queue of a pool that is overdue, and gives back what comes too late', async () => {
    const pool = stuckPool();
    const session = open(pool.source, 1);
    const ask = () => session.execute(STATEMENT, {});
    await Promise.allSettled(Array.from({ length: MAX_GIVEN_UP }, ask));
    expect(pool.asked()).toBe(MAX_GIVEN_UP);
    await expect(ask()).rejects.toThrow('PostgreSQL gives no connection, and 256 requests for one are overdue.');
    expect(pool.asked()).toBe(MAX_GIVEN_UP);

    pool.giveAll();
    await new Promise((resolve) => setImmediate(resolve));
    expect(pool.released()).toBe(MAX_GIVEN_UP);
    await expect(ask()).rejects.toThrow('did not come within 1 ms');
    expect(pool.asked()).toBe(1);
  });
});
