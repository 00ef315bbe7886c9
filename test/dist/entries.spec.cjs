const assert = require('node:assert/strict');
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { describe, it } = require('node:test');
const manifest = require('nestjs-ash/package.json');

const dist = join(__dirname, '../../dist');
const entries = Object.keys(manifest.exports)
  .filter((subpath) => subpath !== './package.json')
  .map((subpath) => subpath.replace('.', manifest.name));

const names = (module) =>
  Object.keys(module)
    .filter((name) => name !== 'default' && name !== 'module.exports')
    .sort();

describe('the built entries', () => {
  for (const entry of entries) {
    it(`${entry} exports the same names as CommonJS and as ESM`, async () => {
      const commonjs = require(entry);
      const esm = await import(entry);

      assert.notEqual(commonjs, esm);
      assert.ok(names(commonjs).length > 0);
      assert.deepEqual(names(commonjs), names(esm));
    });
  }
});

for (const format of ['cjs', 'esm']) {
  const folder = join(dist, format);
  const files = readdirSync(folder, { recursive: true });

  describe(`dist/${format}`, () => {
    it('holds no spec', () => {
      assert.deepEqual(
        files.filter((file) => /[.-]spec\./.test(file)),
        [],
      );
    });

    it('keeps the documentation in its types', () => {
      const types = files.filter((file) => /\.d\.m?ts$/.test(file));

      assert.ok(types.some((file) => readFileSync(join(folder, file), 'utf8').includes('/**')));
    });
  });
}
