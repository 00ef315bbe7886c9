import type { Server } from 'node:http';
import express, { type Request } from 'express';
import { fastify } from 'fastify';
import { AshClient, isAshClientError } from 'nestjs-ash/client';
import { ashExpressContext, ashExpressMiddleware, type AshExpressOptions } from 'nestjs-ash/express';
import { ashFastifyContext, ashFastifyPlugin } from 'nestjs-ash/fastify';
import { AshMemoryStore } from 'nestjs-ash/server';

const HOST = '127.0.0.1';

/** A shop that is served, by its URL. */
interface Shop {
  readonly url: string;
  close(): unknown;
}

async function onExpress(): Promise<Shop> {
  const shop: AshExpressOptions = {
    store: new AshMemoryStore(),
    subject: (request: Request) => request.get('X-User'),
    bindings: { 'POST /accounts/:id': { scope: ['amount'] } },
  };
  const app = express();
  app.use(express.json());
  app.post('/ash/context', ashExpressContext(shop));
  app.post('/accounts/:id', ashExpressMiddleware(shop), (request, response) => {
    response.json({ to: request.params.id.toUpperCase(), covered: request.ash?.scope });
  });
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, HOST, () => {
      resolve(listening);
    });
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return { url: `http://${HOST}:${port ?? ''}`, close: () => server.close() };
}

async function onFastify(): Promise<Shop> {
  const app = fastify();
  await app.register(ashFastifyPlugin, {
    store: new AshMemoryStore(),
    subject: ({ headers }) => headers['x-user']?.toString(),
  });
  await app.register(ashFastifyContext);
  app.post<{ Params: { id: string } }>(
    '/accounts/:id',
    { config: { ash: { scope: ['amount'] } } },
    ({ params, ash }) => ({ to: params.id.toUpperCase(), covered: ash?.scope }),
  );
  return { url: await app.listen({ port: 0, host: HOST }), close: () => app.close() };
}

/** What comes back from a shop: for a request, and for a second one with the same context. */
async function visit(shop: Shop): Promise<unknown[]> {
  const ash = new AshClient({ baseUrl: shop.url, headers: { 'X-User': 'ann' } });
  const context = await ash.context('POST', '/accounts/bo');
  const send = (): Promise<Response> => ash.post('/accounts/bo', { amount: 3 }, { context });
  const first = await send();
  const second: unknown = await send().catch((error: unknown) => error);
  return [first.status, await first.json(), isAshClientError(second) ? [second.status, second.code] : second];
}

async function main(): Promise<void> {
  const answers: Record<string, unknown> = {};
  for (const [name, open] of Object.entries({ express: onExpress, fastify: onFastify })) {
    const shop = await open();
    answers[name] = await visit(shop);
    await shop.close();
  }
  console.log(JSON.stringify(answers));
}

void main();
