import formBody from '@fastify/formbody';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { ashFastifyContext, ashFastifyPlugin } from 'nestjs-ash/fastify';
import { userOf } from './input.js';
import type { Page, PageFile } from './page.js';
import { answerTo } from './shop-error.js';
import type { ShopParts, ShopServer } from './shop.js';

const UPLOAD_LIMIT = 5_000_000;

/** The shop on Fastify. */
export async function createFastifyShop({ bank, store, patience, page, isQuiet }: ShopParts): Promise<FastifyInstance> {
  const app = fastify({ logger: isQuiet === true ? false : { level: 'warn' } });
  app.setErrorHandler((error, request, reply) => {
    const answer = answerTo(error);
    if (answer.statusCode >= 500) request.log.error(error);
    return reply.code(answer.statusCode).send(answer);
  });

  await app.register(formBody);
  keepBytes(app);
  await app.register(ashFastifyPlugin, { store, subject: userOf, ...patience });
  await app.register(ashFastifyContext);

  app.post('/transfer', { config: { ash: true } }, ({ body }) => bank.transfer(body));
  app.post(
    '/transfer/quick',
    { config: { ash: { scope: ['amount', 'to'], unscoped: 'strip', ttl: 2_000 } } },
    ({ body }) => bank.quick(body),
  );
  app.post('/transfer/form', { config: { ash: { payload: 'form' } } }, ({ body }) => bank.transfer(body));
  app.post('/legacy/transfer', { config: { ash: { protocol: 'v1' } } }, ({ body }) => bank.transfer(body));
  app.get('/report', { config: { ash: true } }, ({ query }) => bank.report(query));
  app.put<{ Params: { id: string } }>('/accounts/:id/limit', { config: { ash: true } }, ({ params, body }) =>
    bank.limit(params.id, body),
  );

  // Apart, since here the bytes of JSON and of forms are kept too.
  await app.register((uploads, _options, done) => {
    uploads.removeAllContentTypeParsers();
    keepBytes(uploads);
    uploads.post('/upload', { bodyLimit: UPLOAD_LIMIT, config: { ash: { payload: 'raw' } } }, ({ body }) =>
      bank.upload(body),
    );
    done();
  });

  app.post('/cart', { config: { ash: { chain: { name: 'checkout', start: true } } } }, ({ body }) => bank.cart(body));
  app.post('/checkout', { config: { ash: { chain: { name: 'checkout', after: 'POST /cart' } } } }, () =>
    bank.checkout(),
  );
  app.post('/payment', { config: { ash: { chain: { name: 'checkout', after: 'POST /checkout' } } } }, ({ body }) =>
    bank.payment(body),
  );

  app.get('/ledger', (_request, reply) => reply.header('Cache-Control', 'no-store').send(bank.ledger));
  if (page !== undefined) addPage(app, page);
  return app;
}

function addPage(app: FastifyInstance, page: Page): void {
  app.get('/', async (_request, reply) => answerFile(reply, await page.index()));
  app.get<{ Params: { file: string } }>('/page/:file', async ({ params }, reply) =>
    answerFile(reply, await page.file(params.file)),
  );
  app.get('/ash.mjs', async (_request, reply) => answerFile(reply, await page.client()));
}

function answerFile(reply: FastifyReply, { bytes, headers }: PageFile): FastifyReply {
  return reply.headers(headers).send(bytes);
}

/** Serves the shop with Fastify. */
export async function serveWithFastify(parts: ShopParts): Promise<ShopServer> {
  const app = await createFastifyShop(parts);
  return { server: app.server, listen: (port, host) => app.listen({ port, host }), close: () => app.close() };
}

/** Hands on the bytes of what no other parser reads. */
function keepBytes(app: FastifyInstance): void {
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes, done) => {
    done(null, bytes);
  });
}
