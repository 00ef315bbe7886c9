import { setTimeout as wait } from 'node:timers/promises';
import { number, spread } from './figures.mjs';
import { goal } from './goals.mjs';
import { loadSteadily } from './steady-load.mjs';
import { growthOf } from './trend.mjs';
import { startWorker } from './worker.mjs';

const RATE = 150;
const SAMPLES = 20;
const SETTLED_SHARE = 0.7;
const MEGABYTE = 1_000_000;
const MOST_PERCENT = 3;
const FIGURES = { rss: 'Memory by the system', held: 'Memory by V8 and Node' };

/**
 * A server and what it holds under a steady load from this process.
 *
 * @param seconds How long the load goes on.
 * @returns A section's table and goals.
 */
export async function measureGrowth(seconds) {
  const server = await startWorker('transfer-server');
  try {
    const shop = await server.ask('address');
    const [tally, samples] = await Promise.all([
      loadSteadily(shop, { rate: RATE, seconds }),
      takeSamples(server, seconds),
    ]);
    return growthSection(samples, tally, seconds);
  } finally {
    await server.stop();
  }
}

/** What the server holds, in megabytes, at even times. */
async function takeSamples(server, seconds) {
  const samples = [];
  const begun = performance.now();
  for (let index = 1; index <= SAMPLES; index++) {
    const due = begun + (index * seconds * 1_000) / SAMPLES;
    await wait(Math.max(0, due - performance.now()));
    const { held, rss } = await server.ask('memory');
    samples.push({ minutes: (performance.now() - begun) / 60_000, held: held / MEGABYTE, rss: rss / MEGABYTE });
  }
  return samples;
}

function growthSection(samples, { begun, passed, refused }, seconds) {
  const minutes = number((seconds * SETTLED_SHARE) / 60);
  const growths = Object.keys(FIGURES).map(
    (figure) => 100 * growthOf(settled(samples).map((sample) => [sample.minutes, sample[figure]])),
  );
  const rows = Object.entries(FIGURES).map(([figure, text], index) => {
    const values = samples.map((sample) => sample[figure]);
    return [text, values[0], spread(settled(values)), values.at(-1), growths[index]];
  });
  return {
    table: {
      caption:
        `A server under a steady load, in MB: of ${number(RATE * seconds)} transfers ${number(begun)} were begun in their ` +
        `time, ${number(passed)} passed; ${number(refused)} replays were refused`,
      columns: ['', 'First', `The last ${minutes} minutes`, 'Last', 'Growth in these minutes, %'],
      rows,
    },
    goals: Object.values(FIGURES).map((text, index) =>
      goal(`Server under a steady load: growth over the last ${minutes} minutes, %. ${text}`, growths[index], {
        atMost: MOST_PERCENT,
      }),
    ),
  };
}

/** Without the beginning, in which a server warms up. */
function settled(values) {
  return values.slice(Math.round(values.length * (1 - SETTLED_SHARE)));
}
