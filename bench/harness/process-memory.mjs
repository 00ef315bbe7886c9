import { setImmediate as nextTurn } from 'node:timers/promises';

const COLLECTIONS = 4;

/**
 * What this process holds when everything that nobody needs is gone, in bytes: by V8's and Node's own count, buffers
 * included, and by the system's.
 */
export async function settledMemory() {
  if (globalThis.gc === undefined) throw new Error('Memory is measured with `node --expose-gc`.');
  for (let collection = 0; collection < COLLECTIONS; collection++) {
    await nextTurn();
    globalThis.gc();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { held: heapUsed + external, rss };
}
