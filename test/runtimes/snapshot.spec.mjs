import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { root } from '../../scripts/run.mjs';
import { CryptoClient, startSnapshots } from '../dist/snapshot-server.mjs';
import { RUNTIMES } from './executables.mjs';

const execute = promisify(execFile);
const TIMEOUT = 120_000;
const CIPHERS = ['aes-256-gcm', 'array-crypto'];
const TEXT = 'ñ Ελληνικά עברית 日本語 👩‍👩‍👧';

/** Opens a message of each cipher, makes another one, and has one refused that was changed. */
const PROGRAM = `import { CryptoClient } from 'nestjs-ash/snapshot/client';
import process from 'node:process';
console.warn = () => undefined;
const [serverUrl, secretKey, ...messages] = process.argv.slice(2);
const told = [];
for (const [index, cipher] of ${JSON.stringify(CIPHERS)}.entries()) {
  const client = new CryptoClient({ serverUrl, secretKey, cipher });
  const message = Uint8Array.from(atob(messages[index]), (character) => character.charCodeAt(0));
  const text = new TextDecoder().decode(await client.decryptMessage(message));
  const own = await client.encryptMessage(text);
  message[message.length - 1] ^= 1;
  const refusal = await client.decryptMessage(message).catch(({ code }) => code);
  await client.close();
  const closed = await client.authenticate().catch(({ code }) => code);
  told.push({ text, own: btoa(String.fromCharCode(...own)), refusal, closed });
}
console.log(JSON.stringify(told));
`;

// Node's clients say of each cipher that hides nothing that it does.
console.warn = () => undefined;

for (const [name, command] of Object.entries(RUNTIMES)) {
  describe(`messages of ${name}`, () => {
    const secretKey = Buffer.alloc(32, 7).toString('base64');
    let folder;
    let server;
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'nestjs-ash-messages-'));
      mkdirSync(join(folder, 'node_modules'));
      symlinkSync(root, join(folder, 'node_modules/nestjs-ash'), 'junction');
      writeFileSync(
        join(folder, 'package.json'),
        JSON.stringify({ type: 'module', dependencies: { 'nestjs-ash': '*' } }),
      );
      writeFileSync(join(folder, 'program.mjs'), PROGRAM);
      server = await startSnapshots({ secretKey });
    });
    after(async () => {
      await server?.end();
      rmSync(folder, { recursive: true, force: true });
    });

    it('are opened by Node, and those of Node there', async () => {
      const serverUrl = server.url;
      const clients = CIPHERS.map((cipher) => new CryptoClient({ serverUrl, secretKey, cipher }));
      const messages = await Promise.all(clients.map((client) => client.encryptMessage(TEXT)));
      const [executable, ...options] = command();
      const { stdout } = await execute(
        executable,
        [
          ...[...options, join(folder, 'program.mjs'), serverUrl, secretKey],
          ...messages.map((message) => Buffer.from(message).toString('base64')),
        ],
        {
          cwd: folder,
          env: { ...process.env, DENO_DIR: join(folder, 'deno'), DENO_NO_UPDATE_CHECK: '1' },
          timeout: TIMEOUT,
        },
      );
      const told = JSON.parse(stdout);

      assert.equal(told.length, CIPHERS.length);
      for (const [index, { own, ...others }] of told.entries()) {
        const opened = await clients[index].decryptMessage(Buffer.from(own, 'base64'));
        assert.equal(new TextDecoder().decode(opened), TEXT);
        assert.deepEqual(others, {
          text: TEXT,
          refusal: 'ASH_CRYPTO_MESSAGE_INVALID',
          closed: 'ASH_CRYPTO_CLIENT_CLOSED',
        });
      }
    });
  });
}
