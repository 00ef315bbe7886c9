import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const inDist = (path) => fileURLToPath(new URL(`../../dist/${path}`, import.meta.url));

describe('ESM', () => {
  it('resolves to dist/esm', () => {
    assert.equal(fileURLToPath(import.meta.resolve('nestjs-ash/core')), inDist('esm/core/index.mjs'));
  });

  it('resolves an entry below another one', () => {
    const entry = import.meta.resolve('nestjs-ash/snapshot/client');
    assert.equal(fileURLToPath(entry), inDist('esm/snapshot/client/index.mjs'));
  });

  it('finds the digest and the platform for Node', () => {
    assert.equal(fileURLToPath(import.meta.resolve('#digest')), inDist('esm/core/digest.node.mjs'));
    assert.equal(fileURLToPath(import.meta.resolve('#json-shortcuts')), inDist('esm/core/json-shortcuts.node.mjs'));
    assert.equal(fileURLToPath(import.meta.resolve('#platform')), inDist('esm/snapshot/platform/platform.node.mjs'));
  });
});
