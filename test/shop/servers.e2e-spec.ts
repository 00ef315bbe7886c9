import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';
import { AshClient } from 'nestjs-ash/client';
import { createShop, type Shop } from '../../sample/02-shop/create-shop.js';
import { Page } from '../../sample/02-shop/page.js';
import { endOf } from '../client/served-shop.js';
import { listen, MEMORY, SERVERS } from '../support/shop.js';
import type { TestApp } from '../support/test-app.js';

const FOLDER = fileURLToPath(new URL('../../sample/02-shop/page', import.meta.url));
const { environment } = MEMORY;

describe.each(SERVERS.all)('the shop on $framework', ({ create }) => {
  let made: Shop;
  let shop: TestApp;

  const start = async (client: string): Promise<void> => {
    made = await create({ environment, page: new Page(FOLDER, join(FOLDER, client)), isQuiet: true });
    shop = await listen(made);
  };

  beforeAll(() => start('main.js'));

  afterAll(() => shop.close());

  describe('serves its page', () => {
    type File = [path: string, type: string];
    const files: File[] = [
      ['/', 'text/html; charset=utf-8'],
      ['/page/main.js', 'text/javascript; charset=utf-8'],
      ['/page/style.css', 'text/css; charset=utf-8'],
      ['/page/icon.svg', 'image/svg+xml'],
      ['/ash.mjs', 'text/javascript; charset=utf-8'],
    ];
    it.each(files)('with %s as %s, which is asked for anew and taken for nothing else', async (path, type) => {
      const { status, headers, text } = await shop.get(path);

      expect(status).toBe(200);
      expect(text).not.toBe('');
      expect(headers).toMatchObject({
        'content-type': type,
        'cache-control': 'no-cache',
        'x-content-type-options': 'nosniff',
      });
    });

    it('to which nothing comes from elsewhere', async () => {
      const { headers } = await shop.get('/');

      expect(headers['content-security-policy']).toMatch(/^default-src 'self'; .*frame-ancestors 'none'$/);
      expect(headers['referrer-policy']).toBe('no-referrer');
    });

    it.each(['/page/nothing.js', '/page/index.html', '/page/..%2fmain.ts', '/page/%2e%2e%2fmain.ts', '/page/'])(
      'and nothing beside it: %s',
      async (path) => {
        expect(await shop.get(path)).toMatchObject({ status: 404, body: { statusCode: 404, error: 'Not Found' } });
      },
    );
  });

  describe('answers as JSON, with what its client can mend and nothing else,', () => {
    const json = (body: string) => ({
      method: 'POST',
      path: '/ash/context',
      headers: { 'content-type': 'application/json' },
      body,
    });

    it('a path that is none of its own', async () => {
      expect((await shop.get('/nowhere')).body).toMatchObject({ statusCode: 404, message: expect.any(String) });
    });

    it('a body that is no JSON', async () => {
      expect((await shop.send(json('{"binding":'))).body).toMatchObject({
        statusCode: 400,
        message: expect.any(String),
      });
    });

    it('a body that is too large', async () => {
      expect((await shop.send(json(`"${'x'.repeat(2_000_000)}"`))).body).toMatchObject({
        statusCode: 413,
        message: expect.any(String),
      });
    });

    it('what the business refuses, in its own words', async () => {
      const amount = await shop.pass({
        binding: 'POST /transfer',
        headers: { 'content-type': 'application/json' },
        body: '{"amount":0,"to":"acct-7"}',
        runs: 'transfers',
      });

      expect(amount.body).toEqual({
        statusCode: 400,
        error: 'Bad Request',
        message: 'amount: a number above 0 is needed',
      });
    });

    it('a fault of its own, of which it tells nothing', async () => {
      const { bank } = made;
      bank.report = () => {
        throw new Error('the password is hidden');
      };
      const { status, text } = await shop.pass({ binding: 'GET /report', runs: 'reports' });

      expect(status).toBe(500);
      expect(text).not.toContain('hidden');
    });

    it('a client for browsers that was never built, and how it is', async () => {
      await shop.close();
      await start('nothing.mjs');

      expect((await shop.get('/ash.mjs')).body).toEqual({
        statusCode: 500,
        error: 'Internal Server Error',
        message: "dist/browser/ash.mjs is missing: 'npm run build' makes it.",
      });
    });
  });

  it('lets its ledger be kept by nobody', async () => {
    const { headers, body } = await shop.get('/ledger');

    expect(headers['cache-control']).toBe('no-store');
    expect(body).toEqual(made.bank.ledger);
  });

  it('ends its store when it ends, and is held up by no client that keeps its connection', async () => {
    const own = await create({ environment, isQuiet: true });
    const { origin } = await listen(own);
    const client = new AshClient({ baseUrl: origin });
    const closed = jest.spyOn(own.shopStore.store, 'close');

    expect(await endOf(client.get('/report'))).toEqual({ status: 200 });
    await own.close();
    expect(closed).toHaveBeenCalledTimes(1);
    await expect(fetch(origin)).rejects.toThrow();
  });

  it('says why it cannot listen, and can be ended', async () => {
    const { port } = new URL(shop.origin);
    const second = await create({ environment, isQuiet: true });

    await expect(second.listen(Number(port), '127.0.0.1')).rejects.toThrow('EADDRINUSE');
    await expect(second.close()).resolves.toBeUndefined();
  });
});

describe('a shop that is set up wrongly', () => {
  type Row = [title: string, names: Readonly<Record<string, string>>, message: string];
  const rows: Row[] = [
    ['framework', { FRAMEWORK: 'koa' }, "FRAMEWORK is one of nest, express, fastify, not 'koa'."],
    ['framework that is a name of every object', { FRAMEWORK: 'constructor' }, "not 'constructor'."],
    ['adapter of Nest', { ADAPTER: 'koa' }, "ADAPTER is 'express' or 'fastify', not 'koa'."],
    ['store', { STORE: 'paper' }, "STORE is one of memory, redis, sql, sealed, not 'paper'."],
  ];
  it.each(rows)('says what it takes where it does not know its %s', async (_title, names, message) => {
    await expect(createShop({ environment: names, isQuiet: true })).rejects.toThrow(message);
  });
});
