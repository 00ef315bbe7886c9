import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromiumPath } from './chromium.mjs';
import { node, npm, root } from './run.mjs';
import { installPackages } from './fresh.mjs';
import { provideServices } from './services/provide.mjs';

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

/** The npm scripts of one prefix: each is one check. */
async function checks(prefix, atOnce = 1) {
  const { scripts } = readResult(join(root, 'package.json'));
  const names = Object.keys(scripts).filter((name) => name.startsWith(prefix));
  const left = names.values();
  let passed = 0;
  // Each takes the next one when it is done with one; what a check says is shown where it fails.
  const worker = async () => {
    for (const name of left) {
      const succeeded = await npm(['run', '--silent', name], { quiet: true });
      console.log(`${succeeded ? 'passed' : 'FAILED'}  ${name}: ${scripts[name]}`);
      if (succeeded) passed += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
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

const SHOP_ON_STORES = '/shop-[^/]+[.]service-spec[.]ts$';

// Node 20 can spin for ever at its very end, over a request to a server that is gone; the results are written by then.
const ENDS_AT_ONCE = ['--forceExit'];
// What waits for servers looks at the clock, and has the machine for itself.
const ONE_BY_ONE = ['--maxWorkers=1', ...ENDS_AT_ONCE];

/** The stores on real servers, and once more with the other versions of their clients. */
async function stores() {
  const services = await provideServices();
  try {
    const outcomes = [
      await nodeTests('stores', services.env),
      await jest(
        'stores-shop',
        'jest.config.ts',
        [`--testPathPatterns=${SHOP_ON_STORES}`, ...ENDS_AT_ONCE],
        services.env,
      ),
      await jest(
        'stores',
        'jest.config.ts',
        ['--testPathPatterns=[.]service-spec[.]ts$', `--testPathIgnorePatterns=${SHOP_ON_STORES}`, ...ONE_BY_ONE],
        services.env,
      ),
    ];
    const others = ['ioredis-6', 'typeorm-0.3'];
    for (const folder of others) await installPackages(`test/${folder}`);
    // Mostly they wait, each for servers of its own.
    const again = others.map((folder) => jest(folder, `test/${folder}/jest.config.ts`, ONE_BY_ONE, services.env));
    return sum([...outcomes, ...(await Promise.all(again))]);
  } finally {
    await services.stop();
  }
}

const parts = {
  lint: () => checks('lint:', availableParallelism()),
  build: () => checks('build'),
  package: () => checks('package:'),
  // Apart, since counting the branches of whole applications takes three times as long as running them.
  unit: () => jest('unit', 'jest.config.ts', ['--coverage', '--testPathPatterns=[.]spec[.]ts$']),
  stores,
  e2e: () => jest('e2e', 'jest.config.ts', ['--testPathPatterns=[.]e2e-spec[.]ts$']),
  nest11: async () => {
    await installPackages('test/nest-11');
    return jest('nest11', 'test/nest-11/jest.config.ts');
  },
  dist: () => nodeTests('dist'),
  docs: () => nodeTests('docs'),
  browser: async () =>
    // By itself Node leaves one core to the process that reads the results.
    nodeTests('browser', { CHROMIUM_PATH: await chromiumPath() }, [`--test-concurrency=${availableParallelism()}`]),
  runtimes: async () => {
    // Their executables are packages; what their install scripts would do is to copy one of them.
    await installPackages('test/runtimes', ['--ignore-scripts']);
    return nodeTests('runtimes');
  },
};

const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(parts);
const total = { passed: 0, failed: 0 };

try {
  await installPackages();
  for (const name of chosen) {
    console.log(`\n=== ${name}`);
    try {
      const { passed, failed } = await parts[name]();
      total.passed += passed;
      total.failed += failed;
    } catch (error) {
      console.error(error);
      total.failed += 1;
    }
  }
} catch (error) {
  console.error(error);
  total.failed += 1;
} finally {
  rmSync(results, { recursive: true, force: true });
}

process.exitCode = total.failed === 0 ? 0 : 1;
console.log(`\n${total.passed} passed, ${total.failed} failed`);
