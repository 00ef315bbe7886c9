import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as client from 'nestjs-ash/client';
import * as core from 'nestjs-ash/core';
import { vectorCases } from '../vectors/cases.mjs';

const folder = new URL('../../dist/browser/', import.meta.url);
const load = (file) => import(new URL(file, folder));
const vectors = JSON.parse(readFileSync(new URL('../vectors/ash.json', import.meta.url), 'utf8'));

const SIGNING = ['ashBuildProofUnified', 'ashCanonicalizeValue', 'ashExtractScopedFields', 'ashHashBody', 'ashHashProof'];
const PROVING = [
  ...SIGNING,
  ...['ashBuildProof', 'ashBuildProofV21', 'ashBuildProofV21Chained', 'ashBuildProofV21Scoped'],
  ...['ashVerifyProof', 'ashVerifyProofUnified', 'ashVerifyProofV21', 'ashVerifyProofV21Chained'],
  ...['ashVerifyProofV21Scoped', 'ashDeriveClientSecret', 'ashHashScope', 'ashTimingSafeEqual'],
];

// How many bytes a page may load, compressed. What makes a bundle outgrow its bound is taken out again, or the bound is
// moved on purpose.
const BUNDLES = [
  {
    file: 'ash.mjs',
    maxBytes: 12_288,
    exports: [...Object.keys(client), ...SIGNING, 'ashNormalizeBinding'],
  },
  { file: 'proof.mjs', maxBytes: 6_144, exports: [...PROVING, 'ashNormalizeBinding'] },
];

/** The core with the functions of a bundle in the place of its own; only the core reads texts strictly. */
const coreWith = (bundle) => ({
  ...core,
  ...bundle,
  ashCanonicalizeJson: (text) => bundle.ashCanonicalizeValue(core.ashParseJson(text)),
});

for (const { file, maxBytes, exports } of BUNDLES) {
  describe(`dist/browser/${file}`, () => {
    const source = readFileSync(new URL(file, folder), 'utf8');

    it(`has at most ${maxBytes} bytes, compressed`, (context) => {
      const { length } = gzipSync(source, { level: 9 });
      context.diagnostic(`${length} bytes compressed, ${Buffer.byteLength(source)} as it is`);
      assert.ok(length <= maxBytes, `it has ${length} bytes, compressed`);
    });

    it('stands alone: it imports nothing and asks for nothing of Node', () => {
      assert.doesNotMatch(source, /\b(?:import|require|process|Buffer|__dirname|global)\b|node:/);
    });

    it('exports what it says', async () => {
      assert.deepEqual(Object.keys(await load(file)).sort(), [...exports].sort());
    });

    it('computes the expected values of the protocol', async () => {
      const cases = vectorCases(coreWith(await load(file)), vectors);
      for (const { title, run } of cases) {
        const [actual, expected] = run();
        assert.deepEqual(actual, expected, title);
      }
    });
  });
}

it('the client of dist/browser/ash.mjs signs as the expected values say', async () => {
  const { AshClient } = await load('ash.mjs');
  for (const protocol of ['v2.2', 'v2.3']) {
    for (const row of vectors[protocol]) {
      const payload = JSON.parse(row.payload);
      const previousProof = row.previousProof ?? undefined;
      const context = { contextId: 'ash_1', mode: 'balanced', ...row, protocol, previousProof };
      assert.equal(AshClient.buildHeaders({ ...context, payload })['X-ASH-Proof'], row.proof);
    }
  }
});

it('the client of dist/browser/ash.mjs has the members and takes the options of the package', async () => {
  const bundle = await load('ash.mjs');
  const told = (run) => {
    try {
      return run();
    } catch (error) {
      return error.message;
    }
  };
  const state = { name: 'checkout', previousProof: 'a'.repeat(64), unconfirmedProofs: ['b'.repeat(64)] };
  const membersOf = (object) => Object.getOwnPropertyNames(Object.getPrototypeOf(object));
  const facts = ({ AshClient, AshClientError }) => {
    const ash = new AshClient({ baseUrl: 'http://shop.test' });
    return {
      options: told(() => new AshClient({ unknown: 1 })),
      state: ash.chain('checkout', state).state,
      otherState: told(() => ash.chain('checkout', { name: 'cart' })),
      members: [ash, ash.chain('checkout')].map(membersOf),
      error: [membersOf(new AshClientError('ASH_CTX_EXPIRED', 'x')), Object.keys(new AshClientError('ASH_CTX_EXPIRED', 'x'))],
    };
  };

  assert.deepEqual(facts(bundle), facts(client));
  assert.deepEqual(facts(bundle).state, state);
});

it('only the bundles and their types are there', () => {
  assert.deepEqual(readdirSync(folder).sort(), ['ash.d.mts', 'ash.mjs', 'proof.d.mts', 'proof.mjs']);
});
