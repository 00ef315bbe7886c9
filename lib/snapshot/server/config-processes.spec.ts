import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const PROCESSES = 4;
const ROUNDS = 50;

/** Asks for one file after the other, each when all other processes are about to, and prints what it read. */
const CONTENDER = `
  const { appendFileSync, statSync } = require('node:fs');
  const { readOrMake } = require('./config-file.cjs');
  const [processes, rounds] = process.argv.slice(2).map(Number);
  const log = { log: () => {}, warn: () => {} };
  const texts = [];
  for (let round = 0; round < rounds; round++) {
    appendFileSync(round + '.ready', '.');
    while (statSync(round + '.ready').size < processes);
    texts.push(readOrMake(round + '.json', () => String(process.pid).repeat(1000), log));
  }
  console.log(JSON.stringify(texts));
`;

describe('A file with a secret key', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'ash-contenders-'));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it('is the same for all processes that start at once, whole, and all that is left', async () => {
    execFileSync('node_modules/.bin/esbuild', [
      resolve('lib/snapshot/server/config-file.ts'),
      '--bundle',
      '--platform=node',
      '--alias:#digest=./lib/core/digest.node.ts',
      '--alias:#json-shortcuts=./lib/core/json-shortcuts.node.ts',
      '--log-level=error',
      `--outfile=${join(directory, 'config-file.cjs')}`,
    ]);
    writeFileSync(join(directory, 'contender.cjs'), CONTENDER);
    const run = promisify(execFile);
    const outputs = await Promise.all(
      Array.from({ length: PROCESSES }, () =>
        run(process.execPath, ['contender.cjs', String(PROCESSES), String(ROUNDS)], {
          cwd: directory,
          maxBuffer: 2 ** 24,
        }),
      ),
    );
    const [first = [], ...others] = outputs.map(({ stdout }) => JSON.parse(stdout) as string[]);
    expect(first).toHaveLength(ROUNDS);
    for (const text of first) expect(text).toMatch(/^(\d+)\1{999}$/);
    for (const other of others) expect(other).toStrictEqual(first);
    const files = readdirSync(directory).filter((name) => name.includes('.json'));
    expect(files).toHaveLength(ROUNDS);
  });
});
