import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { ashGenerateKey, AshMemoryStore, AshSealedStore } from 'nestjs-ash';
import { AshRedisStore } from 'nestjs-ash/redis';
import { startRedis } from '../../scripts/services/index.mjs';
import { bareMarks, bareRedis } from './bare-redis.mjs';
import { contestAtAll, rowOf, share, tableOf } from './contest.mjs';
import { CONTEXT, storeContestant } from './contestants.mjs';
import { spread } from './figures.mjs';
import { goal } from './goals.mjs';
import { withServer } from './servers.mjs';

const LEVELS = { 1: 600, 16: 2_400, 64: 4_800, 256: 4_800 };
const ACTS = ['issue', 'verification', 'replay, seen by get', 'replay, refused by consume'];
const ONE_BY_ONE = 'one by one';
const CLIENTS = { [ONE_BY_ONE]: false, 'auto-pipelining': true };
const ROUNDS_OF_ISSUING = 7;
const SECONDS = 4;
/** A script, and what it reads. */
const COMMANDS_FOR_AN_EPOCH = 2;
/** How long a command takes to be seen at most, in milliseconds. */
const UNTIL_SEEN = 50;
const A_TURN = 100;
const PATIENCE = 30_000;
const MANY = 10_000_000;
const KEYS = [{ id: '2026-11', secret: ashGenerateKey() }];

/** Stores over Redis, sealed and not, against the bare commands; those of this process stand beside them. */
export function redisContest() {
  return withServer(startRedis(), async (server) => {
    const stores = [];
    const clients = [];
    try {
      const parties = inProcess(stores);
      for (const [name, enableAutoPipelining] of Object.entries(CLIENTS)) {
        const client = new Redis(server.url, { enableAutoPipelining });
        clients.push(client);
        const { host, port } = server;
        const store = new AshRedisStore({ host, port, enableAutoPipelining }, { commandTimeout: PATIENCE });
        stores.push(store);
        await store.open();
        Object.assign(parties, await overRedis(name, client, store));
      }
      const goals = await issuingGoals(stores.at(-1), clients[0]);
      const contests = await section(parties);
      return { ...contests, goals: [...goals, ...contests.goals] };
    } finally {
      for (const client of clients) client.disconnect();
      await Promise.all(stores.map((store) => store.close()));
    }
  });
}

/** What this process keeps itself, beside what it asks a server for. */
function inProcess(stores) {
  const store = new AshMemoryStore({ maxEntries: MANY });
  stores.push(store);
  return { memory: storeContestant(store), 'sealed, memory': storeContestant(sealed(store)) };
}

/** All over one kind of client. */
async function overRedis(name, client, store) {
  return {
    [`store, ${name}`]: storeContestant(store),
    [`sealed, ${name}`]: storeContestant(sealed(store)),
    [`commands, ${name}`]: await bareRedis(client, await recordBytes(client, store)),
    [`marks, ${name}`]: bareMarks(client),
  };
}

function sealed(spent) {
  return new AshSealedStore({ keys: KEYS, spent });
}

/** How long a record of the store is, so that the bare commands carry as much. */
async function recordBytes(client, store) {
  const before = new Set(await client.keys('*'));
  await store.create(CONTEXT);
  const [key] = (await client.keys('*')).filter((each) => !before.has(each));
  return client.strlen(key);
}

/**
 * What issuing sealed contexts asks of Redis: nothing for the contexts, and in the background for the epoch of each shard,
 * once a second at most.
 */
async function issuingGoals(spent, client) {
  const ofContexts = [];
  let store;
  for (let round = 0; round < ROUNDS_OF_ISSUING; round++) {
    store = sealed(spent);
    // A turn of every shard, whose epochs are known for the next second then.
    await issue(store, 5_000);
    ofContexts.push(await commandsMeanwhile(client, () => issue(store, 1_000)));
  }
  const inBackground = (await commandsMeanwhile(client, () => issueFor(store, SECONDS))) / SECONDS;
  const most = COMMANDS_FOR_AN_EPOCH * spent.shards;
  return [
    goal('Sealed over Redis: commands for 1,000 issued contexts', spread(ofContexts), { atMost: 0 }),
    goal('Sealed over Redis: commands a second for the epochs, however many are issued', inBackground, {
      atMost: most,
    }),
  ];
}

/** As a server does, it lets answers come in between. */
async function issue(store, count) {
  for (let issued = 1; issued <= count; issued++) {
    await store.create(CONTEXT);
    if (issued % A_TURN === 0) await nextTurn();
  }
}

async function issueFor(store, seconds) {
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) await issue(store, A_TURN);
}

async function commandsMeanwhile(client, act) {
  const before = await commandsSeen(client);
  await act();
  await wait(UNTIL_SEEN);
  return (await commandsSeen(client)) - before;
}

/** Commands since the server's start, but for the question itself. */
async function commandsSeen(client) {
  const stats = await client.info('commandstats');
  const counts = [...stats.matchAll(/^cmdstat_(\S+):calls=(\d+)/gm)].filter(([, command]) => command !== 'info');
  return counts.reduce((sum, [, , calls]) => sum + Number(calls), 0);
}

async function section(parties) {
  const rows = [];
  const goals = [];
  for (const act of ACTS) {
    const pairs = pairsOf(act);
    const named = new Set(pairs.flatMap(([, pair]) => pair));
    const taking = Object.fromEntries(Object.entries(parties).filter(([name]) => named.has(name)));
    const rates = await contestAtAll(act, taking, LEVELS);
    rows.push(...pairs.map(([text, pair]) => rowOf(`${act}: ${text}`, rates, pair)));
    if (act === 'verification') goals.push(...verificationGoals(rates[64]));
  }
  const caption =
    'Redis, one connection whose client sends commands one by one, or joins those of a turn of the event loop';
  return { table: tableOf(caption, LEVELS, rows), goals };
}

function verificationGoals(rates) {
  return Object.keys(CLIENTS).flatMap((name) => {
    const at = `at 64 in flight, ${name}`;
    const stored = share(rates, [`store, ${name}`, `commands, ${name}`]);
    const marked = share(rates, [`sealed, ${name}`, `marks, ${name}`]);
    return [
      goal(`Redis: verification, of GET and a script ${at}`, stored, { atLeast: 0.9 }),
      goal(`Sealed over Redis: verification, of SET NX PX alone ${at}`, marked, { atLeast: 0.9 }),
    ];
  });
}

/** Who is held against whom. A sealed context is nowhere before it is spent, and does not know by itself whether it is. */
function pairsOf(act) {
  const each = (pair) => Object.keys(CLIENTS).map(pair);
  const limit = act === 'issue' ? 'commands' : 'marks';
  const alone = `commands, ${ONE_BY_ONE}`;
  const sealedPairs = [
    ...each((name) => [`sealed over Redis, ${name}`, [`sealed, ${name}`, `${limit}, ${name}`]]),
    ['sealed over memory', ['sealed, memory', alone]],
  ];
  return [
    ...each((name) => [`AshRedisStore, ${name}`, [`store, ${name}`, `commands, ${name}`]]),
    ['the commands alone, auto-pipelining', ['commands, auto-pipelining', alone]],
    ['AshMemoryStore', ['memory', alone]],
    ...(act === 'replay, seen by get' ? [] : sealedPairs),
  ];
}
