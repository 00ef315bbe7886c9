import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { root } from '../../scripts/run.mjs';
import { startShop } from '../dist/shop-process.mjs';
import { expectedOutput, readBlocks } from './blocks.mjs';
import { readExamples } from './doc-comments.mjs';
import { commentDeclarations, declarations, serverDeclarations } from './reader.mjs';
import { runExample } from './run-example.mjs';
import { typeCheck } from './type-check.mjs';

const blocks = ['README.md', 'docs/client.md'].flatMap(readBlocks);
/** What these show are parts of a server. */
const parts = ['docs/guide.md', 'docs/stores.md'].flatMap(readBlocks);
const comments = ['lib/axios', 'lib/client', 'lib/core'].flatMap(readExamples);

it('there are examples', () => {
  assert.ok(existsSync(join(root, 'dist/browser/ash.mjs')), 'the package is not built');
  assert.ok(blocks.filter(({ runs }) => runs).length > 10);
  assert.ok(comments.length > 20);
});

for (const [what, examples, given] of [
  ['of the documents', blocks.filter(({ runs }) => runs), declarations],
  [
    'of the documents that are part of a server',
    [...blocks.filter(({ runs }) => !runs), ...parts],
    declarations + serverDeclarations,
  ],
  ['beside the code', comments, declarations + commentDeclarations],
]) {
  describe(`examples ${what}: each compiles against the package's own types`, () => {
    const faults = typeCheck(examples, given);
    for (const { title } of examples) it(title, () => assert.deepEqual(faults.get(title), []));
  });
}

describe('examples of the documents: each runs against the shop and prints what it says', () => {
  let shop;
  before(async () => (shop = await startShop()));
  after(() => shop?.end());

  for (const block of blocks.filter(({ runs }) => runs)) {
    it(block.title, async () => {
      assert.deepEqual(await runExample(block, shop.url), expectedOutput(block));
    });
  }
});
