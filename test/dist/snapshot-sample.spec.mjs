import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, describe, it } from 'node:test';
import { CryptoClient } from 'nestjs-ash/snapshot/client';
import { root } from '../../scripts/run.mjs';

const MAIN = join(root, 'dist-sample/04-snapshot/main.js');
const folder = mkdtempSync(join(tmpdir(), 'ash-snapshot-sample-'));

/** Starts the built sample, and answers its address and its lines when its client has said the last one. */
async function startSample(config) {
  const child = spawn(process.execPath, [MAIN], {
    cwd: folder,
    env: { ...process.env, PORT: '0', CONFIG: config },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line.startsWith('protected')) break;
  }
  return {
    lines,
    url: lines.find((line) => line.startsWith('ready '))?.slice('ready '.length),
    end: async () => (child.kill('SIGINT'), exited),
  };
}

describe('the built sample of the snapshots', () => {
  const config = join(folder, 'server_config.json');
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('makes its configuration, runs its client, stays up for others, and ends', async () => {
    const sample = await startSample(config);
    try {
      const [made, ready, ...lines] = sample.lines;
      assert.match(made, /server_config\.json: made with a random secret key/);
      assert.match(ready, /^ready http:\/\/127\.0\.0\.1:\d+$/);
      assert.deepEqual(lines, [
        'text      56 bytes, opened: Your secret message',
        'bytes     256 bytes, the same: true',
        'changed   ASH_CRYPTO_MESSAGE_INVALID',
        'protected {"transferred":100,"to":"acct-7"}',
      ]);
      assert.equal(statSync(config).mode & 0o777, 0o600);

      const { secret_key: secretKey } = JSON.parse(readFileSync(config, 'utf8'));
      const client = new CryptoClient({ serverUrl: sample.url, secretKey });
      const opened = await client.decryptMessage(await client.encryptMessage('naïve – 雪 – 🗝'));
      assert.equal(new TextDecoder().decode(opened), 'naïve – 雪 – 🗝');
      await client.close();
    } finally {
      assert.deepEqual(await sample.end(), [0, null]);
    }
  });

  it('reads the configuration that is there', async () => {
    const before = readFileSync(config, 'utf8');
    const sample = await startSample(config);
    assert.deepEqual(await sample.end(), [0, null]);
    assert.equal(readFileSync(config, 'utf8'), before);
  });

  it('tells what is wrong with its configuration, and does not start', async () => {
    const malformed = join(folder, 'malformed.json');
    writeFileSync(malformed, '{ "secret_key": 7 }', { mode: 0o600 });
    const child = spawn(process.execPath, [MAIN], {
      cwd: folder,
      env: { ...process.env, PORT: '0', CONFIG: malformed },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const said = child.stderr.setEncoding('utf8').toArray();
    assert.deepEqual(await once(child, 'exit'), [1, null]);
    assert.match((await said).join(''), /^[^\n]*malformed\.json[^\n]*secret_key[^\n]*\n$/);
    assert.ok(!existsSync(join(folder, 'client_config.json')));
  });
});
