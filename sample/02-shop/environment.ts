/** What the shop is set up by: `process.env`, or what stands for it in a test. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** How long the shop waits for its store, in milliseconds, where the environment says so. */
export const storeTimeoutOf = ({ STORE_TIMEOUT }: Environment): number | undefined =>
  STORE_TIMEOUT === undefined ? undefined : Number(STORE_TIMEOUT);

/** What a variable of the environment names, of all that there is. */
export function chooseBy<Choice>(
  environment: Environment,
  variable: string,
  fallback: string,
  choices: Readonly<Record<string, Choice>>,
): Choice {
  const name = environment[variable] ?? fallback;
  const choice = Object.hasOwn(choices, name) ? choices[name] : undefined;
  if (choice !== undefined) return choice;
  throw new Error(`${variable} is one of ${Object.keys(choices).join(', ')}, not '${name}'.`);
}
