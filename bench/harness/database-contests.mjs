import { join } from 'node:path';
import { AshSqlStore } from 'nestjs-ash/typeorm';
import { startMariadb, startPostgres } from '../../scripts/services/index.mjs';
import { bareMariadb, barePostgres, bareSqlite } from './bare-sql.mjs';
import { contestAtAll, rowOf, share, tableOf } from './contest.mjs';
import { storeContestant } from './contestants.mjs';
import { ratio } from './figures.mjs';
import { goal } from './goals.mjs';
import { temporaryFolder, withServer } from './servers.mjs';

const CONNECTIONS = 10;
const PATIENCE = 30_000;
const LEVELS = { 1: 240, 16: 960, 64: 3_200, 256: 3_840 };
const FEW_LEVELS = { 1: 80, 64: 320 };
const PAIR = ['store', 'bare'];

/** The stores over databases against their bare statements. */
export async function databaseContests() {
  return [await postgres(), await mariadb(), await sqlite()];
}

function postgres() {
  const durable = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' };
  return withServer(startPostgres({ config: durable }), async ({ url }) => {
    const rates = await databaseRates({
      source: { type: 'postgres', url, poolSize: CONNECTIONS },
      bare: () => barePostgres(url, CONNECTIONS),
      levels: LEVELS,
      acts: ['issue', 'verification', 'consume', 'replay, seen by get', 'replay, refused by consume'],
    });
    const { consume } = rates;
    const latency = ratio(consume[1].bare, consume[1].store);
    return {
      table: tableOfRates(`PostgreSQL, a pool of ${CONNECTIONS}`, LEVELS, rates),
      goals: [
        goal('PostgreSQL: consume at 64 in flight, times the rate of a conditional UPDATE', share(consume[64], PAIR), {
          atLeast: 4,
        }),
        goal('PostgreSQL: consume at 1 in flight, times the latency of a conditional UPDATE', latency, { atMost: 1.1 }),
      ],
    };
  });
}

function mariadb() {
  const durable = { 'innodb-flush-log-at-trx-commit': 1 };
  return withServer(startMariadb({ config: durable }), async ({ url }) => {
    const rates = await databaseRates({
      source: { type: 'mariadb', url, poolSize: CONNECTIONS },
      bare: () => bareMariadb(url, CONNECTIONS),
      levels: FEW_LEVELS,
      acts: ['issue', 'verification', 'consume'],
    });
    return { table: tableOfRates(`MariaDB, a pool of ${CONNECTIONS}`, FEW_LEVELS, rates), goals: [] };
  });
}

function sqlite() {
  return withServer(temporaryFolder('sqlite'), async ({ folder }) => {
    const database = join(folder, 'contexts.db');
    const rates = await databaseRates({
      source: { type: 'better-sqlite3', database },
      bare: () => bareSqlite(database),
      levels: FEW_LEVELS,
      acts: ['issue', 'verification', 'consume'],
    });
    return { table: tableOfRates('SQLite, a file', FEW_LEVELS, rates), goals: [] };
  });
}

/** The rates of a store and of the bare statements, in the table that the store makes, by act and by loops in flight. */
async function databaseRates({ source, bare, levels, acts }) {
  const options = { createTables: true, cleanupInterval: false, timeout: PATIENCE };
  const store = new AshSqlStore(source, options);
  let statements;
  try {
    await store.open();
    statements = await bare();
    const parties = { store: storeContestant(store), bare: statements };
    const rates = {};
    for (const act of acts) rates[act] = await contestAtAll(act, parties, levels);
    return rates;
  } finally {
    await statements?.close();
    await store.close();
  }
}

function tableOfRates(caption, levels, rates) {
  const rows = Object.entries(rates).map(([act, ofAct]) => rowOf(act, ofAct, PAIR));
  return tableOf(caption, levels, rows);
}
