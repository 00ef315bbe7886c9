import { ASH_HEADER_PREFIX } from '../core/headers.js';
import type { ClientSettings } from './options.js';

/** One HTTP request as the client sends it. */
export interface Exchange {
  readonly url: URL;
  readonly init: RequestInit;
  readonly signal: AbortSignal | undefined;
}

/** Sends one HTTP request. It ends with the caller's signal, or when the client's time is up. */
export function exchange({ url, init, signal }: Exchange, settings: ClientSettings): Promise<Response> {
  // Apart from its object: the fetch of a browser takes no other receiver.
  const { fetch, timeout } = settings;
  const ending = endOf(signal, timeout);
  return fetch(url.href, { ...init, ...(ending === undefined ? {} : { signal: ending }) });
}

function endOf(signal: AbortSignal | undefined, timeout: number | undefined): AbortSignal | undefined {
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
