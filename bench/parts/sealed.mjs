import { ashGenerateKey, AshMemoryStore, AshSealedStore } from 'nestjs-ash';
import { AshRedisStore } from 'nestjs-ash/redis';
import { AshSqlStore } from 'nestjs-ash/typeorm';
import { Redis } from 'ioredis';
import { startPostgres, startRedis } from '../../scripts/services/index.mjs';
import { median, ratio } from '../harness/figures.mjs';
import { goal } from '../harness/goals.mjs';
import { interleave } from '../harness/rounds.mjs';
import { timedEach } from '../harness/time.mjs';

export const title = 'Sealed contexts';
export const about = `What a million sealed contexts leave behind, in this process and in the store beneath, and what sealing costs the processor beside keeping
contexts in memory.`;
export const packages = ['ioredis', 'pg', 'typeorm'];

const CONTEXTS = 1_000_000;
const WARM_UP = 50_000;
const AT_ONCE = 100;
const CALLS = 5_000;
const OPTIONS = { binding: 'POST /transfer', ttlMs: 60_000 };
const FULL = {
  ...OPTIONS,
  binding: 'PUT /accounts/42/limit',
  subject: 'user-12345',
  scope: ['amount', 'currency'],
  metadata: { tenant: 'acme', source: 'web' },
};
const KEYS = [{ id: '2026-11', secret: ashGenerateKey() }];
const ACTS = { create: 'issuing', get: 'looking up', consume: 'spending' };

export async function measure() {
  const left = [await leftInMemory(), await leftInRedis(), await leftInPostgres()];
  return {
    tables: [await sizes(), await costs(), leftTable(left)],
    goals: left.map(({ name, records }) =>
      goal(`Records of a million sealed contexts over ${name}`, records[1] - records[0], { atMost: 0 }),
    ),
  };
}

const seal = (spent) => new AshSealedStore({ keys: KEYS, spent });

async function sizes() {
  const store = seal(new AshMemoryStore());
  const rows = [];
  for (const [name, options] of Object.entries({ 'a binding alone': OPTIONS, 'with every field': FULL })) {
    const { id } = await store.create(options);
    rows.push([name, id.length]);
  }
  await store.close();
  return { caption: 'Length of an identifier', columns: ['', 'characters'], rows };
}

/** What each act takes, round by round in which the stores take turns. */
async function costs() {
  const roomy = { maxEntries: 10_000_000 };
  const stores = { memory: new AshMemoryStore(roomy), sealed: seal(new AshMemoryStore(roomy)) };
  const times = await interleave({ memory: () => costOf(stores.memory), sealed: () => costOf(stores.sealed) });
  await Promise.all(Object.values(stores).map((store) => store.close()));
  const rows = [...Object.entries(ACTS), ['together', 'together']].map(([act, name]) => {
    const [memory, sealed] = [times.memory, times.sealed].map((rounds) => rounds.map((round) => round[act] / 1_000));
    return [name, ratio(sealed, memory), median(sealed), median(memory)];
  });
  return { caption: 'What sealing costs', columns: ['', '× memory', 'sealed, µs here', 'memory, µs here'], rows };
}

async function costOf(store) {
  const { processor: create, results } = await timedEach(Array.from({ length: CALLS }), () => store.create(OPTIONS));
  const ids = results.map(({ id }) => id);
  const { processor: get, results: found } = await timedEach(ids, (id) => store.get(id));
  const { processor: consume, results: spent } = await timedEach(ids, (id) => store.consume(id));
  if (found.some((context, index) => context?.id !== ids[index])) throw new Error('A context was not found.');
  if (spent.some((result) => result !== 'consumed')) throw new Error('A context could not be spent.');
  return { create, get, consume, together: create + get + consume };
}

async function leftInMemory() {
  const memory = new AshMemoryStore();
  return leftBehind('memory', memory, () => memory.size);
}

async function leftInRedis() {
  const redis = await startRedis();
  const client = new Redis(redis.url);
  try {
    return await leftBehind('Redis', new AshRedisStore(client), () => client.dbsize());
  } finally {
    client.disconnect();
    await redis.stop();
  }
}

async function leftInPostgres() {
  const postgres = await startPostgres();
  const sql = new AshSqlStore({ type: 'postgres', url: postgres.url }, { createTables: true });
  const tables = ['context', 'link', 'seed', 'spent'].map((table) => `(SELECT count(*) FROM ash_${table})`);
  // The lease of the cleanup comes with time, and not with contexts.
  tables.push("(SELECT count(*) FROM ash_state WHERE name <> 'cleanup')");
  try {
    return await leftBehind('PostgreSQL', sql, async () => {
      const [{ rows }] = await postgres.query(`SELECT ${tables.join(' + ')} AS rows`);
      return Number(rows);
    });
  } finally {
    await postgres.stop();
  }
}

/** @param count How many records the spent set holds. */
async function leftBehind(name, spent, count) {
  const store = seal(spent);
  await store.open();
  try {
    await issue(store, WARM_UP);
    const before = { ...(await settledMemory()), records: await count() };
    await issue(store, CONTEXTS);
    const after = { ...(await settledMemory()), records: await count() };
    const both = (key) => [before[key], after[key]];
    return { name, heap: both('heapUsed'), resident: both('rss'), records: both('records') };
  } finally {
    await store.close();
  }
}

/** As a server does, it lets answers of the spent set come in between. */
async function issue(store, count) {
  for (let issued = 0; issued < count; issued++) {
    await store.create(OPTIONS);
    if (issued % AT_ONCE === 0) await new Promise(setImmediate);
  }
}

async function settledMemory() {
  for (let time = 0; time < 4; time++) {
    await new Promise(setImmediate);
    globalThis.gc();
  }
  return process.memoryUsage();
}

function leftTable(left) {
  const megabytes = ([before, after]) => `${(before / 1_048_576).toFixed(1)} → ${(after / 1_048_576).toFixed(1)} MB`;
  return {
    caption: 'What a million contexts leave behind',
    columns: ['', 'heap', 'resident', 'records in the store'],
    rows: left.map(({ name, heap, resident, records }) => [
      `over ${name}`,
      megabytes(heap),
      megabytes(resident),
      records.join(' → '),
    ]),
  };
}
