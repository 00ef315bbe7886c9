import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import '../scripts/setup.mjs';
import { installPackages } from '../scripts/fresh.mjs';
import { linkLibrary } from './link.mjs';

// `npm run bench` measures all but the longest, `npm run bench -- NAME …` some parts. Each runs in a process of its own, and takes
// the place of its last figures in results.json, from which results.md and the pictures are written.

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const BY_NAME = ['cleanup', 'sealed'];
const ORDER = ['canonical', 'verification', 'routes', 'stores', ...BY_NAME, 'memory', 'growth', 'snapshot'];

await installPackages('bench');
linkLibrary();

const known = readdirSync(here('parts')).map((file) => file.replace(/\.mjs$/, ''));
const chosen = process.argv.length > 2 ? process.argv.slice(2) : ORDER.filter((name) => !BY_NAME.includes(name));
const unknown = chosen.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`There is no measurement '${unknown.join("', '")}': name some of ${known.join(', ')}.`);
  process.exit(1);
}
const { writeFormatted } = await import('./harness/formatted.mjs');
const { writeResults } = await import('./harness/report.mjs');
for (const name of chosen) {
  console.log(`\n=== ${name}`);
  const section = await measure(name);
  await keep(name, section);
}

async function measure(name) {
  const child = fork(here('harness/part.mjs'), [name], { execArgv: ['--expose-gc'] });
  let section;
  child.on('message', (message) => (section = message));
  const [code] = await once(child, 'exit');
  if (code === 0 && section !== undefined) return section;
  throw new Error(`The measurement '${name}' failed.`);
}

async function keep(name, section) {
  const file = here('results.json');
  const results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  results[name] = section;
  const ordered = Object.fromEntries(ORDER.flatMap((each) => (results[each] ? [[each, results[each]]] : [])));
  await writeFormatted(file, JSON.stringify(ordered, null, 2));
  await writeResults(ordered);
}
