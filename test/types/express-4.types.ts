import type { Application, Request, RequestHandler, Response } from 'express-4';
import {
  ashExpressContext,
  ashExpressMiddleware,
  type AshContextStore,
  type AshExpressOptions,
  type AshVerifiedRequest,
} from 'nestjs-ash/express';
import type { Same } from './same.js';

declare const store: AshContextStore;
declare const app: Application;

const shop: AshExpressOptions = {
  store,
  subject: (request: Request) => request.get('X-User'),
  skip: (request: Request) => request.path === '/health',
  onError: ({ statusCode, code }, _request: Request, response: Response) => response.status(statusCode).json({ code }),
  bindings: ['POST /accounts/:id'],
};

const ash = ashExpressMiddleware(shop);

export const handlers: [RequestHandler, RequestHandler, RequestHandler<{ id: string }, { done: boolean }>] = [
  ashExpressContext(shop),
  ash,
  ash,
];

export function routes(): void {
  app.use(ash);
  app.post('/ash/context', ashExpressContext(shop));
  app.post('/accounts/:id', ash, (request, response) => {
    true satisfies Same<typeof request.params, { id: string }>;
    true satisfies Same<typeof request.ash, AshVerifiedRequest | undefined>;
    // @ts-expect-error: the path names no such parameter
    response.json(String(request.params.account));
  });
  app.post('/orders', ash, (request: Request<object, boolean, { amount: number }>, response: Response<boolean>) => {
    response.json(request.body.amount > 0);
  });
}

export const requests: true[] = [true satisfies Same<Request['ash'], AshVerifiedRequest | undefined>];
