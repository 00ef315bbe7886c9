import { setTimeout as wait } from 'node:timers/promises';
import { Load } from './load.mjs';
import { startShops } from './shops.mjs';

const SHOPS = 3;
const RATE = 30;

const STORE_TIMEOUT = 2_000;
// A loaded machine hands an answer on a little after the time is up.
const SLACK = 1_000;

/** The longest that a request may take, in milliseconds: what the shop waits for its store by default, and some slack. */
export const LONGEST_REQUEST = STORE_TIMEOUT + SLACK;

/** Puts a load on shops that share one server, breaks it in the middle, and counts. */
export async function tryFault(fault, { seconds, shops: count = SHOPS, rate = RATE }) {
  const service = await fault.start();
  try {
    const { shops, check, end } = await startShops(Array(count).fill(fault.env(service)));
    const load = new Load(shops, { rate });
    try {
      await load.start();
      const begun = performance.now();
      await wait((seconds * 1_000) / 3);
      const struck = performance.now();
      await fault.strike(service, load, (seconds * 1_000) / 6);
      const faultEnded = performance.now();
      load.replayAll();
      await wait(Math.max(seconds * 1_000 - (performance.now() - begun), (seconds * 1_000) / 3));
      check();
      return { title: fault.title, lasted: faultEnded - struck, ...(await load.finish({ faultEnded })) };
    } finally {
      load.stop();
      await end();
    }
  } finally {
    await service.stop();
  }
}
