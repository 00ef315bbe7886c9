import { ashGenerateKey, AshMemoryStore, AshSealedStore } from 'nestjs-ash';
import { AshRedisStore } from 'nestjs-ash/redis';
import { AshSqlStore } from 'nestjs-ash/typeorm';
import { Redis } from 'ioredis';
import { startPostgres, startRedis } from '../scripts/services/index.mjs';

// What a million sealed contexts leave behind, in this process and in the store beneath, and what sealing costs beside
// keeping contexts in memory. `node --expose-gc bench/sealed.mjs [contexts]`, after a build.

const CONTEXTS = Number(process.argv[2] ?? 1_000_000);
const WARM_UP = 50_000;
const AT_ONCE = 100;
const ROUNDS = 9;
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

if (globalThis.gc === undefined) throw new Error('Run it as `node --expose-gc bench/sealed.mjs`.');

const seal = (spent) => new AshSealedStore({ keys: KEYS, spent });
const megabytes = (bytes) => (bytes / 1_048_576).toFixed(1);
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function settledMemory() {
  for (let time = 0; time < 4; time++) {
    await new Promise(setImmediate);
    globalThis.gc();
  }
  return process.memoryUsage();
}

/** As a server does, it lets answers of the spent set come in between. */
async function issue(store, count) {
  for (let issued = 0; issued < count; issued++) {
    await store.create(OPTIONS);
    if (issued % AT_ONCE === 0) await new Promise(setImmediate);
  }
}

/** @param count How many records the spent set holds. */
async function growth(title, spent, count) {
  const store = seal(spent);
  await store.open();
  await issue(store, WARM_UP);
  const [memory, records] = [await settledMemory(), await count()];
  const begin = performance.now();
  await issue(store, CONTEXTS);
  const seconds = (performance.now() - begin) / 1_000;
  const [memoryAfter, recordsAfter] = [await settledMemory(), await count()];
  console.log(
    [
      title.padEnd(10),
      `${CONTEXTS} contexts in ${seconds.toFixed(1)} s`,
      `heap ${megabytes(memory.heapUsed)} → ${megabytes(memoryAfter.heapUsed)} MB`,
      `rss ${megabytes(memory.rss)} → ${megabytes(memoryAfter.rss)} MB`,
      `records ${records} → ${recordsAfter}`,
    ].join('   '),
  );
  await store.close();
}

async function growthEverywhere() {
  const memory = new AshMemoryStore();
  await growth('memory', memory, () => memory.size);

  const redis = await startRedis();
  const client = new Redis(redis.url);
  await growth('Redis', new AshRedisStore(client), () => client.dbsize());
  await client.quit();
  await redis.stop();

  const postgres = await startPostgres();
  const sql = new AshSqlStore({ type: 'postgres', url: postgres.url }, { createTables: true });
  const tables = ['context', 'link', 'seed', 'spent', 'state'].map((table) => `(SELECT count(*) FROM ash_${table})`);
  await growth('PostgreSQL', sql, async () => {
    const [{ rows }] = await postgres.query(`SELECT ${tables.join(' + ')} AS rows`);
    return Number(rows);
  });
  await postgres.stop();
}

/** The microseconds of each act, by the median of many rounds in which the stores take turns. */
async function costs() {
  const roomy = { maxEntries: 10_000_000 };
  const stores = { memory: new AshMemoryStore(roomy), sealed: seal(new AshMemoryStore(roomy)) };
  const acts = {
    create: async (store, ids) => ids.push((await store.create(OPTIONS)).id),
    get: (store, ids, call) => store.get(ids[call]),
    consume: (store, ids, call) => store.consume(ids[call]),
  };
  const times = {};
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, store] of Object.entries(stores)) {
      const ids = [];
      for (const [act, run] of Object.entries(acts)) {
        const begin = performance.now();
        for (let call = 0; call < CALLS; call++) await run(store, ids, call);
        // The first round warms up.
        if (round >= 0) ((times[act] ??= {})[name] ??= []).push(((performance.now() - begin) * 1_000) / CALLS);
      }
    }
  }
  const total = { memory: 0, sealed: 0 };
  for (const [act, byStore] of Object.entries(times)) {
    const [memory, sealed] = [median(byStore.memory), median(byStore.sealed)];
    total.memory += memory;
    total.sealed += sealed;
    console.log(`${act.padEnd(10)} memory ${memory.toFixed(2)} µs   sealed ${sealed.toFixed(2)} µs`);
  }
  console.log(
    `together   memory ${total.memory.toFixed(2)} µs   sealed ${total.sealed.toFixed(2)} µs   ` +
      `${(total.sealed / total.memory).toFixed(1)} times`,
  );
  await Promise.all(Object.values(stores).map((store) => store.close()));
}

async function sizes() {
  const store = seal(new AshMemoryStore());
  for (const [title, options] of Object.entries({ 'a binding alone': OPTIONS, 'with every field': FULL })) {
    const { id } = await store.create(options);
    console.log(`${title.padEnd(16)} ${id.length} characters`);
  }
  await store.close();
}

await sizes();
await costs();
await growthEverywhere();
