import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { build } from 'esbuild';
import { root } from '../../scripts/run.mjs';
import { startSnapshots } from '../dist/snapshot-server.mjs';
import { launchChromium } from './harness.mjs';

const SECRET = Buffer.alloc(32, 7).toString('base64');

describe('the client’s entry, bundled for a page', () => {
  const ENTRY = `export * from 'nestjs-ash/snapshot/client';`;
  const HTML = '<!doctype html><title>crypto</title><link rel="icon" href="data:,">';
  let bundle;
  let server;
  let pages;
  let browser;
  before(async () => {
    bundle = await build({
      stdin: { contents: ENTRY, resolveDir: root },
      bundle: true,
      format: 'esm',
      platform: 'browser',
      tsconfigRaw: {},
      metafile: true,
      write: false,
    });
    pages = createServer(({ url }, response) => {
      const [type, content] =
        url === '/crypto.mjs' ? ['text/javascript', bundle.outputFiles[0].text] : ['text/html', HTML];
      response
        // What a strict page allows: no code that is made of text.
        .writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'content-security-policy': "script-src 'self'" })
        .end(content);
    }).listen(0, '127.0.0.1');
    await once(pages, 'listening');
    server = await startSnapshots({ secretKey: SECRET, controller: { cors: '*' } });
    // A name of its own, since a browser takes its own machine for secure, whatever the protocol.
    browser = await launchChromium('--host-resolver-rules=MAP shop.test 127.0.0.1');
  });
  after(async () => {
    await browser?.close();
    pages?.closeAllConnections();
    pages?.close();
    await server?.end();
  });

  /** What a page of a host says of a round trip. */
  async function roundTrip(host, { cipher, before: prepare = () => undefined }) {
    const page = await browser.newPage();
    try {
      await page.goto(`http://${host}:${pages.address().port}/`);
      await page.evaluate(prepare);
      return await page.evaluate(
        async (config) => {
          const { CryptoClient } = await import(new URL('/crypto.mjs', location.href).href);
          try {
            const client = new CryptoClient(config);
            const opened = await client.decryptMessage(await client.encryptMessage('text'));
            const { asyncDispose } = Symbol;
            if (asyncDispose === undefined) await client.close();
            else await client[asyncDispose]();
            const closed = await client.authenticate().catch(({ code }) => code);
            return [new TextDecoder().decode(opened), closed, typeof asyncDispose];
          } catch ({ name, message }) {
            return [name, message];
          }
        },
        { serverUrl: server.url, secretKey: SECRET, cipher },
      );
    } finally {
      await page.close();
    }
  }

  it('holds no module of Node', () => {
    const [{ imports }] = Object.values(bundle.metafile.outputs);
    const inputs = Object.keys(bundle.metafile.inputs).filter((path) => /node_modules|\.node\./.test(path));

    assert.deepEqual([imports, inputs], [[], []]);
  });

  for (const cipher of ['aes-256-gcm', 'array-crypto']) {
    it(`encrypts and decrypts with ${cipher} where no code may be made of text`, async () => {
      assert.deepEqual(await roundTrip('127.0.0.1', { cipher }), ['text', 'ASH_CRYPTO_CLIENT_CLOSED', 'symbol']);
    });
  }

  it('does without the symbol of await using, which not every browser has', async () => {
    const withoutSymbol = () => {
      const own = globalThis.Symbol;
      const names = Object.getOwnPropertyNames(own).filter(
        (name) => !/[dD]ispose|^(?:length|name|prototype)$/.test(name),
      );
      const other = (...parts) => own(...parts);
      for (const name of names) other[name] = own[name];
      globalThis.Symbol = other;
    };
    const told = await roundTrip('127.0.0.1', { cipher: 'aes-256-gcm', before: withoutSymbol });

    assert.deepEqual(told, ['text', 'ASH_CRYPTO_CLIENT_CLOSED', 'undefined']);
  });

  it('says on a page over plain http that there is no WebCrypto', async () => {
    const [name, message] = await roundTrip('shop.test', { cipher: 'aes-256-gcm' });

    assert.equal(name, 'AshConfigurationError');
    assert.match(message, /no WebCrypto here, since the page's origin is not secure/);
  });

  it('has the cipher for existing peers on a page over plain http too', async () => {
    const told = await roundTrip('shop.test', { cipher: 'array-crypto' });

    assert.deepEqual(told.slice(0, 2), ['text', 'ASH_CRYPTO_CLIENT_CLOSED']);
  });
});
