import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/run.mjs';

const packages = join(root, 'test/runtimes/node_modules');

/**
 * The executable of a runtime that comes as a package: npm installs, of the package's optional dependencies, the one for
 * this machine.
 */
function executableOf(name, paths) {
  const { optionalDependencies } = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
  const candidates = Object.keys(optionalDependencies).flatMap((each) =>
    paths.map((path) => join(packages, each, path)),
  );
  const found = candidates.find(existsSync);
  if (found) return found;
  throw new Error(
    `There is no ${name} for ${process.platform} on ${process.arch} in test/runtimes/node_modules: ` +
      `run \`npm ci --ignore-scripts\` in test/runtimes on a machine that ${name} has a package for`,
  );
}

/** How a program is run by each runtime that the client works on. Deno may reach the network and nothing else. */
export const RUNTIMES = {
  Node: () => [process.execPath],
  Deno: () => [
    executableOf('deno', ['deno', 'deno.exe']),
    ...['run', '--quiet', '--no-prompt', '--no-lock', '--node-modules-dir=manual', '--allow-net=127.0.0.1'],
  ],
  Bun: () => [executableOf('bun', ['bin/bun', 'bin/bun.exe']), 'run', '--no-install'],
};
