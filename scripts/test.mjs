import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { linkLibrary } from '../bench/link.mjs';
import { chromiumPath } from './chromium.mjs';
import { installPackages } from './fresh.mjs';
import { keepTogether, node, npm, print, root } from './run.mjs';
import { providePrograms, provideServices } from './services/provide.mjs';

// Some tools colour what they write to a file or to a CI's log.
process.env.NO_COLOR = '1';
delete process.env.FORCE_COLOR;

const results = mkdtempSync(join(tmpdir(), 'nestjs-ash-test-'));
const readResult = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** A run that ends badly without a failed test (a crash, a coverage threshold, no test at all) is one failure. */
const counted = (succeeded, passed, failed) => ({
  passed,
  failed: failed === 0 && (!succeeded || passed === 0) ? 1 : failed,
});

/** Runs something for each item, so many of them at once: each takes the next one when it is done with one. */
async function forEachOf(items, atOnce, act) {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await act(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** The npm scripts of one prefix: each is one check, and what it says is shown where it fails. */
async function checks(prefix, atOnce = 1) {
  const { scripts } = readResult(join(root, 'package.json'));
  const names = Object.keys(scripts).filter((name) => name.startsWith(prefix));
  let passed = 0;
  await forEachOf(names, atOnce, async (name) => {
    const succeeded = await npm(['run', '--silent', name], { quiet: true });
    print(`${succeeded ? 'passed' : 'FAILED'}  ${name}: ${scripts[name]}`);
    if (succeeded) passed += 1;
  });
  return { passed, failed: names.length - passed };
}

async function jest(name, config, options = [], env = {}) {
  const file = join(results, `${name}.json`);
  const succeeded = await node(
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      `--config=${config}`,
      '--json',
      `--outputFile=${file}`,
      ...options,
    ],
    { env },
  );
  const result = readResult(file);
  return counted(succeeded, result.numPassedTests, result.numFailedTests + result.numRuntimeErrorTestSuites);
}

async function nodeTests(name, env = {}, options = []) {
  const file = join(results, `${name}.json`);
  const specs = readdirSync(join(root, 'test', name))
    .filter((spec) => /\.spec\.[cm]js$/.test(spec))
    .map((spec) => join('test', name, spec));
  if (specs.length === 0) return counted(false, 0, 0);
  const succeeded = await node(
    [
      '--test',
      ...options,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      '--test-reporter=./scripts/count-reporter.mjs',
      `--test-reporter-destination=${file}`,
      ...specs,
    ],
    { env },
  );
  const { passed, failed } = readResult(file);
  return counted(succeeded, passed, failed);
}

const sum = (results) => ({
  passed: results.reduce((total, { passed }) => total + passed, 0),
  failed: results.reduce((total, { failed }) => total + failed, 0),
});

const COVERED = 'lib/(core|verification)/.*[.]spec[.]ts$';

/** Counting branches takes twice as long as running them: for the code of which a share has to be reached, by its own tests. */
async function unit() {
  const covered = await jest('covered', 'jest.config.ts', ['--coverage', `--testPathPatterns=${COVERED}`]);
  const others = ['--testPathPatterns=[.]spec[.]ts$', `--testPathIgnorePatterns=${COVERED}`];
  return sum([covered, await jest('unit', 'jest.config.ts', others)]);
}

const SHOP_ON_STORES = '/shop-[^/]+[.]service-spec[.]ts$';
const ON_REDIS = '/(redis[^/]*|sealed)[.]service-spec[.]ts$';

// Node 20 can spin for ever at its very end, over a request to a server that is gone; the results are written by then.
const ENDS_AT_ONCE = ['--forceExit'];
// What waits for servers looks at the clock: one by one for each kind of server.
const ONE_BY_ONE = ['--maxWorkers=1', ...ENDS_AT_ONCE];

/** The stores on real servers, and once more with the other versions of their clients. */
async function stores() {
  // The races and the faults are driven from there.
  linkLibrary();
  const services = await provideServices();
  try {
    const run = (name, config, options) => jest(name, config, options, services.env);
    const others = (folder) => run(folder, `test/${folder}/jest.config.ts`, ONE_BY_ONE);
    // The first and the last of them mostly wait, and nobody meets another one's requests on a server.
    const lanes = [
      async () => [
        await run('stores-redis', 'jest.config.ts', [`--testPathPatterns=${ON_REDIS}`, ...ONE_BY_ONE]),
        await others('ioredis-6'),
      ],
      async () => [
        await nodeTests('stores', services.env),
        await run('stores-shop', 'jest.config.ts', [`--testPathPatterns=${SHOP_ON_STORES}`, ...ENDS_AT_ONCE]),
      ],
      async () => [
        await run('stores-sql', 'jest.config.ts', [
          '--testPathPatterns=[.]service-spec[.]ts$',
          `--testPathIgnorePatterns=${SHOP_ON_STORES}|${ON_REDIS}`,
          ...ONE_BY_ONE,
        ]),
        await others('typeorm-0.3'),
      ],
    ];
    return sum((await Promise.all(lanes.map(keepTogether))).flat());
  } finally {
    await services.stop();
  }
}

const parts = {
  lint: () => checks('lint:', availableParallelism()),
  build: () => checks('build'),
  package: () => checks('package:'),
  unit,
  stores,
  e2e: () => jest('e2e', 'jest.config.ts', ['--testPathPatterns=[.]e2e-spec[.]ts$']),
  nest11: () => jest('nest11', 'test/nest-11/jest.config.ts'),
  dist: () => nodeTests('dist'),
  docs: () => nodeTests('docs'),
  browser: async () =>
    // By itself Node leaves one core to the process that reads the results.
    nodeTests('browser', { CHROMIUM_PATH: await chromiumPath() }, [`--test-concurrency=${availableParallelism()}`]),
  runtimes: () => nodeTests('runtimes'),
};

/** Parts that look at no clock, the longest first: as many of them at once as there are cores. */
const AT_ONCE = ['browser', 'dist', 'package', 'docs', 'runtimes'];

/** Packages that a part has of its own. */
const PACKAGES = {
  stores: [['test/ioredis-6'], ['test/typeorm-0.3']],
  nest11: [['test/nest-11']],
  // Its executables are packages; what their install scripts would do is to copy one of them.
  runtimes: [['test/runtimes', ['--ignore-scripts']]],
};

/** Programs that a part needs. */
const PROGRAMS = { stores: providePrograms, browser: chromiumPath };

const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(parts);
const total = { passed: 0, failed: 0 };

/** Has programs installed one after the other: Debian waits for the network while others compute. */
async function installPrograms() {
  // What is missing all the same, the part itself says.
  for (const name of chosen) await PROGRAMS[name]?.().catch(() => undefined);
}

async function runPart(name) {
  print(`\n=== ${name}`);
  try {
    if (name in PROGRAMS) await programs;
    const { passed, failed } = await parts[name]();
    total.passed += passed;
    total.failed += failed;
  } catch (error) {
    print(inspect(error));
    total.failed += 1;
  }
}

const programs = installPrograms();

try {
  const packages = [[], ...chosen.flatMap((name) => PACKAGES[name] ?? [])];
  await Promise.all(packages.map((own) => installPackages(...own)));
  for (const name of chosen.filter((part) => !AT_ONCE.includes(part))) await runPart(name);
  const atOnce = AT_ONCE.filter((part) => chosen.includes(part));
  if (atOnce.length === 1) await runPart(atOnce[0]);
  else await forEachOf(atOnce, availableParallelism(), (name) => keepTogether(() => runPart(name)));
} catch (error) {
  console.error(error);
  total.failed += 1;
} finally {
  rmSync(results, { recursive: true, force: true });
}

process.exitCode = total.failed === 0 ? 0 : 1;
console.log(`\n${total.passed} passed, ${total.failed} failed`);
