import {
  AxiosHeaders,
  type AxiosBasicCredentials,
  type AxiosInstance,
  type AxiosRequestHeaders,
  type AxiosResponse,
  type RawAxiosHeaders,
  type RawAxiosRequestHeaders,
} from 'axios';
import { ASH_HEADER_PREFIX } from '../core/headers.js';

/** Where modules are CommonJS the types of axios have the class as a value alone. */
type Own = InstanceType<typeof AxiosHeaders>;

/** What the body of a request decides, and not its caller. */
const OF_THE_BODY = ['content-type', 'content-length'];

/** The headers of a request, for the client, which asks for a context with those that say who calls. */
export function callerHeaders(own: Own, auth: AxiosBasicCredentials | undefined): Headers {
  const headers = plainHeaders(own);
  for (const name of OF_THE_BODY) headers.delete(name);
  if (auth !== undefined) headers.set('authorization', basic(auth));
  return headers;
}

/**
 * The headers to send: those of the request, with what the client has added to them. A default that an interceptor took
 * away stays away.
 */
export function provenHeaders(
  own: Own,
  auth: AxiosBasicCredentials | undefined,
  proven: RequestInit['headers'],
): AxiosRequestHeaders {
  const headers = new AxiosHeaders(own);
  headers.delete([...OF_THE_BODY, ...Object.keys(headers.toJSON()).filter(isOfTheProtocol)]);
  if (auth !== undefined) headers.set('authorization', basic(auth));
  new Headers(proven).forEach((value, name) => {
    if (isOfTheProtocol(name) || name === 'content-type') headers.set(name, value);
  });
  return headers;
}

/** The headers that an instance gives to every request: those of `common`, and what stands beside the lists by method. */
export function defaultHeaders({ defaults }: AxiosInstance): Own {
  const { common, ...others } = defaults.headers;
  const headers = axiosHeaders(common);
  for (const [name, value] of Object.entries(others)) {
    if (Array.isArray(value) || typeof value !== 'object') headers.set(name, value);
  }
  return headers;
}

/** A copy of headers as an adapter gives them. */
export function axiosHeaders(source: AxiosResponse['headers'] | RawAxiosRequestHeaders): Own {
  // The types have `undefined` in them, which AxiosHeaders leaves out.
  return new AxiosHeaders(source as RawAxiosHeaders);
}

/** Headers of axios as the platform has them. */
export function plainHeaders(source: Own): Headers {
  const headers = new Headers();
  const texts: Record<string, string> = source.toJSON(true);
  for (const [name, value] of Object.entries(texts)) headers.set(name, value);
  return headers;
}

function isOfTheProtocol(name: string): boolean {
  return name.toLowerCase().startsWith(ASH_HEADER_PREFIX);
}

/** Source: RFC 7617, section 2.1. */
function basic({ username, password = '' }: Partial<AxiosBasicCredentials>): string {
  const bytes = new TextEncoder().encode(`${username ?? ''}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
