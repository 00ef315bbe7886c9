import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fastify } from 'fastify';
import { AshClient } from 'nestjs-ash/client';
import { AshMemoryStore, ashFastifyContext, ashFastifyPlugin } from 'nestjs-ash/fastify';

it("Fastify's inject() goes the way of a request that comes over a connection", async (t) => {
  const app = fastify();
  t.after(() => app.close());
  await app.register(ashFastifyPlugin, { store: new AshMemoryStore() });
  await app.register(ashFastifyContext);
  app.post('/a', { config: { ash: true } }, ({ body, ash }) => ({ received: body, payload: ash.payload }));
  app.post('/start', { config: { ash: { chain: { name: 'c', start: true } } } }, () => ({ started: true }));

  const sent = [];
  const client = new AshClient({
    baseUrl: 'http://localhost',
    fetch: async (url, { method, headers, body }) => {
      const request = { method, url: new URL(url).pathname, headers: Object.fromEntries(new Headers(headers)), payload: body };
      sent.push(request);
      const answer = await app.inject(request);
      return new Response(answer.body, { status: answer.statusCode, headers: answer.headers });
    },
  });

  const answer = await client.post('/a', { amount: 100 });
  assert.deepEqual(await answer.json(), { received: { amount: 100 }, payload: { amount: 100 } });
  const honest = sent.at(-1);
  assert.equal((await app.inject(honest)).statusCode, 409);
  assert.equal((await app.inject({ method: 'POST', url: '/a', payload: { amount: 1 } })).statusCode, 403);

  const start = await client.post('/start');
  assert.equal(start.headers.get('x-ash-chain-proof'), sent.at(-1).headers['x-ash-proof']);
});
