/** Rounds of a measurement unless it says otherwise. */
const ROUNDS = 9;

/**
 * Runs all cases once in each round, so that what the machine does meanwhile meets all of them. Each round begins with
 * another case; the first rounds warm up and count nothing.
 *
 * @param cases By their names: what runs one round of a case and answers its figure.
 * @returns By the same names: the figures of all rounds.
 */
export async function interleave(cases, { rounds = ROUNDS, warmUps = 1 } = {}) {
  const names = Object.keys(cases);
  const figures = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -warmUps; round < rounds; round++) {
    const first = (round + warmUps) % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const figure = await cases[name]();
      if (round >= 0) figures[name].push(figure);
    }
  }
  return figures;
}
