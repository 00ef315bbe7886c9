import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AshSqlStore } from 'nestjs-ash/typeorm';
import pg from 'pg';
import { startPostgres } from '../scripts/services/index.mjs';

// A million expired rows are cleaned up in PostgreSQL while another process verifies: what the cleanup does a second, and
// what it costs a verification (load and spend, from the call to the answer). The server keeps its promises to the disk.

const EXPIRED = 1_000_000;
const LIVE = 1_000;
const QUIET = 10_000;
const IN_FLIGHT = 8;
const OPTIONS = { binding: 'POST /transfer', ttlMs: 600_000 };
const DURABLE = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' };

/** Verifies without a pause, and answers to each message how long the verifications since the last one took. */
async function verify(url) {
  const store = new AshSqlStore({ type: 'postgres', url }, { cleanupInterval: false });
  await store.open();
  let durations = [];
  process.on('message', () => {
    process.send(durations);
    durations = [];
  });
  const verifyOn = async () => {
    for (;;) {
      const { id } = await store.create(OPTIONS);
      const begun = performance.now();
      await store.get(id);
      if ((await store.consume(id)) !== 'consumed') throw new Error('A context could not be spent');
      durations.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, verifyOn));
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

function row(title, durations, seconds) {
  const sorted = durations.toSorted((a, b) => a - b);
  const at = (part) => `${sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))].toFixed(1)} ms`;
  return {
    '': title,
    'verifications/s': Math.round(durations.length / seconds),
    median: at(0.5),
    p99: at(0.99),
    slowest: at(1),
  };
}

async function measure() {
  const server = await startPostgres({ config: DURABLE });
  const store = new AshSqlStore({ type: 'postgres', url: server.url }, { cleanupInterval: false, createTables: true });
  try {
    await store.open();
    await fill(server.url);
    const verifier = fork(fileURLToPath(import.meta.url), ['verify', server.url]);
    const ask = async () => {
      verifier.send('durations');
      const [durations] = await once(verifier, 'message');
      return durations;
    };
    await wait(2_000);
    await ask();
    await wait(QUIET);
    const quiet = await ask();

    const begun = performance.now();
    const forgotten = await store.cleanup();
    const seconds = (performance.now() - begun) / 1_000;
    const meanwhile = await ask();
    verifier.kill();

    console.log(`${forgotten} rows in ${seconds.toFixed(1)} s: ${Math.round(forgotten / seconds)} rows/s`);
    console.table([row('without', quiet, QUIET / 1_000), row('meanwhile', meanwhile, seconds)]);
  } finally {
    await store.close();
    await server.stop();
  }
}

const [role, url] = process.argv.slice(2);
if (role === 'verify') await verify(url);
else await measure();
