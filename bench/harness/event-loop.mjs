import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';

const NANOSECONDS = 1_000_000;
/** Until the monitor has begun, and until it and the collector have told of the last pause, in milliseconds. */
const A_WHILE = 20;

/**
 * Watches the event loop while something runs.
 *
 * @returns What came of it, and in milliseconds: how long it ran, the longest time between two turns of the loop, the
 * longest delay by Node's own monitor, and the garbage collector's longest pause and all of its time.
 */
export async function watchEventLoop(act) {
  const turns = watchTurns();
  const collections = watchCollections();
  const monitor = monitorEventLoopDelay({ resolution: 1 });
  monitor.enable();
  await wait(A_WHILE);
  const begun = performance.now();
  const result = await act();
  const elapsed = performance.now() - begun;
  await wait(A_WHILE);
  monitor.disable();
  const { longest: longestCollection, all: allCollections } = collections.end();
  const longestDelay = monitor.max / NANOSECONDS;
  return { result, elapsed, longestTurn: turns.end(), longestDelay, longestCollection, allCollections };
}

function watchTurns() {
  let [longest, last, isWatched] = [0, performance.now(), true];
  const turn = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (isWatched) setImmediate(turn);
  };
  setImmediate(turn);
  const end = () => {
    isWatched = false;
    return longest;
  };
  return { end };
}

function watchCollections() {
  let [longest, all] = [0, 0];
  const count = (entries) => {
    for (const { duration } of entries) {
      longest = Math.max(longest, duration);
      all += duration;
    }
  };
  const observer = new PerformanceObserver((list) => count(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  const end = () => {
    count(observer.takeRecords());
    observer.disconnect();
    return { longest, all };
  };
  return { end };
}
