import type { AshIssuedContext } from 'nestjs-ash/core';
import type {
  AshCallOptions,
  AshClient,
  AshFetchInit,
  AshPayloadKind,
  AshRequestOptions,
  AshVerbs,
} from 'nestjs-ash/client';
import type { Same } from './same.js';

export const rightOptions: AshRequestOptions[] = [
  {},
  { payload: 'json' },
  { payload: 'form' },
  { payload: 'raw' },
  { timeout: 1_000 },
  { fetch: globalThis.fetch },
  { headers: { 'accept-language': 'en' } },
  { signal: AbortSignal.timeout(1_000) },
  { credentials: 'include', redirect: 'error', keepalive: true },
];

export const wrongOptions: AshRequestOptions[] = [
  // @ts-expect-error: the call itself says the method
  { method: 'POST' },
  // @ts-expect-error: the body is an argument of the call
  { body: '{}' },
  // @ts-expect-error: no kind of payload
  { payload: 'text' },
  // @ts-expect-error: an option is left out, and not undefined
  { timeout: undefined },
  // @ts-expect-error: milliseconds are a number
  { timeout: '1s' },
  // @ts-expect-error: an identifier is no context
  { context: 'ash_0123456789abcdef0123456789abcdef' },
  // @ts-expect-error: renewal is the client's, not a call's
  { renewal: false },
  // @ts-expect-error: a controller is no signal
  { signal: new AbortController() },
  // @ts-expect-error: axios' word for the query
  { params: { page: 1 } },
];

export const wrongContexts: AshCallOptions[] = [
  // @ts-expect-error: half a context proves nothing
  { context: { contextId: 'ash_1', binding: 'POST /transfer' } },
];

export const rightInits: AshFetchInit[] = [
  { method: 'POST', body: JSON.stringify({ amount: 100 }), payload: 'json' },
  { body: null },
  { body: new FormData() },
];

export const wrongInits: AshFetchInit[] = [
  // @ts-expect-error: fetch sends no object
  { method: 'POST', body: { amount: 100 } },
];

export function rightCalls(ash: AshClient, context: AshIssuedContext): Promise<Response>[] {
  return [
    ash.get('/report?year=2026'),
    ash.get(new URL('https://shop.example/report')),
    ash.get('/report', { headers: { accept: 'text/csv' } }),
    ash.post('/transfer', { amount: 100, to: 'acct-7' }),
    ash.post('/transfer', { amount: 100 }, { context, timeout: 1_000 }),
    ash.post('/logout'),
    ash.put('/accounts/42/limit', { limit: 500 }),
    ash.patch('/profile', new URLSearchParams({ name: 'Ada' })),
    ash.delete('/accounts/42', undefined, { payload: 'raw' }),
    ash.fetch('/transfer'),
    ash.fetch(new Request('https://shop.example/transfer')),
    ash.fetch('/transfer', { method: 'POST', body: new Uint8Array(3) }),
  ];
}

export function wrongCalls(ash: AshClient): unknown[] {
  return [
    // @ts-expect-error: a call says where to
    ash.get(),
    // @ts-expect-error: a path is a text or a URL
    ash.get(42),
    // @ts-expect-error: a GET has no body, so the second argument holds options
    ash.get('/report', { year: 2026 }),
    // @ts-expect-error: the options are the third argument, after the body
    ash.post('/transfer', {}, { method: 'PUT' }),
    // @ts-expect-error: a path first, then the body
    ash.post({ amount: 100 }, '/transfer'),
  ];
}

/** The types of what comes back. */
export const answers: true[] = [
  true satisfies Same<Awaited<ReturnType<AshClient['post']>>, Response>,
  true satisfies Same<Awaited<ReturnType<AshClient['fetch']>>, Response>,
  true satisfies Same<Awaited<ReturnType<AshClient['context']>>, AshIssuedContext>,
  true satisfies Same<Awaited<ReturnType<AshClient['prefetch']>>, void>,
  true satisfies Same<ReturnType<AshClient['forget']>, void>,
  // All contexts are forgotten, those of one route never.
  true satisfies Same<Parameters<AshClient['forget']>, []>,
  true satisfies Same<keyof AshVerbs, 'delete' | 'fetch' | 'get' | 'patch' | 'post' | 'put'>,
  true satisfies Same<AshPayloadKind, 'json' | 'form' | 'raw'>,
];

export function rightContexts(ash: AshClient, signal: AbortSignal): unknown[] {
  return [
    ash.context('POST', '/transfer'),
    ash.context('POST', new URL('https://shop.example/transfer'), { headers: { 'x-user': 'alice' }, signal }),
    ash.context('POST', '/transfer', { credentials: 'include', timeout: 1_000 }),
    ash.prefetch('POST', '/transfer'),
    ash.prefetch('POST', '/transfer', { count: 5, signal }),
  ];
}

export function wrongContextCalls(ash: AshClient): unknown[] {
  return [
    // @ts-expect-error: a context is for a method and a path
    ash.context('POST /transfer'),
    // @ts-expect-error: one context, so no count
    ash.context('POST', '/transfer', { count: 5 }),
    // @ts-expect-error: a context covers no body
    ash.context('POST', '/transfer', { body: {} }),
    // @ts-expect-error: a count is a number
    ash.prefetch('POST', '/transfer', { count: '5' }),
    // @ts-expect-error: the options are the third argument
    ash.prefetch('POST', { count: 5 }),
  ];
}
