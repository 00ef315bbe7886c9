import { createReadStream, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join, normalize } from 'node:path';
import { chromium } from 'playwright-core';
import { chromiumPath } from '../../scripts/chromium.mjs';
import { root } from '../../scripts/run.mjs';

const FOLDERS = {
  '/dist/': 'dist/esm/',
  '/axios/': 'node_modules/axios/dist/esm/',
};

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What a bundler reads from package.json, as an import map. */
function importMap() {
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return {
    imports: {
      'nestjs-ash/core': '/dist/core/index.mjs',
      'nestjs-ash/client': '/dist/client/index.mjs',
      'nestjs-ash/axios': '/dist/axios/index.mjs',
      'nestjs-ash/snapshot/client': '/dist/snapshot/client/index.mjs',
      axios: '/axios/axios.js',
      ...Object.fromEntries(
        Object.entries(own.imports).map(([name, { default: portable }]) => [
          name,
          portable.import.replace('./dist/esm/', '/dist/'),
        ]),
      ),
    },
  };
}

function serve(handle) {
  const html = `<!doctype html><title>nestjs-ash</title><link rel="icon" href="data:,"><script type="importmap">${JSON.stringify(importMap())}</script>`;
  return createServer((request, response) => {
    const path = normalize(new URL(request.url, 'http://localhost').pathname);
    if (path === '/') return response.setHeader('content-type', 'text/html; charset=utf-8').end(html);

    const mount = Object.keys(FOLDERS).find((prefix) => path.startsWith(prefix));
    if (mount === undefined) return handle(request, response);

    const file = createReadStream(join(root, FOLDERS[mount], path.slice(mount.length)));
    file.on('error', () => response.writeHead(404).end());
    response.setHeader('content-type', 'text/javascript; charset=utf-8');
    file.pipe(response);
  });
}

/** Chromium without a window, and without anything that it would ask the net for by itself. */
export async function launchChromium(...more) {
  return chromium.launch({ executablePath: await chromiumPath(), args: [...ARGUMENTS, ...more] });
}

/**
 * A page of Chromium in which `import('nestjs-ash/core')` and the other entries for browsers load the built package;
 * `handle` answers all other requests to the page's own origin.
 */
export async function openPage({ handle = (_request, response) => response.writeHead(404).end() } = {}) {
  const server = serve(handle).listen(0, '127.0.0.1');
  let browser;
  const close = async () => {
    await browser?.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  try {
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${server.address().port}`;
    browser = await launchChromium();
    const page = await browser.newPage();
    await page.goto(origin);
    return { page, origin, close };
  } catch (error) {
    await close();
    throw error;
  }
}
