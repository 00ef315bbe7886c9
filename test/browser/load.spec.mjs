import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { openPage } from './harness.mjs';

describe('the built package in a browser', () => {
  let opened;
  before(async () => (opened = await openPage()));
  after(() => opened?.close());

  for (const entry of ['nestjs-ash/core', 'nestjs-ash/client']) {
    it(`loads ${entry} with its exports`, async () => {
      const inBrowser = await opened.page.evaluate(async (name) => Object.keys(await import(name)).sort(), entry);

      assert.deepEqual(inBrowser, Object.keys(await import(entry)).sort());
    });
  }

  it('loads the portable digest, not that of Node', async () => {
    const loaded = await opened.page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));

    assert.ok(loaded.some((name) => name.endsWith('/digest.portable.mjs')));
    assert.ok(!loaded.some((name) => name.endsWith('/digest.node.mjs')));
  });
});
