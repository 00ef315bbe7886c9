import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, mock } from 'node:test';
import { root } from '../../scripts/run.mjs';
import { startShop } from '../dist/shop-process.mjs';
import { expectedOutput, readBlocks } from './blocks.mjs';
import { readExamples } from './doc-comments.mjs';
import {
  commentDeclarations,
  commentDeclarationsOfServers,
  declarations,
  otherFrameworks,
  partDeclarations,
  partNames,
  serverDeclarations,
} from './reader.mjs';
import { runExample } from './run-example.mjs';
import { ServerRun, setUpPart } from './server-run.mjs';
import { typeCheck } from './type-check.mjs';

const blocks = ['README.md', 'docs/client.md'].flatMap(readBlocks);
/** These bring servers of their own. */
const documentsOfServers = ['docs/express-and-fastify.md', 'docs/migration.md', 'docs/snapshots.md'];
const servers = documentsOfServers.flatMap(readBlocks);
/** What these show are parts of a server. */
const parts = ['docs/guide.md', 'docs/stores.md'].flatMap(readBlocks);
const ofEntries = ['lib/axios', 'lib/client', 'lib/core', 'lib/snapshot/cipher', 'lib/snapshot/client'];
const comments = ofEntries.flatMap(readExamples);
const commentsOfServers = {
  express: ['lib/server', 'lib/express'].flatMap(readExamples),
  fastify: readExamples('lib/fastify'),
};

const all = [...blocks, ...servers];
const ofPart = (mark) => all.filter(({ partOf }) => partOf === mark);

/** Keeps back what a server says to its operator, of a chain that has no subject for one. */
const silence = () => ['warn', 'error'].forEach((level) => mock.method(console, level, () => undefined));

it('there are examples', () => {
  assert.ok(existsSync(join(root, 'dist/browser/ash.mjs')), 'the package is not built');
  assert.ok(blocks.filter(({ runs }) => runs).length > 10);
  assert.ok(servers.filter(({ runs }) => runs).length > 10);
  assert.ok(comments.length > 20);
  assert.ok(commentsOfServers.express.length > 5 && commentsOfServers.fastify.length > 1);
});

for (const [what, examples, given, modules] of [
  ['of the documents', all.filter(({ runs }) => runs), declarations],
  [
    'of the documents that are part of a server',
    [...ofPart('server'), ...parts],
    declarations + serverDeclarations,
    otherFrameworks,
  ],
  ...partNames.map((mark) => [`of the documents that are part of ${mark}`, ofPart(mark), partDeclarations[mark]]),
  ['beside the code', comments, declarations + commentDeclarations],
  ...partNames.map((mark) => [
    `beside the code of the servers, on ${mark}`,
    commentsOfServers[mark],
    commentDeclarationsOfServers[mark],
  ]),
]) {
  describe(`examples ${what}: each compiles against the package's own types`, () => {
    const faults = typeCheck(examples, given, modules);
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

for (const file of documentsOfServers) {
  describe(`examples of ${file}: each runs against the server above it and prints what it says`, () => {
    const run = new ServerRun();
    before(silence);
    after(() => (mock.restoreAll(), run.end()));

    for (const block of servers.filter((block) => block.file === file && block.runs)) {
      it(block.title, async () => {
        assert.deepEqual(await run.run(block), expectedOutput(block));
      });
    }
  });
}

describe('examples that are part of a server without Nest: each can be set up', () => {
  before(silence);
  after(() => mock.restoreAll());

  for (const block of partNames.flatMap(ofPart)) it(block.title, () => setUpPart(block));
});
