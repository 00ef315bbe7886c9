import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { AshClient } from 'nestjs-ash/client';
import { root } from '../../scripts/run.mjs';
import { startShop } from './shop-process.mjs';

let folder;
before(() => (folder = mkdtempSync(join(tmpdir(), 'shop-spec-'))));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the shop until it ends by itself. */
async function runShop(env) {
  const shop = spawn(process.execPath, ['dist-sample/02-shop/main.js'], {
    cwd: root,
    env: { ...process.env, PORT: '0', TMPDIR: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 10_000,
  });
  const [stdout, stderr, [code]] = await Promise.all([text(shop.stdout), text(shop.stderr), once(shop, 'exit')]);
  return { stdout, stderr, code };
}

/** A port of the loopback on which nobody listens. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

describe('the built shop that needs no server', () => {
  for (const env of [
    { STORE: 'memory' },
    { STORE: 'sql' },
    { STORE: 'sealed' },
    { STORE: 'sealed', SEALED_OVER: 'sql', SEALED_KEYS: `a:${randomBytes(32).toString('hex')}` },
  ]) {
    const title = Object.entries(env).filter(([name]) => name !== 'SEALED_KEYS');
    it(`takes a request once with ${title.map((pair) => pair.join('=')).join(' ')}, and leaves nothing behind`, async () => {
      const shop = await startShop({ TMPDIR: folder, ...env });
      const ash = new AshClient({ baseUrl: shop.url });
      const context = await ash.context('POST', '/transfer');
      const send = () => ash.post('/transfer', { amount: 3, to: 'a' }, { context });

      assert.equal((await send()).status, 200);
      await assert.rejects(send(), { code: 'ASH_CTX_ALREADY_USED' });

      await shop.end();
      assert.deepEqual(readdirSync(folder), []);
    });
  }
});

describe('the built shop whose server is away', () => {
  const servers = [
    ['redis', (port) => ({ STORE: 'redis', REDIS_URL: `redis://user:hidden@127.0.0.1:${port}` }), /redis-server/],
    ['postgres', (port) => ({ STORE: 'sql', DATABASE_URL: `postgres://user:hidden@127.0.0.1:${port}/shop` }), /postgres/],
    ['mariadb', (port) => ({ STORE: 'sql', DATABASE_URL: `mariadb://user:hidden@127.0.0.1:${port}/shop` }), /mariadb/],
    [
      'redis',
      (port) => ({ STORE: 'sealed', SEALED_OVER: 'redis', REDIS_URL: `redis://user:hidden@127.0.0.1:${port}` }),
      /redis-server/,
    ],
  ];
  for (const [service, envOf, start] of servers) {
    it(`says where it looked for ${service} and what to start, and ends: ${JSON.stringify(envOf('PORT'))}`, async () => {
      const port = await freePort();
      const { stdout, stderr, code } = await runShop(envOf(port));

      assert.equal(code, 1);
      assert.ok(stderr.includes(`127.0.0.1:${port}`), stderr);
      assert.match(stderr, start);
      assert.ok(stderr.includes(`docker compose up ${service}`), stderr);
      assert.doesNotMatch(stdout + stderr, /hidden|^\s+at /m);
    });
  }
});

describe('the built shop that is set up wrongly', () => {
  const mistakes = [
    [{ STORE: 'paper' }, /^STORE is one of memory, redis, sql, sealed, not 'paper'\.$/m],
    [{ STORE: 'constructor' }, /^STORE is one of memory, redis, sql, sealed, not 'constructor'\.$/m],
    [{ STORE: 'sealed', SEALED_OVER: 'sealed' }, /^SEALED_OVER is one of memory, redis, sql, not 'sealed'\.$/m],
    [{ STORE: 'sealed', SEALED_KEYS: 'hidden' }, /^SEALED_KEYS is a list of id:secret, .* entry 1 /m],
    [{ STORE: 'sealed', SEALED_KEYS: 'a:hidden' }, /'a'/],
    [{ STORE: 'sealed', SEALED_OVER: 'sql', SEALED_KEYS: 'a:hidden' }, /'a'/],
    [{ STORE: 'sql', STORE_PREFIX: 'a b' }, /'a b_'/],
    [{ STORE: 'sql', STORE_TIMEOUT: 'long' }, /'timeout'.* NaN/],
    [{ STORE: 'sql', DATABASE_URL: 'oracle://user:hidden@db/shop' }, /^DATABASE_URL is one of postgres, .*, not 'oracle'\.$/m],
    [{ STORE: 'sql', DATABASE_URL: 'hidden' }, /^DATABASE_URL is one of postgres, .*, not 'no URL'\.$/m],
    [{ FRAMEWORK: 'koa', STORE: 'sql' }, /^FRAMEWORK is one of nest, express, fastify, not 'koa'\.$/m],
    [{ ADAPTER: 'koa', STORE: 'sql' }, /^ADAPTER is 'express' or 'fastify', not 'koa'\.$/m],
  ];
  for (const [env, message] of mistakes) {
    it(`says what is wrong, and ends: ${JSON.stringify(env)}`, async () => {
      const { stdout, stderr, code } = await runShop(env);

      assert.equal(code, 1);
      assert.match(stderr, message);
      assert.doesNotMatch(stdout + stderr, /hidden|^\s+at /m);
      assert.deepEqual(readdirSync(folder), []);
    });
  }
});
