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
