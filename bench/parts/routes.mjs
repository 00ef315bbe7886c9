import { goal } from '../harness/goals.mjs';
import { median, ratio, spread } from '../harness/figures.mjs';
import { interleave } from '../harness/rounds.mjs';
import { RouteBench } from '../harness/route-bench.mjs';

// While developing, some of it alone:
// ROUTES_CASES=memory,redis (the keys of ROUTES; `bare` is always there, and `replay` comes with `memory`),
// ROUTES_ADAPTERS=express,fastify,plain-express, ROUTES_LOADS=many,large,one (the keys of LOADS), ROUTES_ROUNDS=3.

export const title = 'What protection costs a route, over HTTP';
export const about = `A route that reads a JSON body and answers \`{"done":true}\`, protected and bare. All routes are
on one server process that has a core of its own; the clients, Redis and PostgreSQL (with a pool of ten) share
another. The clients keep their connections open, and each sends its next request as soon as its last one is answered.
Contexts are issued and requests signed before the clock runs, each context is spent once, and the status and the body
of every answer are checked. Each figure is a ratio to the bare route of the same round: requests a second, CPU that
the server process takes for a request, and latencies. *The client's CPU* is what a request costs its client, as a
share of what it costs the server: it is not part of the other figures. What a database does on the other core counts
in the rate and not in the CPU.

What each does: **nestjs-ash** proves the route, the query, the body and the moment, and lets each request pass once.
**hawk** proves the route, the body and the moment, and remembers its nonces in a \`Map\` of the process. **jose**
verifies a token (HS256, a key imported once) with the route and the hash of the body, **http-message-signatures** a
signature (HMAC) over the method, the URL and the digest of the body: neither remembers anything, so that the same
request passes again. **csrf-csrf** proves that the sender knows the session's token, and **@nestjs/throttler** counts
the requests of a thousand clients in its own memory: neither covers what is sent. The first three peers get the
body's bytes by Nest's \`rawBody\`; csrf-csrf gets its cookies from a function of one line in the place of
cookie-parser. *A guard that only gathers* waits until all requests of a turn have come, and lets them go on together.`;
export const packages = [
  ...['@nestjs/core', 'express', 'fastify', 'hawk', 'jose', 'http-message-signatures'],
  ...['@nestjs/throttler', 'csrf-csrf', 'ioredis', 'pg'],
];

const REPLAY = 'replay';

/** The routes, with what they are called. */
const ROUTES = {
  bare: 'the bare route',
  nothing: 'a guard that does nothing',
  gathers: 'a guard that only gathers',
  memory: 'nestjs-ash, memory',
  [REPLAY]: 'nestjs-ash, memory: a replay that is refused',
  'sealed-memory': 'nestjs-ash, sealed over memory',
  'sealed-redis': 'nestjs-ash, sealed over Redis',
  redis: 'nestjs-ash, Redis',
  postgres: 'nestjs-ash, PostgreSQL',
  hawk: 'hawk',
  jose: 'jose HS256',
  signatures: 'http-message-signatures',
  throttler: '@nestjs/throttler',
  csrf: 'csrf-csrf',
};

const ADAPTERS = {
  express: 'Nest with Express',
  fastify: 'Nest with Fastify',
  'plain-express': 'Express without Nest',
  'plain-fastify': 'Fastify without Nest',
};

const STORES = ['memory', 'sealed-redis', 'redis', 'postgres'];
const PEERS = ['hawk', 'jose', 'signatures', 'throttler'];
const LOADS = {
  many: {
    size: '200 B',
    connections: 64,
    routes: {
      express: ['bare', 'nothing', 'gathers', 'sealed-memory', ...STORES, ...PEERS, 'csrf'],
      fastify: ['bare', 'nothing', 'gathers', 'sealed-memory', ...STORES, ...PEERS],
      'plain-express': ['bare', 'memory'],
      'plain-fastify': ['bare', 'memory'],
    },
    replays: 'memory',
  },
  large: { size: '2 KB', connections: 64, routes: onNest(['bare', ...STORES]) },
  one: { size: '200 B', connections: 1, routes: onNest(['bare', 'nothing', ...STORES]) },
};

function onNest(routes) {
  return { express: routes, fastify: routes };
}

const ROUNDS = Number(process.env.ROUTES_ROUNDS ?? 9);
const WARM_UPS = 2;

/** The shares of the bare route's rate that are to be kept. */
const SHARES = [
  ['express', 'many', 'memory', 0.88],
  ['fastify', 'many', 'memory', 0.88],
  ['express', 'many', 'redis', 0.88],
  ['fastify', 'many', 'redis', 0.85],
  ['express', 'many', 'sealed-redis', 0.86],
  ['fastify', 'many', 'sealed-redis', 0.8],
  ['fastify', 'many', 'postgres', 0.85],
  ['express', 'large', 'memory', 0.86],
  ['fastify', 'large', 'memory', 0.8],
];

/** The most that the library may add to a request, in microseconds. */
const ADDED = 60;

export async function measure() {
  const bench = await RouteBench.start();
  try {
    const measured = [];
    for (const setting of settings()) measured.push({ ...setting, figures: await measureSetting(bench, setting) });
    return { tables: measured.map(tableOf), goals: goalsOf(measured), picture: pictureOf(measured) };
  } finally {
    await bench.stop();
  }
}

/** Every load on every adapter that was chosen, with its routes. */
function settings() {
  return Object.keys(LOADS)
    .filter(chosenBy('ROUTES_LOADS', LOADS))
    .flatMap((load) =>
      Object.keys(LOADS[load].routes)
        .filter(chosenBy('ROUTES_ADAPTERS', ADAPTERS))
        .map((adapter) => ({ ...LOADS[load], load, adapter, routes: chosenRoutes(LOADS[load].routes[adapter]) })),
    );
}

function chosenRoutes(routes) {
  const isChosen = chosenBy('ROUTES_CASES', ROUTES);
  return routes.filter((name) => name === 'bare' || isChosen(name));
}

/** @throws Error for a name that is none of the known ones, of which nothing would be measured. */
function chosenBy(variable, known) {
  const chosen = process.env[variable]?.split(',');
  const unknown = chosen?.filter((name) => !(name in known)) ?? [];
  if (unknown.length > 0) {
    throw new Error(
      `${variable}: there is no '${unknown.join("', '")}': name some of ${Object.keys(known).join(', ')}.`,
    );
  }
  return (name) => chosen === undefined || chosen.includes(name);
}

/** The figures of all rounds, by the names of the routes: each a list of what a round came to. */
async function measureSetting(bench, { adapter, size, connections, routes, replays }) {
  const cases = {};
  for (const name of routes) {
    const route = await bench.route({ adapter, name, size });
    cases[name] = () => route.run({ connections, withReplays: name === replays });
  }
  const figures = await interleave(cases, { rounds: ROUNDS, warmUps: WARM_UPS });
  if (replays in figures) figures[REPLAY] = figures[replays].map(({ replayed }) => replayed);
  return figures;
}

const of = (rounds, name) => rounds.map((round) => round[name]);

/** A route's figure as a share of another's, round by round. */
function share(figures, [name, figure], base = 'bare') {
  return ratio(of(figures[name], figure), of(figures[base], figure));
}

function tableOf({ adapter, size, connections, figures }) {
  const names = Object.keys(ROUTES).filter((name) => name in figures);
  const isAlone = connections === 1;
  const extra = isAlone ? ['Added to p50, µs'] : [];
  return {
    caption: `**${ADAPTERS[adapter]}, ${size}, ${isAlone ? 'one connection' : `${connections} connections`}**`,
    columns: ['Route', 'Rate', 'CPU', 'p50', 'p99', ...extra, "The client's CPU", 'Requests/s here', 'CPU here, µs'],
    rows: names.map((name) => [
      ROUTES[name],
      ...['rate', 'cpu', 'p50', 'p99'].map((figure) => (name === 'bare' ? 1 : share(figures, [name, figure]))),
      ...(isAlone ? [added(figures, name)] : []),
      ratio(of(figures[name], 'clientCpu'), of(figures[name], 'cpu')),
      median(of(figures[name], 'rate')),
      median(of(figures[name], 'cpu')),
    ]),
  };
}

const MICROSECONDS = 1_000;

/** What a route adds to the bare route's median latency, in microseconds. */
function added(figures, name) {
  const base = of(figures.bare, 'p50');
  return spread(of(figures[name], 'p50').map((latency, round) => (latency - base[round]) * MICROSECONDS));
}

function goalsOf(measured) {
  return [
    ...shareGoals(measured),
    ...measured.flatMap(replayGoals),
    ...measured.flatMap(addedGoals),
    ...measured.flatMap(peerGoals),
  ];
}

function shareGoals(measured) {
  return SHARES.flatMap(([adapter, load, name, atLeast]) => {
    const setting = measured.find((each) => each.adapter === adapter && each.load === load);
    if (setting === undefined || !(name in setting.figures)) return [];
    const text = `${ADAPTERS[adapter]}, ${setting.size}: ${ROUTES[name]}, of the bare route's rate`;
    return [goal(text, share(setting.figures, [name, 'rate']), { atLeast })];
  });
}

function replayGoals({ adapter, figures }) {
  if (!(REPLAY in figures) || !isNest(adapter)) return [];
  const text = `${ADAPTERS[adapter]}: the CPU of a replay that is refused, of an accepted request's`;
  return [goal(text, share(figures, [REPLAY, 'cpu'], 'memory'), { atMost: 1 })];
}

function addedGoals({ adapter, connections, figures }) {
  if (connections !== 1 || !('memory' in figures)) return [];
  const text = `${ADAPTERS[adapter]}, one connection: microseconds that ${ROUTES.memory} adds to p50`;
  return [goal(text, added(figures, 'memory'), { atMost: ADDED })];
}

/** The peers that verify something of a request; each case's rate against memory's. */
function peerGoals({ adapter, figures }) {
  const peers = ['hawk', 'jose', 'signatures', 'csrf'].filter((name) => name in figures && 'memory' in figures);
  return peers.map((name) => {
    const text = `${ADAPTERS[adapter]}, 200 B: ${ROUTES.memory}, times the rate of ${ROUTES[name]}`;
    return goal(text, share(figures, ['memory', 'rate'], name), { atLeast: 1 });
  });
}

const isNest = (adapter) => !adapter.startsWith('plain');

const BARS = ['bare', 'nothing', 'memory', 'sealed-redis', 'redis', 'postgres', ...PEERS];

/** For the page that introduces the library: what is left of the bare route's rate. */
function pictureOf(measured) {
  const { figures } = measured.find(({ adapter, load }) => adapter === 'fastify' && load === 'many') ?? {};
  if (figures === undefined) return undefined;
  return {
    title: 'Requests a second, of the bare route: Nest with Fastify, 200 B, 64 connections',
    bars: BARS.filter((name) => name in figures).map((name) => ({
      label: ROUTES[name],
      figure: share(figures, [name, 'rate']),
      own: STORES.includes(name),
    })),
  };
}
