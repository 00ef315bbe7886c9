import { once } from 'node:events';
import express from 'express';
import fastify from 'fastify';
import { ashExpressMiddleware, ashIssue, AshMemoryStore } from 'nestjs-ash/express';
import { ashFastifyPlugin } from 'nestjs-ash/fastify';

const ROUTE = { expectedBinding: 'POST /protected', ttl: 600_000 };

/** Starts a bare and a protected route with Express on a free port of 127.0.0.1. */
export async function startExpress() {
  const store = new AshMemoryStore();
  const app = express();
  app.use(express.json());
  const done = (_request, response) => response.json({ done: true });
  app.post('/bare', done);
  app.post('/protected', ashExpressMiddleware({ store, ...ROUTE }), done);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    issue: (binding) => ashIssue(store, { binding }, ROUTE),
    close: async () => {
      server.close();
      await store.close();
    },
  };
}

/** Starts a bare and a protected route with Fastify on a free port of 127.0.0.1. */
export async function startFastify() {
  const store = new AshMemoryStore();
  const app = fastify();
  await app.register(ashFastifyPlugin, { store, audit: 'off' });
  app.post('/bare', () => ({ done: true }));
  app.post('/protected', { config: { ash: ROUTE } }, () => ({ done: true }));
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    url,
    issue: (binding) => app.ash.issue({ binding }),
    close: async () => {
      await app.close();
      await store.close();
    },
  };
}
