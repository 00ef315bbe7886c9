import { ASH_HEADER_PREFIX } from '../core/headers.js';
import type { AshFetch, ClientSettings } from './options.js';

/** One HTTP request as the client sends it. */
export interface Exchange {
  readonly url: URL;
  readonly init: RequestInit;
  readonly fetch: AshFetch;
  readonly signal: AbortSignal | undefined;
  /** Milliseconds; `undefined` for no limit. */
  readonly timeout: number | undefined;
}

/** Sends one HTTP request. It ends with the caller's signal, or when its time is up. */
export async function exchange({ url, init, fetch, signal, timeout }: Exchange): Promise<Response> {
  const ending = endOf(signal, timeout);
  return fetch(url.href, { ...init, ...(ending && { signal: ending }) });
}

/** An answer whose body has come too: one that breaks off is none. The body stays to be read. */
export async function whole(response: Response): Promise<Response> {
  await response.clone().arrayBuffer();
  return response;
}

/** The signal that ends a wait: the caller's, or the one of a time in milliseconds, whichever comes first. */
export function endOf(signal: AbortSignal | undefined, timeout: number | undefined): AbortSignal | undefined {
  if (timeout === undefined) return signal;
  const time = AbortSignal.timeout(timeout);
  return signal === undefined ? time : AbortSignal.any([signal, time]);
}

/**
 * The headers of every request with those of one request over them. The headers of the protocol are left to the
 * client, so that none is sent which the proof does not cover.
 */
export async function mergedHeaders({ headers }: ClientSettings, own: Headers): Promise<Headers> {
  const merged = await headers();
  // A content type belongs to one body, not to all requests.
  merged.delete('content-type');
  own.forEach((value, name) => {
    merged.set(name, value);
  });
  for (const name of namesOf(merged)) {
    if (name.startsWith(ASH_HEADER_PREFIX)) merged.delete(name);
  }
  return merged;
}

function namesOf(headers: Headers): string[] {
  const names: string[] = [];
  headers.forEach((_value, name) => names.push(name));
  return names;
}
