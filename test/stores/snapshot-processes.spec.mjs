import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { ashVerifySnapshot, CryptoClient } from 'nestjs-ash/snapshot/client';
import pg from 'pg';
import { startSnapshotServer } from './snapshot-servers.mjs';

const PROCESSES = 3;
/** Requests for the snapshot that each of them gets at once. */
const REQUESTS = 4;
const INTERVAL = 200;
const DRIFT = 60_000;
const TICKS = 25;
/** By how much a process may be ahead of the others. */
const LEAD = 1_000;
const EXPIRED = { code: 'ASH_CRYPTO_SNAPSHOT_EXPIRED' };
const { POSTGRES_URL, REDIS_URL } = process.env;

assert.ok(
  POSTGRES_URL && REDIS_URL,
  'POSTGRES_URL and REDIS_URL name the servers: run it by `npm test -- build stores`',
);

const PREFIX = `snapshots_${process.pid}_`;
const SECRET_KEY = randomBytes(32).toString('base64');

/** Takes away what the processes left on the servers. */
const forget = {
  redis: async () => {
    const redis = new Redis(REDIS_URL);
    const keys = await redis.keys(`${PREFIX}*`);
    if (keys.length > 0) await redis.del(keys);
    await redis.quit();
    return keys.length;
  },
  sql: async () => {
    const client = new pg.Client({ connectionString: POSTGRES_URL });
    await client.connect();
    for (const table of ['context', 'link', 'spent', 'seed', 'state'])
      await client.query(`DROP TABLE IF EXISTS ${PREFIX}${table}`);
    await client.end();
  },
};

const STORES = [
  ['one Redis', { STORE: 'redis', STORE_URL: REDIS_URL }],
  ['one PostgreSQL', { STORE: 'sql', STORE_URL: POSTGRES_URL }],
  ['seeds that follow from the key, without a store', { STORE: 'none' }],
];

const tickOf = (moment) => Math.floor(moment / INTERVAL) % 2 ** 31;

for (const [title, store] of STORES) {
  describe(`${PROCESSES} servers of snapshots on ${title}`, () => {
    let servers;
    /** The begin of a tick that none of them has handed out yet, and none of the tests before. */
    let begin = 1_763_700_000_000;

    const start = () =>
      startSnapshotServer({
        ...store,
        SECRET_KEY,
        STORE_PREFIX: PREFIX,
        TICK_INTERVAL: String(INTERVAL / 1_000),
        MAX_DRIFT: String(DRIFT / 1_000),
      });
    const beAll = (moment) => Promise.all(servers.map((server) => server.be(moment)));
    const snapshotsOfAll = () =>
      Promise.all(servers.flatMap((server) => Array.from({ length: REQUESTS }, () => server.snapshot())));

    /** What all of them answer at a moment: the same, whoever is asked. */
    async function agreedAt(moment) {
      await beAll(moment);
      const [snapshot, ...others] = await snapshotsOfAll();
      for (const other of others) assert.deepEqual(other, snapshot);
      return snapshot;
    }

    before(async () => {
      servers = await Promise.all(Array.from({ length: PROCESSES }, start));
    });
    after(async () => {
      await Promise.all((servers ?? []).map((server) => server.end()));
      await forget[store.STORE]?.();
    });

    it('give the same snapshot at the same moment, from the first to the last of a tick', async () => {
      const seeds = new Set();
      for (let tick = 0; tick < TICKS; tick += 1) {
        const moments = [0, 1, 1 + Math.floor(Math.random() * (INTERVAL - 2)), INTERVAL - 1];
        const snapshots = [];
        for (const within of moments) {
          const snapshot = await agreedAt(begin + within);
          assert.equal(snapshot.tick, tickOf(begin));
          assert.equal(snapshot.timestamp, Math.floor((begin + within) / 1_000));
          assert.ok(ashVerifySnapshot(Buffer.from(SECRET_KEY, 'base64'), snapshot));
          snapshots.push(snapshot);
        }
        assert.equal(new Set(snapshots.map(({ seed }) => seed)).size, 1);
        seeds.add(snapshots[0].seed);
        begin += INTERVAL;
      }
      assert.equal(seeds.size, TICKS, 'each tick has a seed of its own');
    });

    it('give one seed for each tick by the clocks that they have', async () => {
      await beAll();
      const seeds = new Map();
      const asks = servers.map(async (server) => {
        for (let ticks = new Set(); ticks.size < TICKS / 2;) {
          const { tick, seed } = await server.snapshot();
          ticks.add(tick);
          seeds.set(tick, (seeds.get(tick) ?? new Set()).add(seed));
        }
      });
      await Promise.all(asks);
      assert.ok(seeds.size >= TICKS / 2);
      for (const [tick, several] of seeds) assert.equal(several.size, 1, `tick ${tick}`);
    });

    it('open what any of them sealed, at once, a tick later, and until the drift is over', async () => {
      await beAll(begin);
      const texts = servers.map((_server, index) => `ключ 鍵 🔑 ${index}`);
      const messages = await Promise.all(servers.map((server, index) => server.seal(texts[index])));
      const openAll = () =>
        Promise.all(servers.map((server) => Promise.all(messages.map((message) => server.open(message)))));
      for (const later of [0, INTERVAL - 1, INTERVAL, 10 * INTERVAL, INTERVAL + DRIFT]) {
        await beAll(begin + later);
        for (const opened of await openAll()) assert.deepEqual(opened, texts);
      }
      begin += INTERVAL + DRIFT + 1;
      await beAll(begin);
      for (const server of servers) {
        for (const message of messages) await assert.rejects(server.open(message), EXPIRED);
      }
      begin += INTERVAL;
    });

    it('open for each other what one sealed of whose tick the others have never heard', async () => {
      await beAll(begin);
      const [first, ...others] = servers;
      const message = await first.seal('only one knows the seed');
      await beAll(begin + 5 * INTERVAL);
      for (const server of others) assert.equal(await server.open(message), 'only one knows the seed');
      begin += 6 * INTERVAL;
    });

    it('understand each other where one is ahead by as much as it may be', async () => {
      await beAll(begin);
      const [ahead, ...others] = servers;
      await ahead.be(begin + LEAD);
      const { tick, seed } = await ahead.snapshot();
      const message = await ahead.seal('from the future');
      for (const server of others) assert.equal(await server.open(message), 'from the future');
      const agreed = await agreedAt(begin + LEAD);
      assert.deepEqual([agreed.tick, agreed.seed], [tick, seed]);
      begin += LEAD + INTERVAL;
    });

    it('serve clients that meet through them, each on a server of its own', async () => {
      await beAll(begin);
      let now = begin;
      const clientOf = ({ url }) => new CryptoClient({ serverUrl: url, secretKey: SECRET_KEY, clock: () => now });
      const clients = servers.map(clientOf);
      try {
        const messages = await Promise.all(clients.map((client, index) => client.encryptMessage(`from ${index}`)));
        for (const later of [0, INTERVAL, 5 * INTERVAL]) {
          now = begin + later;
          await beAll(now);
          for (const [index, message] of messages.entries()) {
            for (const client of clients) {
              assert.equal(new TextDecoder().decode(await client.decryptMessage(message)), `from ${index}`);
            }
            for (const server of servers) {
              assert.equal(await server.open(Buffer.from(message).toString('base64')), `from ${index}`);
            }
          }
          const answer = Buffer.from(await servers[0].seal('from the server'), 'base64');
          assert.equal(new TextDecoder().decode(await clients[2].decryptMessage(answer)), 'from the server');
        }
      } finally {
        await Promise.all(clients.map((client) => client.close()));
      }
      begin += 6 * INTERVAL;
    });

    it('go on while one is killed in the middle of a tick, which joins them again when it is back', async () => {
      const before = await agreedAt(begin + 50);
      const [victim, ...others] = servers;
      const message = await victim.seal('my last words');
      await victim.kill();
      servers = others;
      assert.deepEqual(await agreedAt(begin + 50), before);
      for (const server of others) assert.equal(await server.open(message), 'my last words');
      servers = [await start(), ...others];
      assert.deepEqual(await agreedAt(begin + 50), before);
      for (const server of servers) assert.equal(await server.open(message), 'my last words');
      begin += INTERVAL;
      await agreedAt(begin);
      for (const server of servers) assert.equal(await server.open(message), 'my last words');
      begin += INTERVAL;
    });

    if (store.STORE !== 'redis') return;

    it('are apart until the next tick where Redis has lost the seed and one of them begins anew', async () => {
      const before = await agreedAt(begin);
      assert.ok((await forget.redis()) > 0);
      await servers[0].kill();
      servers[0] = await start();
      await beAll(begin);
      const [anew, ...others] = await Promise.all(servers.map((server) => server.snapshot()));
      assert.notEqual(anew.seed, before.seed);
      for (const other of others) assert.deepEqual(other, before);
      const message = await servers[0].seal('with another seed');
      await assert.rejects(servers[1].open(message), { code: 'ASH_CRYPTO_MESSAGE_INVALID' });
      begin += INTERVAL;
      await agreedAt(begin);
      begin += INTERVAL;
    });
  });
}
