import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AshSqlStore } from 'nestjs-ash/typeorm';
import pg from 'pg';
import { startPostgres } from '../../scripts/services/index.mjs';
import { percentile, spread } from '../harness/figures.mjs';

export const title = 'Cleaning up a database';
export const about = `A million expired rows are cleaned up in PostgreSQL while another process looks up and spends contexts, 8 at a time: what that costs the
spending, second by second. The server keeps its promises to the disk.`;
export const packages = ['pg', 'typeorm'];

const EXPIRED = 1_000_000;
const LIVE = 1_000;
const WARM_UP = 2_000;
const QUIET = 10_000;
const WINDOW = 1_000;
const DURABLE = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' };
const WORKER = fileURLToPath(new URL('../workers/verifier.mjs', import.meta.url));

export async function measure() {
  const server = await startPostgres({ config: DURABLE });
  const store = new AshSqlStore({ type: 'postgres', url: server.url }, { cleanupInterval: false, createTables: true });
  try {
    await store.open();
    await fill(server.url);
    return await cleanUpBeside(store, server.url);
  } finally {
    await store.close();
    await server.stop();
  }
}

async function cleanUpBeside(store, url) {
  const verifier = fork(WORKER, [url]);
  try {
    const ask = askerOf(verifier);
    await wait(WARM_UP);
    await ask();
    const quiet = await watch(ask, wait(QUIET));
    const begun = performance.now();
    const cleaning = store.cleanup();
    const meanwhile = await watch(ask, cleaning);
    const forgotten = await cleaning;
    if (forgotten < EXPIRED) throw new Error(`${forgotten} rows were cleaned up, and ${EXPIRED} had expired.`);
    const rate = (forgotten / (performance.now() - begun)) * 1_000;
    return { tables: [cleanupTable(rate), spendingTable(quiet, meanwhile)], goals: [] };
  } finally {
    verifier.kill();
  }
}

/** Asks for the durations since it last asked; fails when the other process has ended. */
function askerOf(verifier) {
  const ended = new AbortController();
  verifier.once('exit', () => ended.abort(new Error('The verifying process has ended.')));
  return async () => {
    verifier.send('durations');
    const [durations] = await once(verifier, 'message', { signal: ended.signal });
    return durations;
  };
}

/** The durations of each second until something is over. */
async function watch(ask, something) {
  const windows = [];
  let isOver = false;
  const over = something.then(() => (isOver = true));
  while (!isOver) {
    const begun = performance.now();
    await Promise.race([wait(WINDOW), over]);
    const durations = await ask();
    windows.push({ durations, rate: (durations.length / (performance.now() - begun)) * 1_000 });
  }
  return windows;
}

async function fill(url) {
  const client = new pg.Client(url);
  await client.connect();
  const insert = (count, offset) =>
    client.query(
      `INSERT INTO ash_context (id, body, issued_at, expires_at, keep_until)
       SELECT 'ash_' || md5(random()::text || n), $1, $2::bigint + n, $2::bigint + n + 30000, $2::bigint + n + 90000
       FROM generate_series(1, $3::int) n`,
      [JSON.stringify({ binding: 'POST /transfer', nonce: 'f'.repeat(64) }), Date.now() + offset, count],
    );
  await insert(EXPIRED, -86_400_000);
  await insert(LIVE, 86_400_000);
  await client.query('VACUUM ANALYZE ash_context');
  await client.query('CHECKPOINT');
  await client.end();
}

function cleanupTable(rate) {
  return { columns: ['', 'rows a second here'], rows: [['cleaned up', rate]] };
}

function spendingTable(quiet, meanwhile) {
  const base = spread(ratesOf(quiet)).median;
  const row = (name, windows) => {
    const rates = ratesOf(windows);
    const durations = windows.flatMap((each) => each.durations);
    const times = [0.5, 0.99, 1].map((share) => percentile(durations, share));
    return [name, spread(rates.map((rate) => rate / base)), spread(rates), ...times];
  };
  return {
    caption: 'Looking up and spending',
    columns: ['', '× without', 'a second here', 'median, ms here', 'p99, ms here', 'slowest, ms here'],
    rows: [row('without the cleanup', quiet), row('meanwhile', meanwhile)],
  };
}

/** The last window ends when the cleanup does, and may be too short to say anything. */
function ratesOf(windows) {
  return (windows.length > 1 ? windows.slice(0, -1) : windows).map(({ rate }) => rate);
}
