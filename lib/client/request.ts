import { ashNormalizeBinding, type AshIssuedContext } from '../core/index.js';
import type { AshPayloadKind } from '../core/media-type.js';
import { checkOption, type AshCredentials, type AshFetch, type ClientSettings } from './options.js';
import { encodeBody, type EncodedBody } from './payload.js';
import { requestUrl } from './request-url.js';

/** What a call of {@link AshClient} takes beside what `fetch` does. */
export interface AshCallOptions {
  /**
   * How the route reads the body, where the body's type does not tell: JSON sent as text or bytes, or a raw route
   * that takes JSON. Default: by the body and its content type.
   */
  readonly payload?: AshPayloadKind;
  /** A context that was asked for ahead of time with {@link AshClient.context}. It is good for one request. */
  readonly context?: AshIssuedContext;
  /** How long each HTTP request of this call may take, in milliseconds. Default: the client's `timeout`. */
  readonly timeout?: number;
  /** What sends this request instead of the client's `fetch`. Contexts are asked for with the client's. */
  readonly fetch?: AshFetch;
}

/**
 * Options of a call such as {@link AshClient.post}: those of `fetch` without method and body, and the client's own.
 *
 * The headers go with the request for the context too, on the same origin, so that it is issued to the one who calls;
 * those that speak of this body or this answer do not. `redirect` is `manual` unless it is given: a redirect that is
 * followed hands the proof and the body to whoever the answer names.
 */
export interface AshRequestOptions extends Omit<RequestInit, 'method' | 'body'>, AshCallOptions {}

/** What {@link AshClient.fetch} takes: what `fetch` does, and the client's own. */
export interface AshFetchInit extends RequestInit, AshCallOptions {}

/** Options of {@link AshClient.context}. */
export interface AshContextRequestOptions
  extends Pick<RequestInit, 'headers' | 'signal' | 'credentials'>, Pick<AshCallOptions, 'timeout'> {}

/** Options of {@link AshClient.prefetch}. */
export interface AshPrefetchOptions extends AshContextRequestOptions {
  /** How many contexts stand ready afterwards, from 0 to 64. Default: the client's `prefetch`, or 1. */
  readonly count?: number;
}

/** A call as it was made. */
export interface AshCall {
  readonly input: string | URL | Request;
  readonly method: string | undefined;
  readonly body: unknown;
  readonly options: AshRequestOptions;
}

/** What a context is asked for. */
export interface RequestTarget {
  readonly url: URL;
  /** Upper-case. */
  readonly method: string;
  readonly binding: string;
  /** The headers of this call alone. */
  readonly headers: Headers;
  readonly signal: AbortSignal | undefined;
  readonly credentials: AshCredentials | undefined;
  /** Milliseconds; `undefined` for no limit. */
  readonly timeout: number | undefined;
}

/** A request that waits for its context and its proof only, and can be sent again. */
export interface PreparedRequest extends RequestTarget {
  readonly body: EncodedBody;
  /** The context that came with the call. */
  readonly context: AshIssuedContext | undefined;
  /** What sends the request, where it is not the client's own. */
  readonly fetch: AshFetch | undefined;
  /** What else goes to `fetch`. */
  readonly init: RequestInit;
}

/**
 * The target of a request.
 *
 * @throws AshClientError `ASH_CLIENT_URL_INVALID`
 * @throws AshError `ASH_CANONICALIZATION_ERROR` for a path that no binding can have.
 */
export function targetOf(
  input: string,
  method: string,
  { headers, signal, credentials, timeout }: AshContextRequestOptions,
  settings: ClientSettings,
): RequestTarget {
  checkOption('timeout', timeout);
  const url = requestUrl(input, settings);
  return {
    url,
    method: method.trim().toUpperCase(),
    // The path as URL resolved it, which is the one that is sent.
    binding: ashNormalizeBinding(method, url.pathname),
    headers: new Headers(headers),
    signal: signal ?? undefined,
    credentials: credentials ?? settings.credentials,
    timeout: timeout ?? settings.timeout,
  };
}

/**
 * Makes a call ready to be proven. A body that can change is copied before the first wait.
 *
 * @throws AshClientError `ASH_CLIENT_URL_INVALID`, `ASH_CLIENT_BODY_UNSUPPORTED`
 * @throws AshError `ASH_CANONICALIZATION_ERROR`
 */
export async function prepareRequest(call: AshCall, settings: ClientSettings): Promise<PreparedRequest> {
  const { payload: kind, context, timeout, fetch, ...options } = call.options;
  const request = isRequest(call.input) ? call.input : undefined;
  const init = { ...(request && inheritedFrom(request)), ...given(options) };
  const method = call.method ?? request?.method ?? 'GET';
  const target = targetOf(
    urlOf(call.input),
    method,
    { ...init, ...(timeout === undefined ? {} : { timeout }) },
    settings,
  );
  const source = call.body === undefined && request !== undefined ? await bodyOf(request) : call.body;
  const body = await encodeBody(source, kind, target.headers.get('content-type') ?? undefined);
  if (body.contentType !== undefined) target.headers.set('content-type', body.contentType);
  return { ...target, body, context, fetch, init };
}

function urlOf(input: string | URL | Request): string {
  if (typeof input === 'string') return input;
  return isRequest(input) ? input.url : input.href;
}

function isRequest(input: string | URL | Request): input is Request {
  return typeof input === 'object' && 'url' in input;
}

/** What an init takes over from a Request, as `fetch` does it. */
function inheritedFrom(request: Request): RequestInit {
  const { headers, signal, cache, integrity, keepalive, mode, referrer, referrerPolicy, credentials, redirect } =
    request;
  return {
    ...{ headers, signal, integrity, keepalive, mode, referrer, referrerPolicy },
    // A Request says these also where nobody asked for it: the client's own way stands then.
    ...(cache === 'default' ? {} : { cache }),
    ...(credentials === 'same-origin' ? {} : { credentials }),
    ...(redirect === 'follow' ? {} : { redirect }),
  };
}

/** The options without those that are `undefined`, which `fetch` takes as left out. */
function given(options: RequestInit): RequestInit {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Reads the body of a Request, which is used up by it as with `fetch`. */
async function bodyOf(request: Request): Promise<ArrayBuffer | undefined> {
  const bytes = await request.arrayBuffer();
  return bytes.byteLength === 0 && !request.headers.has('content-type') ? undefined : bytes;
}
