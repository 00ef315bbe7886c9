/**
 * Acts on every input by so many loops at once, each of which awaits its own act before it takes the next input.
 *
 * @returns Acts a second.
 */
export async function rateInFlight(loops, inputs, act) {
  const waiting = inputs.values();
  const run = async () => {
    for (const input of waiting) await act(input);
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: loops }, run));
  return (inputs.length * 1_000) / (performance.now() - begun);
}
