import {
  ashIssue,
  ashRefusalBody,
  ashVerify,
  type AshBindings,
  type AshContextStore,
  type AshErrorBody,
  type AshErrorCode,
  type AshIssuedContext,
  type AshPass,
  type AshRefusal,
  type AshRequestLike,
  type AshServerOptions,
  type AshVerifiedRequest,
  type AshVerifyResult,
} from 'nestjs-ash/server';
import type { Same } from './same.js';

declare const store: AshContextStore;

export const rightRequests: AshRequestLike[] = [
  { method: 'GET', headers: {} },
  { method: 'POST', url: '/transfer?dry=1', headers: { 'x-ash-mode': 'strict' }, body: { amount: 3 } },
  { method: 'POST', url: '/files', headers: { via: ['1.1 a', '1.1 b'] }, body: '', rawBody: new Uint8Array() },
  { method: 'PUT', originalUrl: '/api/accounts/42', url: '/42', headers: {}, params: { id: '42' } },
];

export const wrongRequests: AshRequestLike[] = [
  // @ts-expect-error: a request has a method
  { url: '/transfer', headers: {} },
  // @ts-expect-error: a request has headers
  { method: 'POST', url: '/transfer' },
  // @ts-expect-error: its headers by their names, as Node has them, and no object of fetch
  { method: 'POST', url: '/transfer', headers: new Headers() },
  // @ts-expect-error: the URL of the request line is a text
  { method: 'POST', url: new URL('https://shop.example/transfer'), headers: {} },
];

export const right: AshServerOptions[] = [
  {},
  { expectedBinding: 'POST /transfer', chain: 'checkout' },
  { bindings: ['POST /transfer'], mode: 'strict', storeTimeout: 500, clock: Date.now },
  { bindings: { 'POST /cart': { chain: { name: 'checkout', start: true } }, 'POST /payment': { chain: 'checkout' } } },
  { log: (level, message, cause) => [level.toUpperCase(), message.trim(), cause] },
];

export const wrong: AshServerOptions[] = [
  // @ts-expect-error: it is given beside the options
  { store },
  // @ts-expect-error: no such mode
  { mode: 'lax' },
  // @ts-expect-error: a chain has a name
  { expectedBinding: 'POST /cart', chain: { start: true } },
  // @ts-expect-error: a timeout is a number
  { storeTimeout: '2s' },
  // @ts-expect-error: nobody but a framework answers
  { onError: () => undefined },
  // @ts-expect-error: nothing is to be skipped where nobody has to call
  { skip: () => true },
];

export const bindings: AshBindings[] = [
  [],
  ['POST /transfer'],
  { 'POST /transfer': {} },
  // @ts-expect-error: a binding is a text
  [{ method: 'POST', path: '/transfer' }],
  // @ts-expect-error: the route's name is its key
  { 'POST /transfer': { expectedBinding: 'POST /transfer' } },
];

/** What may be read of a verdict follows from its `ok`. */
export function narrowed(verdict: AshVerifyResult): AshErrorBody | string | undefined {
  // @ts-expect-error: nobody knows yet whether it passed
  true satisfies Same<typeof verdict.request, AshVerifiedRequest>;
  // @ts-expect-error: nobody knows yet whether it is a refusal
  ashRefusalBody(verdict);
  if (!verdict.ok) {
    true satisfies Same<typeof verdict, AshRefusal>;
    true satisfies Same<typeof verdict.code, AshErrorCode>;
    // @ts-expect-error: a refused request is no verified one
    true satisfies Same<typeof verdict.request, AshVerifiedRequest>;
    return ashRefusalBody(verdict, { ASH_CTX_EXPIRED: 403 });
  }
  true satisfies Same<typeof verdict, AshPass>;
  true satisfies Same<typeof verdict.request.payload, unknown>;
  // @ts-expect-error: what passed has no code
  true satisfies Same<typeof verdict.code, AshErrorCode>;
  // @ts-expect-error: what passed is no refusal
  ashRefusalBody(verdict);
  return verdict.step?.proof;
}

interface SessionRequest extends AshRequestLike {
  readonly session: { readonly user: string };
}

export async function verified(request: SessionRequest, bare: AshRequestLike): Promise<unknown[]> {
  return [
    await ashVerify(store, bare),
    await ashVerify(store, request, { expectedBinding: 'POST /transfer', subject: ({ session }) => session.user }),
    // @ts-expect-error: the store comes first
    await ashVerify(bare, store),
    // @ts-expect-error: an unknown option
    await ashVerify(store, bare, { binding: 'POST /transfer' }),
    // @ts-expect-error: the request holds no session
    await ashVerify(store, bare, { subject: ({ session }) => String(session) }),
  ];
}

export const answers: true[] = [
  true satisfies Same<Awaited<ReturnType<typeof ashVerify>>, AshVerifyResult>,
  true satisfies Same<Awaited<ReturnType<typeof ashIssue>>, AshIssuedContext>,
  true satisfies Same<ReturnType<typeof ashRefusalBody>, AshErrorBody>,
];

export function issued(): Promise<AshIssuedContext>[] {
  return [
    ashIssue(store, { binding: 'POST /transfer' }),
    ashIssue(
      store,
      { binding: 'POST /transfer', subject: 'ann', ttl: 5_000, metadata: { basket: 7 } },
      { mode: 'strict' },
    ),
    // @ts-expect-error: a context is for a binding
    ashIssue(store, { subject: 'ann' }),
    // @ts-expect-error: an unknown option
    ashIssue(store, { binding: 'POST /transfer', expires: 5_000 }),
  ];
}
