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

/**
 * Clears away what the preparation left, and moves what it made to where it stays, so that neither is in the time. A
 * full collection would throw away compiled code too, which a server does not do before each thousand requests.
 */
function settleYoungMemory() {
  for (let time = 0; time < 2; time++) globalThis.gc({ type: 'minor' });
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
 * @returns Both times, and what came of each act.
 */
export async function timedEach(things, act) {
  const results = new Array(things.length);
  settleYoungMemory();
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
