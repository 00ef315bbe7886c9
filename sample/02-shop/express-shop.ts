import { once } from 'node:events';
import { createServer } from 'node:http';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { ashExpressContext, ashExpressMiddleware } from 'nestjs-ash/express';
import { userOf } from './input.js';
import type { Page, PageFile } from './page.js';
import { answerTo, ShopError } from './shop-error.js';
import type { ShopParts, ShopServer } from './shop.js';

/** The protected routes, for the endpoint that issues contexts and for each of them. */
const ROUTES = {
  'POST /transfer': {},
  'POST /transfer/quick': { scope: ['amount', 'to'], unscoped: 'strip', ttl: 2_000 },
  'POST /transfer/form': { payload: 'form' },
  'POST /legacy/transfer': { protocol: 'v1' },
  'POST /upload': { payload: 'raw' },
  'GET /report': {},
  'PUT /accounts/:id/limit': {},
  'POST /cart': { chain: { name: 'checkout', start: true } },
  'POST /checkout': { chain: { name: 'checkout', after: 'POST /cart' } },
  'POST /payment': { chain: { name: 'checkout', after: 'POST /checkout' } },
} as const;

/**
 * The shop on Express.
 *
 * @param framework Express 5, or Express 4.
 */
export function createExpressShop({ bank, store, patience, page, isQuiet }: ShopParts, framework = express): Express {
  const quiet = isQuiet === true ? { log: () => undefined } : {};
  const options = { store, subject: userOf, bindings: ROUTES, ...patience, ...quiet };
  const ash = (expectedBinding: keyof typeof ROUTES) => ashExpressMiddleware({ ...options, expectedBinding });
  const app = framework();

  // Before the other parsers, since it keeps the bytes of whatever comes.
  app.post('/upload', framework.raw({ type: () => true, limit: '5mb' }), ash('POST /upload'), (request, response) => {
    response.json(bank.upload(request.body));
  });
  app.use(framework.json(), framework.urlencoded({ extended: false }));
  app.post('/ash/context', ashExpressContext(options));

  app.post('/transfer', ash('POST /transfer'), (request, response) => {
    response.json(bank.transfer(request.body));
  });
  app.post('/transfer/quick', ash('POST /transfer/quick'), (request, response) => {
    response.json(bank.quick(request.body));
  });
  app.post('/transfer/form', ash('POST /transfer/form'), (request, response) => {
    response.json(bank.transfer(request.body));
  });
  app.post('/legacy/transfer', ash('POST /legacy/transfer'), (request, response) => {
    response.json(bank.transfer(request.body));
  });
  app.get('/report', ash('GET /report'), (request, response) => {
    response.json(bank.report(request.query));
  });
  app.put('/accounts/:id/limit', ash('PUT /accounts/:id/limit'), (request, response) => {
    response.json(bank.limit(request.params.id, request.body));
  });

  app.post('/cart', ash('POST /cart'), (request, response) => {
    response.json(bank.cart(request.body));
  });
  app.post('/checkout', ash('POST /checkout'), (_request, response) => {
    response.json(bank.checkout());
  });
  app.post('/payment', ash('POST /payment'), (request, response) => {
    response.json(bank.payment(request.body));
  });

  app.get('/ledger', (_request, response) => {
    response.set('Cache-Control', 'no-store').json(bank.ledger);
  });
  if (page !== undefined) addPage(app, page);
  addErrorAnswers(app, isQuiet);
  return app;
}

function addPage(app: Express, page: Page): void {
  app.get('/', (_request, response, next) => {
    answerFile(page.index(), response, next);
  });
  app.get('/page/:file', (request, response, next) => {
    answerFile(page.file(request.params.file), response, next);
  });
  app.get('/ash.mjs', (_request, response, next) => {
    answerFile(page.client(), response, next);
  });
}

/** Answers a file, or hands on why it cannot: Express 4 looks at no promise by itself. */
function answerFile(file: Promise<PageFile>, response: Response, next: NextFunction): void {
  file.then(({ bytes, headers }) => response.set(headers).send(bytes)).catch(next);
}

/** Behind every route: whatever came to none, or was thrown by one. */
function addErrorAnswers(app: Express, isQuiet = false): void {
  app.use(({ method, path }, _response, next) => {
    next(new ShopError(404, `Cannot ${method} ${path}`));
  });
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const answer = answerTo(error);
    if (answer.statusCode >= 500 && !isQuiet) console.error(error);
    response.status(answer.statusCode).json(answer);
  });
}

/** Serves the shop with Express. */
export function serveWithExpress(parts: ShopParts, framework = express): Promise<ShopServer> {
  const server = createServer(createExpressShop(parts, framework));
  return Promise.resolve({
    server,
    listen: async (port, host) => {
      server.listen(port, host);
      await once(server, 'listening');
    },
    close: async () => {
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  });
}
