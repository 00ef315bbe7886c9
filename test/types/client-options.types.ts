import type { AshClientOptions, AshFetch } from 'nestjs-ash/client';

// What compiles.
export const right: AshClientOptions[] = [
  {},
  { baseUrl: 'https://shop.example' },
  { baseUrl: new URL('https://shop.example/api') },
  { fetch: globalThis.fetch },
  { fetch: (url, init) => fetch(url.toUpperCase(), { ...init, redirect: 'error' }) },
  { fetch: () => Promise.resolve(new Response()) },
  { contextPath: '/v1/ash/context' },
  { headers: { authorization: 'Bearer x' } },
  { headers: [['authorization', 'Bearer x']] },
  { headers: new Headers() },
  { headers: () => ({ authorization: 'Bearer x' }) },
  { headers: () => Promise.resolve(new Headers()) },
  { credentials: 'include' },
  { clock: () => Date.now() },
  { clock: Date.now },
  { timeout: 5_000 },
  { renewal: false },
  { prefetch: 2 },
];

// What does not.
export const wrong: AshClientOptions[] = [
  // @ts-expect-error: an unknown option; it is written baseUrl
  { baseURL: 'https://shop.example' },
  // @ts-expect-error: an unknown option
  { retries: 3 },
  // @ts-expect-error: an option is left out, and not undefined
  { baseUrl: undefined },
  // @ts-expect-error: a port is no base
  { baseUrl: 3000 },
  // @ts-expect-error: no base is to leave it out
  { baseUrl: null },
  // @ts-expect-error: a name is no fetch
  { fetch: 'fetch' },
  // @ts-expect-error: a fetch answers a Response
  { fetch: () => Promise.resolve('text') },
  // @ts-expect-error: a fetch answers in time
  { fetch: () => new Response() },
  // @ts-expect-error: the URL is a text, not a Request
  { fetch: (request: Request) => fetch(request) },
  // @ts-expect-error: a path is a text
  { contextPath: new URL('https://shop.example/ash/context') },
  // @ts-expect-error: a header line is no record
  { headers: 'authorization: Bearer x' },
  // @ts-expect-error: a header is a text
  { headers: { 'x-attempt': 1 } },
  // @ts-expect-error: a header is a text, also of a function
  { headers: () => ({ 'x-attempt': 1 }) },
  // @ts-expect-error: as fetch has it, and not as XMLHttpRequest does
  { credentials: true },
  // @ts-expect-error: none of the three words
  { credentials: 'same-site' },
  // @ts-expect-error: a clock is a function
  { clock: 1_760_000_000_000 },
  // @ts-expect-error: a clock gives a number
  { clock: () => new Date() },
  // @ts-expect-error: milliseconds are a number
  { timeout: '5s' },
  // @ts-expect-error: on or off
  { renewal: 'always' },
  // @ts-expect-error: how many, not whether
  { prefetch: true },
];

// A function that is called as fetch is.
export const fetches: AshFetch[] = [
  globalThis.fetch,
  // @ts-expect-error: it takes a URL, not a number
  (port: number): Promise<Response> => fetch(`http://127.0.0.1:${port}`),
];

export function options(known: AshClientOptions): void {
  // @ts-expect-error: options are read-only
  known.timeout = 5_000;
}
