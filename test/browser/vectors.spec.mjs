import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { snapshotCases, vectorCases } from '../vectors/cases.mjs';
import { openPage } from './harness.mjs';

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');

describe('the expected values of the protocol, in a browser', () => {
  let opened;
  before(async () => {
    opened = await openPage({
      handle: (_request, response) => {
        response.setHeader('content-type', 'text/javascript; charset=utf-8').end(read('../vectors/cases.mjs'));
      },
    });
  });
  after(() => opened?.close());

  it('hold, each of them', async () => {
    const vectors = JSON.parse(read('../vectors/ash.json'));
    const outcomes = await opened.page.evaluate(async (vectors) => {
      const { snapshotCases, vectorCases } = await import(new URL('/cases.mjs', location.href).href);
      const core = await import('nestjs-ash/core');
      const snapshot = await import('nestjs-ash/snapshot/client');
      const cases = [...vectorCases(core, vectors), ...snapshotCases(snapshot, vectors)];
      return cases.map(({ title, run }) => ({ title, outcome: run() }));
    }, vectors);

    assert.equal(outcomes.length, vectorCases({}, vectors).length + snapshotCases({}, vectors).length);
    for (const { title, outcome } of outcomes) assert.deepEqual(outcome[0], outcome[1], title);
  });
});
