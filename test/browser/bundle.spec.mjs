import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request as forward } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { startShop } from '../dist/shop-process.mjs';
import { HONEST_DAY, IN_LEDGER } from '../runtimes/program.mjs';
import { launchChromium } from './harness.mjs';

// What a page and its workers run: the one file that the package has for them, without an import map.
const PROGRAM = `
  import { AshClient } from '/ash.mjs';
  import { shopWith } from '/program.mjs';

  export const shop = async () => ({
    ...(await shopWith(AshClient)),
    isSecure: isSecureContext,
    hasWebCrypto: crypto.subtle !== undefined,
    scope: globalThis.constructor.name,
  });
`;

const FILES = {
  '/': [
    'text/html',
    `<!doctype html><title>shop</title><link rel="icon" href="data:,">
    <script type="module">
      import { shop } from '/shop.mjs';
      globalThis.outcome = shop();
    </script>`,
  ],
  '/empty': ['text/html', '<!doctype html><title>shop</title><link rel="icon" href="data:,">'],
  '/shop.mjs': ['text/javascript', PROGRAM],
  '/worker.mjs': ['text/javascript', `import { shop } from '/shop.mjs'; postMessage(await shop());`],
  '/shared-worker.mjs': [
    'text/javascript',
    `import { shop } from '/shop.mjs';
    globalThis.onconnect = async ({ ports: [port] }) => port.postMessage(await shop());`,
  ],
  '/service-worker.mjs': [
    'text/javascript',
    `import { shop } from '/shop.mjs';
    addEventListener('message', (event) => event.waitUntil(shop().then((outcome) => event.source.postMessage(outcome))));`,
  ],
};

/** Serves the files and the bundle, and hands everything else on to the shop, as a proxy before an application does. */
function serve(shopUrl) {
  const script = (path) => ['text/javascript', readFileSync(new URL(path, import.meta.url))];
  const files = {
    ...FILES,
    '/ash.mjs': script('../../dist/browser/ash.mjs'),
    '/program.mjs': script('../runtimes/program.mjs'),
  };
  return createServer((request, response) => {
    const [type, content] = files[request.url] ?? [];
    if (type !== undefined) return response.setHeader('content-type', `${type}; charset=utf-8`).end(content);

    const { method, headers, url } = request;
    const onward = forward(new URL(url, shopUrl), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
}

const fromWorker = () =>
  new Promise((resolve, reject) => {
    const worker = new Worker('/worker.mjs', { type: 'module' });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = reject;
  });

const fromSharedWorker = () =>
  new Promise((resolve, reject) => {
    const worker = new SharedWorker('/shared-worker.mjs', { type: 'module' });
    worker.port.onmessage = ({ data }) => resolve(data);
    worker.onerror = reject;
  });

const fromServiceWorker = async () => {
  await navigator.serviceWorker.register('/service-worker.mjs', { type: 'module' });
  const { active } = await navigator.serviceWorker.ready;
  const answer = new Promise((resolve) => {
    navigator.serviceWorker.onmessage = ({ data }) => resolve(data);
  });
  active.postMessage('run');
  return answer;
};

describe('dist/browser/ash.mjs', () => {
  let shop;
  let server;
  let browser;
  before(async () => {
    shop = await startShop();
    server = serve(shop.url).listen(0, '127.0.0.1');
    await once(server, 'listening');
    // A name of its own, since a browser takes its own machine for secure, whatever the protocol.
    browser = await launchChromium('--host-resolver-rules=MAP shop.test 127.0.0.1');
  });
  after(async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
    await shop?.end();
  });

  const ledger = async () => (await fetch(`${shop.url}/ledger`)).json();

  const environments = [
    ['a page', 'shop.test', '/', () => globalThis.outcome, { isSecure: false, scope: 'Window' }],
    ['a worker', 'shop.test', '/empty', fromWorker, { isSecure: false, scope: 'DedicatedWorkerGlobalScope' }],
    ['a shared worker', 'shop.test', '/empty', fromSharedWorker, { isSecure: false, scope: 'SharedWorkerGlobalScope' }],
    // Service workers are for secure pages only.
    [
      'a service worker',
      '127.0.0.1',
      '/empty',
      fromServiceWorker,
      { isSecure: true, scope: 'ServiceWorkerGlobalScope' },
    ],
  ];

  for (const [title, host, path, run, { isSecure, scope }] of environments) {
    it(`passes every kind of route from ${title}${isSecure ? '' : ' over plain http'}`, async () => {
      const { transfers, payments } = await ledger();
      const page = await browser.newPage();
      try {
        await page.goto(`http://${host}:${server.address().port}${path}`);
        assert.deepEqual(await page.evaluate(run), {
          ...HONEST_DAY,
          isSecure,
          hasWebCrypto: isSecure,
          scope,
        });
      } finally {
        await page.close();
      }
      const now = await ledger();
      assert.deepEqual({ transfers: now.transfers - transfers, payments: now.payments - payments }, IN_LEDGER);
    });
  }
});
