import { setTimeout as wait } from 'node:timers/promises';
import { isAccepted, post, prove } from '../faults/requests.mjs';

const EVERY = 10;
const MOST_UNDER_WAY = 64;
const REPLAYED = 10;

/**
 * Transfers at a steady rate: a context, a proof and the request; every tenth is sent a second time. Never more than some
 * are under way, so that a server which falls behind gets fewer. Any answer that is not the right one ends it.
 *
 * @param shop `{ url }`
 * @param rate How many transfers begin in a second.
 * @param seconds How long they begin.
 * @returns How many transfers were begun, how many passed, and how many replays were refused.
 */
export async function loadSteadily(shop, { rate, seconds }) {
  const begun = performance.now();
  const underWay = new Set();
  const tally = { begun: 0, passed: 0, refused: 0 };
  let next = 0;
  let failure;
  const begin = () => {
    tally.begun++;
    const transfer = transferOnce(shop, next++, tally)
      .catch((error) => (failure ??= error))
      .finally(() => underWay.delete(transfer));
    underWay.add(transfer);
  };
  for (let due = 0; failure === undefined && due < rate * seconds;) {
    await wait(EVERY);
    due = Math.floor(((performance.now() - begun) * rate) / 1_000);
    while (next < due && underWay.size < MOST_UNDER_WAY) begin();
    // What could not begin in its time is left out.
    next = Math.max(next, due);
  }
  await Promise.all(underWay);
  if (failure !== undefined) throw failure;
  return tally;
}

async function transferOnce(shop, number, tally) {
  const amount = number + 1;
  const { draft, issued } = await prove(shop, '/transfer', { amount, to: `acct-${number}` });
  if (draft === undefined) throw new Error(`A context was refused: ${issued.status} ${issued.code}`);
  const answer = await post(shop, draft);
  if (!isAccepted(answer) || answer.answer?.transferred !== amount) {
    throw new Error(`An honest transfer was answered ${answer.status} ${answer.code}`);
  }
  tally.passed++;
  if (number % REPLAYED !== 0) return;
  const replay = await post(shop, draft);
  if (replay.code !== 'ASH_CTX_ALREADY_USED') throw new Error(`A replay was answered ${replay.status} ${replay.code}`);
  tally.refused++;
}
