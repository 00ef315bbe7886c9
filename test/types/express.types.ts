import type { Application, NextFunction, Request, RequestHandler, Response, Router } from 'express';
import {
  ashExpressContext,
  ashExpressMiddleware,
  type AshContextStore,
  type AshExpressContextOptions,
  type AshExpressOptions,
  type AshRefusalError,
  type AshVerifiedRequest,
} from 'nestjs-ash/express';
import type { Same } from './same.js';

declare const store: AshContextStore;
declare const app: Application;
declare const router: Router;
declare const ash: ReturnType<typeof ashExpressMiddleware>;

type IsAny<T> = 0 extends 1 & T ? true : false;
type SignedIn = Request & { user?: { id: string } };

export const right: AshExpressOptions[] = [
  { store },
  { store, expectedBinding: 'POST /transfer', scope: ['amount'], unscoped: 'strip', spend: 'handler' },
  { store, expectedBinding: ['POST /transfer', 'POST /v1/transfer'] },
  { store, expectedBinding: 'POST /cart', chain: { name: 'checkout', start: true } },
  { store, bindings: ['POST /transfer'] },
  { store, bindings: { 'POST /transfer': {}, 'POST /cart': { chain: 'checkout', mode: 'strict' } } },
  { store, subject: (request: Request) => request.get('X-User') },
  { store, subject: ({ user }: SignedIn) => user?.id },
  { store, subject: (request: SignedIn) => Promise.resolve(request.user?.id ?? null) },
  { store, subject: ({ headers }) => String(headers['x-user']) },
  {
    store,
    bindings: { 'GET /pages': { subject: false, ttl: (request: Request) => (request.secure ? 30_000 : 5_000) } },
  },
  { store, skip: ({ path }: Request) => path === '/health' },
  { store, skip: (request: SignedIn) => Promise.resolve(request.user === undefined) },
  { store, onError: answerRefusal },
  { store, onError: (error, request, response) => response.status(error.statusCode).json({ for: request.method }) },
  { store, onRefused: ({ code }, request: Request) => void request.app.emit(code) },
  { store, publicPrefix: '/api', storeTimeout: 500, clock: Date.now, log: console.log },
];

export const wrong: AshExpressOptions[] = [
  // @ts-expect-error: contexts have to be kept somewhere
  {},
  // @ts-expect-error: a name is no store
  { store: 'memory' },
  // @ts-expect-error: an unknown option
  { store, binding: 'POST /transfer' },
  // @ts-expect-error: a binding is a text
  { store, expectedBinding: { method: 'POST', path: '/transfer' } },
  // @ts-expect-error: a list or an object, also for one
  { store, bindings: 'POST /transfer' },
  // @ts-expect-error: a route's options are an object
  { store, bindings: { 'POST /transfer': true } },
  // @ts-expect-error: an unknown option of a route
  { store, bindings: { 'POST /transfer': { scopes: ['amount'] } } },
  // @ts-expect-error: the place of the contexts is the application's
  { store, bindings: { 'POST /transfer': { store } } },
  // @ts-expect-error: a chain has a name
  { store, expectedBinding: 'POST /cart', chain: { start: true } },
  // @ts-expect-error: who it is is a text
  { store, subject: ({ params }: Request) => Number(params['id']) },
  // @ts-expect-error: a request, not a number
  { store, subject: (id: number) => String(id) },
  // @ts-expect-error: a function of the request
  { store, skip: true },
  // @ts-expect-error: which requests, not which paths
  { store, skip: ['/health'] },
  // @ts-expect-error: whether, and nothing else
  { store, skip: ({ path }: Request) => path },
  // @ts-expect-error: a function that answers
  { store, onError: 403 },
  // @ts-expect-error: an option is left out, and not undefined
  { store, onError: undefined },
  // @ts-expect-error: it belongs to the endpoint of the contexts
  { store, batch: 8 },
];

export const rightEndpoints: AshExpressContextOptions[] = [
  { store, bindings: ['POST /transfer'], batch: 8, defaultBinding: 'POST /transfer' },
  { store, expectedBinding: 'POST /transfer', subject: (request: Request) => request.get('X-User') },
  { store, bindings: ['POST /transfer'], onError: answerRefusal },
];

export const wrongEndpoints: AshExpressContextOptions[] = [
  // @ts-expect-error: contexts have to be kept somewhere
  { bindings: ['POST /transfer'] },
  // @ts-expect-error: a bound is a number
  { store, bindings: ['POST /transfer'], batch: '8' },
  // @ts-expect-error: Express knows the path
  { store, bindings: ['POST /transfer'], path: '/ash/context' },
];

export function oneSetOfOptions(): RequestHandler[] {
  const shop = {
    store,
    subject: (request: Request) => request.get('X-User'),
    bindings: { 'POST /transfer': { scope: ['amount'] }, 'POST /cart': { chain: { name: 'checkout', start: true } } },
  };
  return [
    ashExpressContext(shop),
    ashExpressMiddleware(shop),
    ashExpressMiddleware({ ...shop, expectedBinding: 'POST /cart' }),
    // @ts-expect-error: no options, no store
    ashExpressMiddleware(),
  ];
}

export const asHandlers: [RequestHandler, RequestHandler<{ id: string }, Done, Order>, RequestHandler<Locale>] = [
  ash,
  ash,
  ash,
];

declare const transfer: RequestHandler<{ id: string }, Done, Order, { dry?: string }, { tenant: string }>;
declare function answerDone(request: Request<{ id: string }>, response: Response<Done>): void;
declare function answerRefusal(
  error: AshRefusalError,
  request: Request,
  response: Response,
  next: NextFunction,
): Promise<void>;

/** What a handler declares, or Express infers, is what it is without the middleware. */
export function routes(): void {
  app.use(ash);
  app.use('/payments', ash, router);
  app.route('/transfer').all(ash).post(ash, ash);
  app.post('/accounts/:id', ash, transfer);
  app.post('/accounts/:id', [ash], transfer);
  app.post('/accounts/:id', ash, answerDone);

  app.post('/accounts/:id/cards/:card', ash, (request, response) => {
    true satisfies Same<typeof request.params, { id: string } & { card: string }>;
    true satisfies Same<typeof request.ash, AshVerifiedRequest | undefined>;
    // @ts-expect-error: the path names no such parameter
    response.json(String(request.params.account));
  });
  router.put('/limits/:id', ash, async ({ params: { id }, ash: verified }, response) => {
    await verified?.spend();
    // @ts-expect-error: where nothing was verified, there is nothing to read
    response.json({ id, by: verified.subject });
  });
  app.post('/orders', ash, (request: Request<object, Done, Order>, response: Response<Done>) => {
    true satisfies Same<typeof request.body, Order>;
    // @ts-expect-error: it answers what it says
    response.json({ done: request.body.amount });
  });
  // Of the bodies Express says nothing, and neither does the middleware.
  app.post('/orders', ash, (request, response) => {
    true satisfies IsAny<typeof request.body>;
    true satisfies IsAny<Parameters<typeof response.json>[0]>;
    response.json(request.body);
  });
}

export const requests: true[] = [
  true satisfies Same<Request['ash'], AshVerifiedRequest | undefined>,
  true satisfies Same<Parameters<AshExpressOptions['onError'] & object>[0], AshRefusalError>,
];

interface Order {
  amount: number;
}

interface Done {
  done: boolean;
}

interface Locale extends Record<string, string> {
  locale: string;
}
