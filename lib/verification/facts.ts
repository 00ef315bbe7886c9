import { mediaTypeOf } from '../core/media-type.js';

/** The body of a request, as the application's parser left it. */
export interface AshBodyFacts {
  /** Whether the request carries a body, said by its framing and not by what a parser made of it. */
  readonly present: boolean;
  /** The value that the handler will receive. */
  readonly value: unknown;
  /** The bytes, where the application keeps them (`rawBody: true`). */
  readonly raw: Uint8Array | undefined;
  /** Whether nobody has read what the request carries, whatever a parser that passed it by has left as its value. */
  readonly unread?: boolean;
  /** The media type in lower case without parameters; empty where there is none. */
  readonly mediaType: string;
}

/** All that a verification knows about a request: plain values, whatever framework they came from. */
export interface AshRequestFacts {
  /** The method of the request line. */
  readonly method: string;
  /** The path as it stood in the request line; nothing where the application has put another target in its place. */
  readonly path?: () => string | undefined;
  /** The query as it stood in the request line, without `?`; empty where there is none. */
  readonly query: string;
  /** What begins it. Behind a `#`, which no client sends, one router finds a query and another one finds none. Default `?`. */
  readonly queryMark?: '?' | '#';
  /** Whether the application has put another query in its place, which the handler reads and no proof covers. */
  readonly isQueryReplaced?: () => boolean;
  /** The path parameters that the router filled in, decoded. */
  readonly params: Readonly<Record<string, unknown>>;
  /** The headers by their lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: AshBodyFacts;
  /** The pattern of the route that the router matched, `/accounts/:id`, where it tells. */
  readonly route?: () => string | undefined;
  /** Who sends the request, or what finds it out when it comes to it. */
  readonly subject?: string | undefined | (() => Promise<string | undefined>);
}

/** What the facts need of Node's own request. */
interface RawRequestLike {
  /** The URL of the request line: a path with its query, or a whole one. */
  readonly url?: string | undefined;
  readonly httpVersionMajor?: number;
  readonly stream?: { readonly endAfterHeaders?: boolean } | undefined;
  /** Node's word for whether anybody has got a part of a stream. */
  readonly readableDidRead?: boolean;
  /** Node's word for whether somebody has read a stream to its end, where it had no part too. */
  readonly readableEnded?: boolean;
}

/** A request of Express, of Fastify, or of another framework that is shaped like them. */
export interface AshRequestLike extends RawRequestLike {
  /** The method of the request line. */
  readonly method: string;
  /** The URL of the request line, which routers below a prefix leave as it was. */
  readonly originalUrl?: string;
  /** The headers by their names in lower case, as Node has them. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The path parameters that the router filled in, decoded. */
  readonly params?: unknown;
  /** The body as the handler gets it: parsed, or its bytes on a route with `payload: 'raw'`; `undefined` for none. */
  readonly body?: unknown;
  /** The bytes of the body, where the application keeps them beside what was parsed. */
  readonly rawBody?: unknown;
  /** Express's matched route, below the router's own path. */
  readonly route?: unknown;
  /** The path at which Express's router is mounted. */
  readonly baseUrl?: unknown;
  /** Fastify's matched route. */
  readonly routeOptions?: unknown;
  /** Fastify's way to Node's request. */
  readonly raw?: RawRequestLike;
}

/**
 * Scheme and authority of a request target in absolute form. One that is none of these is left as it is, and no binding
 * has it: where the authority is malformed, routers begin the path within it. Source: RFC 9112, section 3.2.2.
 */
const WHOLE_URL = /^https?:\/\/(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?(?=\/|$)/i;

/**
 * Collects the facts of a request. The differences between Express and Fastify end here.
 *
 * Each is read once, and what few verifications need only where it is needed: Express changes the prototype of each of its
 * requests, and an engine that meets an object of its own kind each time looks for every member anew.
 */
export function ashFactsOf(request: AshRequestLike, subject?: AshRequestFacts['subject']): AshRequestFacts {
  const { method, headers, params, body, rawBody, raw } = request;
  const { query, mark } = queryOf(urlOf(request, raw));
  // Express's request is Node's own, and what an application puts there as its `raw` is none.
  const node = request.readableDidRead === undefined ? (raw ?? request) : request;
  return {
    method,
    path: () => pathOf(request),
    query,
    queryMark: mark,
    isQueryReplaced: () => isQueryReplaced(request),
    params: isRecord(params) ? params : {},
    headers,
    route: () => routeOf(request),
    body: {
      present: hasBody(headers, node),
      value: body,
      unread: isUnread(node),
      raw: rawBody instanceof Uint8Array ? rawBody : undefined,
      mediaType: mediaTypeOf(String(headers['content-type'] ?? '')),
    },
    subject,
  };
}

/** What a request is on its way to, by its method, path and query; without a path where that is not the request line's. */
export function ashTargetOf(request: AshRequestLike): string {
  const { query, mark } = queryOf(urlOf(request));
  return `${request.method} ${pathOf(request) ?? ''}${mark}${query}`;
}

/** The URL of the request line. */
function urlOf(request: AshRequestLike, raw = request.raw): string {
  return request.originalUrl ?? raw?.url ?? request.url ?? '';
}

/**
 * The path of the request line. Express routes by `url` below `baseUrl`, and reads the query from it: where a middleware
 * has changed that, the route or the query is another one than the request line says.
 */
export function pathOf(request: AshRequestLike): string | undefined {
  const path = withoutQuery(urlOf(request));
  const { baseUrl, url } = request;
  if (typeof baseUrl !== 'string' || url === undefined) return path;
  const routed = `${baseUrl}${withoutQuery(url)}`;
  // A router at the path itself sees `/`, and not nothing.
  const isSame = routed.replace(/\/$/, '') === path.replace(/\/$/, '') && !isQueryReplaced(request);
  return isSame ? path : undefined;
}

/** Frameworks read the query from `url`, and keep beside it what the request line said. */
function isQueryReplaced(request: AshRequestLike): boolean {
  const target = urlOf(request);
  const { url = target } = request;
  return url !== target && queryOf(url).query !== queryOf(target).query;
}

/** The path of a URL, also of a whole one. */
function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  return (end === -1 ? url : url.slice(0, end)).replace(WHOLE_URL, '');
}

/**
 * All that follows the path, and the mark between the two: Fastify reads a query behind a `#` as it does behind a `?`, and
 * Express reads none.
 */
function queryOf(url: string): { query: string; mark: '?' | '#' } {
  const begin = url.search(/[?#]/);
  if (begin === -1) return { query: '', mark: '?' };
  return { query: url.slice(begin + 1), mark: url.charAt(begin) === '#' ? '#' : '?' };
}

function routeOf({ route, baseUrl, routeOptions }: AshRequestLike): string | undefined {
  if (isRecord(routeOptions) && typeof routeOptions['url'] === 'string') return routeOptions['url'];
  if (!isRecord(route) || typeof route['path'] !== 'string') return undefined;
  return (typeof baseUrl === 'string' ? baseUrl : '') + route['path'];
}

function isUnread({ readableDidRead, readableEnded }: RawRequestLike): boolean {
  return readableDidRead === false && readableEnded !== true;
}

/** RFC 9112, section 6.3: the framing headers say whether there is a body. HTTP/2 says it with a flag. */
function hasBody(headers: AshRequestLike['headers'], raw: RawRequestLike): boolean {
  if (headers['transfer-encoding'] !== undefined) return true;
  const length = headers['content-length'];
  if (length !== undefined) return length !== '0';
  return (raw.httpVersionMajor ?? 1) >= 2 && raw.stream?.endAfterHeaders !== true;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
