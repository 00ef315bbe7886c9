import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { root } from '../../scripts/run.mjs';
import { startShop } from '../dist/shop-process.mjs';
import { RUNTIMES } from './executables.mjs';
import { HONEST_DAY, IN_LEDGER } from './program.mjs';

const execute = promisify(execFile);
const TIMEOUT = 120_000;

/** How an application comes by the client: by the package's exports, or by the file that needs none. */
const ENTRIES = {
  'nestjs-ash/client': 'nestjs-ash/client',
  'dist/browser/ash.mjs': './node_modules/nestjs-ash/dist/browser/ash.mjs',
};

/** An application of its own, in which the package is installed. */
function makeApplication() {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-ash-runtime-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules/nestjs-ash'), 'junction');
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', dependencies: { 'nestjs-ash': '*' } }));
  copyFileSync(new URL('program.mjs', import.meta.url), join(folder, 'program.mjs'));
  const files = Object.values(ENTRIES).map((entry, index) => {
    const file = join(folder, `${index}.mjs`);
    writeFileSync(
      file,
      `import { AshClient } from '${entry}';
import { shopWith } from './program.mjs';
import process from 'node:process';
console.log(JSON.stringify(await shopWith(AshClient, { baseUrl: process.argv[2] })));
`,
    );
    return file;
  });
  return { folder, files };
}

for (const [name, command] of Object.entries(RUNTIMES)) {
  describe(`the client on ${name}`, () => {
    let shop;
    let application;
    before(async () => {
      application = makeApplication();
      shop = await startShop();
    });
    after(async () => {
      await shop?.end();
      rmSync(application.folder, { recursive: true, force: true });
    });

    const ledger = async () => (await fetch(`${shop.url}/ledger`)).json();

    for (const [index, entry] of Object.keys(ENTRIES).entries()) {
      it(`has an honest day with ${entry}`, async () => {
        const [executable, ...options] = command();
        const { transfers, payments } = await ledger();
        const { stdout } = await execute(executable, [...options, application.files[index], shop.url], {
          cwd: application.folder,
          env: { ...process.env, DENO_DIR: join(application.folder, 'deno'), DENO_NO_UPDATE_CHECK: '1' },
          timeout: TIMEOUT,
        });

        assert.deepEqual(JSON.parse(stdout), HONEST_DAY);
        const now = await ledger();
        assert.deepEqual({ transfers: now.transfers - transfers, payments: now.payments - payments }, IN_LEDGER);
      });
    }
  });
}
