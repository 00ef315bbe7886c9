import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CryptoClient, startSnapshots } from '../dist/snapshot-server.mjs';
import { openPage } from './harness.mjs';

const SECRET = Buffer.alloc(32, 7).toString('base64');
const HOUR = 3_600_000;
const MIDDLE = Math.floor(Date.now() / HOUR) * HOUR + HOUR / 2;
const TEXTS = ['', 'a', 'Your secret message', 'ñ Ελληνικά עברית हिन्दी 日本語 👩‍👩‍👧', 'x'.repeat(100_000)];

// Both ends would say of each client of the cipher that hides nothing that it does.
console.warn = () => undefined;

describe('CryptoClient in a browser', () => {
  let server;
  let opened;
  before(async () => {
    opened = await openPage();
    server = await startSnapshots({
      secretKey: SECRET,
      // In the middle of a long tick, so that all of a test is within it, whatever the time of day.
      tickInterval: HOUR / 1_000,
      maxDrift: HOUR / 1_000,
      clock: () => MIDDLE,
      controller: { path: 'crypto', cors: [opened.origin] },
    });
  });
  after(async () => {
    await opened?.close();
    await server?.end();
  });

  const config = (others) => ({ serverUrl: `${server.url}/crypto`, secretKey: SECRET, maxDrift: 3_600, ...others });

  for (const cipher of ['aes-256-gcm', 'array-crypto']) {
    it(`encrypts for Node with ${cipher}`, async () => {
      const messages = await opened.page.evaluate(
        async ([config, texts]) => {
          const { CryptoClient } = await import('nestjs-ash/snapshot/client');
          const client = new CryptoClient(config);
          const messages = await Promise.all(texts.map((text) => client.encryptMessage(text)));
          return messages.map((message) => Array.from(message));
        },
        [config({ cipher }), TEXTS],
      );
      const client = new CryptoClient(config({ cipher }));

      for (const [index, message] of messages.entries()) {
        const opened = await client.decryptMessage(Uint8Array.from(message));
        assert.equal(new TextDecoder().decode(opened), TEXTS[index]);
      }
    });

    it(`decrypts what Node encrypted with ${cipher}`, async () => {
      const client = new CryptoClient(config({ cipher }));
      const messages = await Promise.all(TEXTS.map(async (text) => Array.from(await client.encryptMessage(text))));
      const texts = await opened.page.evaluate(
        async ([config, messages]) => {
          const { CryptoClient } = await import('nestjs-ash/snapshot/client');
          const client = new CryptoClient(config);
          const bytes = await Promise.all(messages.map((message) => client.decryptMessage(Uint8Array.from(message))));
          return bytes.map((plain) => new TextDecoder().decode(plain));
        },
        [config({ cipher }), messages],
      );

      assert.deepEqual(texts, TEXTS);
    });

    it(`gives back bytes of every kind with ${cipher}, and refuses a message that was changed`, async () => {
      const told = await opened.page.evaluate(async (config) => {
        const { CryptoClient } = await import('nestjs-ash/snapshot/client');
        const client = new CryptoClient(config);
        const all = Uint8Array.from({ length: 256 }, (_, index) => index);
        const large = new Uint8Array(1_000_000).map((_, index) => index);
        const given = [new Uint8Array(), Uint8Array.of(0), all, all.subarray(7, 21), large];
        const back = await Promise.all(
          given.map(async (bytes) => {
            const opened = await client.decryptMessage(await client.encryptMessage(bytes));
            return opened.length === bytes.length && opened.every((byte, index) => byte === bytes[index]);
          }),
        );
        const message = await client.encryptMessage('text');
        message[message.length - 1] ^= 1;
        const refusal = await client.decryptMessage(message).catch(({ name, code }) => [name, code]);
        return { back, refusal };
      }, config({ cipher }));

      assert.deepEqual(told, {
        back: [true, true, true, true, true],
        refusal: ['CryptoError', 'ASH_CRYPTO_MESSAGE_INVALID'],
      });
    });
  }

  it('keeps a message for its purpose, as Node does', async () => {
    const node = new CryptoClient(config());
    const message = Array.from(await node.sealFor('order 7', 'text'));
    const told = await opened.page.evaluate(
      async ([config, message]) => {
        const { CryptoClient } = await import('nestjs-ash/snapshot/client');
        const client = new CryptoClient(config);
        const bytes = Uint8Array.from(message);
        const { plaintext, snapshot } = await client.openFor('order 7', bytes);
        const answer = await client.sealFor('answer 7', plaintext, snapshot);
        return [await client.openFor('order 8', bytes).catch(({ code }) => code), Array.from(answer)];
      },
      [config(), message],
    );

    assert.equal(told[0], 'ASH_CRYPTO_MESSAGE_INVALID');
    const { plaintext } = await node.openFor('answer 7', Uint8Array.from(told[1]));
    assert.equal(new TextDecoder().decode(plaintext), 'text');
  });

  it('reads from a server of another origin how long a snapshot lasts', async () => {
    const asked = await opened.page.evaluate(async (config) => {
      const { CryptoClient } = await import('nestjs-ash/snapshot/client');
      const asked = [];
      let passed = 0;
      const client = new CryptoClient({
        ...config,
        clock: () => Date.now() + passed,
        fetch: (url, init) => {
          asked.push(new URL(url).pathname);
          return fetch(url, init);
        },
      });
      await client.encryptMessage('text');
      passed = 2_000;
      await client.encryptMessage('text');
      return asked;
    }, config());

    // Without the header a tick would be taken for a second.
    assert.deepEqual(asked, ['/crypto/handshake', '/crypto/snapshot']);
  });

  it('trusts no server with another key, and no page’s key is shown by it', async () => {
    const told = await opened.page.evaluate(
      async (config) => {
        const { CryptoClient } = await import('nestjs-ash/snapshot/client');
        const client = new CryptoClient(config);
        const refusal = await client.encryptMessage('text').catch(({ name, code }) => [name, code]);
        return { refusal, shown: JSON.stringify(client) + Object.getOwnPropertyNames(client).join() };
      },
      config({ secretKey: Buffer.alloc(32, 8).toString('base64') }),
    );

    assert.deepEqual(told.refusal, ['SnapshotError', 'ASH_CRYPTO_SNAPSHOT_FORGED']);
    assert.doesNotMatch(told.shown, /CAgI|shop|127/);
  });

  it('says that it reads no file', async () => {
    const told = await opened.page.evaluate(async () => {
      const { CryptoClient } = await import('nestjs-ash/snapshot/client');
      try {
        return typeof new CryptoClient();
      } catch ({ name, message }) {
        return [name, message];
      }
    });

    assert.equal(told[0], 'AshConfigurationError');
    assert.match(told[1], /there are no files here .* give the configuration as an object/);
  });

  it('ends what is under way when it is closed', async () => {
    const told = await opened.page.evaluate(async (config) => {
      const { CryptoClient } = await import('nestjs-ash/snapshot/client');
      const client = new CryptoClient(config);
      const call = client.encryptMessage('text').catch(({ code }) => code);
      await client.close();
      return call;
    }, config());

    assert.equal(told, 'ASH_CRYPTO_CLIENT_CLOSED');
  });
});
