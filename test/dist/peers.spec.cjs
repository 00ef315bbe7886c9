const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { describe, it } = require('node:test');
const manifest = require('nestjs-ash/package.json');

const root = join(__dirname, '../..');
const optional = Object.keys(manifest.peerDependenciesMeta);
/** The entries that exist for an optional peer. */
const ENTRIES_OF_PEERS = { './axios': 'axios', './redis': 'ioredis', './typeorm': 'typeorm' };
const entries = Object.entries(manifest.exports).filter(([subpath]) => subpath !== './package.json');

/** Every package that the types of a file name, also through the files that it imports. */
function packagesOf(file, seen = new Set()) {
  if (seen.has(file)) return [];
  seen.add(file);
  const specifiers = [...readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*['"]([^'"]+)['"]/g)].map(([, name]) => name);
  return specifiers.flatMap((name) =>
    name.startsWith('.') ? packagesOf(join(dirname(file), name.replace(/\.js$/, '.d.ts')), seen) : [name],
  );
}

describe('the optional peers', () => {
  it('are those that an entry exists for', () => {
    assert.deepEqual([...optional].sort(), Object.values(ENTRIES_OF_PEERS).sort());
    for (const subpath of Object.keys(ENTRIES_OF_PEERS)) assert.ok(subpath in manifest.exports, subpath);
  });

  for (const [subpath, { require: target }] of entries) {
    const own = ENTRIES_OF_PEERS[subpath];
    const others = optional.filter((name) => name !== own);

    it(`do not reach the types of ${subpath}${own === undefined ? '' : ` but for ${own}`}`, () => {
      const packages = packagesOf(join(root, target.types));
      assert.deepEqual(
        packages.filter((name) => others.some((peer) => name === peer || name.startsWith(`${peer}/`))),
        [],
      );
      if (own !== undefined) assert.ok(packages.includes(own));
    });

    it(`are not loaded with ${subpath}${own === undefined ? '' : ` but for ${own}`}`, () => {
      const entry = subpath.replace('.', manifest.name);
      const script = `require('reflect-metadata'); require(${JSON.stringify(entry)}); console.log(JSON.stringify(Object.keys(require.cache)))`;
      const loaded = JSON.parse(execFileSync(process.execPath, ['-e', script], { cwd: root, encoding: 'utf8' }));
      assert.deepEqual(
        loaded.filter((file) => others.some((peer) => file.includes(`/node_modules/${peer}/`))),
        [],
      );
    });
  }
});
