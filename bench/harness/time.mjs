const NANOSECONDS = 1_000_000;

/**
 * Makes a case of a synchronous function: the nanoseconds of one call, by calling it for some milliseconds.
 *
 * @param milliseconds How long a round takes about.
 */
export function timed(act, milliseconds = 60) {
  let calls = 0;
  return () => {
    calls ||= callsWithin(act, milliseconds);
    const begin = performance.now();
    for (let call = 0; call < calls; call++) act();
    return ((performance.now() - begin) * NANOSECONDS) / calls;
  };
}

/** As {@link timed}, of a function whose promise is awaited. */
export function timedAsync(act, milliseconds = 60) {
  let calls = 0;
  return async () => {
    calls ||= await callsWithinAsync(act, milliseconds);
    const begin = performance.now();
    for (let call = 0; call < calls; call++) await act();
    return ((performance.now() - begin) * NANOSECONDS) / calls;
  };
}

function callsWithin(act, milliseconds) {
  const begin = performance.now();
  let calls = 0;
  do {
    act();
    calls++;
  } while (performance.now() - begin < milliseconds);
  return calls;
}

async function callsWithinAsync(act, milliseconds) {
  const begin = performance.now();
  let calls = 0;
  do {
    await act();
    calls++;
  } while (performance.now() - begin < milliseconds);
  return calls;
}

/**
 * What it takes to act on each of many things, one after another, in nanoseconds for each: by the clock, and of the
 * processor with the threads that the process has. The act can be asynchronous.
 *
 * @param collects Whether what was there before is cleared away first, so that it is not in the time.
 * @returns Both times, and what came of each act.
 */
export async function timedEach(things, act, { collects = true } = {}) {
  const results = new Array(things.length);
  if (collects) globalThis.gc();
  const processorBefore = process.cpuUsage();
  const begin = performance.now();
  for (let index = 0; index < things.length; index++) {
    const result = act(things[index]);
    results[index] = result instanceof Promise ? await result : result;
  }
  const clock = ((performance.now() - begin) * NANOSECONDS) / things.length;
  const { user, system } = process.cpuUsage(processorBefore);
  return { clock, processor: ((user + system) * 1_000) / things.length, results };
}
