const assert = require('node:assert/strict');
const { describe, it } = require('node:test');
const vectors = require('../vectors/ash.json');

const PROVEN_BY_CORE = ['json', 'form', 'binding', 'context', 'v1', 'v2.1', 'v2.1-chained', 'v2.2', 'v2.3', 'errors'];
const PROVEN_BY_SNAPSHOT = ['arrayCrypto', 'snapshotSignature'];

it('every group of expected values is held against a build', () => {
  assert.deepEqual(Object.keys(vectors).sort(), [...PROVEN_BY_CORE, ...PROVEN_BY_SNAPSHOT].sort());
});

const formats = {
  CommonJS: async (entry) => require(entry),
  ESM: (entry) => import(entry),
};

for (const [format, load] of Object.entries(formats)) {
  describe(`the expected values of the protocol, from ${format}`, async () => {
    const { vectorCases, snapshotCases } = await import('../vectors/cases.mjs');
    const core = await load('nestjs-ash/core');
    const snapshots = ['nestjs-ash/snapshot', 'nestjs-ash/snapshot/client'];
    const ofSnapshots = snapshots.map(async (entry) => [entry, snapshotCases(await load(entry), vectors)]);
    for (const [entry, cases] of [['nestjs-ash/core', vectorCases(core, vectors)], ...(await Promise.all(ofSnapshots))]) {
      for (const { title, run } of cases) {
        it(`${entry}: ${title}`, () => {
          const [actual, expected] = run();
          assert.deepEqual(actual, expected);
        });
      }
    }
  });
}
