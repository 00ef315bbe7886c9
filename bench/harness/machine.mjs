import { cpus, totalmem } from 'node:os';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** The machine, the date and the versions of what was measured. */
export function surroundings(packages = []) {
  const [{ model }] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    versions: Object.fromEntries([['node', process.versions.node], ...packages.map((name) => [name, versionOf(name)])]),
  };
}

function versionOf(name) {
  const path = require.resolve.paths(name).map((folder) => `${folder}/${name}/package.json`);
  for (const file of path) {
    try {
      return require(file).version;
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error(`${name} is not installed.`);
}
