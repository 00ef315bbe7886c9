import { number, spread } from '../harness/figures.mjs';
import { goal } from '../harness/goals.mjs';
import { measureGrowth } from '../harness/growth.mjs';
import { occupyPostgres, occupyRedis } from '../harness/occupancy.mjs';
import { interleave } from '../harness/rounds.mjs';
import { startWorker } from '../harness/worker.mjs';

// Shorter by the environment, while somebody works on it.
const COUNT = Number(process.env.BENCH_CONTEXTS ?? 1_000_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);
const LOAD_SECONDS = Number(process.env.BENCH_LOAD_SECONDS ?? 600);
const MEGABYTE = 1_000_000;

export const title = 'Memory';
export const about = [
  `What ${number(COUNT)} live contexts with a binding and nothing else take, each; and what is left when they have expired ` +
    'and were swept. In the process it is what V8 and Node count after a full collection, and what the system does; a Map of ' +
    'plain objects stands beside it. In Redis it is `used_memory`, and the keys expire by `PEXPIRE`. In PostgreSQL it is the ' +
    'table with its indexes, where one row that the store wrote is copied under random identifiers; what is left after ' +
    '`cleanup()` and VACUUM are pages of the indexes, which the next rows fill again. A sealed context is in the hands of ' +
    'its client.',
  'The event loop is watched while a million are issued, a hundred a turn, and while a million are swept: the longest time ' +
    'between two turns, whoever caused it, and what Node’s own monitor and its garbage collector say. The full collection ' +
    'before has come to rest by then.',
  'The growth is that of a process with Nest, Fastify and a memory store whose contexts live for 5 s, under ' +
    `${number(LOAD_SECONDS / 60)} minutes of transfers at a steady rate from another process, after a full collection each time.`,
].join('\n\n');
export const packages = ['@nestjs/core', 'fastify', 'ioredis', 'typeorm', 'pg'];

export async function measure() {
  const here = await occupyProcess();
  const elsewhere = [...(await occupyRedis(COUNT)), ...(await occupyPostgres(COUNT))];
  const growth = await measureGrowth(LOAD_SECONDS);
  return {
    tables: [occupancyTable(here, elsewhere), pauseTable(here), growth.table],
    goals: [...occupancyGoals(here, elsewhere), ...growth.goals],
  };
}

/** Each round of each keeper in a process of its own. */
function occupyProcess() {
  const cases = { AshMemoryStore: occupy('memory'), Sealed: occupy('sealed'), 'A Map of objects': occupy('map') };
  return interleave(cases, { rounds: ROUNDS, warmUps: 0 });
}

/** A round of a keeper, by its name. */
function occupy(name) {
  return async () => {
    const worker = await startWorker('live-contexts');
    try {
      return await worker.ask('occupy', { name, count: COUNT });
    } finally {
      await worker.stop();
    }
  };
}

function occupancyTable(here, elsewhere) {
  const inProcess = Object.entries(here).map(([who, rounds]) => [
    `${who}, in the process`,
    bytesEach(rounds, 'held'),
    bytesEach(rounds, 'rss'),
    leftOf(rounds, 'held'),
    leftOf(rounds, 'rss'),
  ]);
  const outside = elsewhere.map(({ who, full, left }) => [who, full / COUNT, '', left / MEGABYTE, '']);
  return {
    caption: `${number(COUNT)} contexts`,
    columns: ['Where', 'Bytes a live context', 'The same by the system', 'Left of all, MB', 'The same by the system'],
    rows: [...inProcess, ...outside],
  };
}

function bytesEach(rounds, figure) {
  return spread(rounds.map(({ empty, full }) => (full[figure] - empty[figure]) / COUNT));
}

function leftOf(rounds, figure) {
  return spread(rounds.map(({ empty, swept }) => (swept[figure] - empty[figure]) / MEGABYTE));
}

function occupancyGoals({ AshMemoryStore: memory, Sealed: sealed }, elsewhere) {
  const sealedElsewhere = elsewhere.filter(({ who }) => who.startsWith('Sealed'));
  const longestTurns = memory.map(({ sweep }) => sweep.longestTurn);
  return [
    goal('Memory store: bytes of a live context', bytesEach(memory, 'held'), { atMost: 450 }),
    goal('Memory store: MB left of a million contexts that expired', leftOf(memory, 'held'), { atMost: 5 }),
    goal('Memory store: longest pause while a million are swept, ms', spread(longestTurns), { atMost: 10 }),
    goal('Sealed: bytes of a live context in the process', bytesEach(sealed, 'held'), { atMost: 1 }),
    ...sealedElsewhere.map(({ who, full }) => goal(`${who}: bytes of a live context`, full / COUNT, { atMost: 1 })),
  ];
}

function pauseTable(here) {
  const rows = Object.entries(here).flatMap(([who, rounds]) =>
    ['insertion', 'sweep'].map((phase) => {
      const of = (figure) => spread(rounds.map(({ [phase]: watched }) => watched[figure]));
      return [
        `${who}, ${phase}`,
        of('longestTurn'),
        of('longestDelay'),
        of('longestCollection'),
        of('allCollections'),
        of('elapsed'),
      ];
    }),
  );
  return {
    caption: 'Pauses of the event loop, in milliseconds',
    columns: ['', 'Longest', 'By the monitor', 'Longest collection', 'All collections', 'All of it'],
    rows,
  };
}
