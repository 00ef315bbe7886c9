import type { FastifyInstance, FastifyReply, FastifyRequest, FastifyTypeProvider, RouteOptions } from 'fastify';
import type { Http2SecureServer } from 'node:http2';
import {
  ashFastifyContext,
  ashFastifyPlugin,
  type AshContextStore,
  type AshFastifyContextOptions,
  type AshFastifyIssuer,
  type AshFastifyOptions,
  type AshFastifyRouteOptions,
  type AshIssuedContext,
  type AshRefusalError,
  type AshVerifiedEvent,
  type AshVerifiedRequest,
} from 'nestjs-ash/fastify';
import type { Same } from './same.js';

declare const store: AshContextStore;
declare const app: FastifyInstance;
declare function noteVerified(event: AshVerifiedEvent, request: FastifyRequest): Promise<void>;
declare function answerRefusal(error: AshRefusalError, request: FastifyRequest, reply: FastifyReply): Promise<void>;

export const right: AshFastifyOptions[] = [
  { store },
  { store, routes: 'all', audit: 'error', publicPrefix: '/api' },
  { store, mode: 'strict', ttl: ({ ip }) => (ip === '127.0.0.1' ? 5_000 : 30_000), statuses: { ASH_CTX_EXPIRED: 403 } },
  { store, subject: ({ headers }) => headers['x-user']?.toString() },
  { store, subject: (request: FastifyRequest & { user?: { id: string } }) => request.user?.id },
  { store, subject: (request) => Promise.resolve(request.session) },
  { store, skip: ({ url }) => url === '/health' },
  { store, onError: answerRefusal },
  { store, onError: ({ statusCode, body }, _request, reply) => reply.code(statusCode).send(body) },
  { store, onVerified: noteVerified },
];

export const wrong: AshFastifyOptions[] = [
  // @ts-expect-error: contexts have to be kept somewhere
  {},
  // @ts-expect-error: a name is no store
  { store: 'memory' },
  // @ts-expect-error: an unknown option
  { store, timeToLive: 30_000 },
  // @ts-expect-error: Fastify maps the routes, and each says so for itself
  { store, bindings: ['POST /transfer'] },
  // @ts-expect-error: a single route's
  { store, expectedBinding: 'POST /transfer' },
  // @ts-expect-error: a single route's
  { store, chain: 'checkout' },
  // @ts-expect-error: a handler has to be written for it
  { store, spend: 'handler' },
  // @ts-expect-error: messages go to the log of Fastify
  { store, log: console.log },
  // @ts-expect-error: all or those that are marked
  { store, routes: ['POST /transfer'] },
  // @ts-expect-error: no such audit
  { store, audit: true },
  // @ts-expect-error: who it is is a text
  { store, subject: ({ ip }) => ip.length },
  // @ts-expect-error: a function of the request
  { store, skip: true },
  // @ts-expect-error: an option is left out, and not undefined
  { store, skip: undefined },
  // @ts-expect-error: it belongs to ashFastifyContext
  { store, batch: 8 },
];

export const rightEndpoints: AshFastifyContextOptions[] = [
  {},
  { path: '/v1/context', batch: 8, defaultBinding: 'POST /transfer', onError: answerRefusal },
];

export const wrongEndpoints: AshFastifyContextOptions[] = [
  // @ts-expect-error: the store is that of ashFastifyPlugin
  { store },
  // @ts-expect-error: a path is a text
  { path: ['/v1/context'] },
  // @ts-expect-error: a bound is a number
  { batch: '8' },
];

export const rightRoutes: RouteOptions['config'][] = [
  { ash: true },
  { ash: false },
  { ash: {} },
  { ash: { scope: ['amount', 'to'], unscoped: 'reject', spend: 'handler', payload: 'json' } },
  { ash: { chain: 'checkout' } },
  { ash: { chain: { name: 'checkout', after: ['POST /cart'], timeout: 60_000 } } },
  { ash: { expectedBinding: 'POST /transfer', subject: ({ session }) => session } },
];

export const wrongRoutes: RouteOptions['config'][] = [
  // @ts-expect-error: a binding alone is no configuration
  { ash: 'POST /transfer' },
  // @ts-expect-error: an unknown option
  { ash: { scopes: ['amount'] } },
  // @ts-expect-error: a list of paths
  { ash: { scope: 'amount' } },
  // @ts-expect-error: a chain has a name
  { ash: { chain: { start: true } } },
  // @ts-expect-error: the place of the contexts is the plugin's
  { ash: { store } },
];

/** Validates by what the schema holds under `~type`. */
interface Typed extends FastifyTypeProvider {
  validator: this['schema'] extends { '~type': infer T } ? T : never;
}

declare const order: { '~type': { amount: number } };

export async function registered(): Promise<void> {
  await app.register(ashFastifyPlugin, { store });
  await app.register(ashFastifyPlugin, { store, prefix: '/payments', logLevel: 'warn' });
  await app.register(ashFastifyContext);
  await app.register(ashFastifyContext, { path: '/context', prefix: '/ash' });
  await app.withTypeProvider<Typed>().register(ashFastifyPlugin, { store });
  await app.withTypeProvider<Typed>().register(ashFastifyContext);
  // @ts-expect-error: contexts have to be kept somewhere
  await app.register(ashFastifyPlugin, {});
  // @ts-expect-error: all or those that are marked
  await app.register(ashFastifyPlugin, { store, routes: 'some' });
}

export async function registeredOnHttp2(secure: FastifyInstance<Http2SecureServer>): Promise<void> {
  await secure.register(ashFastifyPlugin, { store });
  await secure.register(ashFastifyContext, { batch: 8 });
  secure.post('/transfer', { config: { ash: true } }, ({ ash }) => ash?.payload);
}

export function routes(): void {
  app.post('/transfer', { config: { ash: true } }, ({ ash }) => {
    true satisfies Same<typeof ash, AshVerifiedRequest | null>;
    // @ts-expect-error: where nothing was verified, there is nothing to read
    return ash.payload;
  });
  app.post<{ Params: { id: string } }>('/accounts/:id', { config: { ash: { spend: 'handler' } } }, async (request) => {
    await request.ash?.spend();
    return request.params.id.toUpperCase();
  });
  app.withTypeProvider<Typed>().post('/orders', { schema: { body: order }, config: { ash: {} } }, ({ body, ash }) => {
    true satisfies Same<typeof body, { amount: number }>;
    return { ordered: body.amount, by: ash?.subject };
  });
  app.route({ method: 'POST', url: '/cart', config: { ash: { chain: 'checkout' } }, handler: ({ ash }) => ash?.scope });
  // @ts-expect-error: a list of paths
  app.post('/transfer', { config: { ash: { scope: 'amount' } } }, () => true);
}

export function issued(request: FastifyRequest): Promise<AshIssuedContext>[] {
  return [
    app.ash.issue({ binding: 'POST /transfer', subject: 'ann', ttl: 5_000 }),
    app.ash.issue({ binding: 'POST /transfer' }, request),
    app.ash.issueFor('POST /transfer', request),
    // @ts-expect-error: a context is for a binding
    app.ash.issue({ subject: 'ann' }),
    // @ts-expect-error: whoever sends the request
    app.ash.issueFor('POST /transfer', 'ann'),
  ];
}

export const members: true[] = [
  true satisfies Same<FastifyRequest['ash'], AshVerifiedRequest | null>,
  true satisfies Same<FastifyInstance['ash'], AshFastifyIssuer>,
  true satisfies Same<(RouteOptions['config'] & object)['ash'], boolean | AshFastifyRouteOptions | undefined>,
];

declare module 'fastify' {
  // What the application's own hooks put there.
  interface FastifyRequest {
    session?: string;
  }
}
