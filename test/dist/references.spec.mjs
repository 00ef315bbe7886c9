import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { root } from '../../scripts/run.mjs';

const MAIN = 'dist-sample/03-references/main.js';
const samples = (...words) => promisify(execFile)(process.execPath, [MAIN, ...words], { cwd: root });

it('every built sample of the references runs by one command, and ends', async () => {
  const { stdout, stderr } = await samples();
  const names = [...stdout.matchAll(/^=== (.*)$/gm)].map(([, name]) => name);
  assert.deepEqual(names, [
    'quick-start',
    'unified-proof',
    'unified-proof-http',
    'request-chaining',
    'request-chaining-by-hand',
    'python-style',
    'bare-http',
  ]);
  assert.match(stdout, /^sent {6}200 \{"success":true\}$/m);
  assert.match(stdout, /^sent 200 \{"status":"ok"\}$/m);
  assert.match(stderr, /^\[nestjs-ash\] POST \/api\/transfer is 'v1'.*\n$/);
});

it('a built sample runs by its name', async () => {
  const { stdout, stderr } = await samples('python-style', 'unified-proof');
  assert.deepEqual(stdout.match(/^=== .*$/gm), ['=== python-style', '=== unified-proof']);
  assert.equal(stderr, '');
});

it('an unknown name, and a server that is not there, are told', async () => {
  await assert.rejects(samples('quickstart'), { code: 1, stderr: /^A sample is one of quick-start, .*'quickstart'\.\n$/ });
  await assert.rejects(samples('serve', 'unified-proof'), { code: 1, stderr: "'unified-proof' has no server.\n" });
});

it('a server stays up until it is interrupted', async () => {
  const server = spawn(process.execPath, [MAIN, 'serve', 'bare-http'], {
    cwd: root,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(server, 'exit');
  try {
    const [line] = await once(createInterface({ input: server.stdout }), 'line');
    const answer = await fetch(`${line.replace(/^ready /, '')}/ash/context`, {
      method: 'POST',
      body: '{"binding":"POST /transfer"}',
    });
    assert.equal(answer.status, 200);
  } finally {
    server.kill('SIGINT');
  }
  assert.deepEqual(await exited, [0, null]);
});
