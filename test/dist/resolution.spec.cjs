const assert = require('node:assert/strict');
const { join } = require('node:path');
const { describe, it } = require('node:test');

const dist = join(__dirname, '../../dist');

describe('CommonJS', () => {
  it('resolves to dist/cjs', () => {
    assert.equal(require.resolve('nestjs-ash/core'), join(dist, 'cjs/core/index.js'));
  });

  it('resolves an entry below another one', () => {
    assert.equal(require.resolve('nestjs-ash/snapshot/client'), join(dist, 'cjs/snapshot/client/index.js'));
  });

  it('finds the digest and the platform for Node', () => {
    assert.equal(require.resolve('#digest'), join(dist, 'cjs/core/digest.node.js'));
    assert.equal(require.resolve('#json-shortcuts'), join(dist, 'cjs/core/json-shortcuts.node.js'));
    assert.equal(require.resolve('#platform'), join(dist, 'cjs/snapshot/platform/platform.node.js'));
  });
});
