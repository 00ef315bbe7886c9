import { SAMPLES, type Sample } from './samples.js';

async function main(words: readonly string[]): Promise<void> {
  const [first, ...names] = words;
  if (first === 'serve') await serve(names);
  else await runAll(words.length === 0 ? [...SAMPLES.keys()] : words);
}

/** Runs samples one after the other, and prints what they see. */
async function runAll(names: readonly string[]): Promise<void> {
  for (const [name, { run }] of names.map(sampleNamed)) {
    console.log(`\n=== ${name}`);
    await run(console.log);
  }
}

/** Keeps the server of a sample up until it is interrupted. */
async function serve([name = '']: readonly string[]): Promise<void> {
  const [, { startServer }] = sampleNamed(name);
  if (startServer === undefined) throw new Error(`'${name}' has no server.`);
  const server = await startServer(Number(process.env['PORT'] ?? 3000));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close());
  console.log(`ready ${server.url}`);
}

function sampleNamed(name: string): [name: string, sample: Sample] {
  const sample = SAMPLES.get(name);
  if (sample !== undefined) return [name, sample];
  throw new Error(`A sample is one of ${[...SAMPLES.keys()].join(', ')}, not '${name}'.`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
