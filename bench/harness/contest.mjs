import { number, ratio, spread } from './figures.mjs';
import { rateInFlight } from './flight.mjs';
import { interleave } from './rounds.mjs';

/** What contestants do: on which contexts, and what has to come of it. */
const ACTS = {
  issue: { on: nothing, run: async ({ create }) => (await create()) !== '' },
  verification: { on: fresh, run: async ({ isSpent, spend }, id) => !(await isSpent(id)) && (await spend(id)) },
  consume: { on: fresh, run: ({ spend }, id) => spend(id) },
  'replay, seen by get': { on: spent, run: ({ isSpent }, id) => isSpent(id) },
  'replay, refused by consume': { on: spent, run: async ({ spend }, id) => !(await spend(id)) },
};

const ROUNDS = 7;
const AT_ONCE = 64;
const MOST_SPENT = 64;

/**
 * Lets all contestants do the same act in turns, at each number of loops in flight.
 *
 * @param contestants By their names.
 * @param levels How many acts a round has, by the loops that each contestant has at once.
 * @returns By the loops, and then by the contestants' names: acts a second, in each round.
 */
export async function contestAtAll(act, contestants, levels) {
  const rates = {};
  for (const [inFlight, acts] of Object.entries(levels)) {
    rates[inFlight] = await contest(act, contestants, { inFlight: Number(inFlight), acts });
  }
  return rates;
}

/** The rate of a contestant as a share of another's, the limit, in the same rounds. */
export function share(rates, [own, limit]) {
  return ratio(rates[own], rates[limit]);
}

/** A row of {@link tableOf}. */
export function rowOf(text, rates, pair) {
  const shares = Object.values(rates).map((each) => share(each, pair));
  return [text, ...shares, `${number(spread(rates[64][pair[0]]).median)}/s`];
}

/** A table of shares, a column for each number of loops in flight. */
export function tableOf(caption, levels, rows) {
  const columns = ['Act', ...Object.keys(levels).map((level) => `${level} in flight`), 'At 64, on this machine'];
  return { caption, columns, rows };
}

function contest(act, contestants, { inFlight, acts }) {
  const { on, run } = ACTS[act];
  const cases = Object.entries(contestants).map(([name, contestant]) => {
    const actOn = async (id) => {
      if (!(await run(contestant, id))) throw new Error(`'${act}' of ${name} came out wrong.`);
    };
    return [name, async () => rateInFlight(inFlight, await on(contestant, acts), actOn)];
  });
  return interleave(Object.fromEntries(cases), { rounds: ROUNDS });
}

function nothing(_contestant, count) {
  return Array.from({ length: count });
}

async function fresh({ create }, count) {
  const ids = [];
  await rateInFlight(AT_ONCE, nothing(undefined, count), async () => ids.push(await create()));
  return ids;
}

/** Some spent contexts, which are replayed again and again. */
async function spent(contestant, count) {
  const ids = await fresh(contestant, Math.min(count, MOST_SPENT));
  await rateInFlight(AT_ONCE, ids, async (id) => {
    if (!(await contestant.spend(id))) throw new Error(`${id} was spent before.`);
  });
  return Array.from({ length: count }, (_, index) => ids[index % ids.length]);
}
