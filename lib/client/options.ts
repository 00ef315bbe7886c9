import { checkKeys, LONGEST_TIMER } from '../core/configuration.js';
import { AshConfigurationError } from '../core/index.js';
import { MOST_CONTEXTS } from './context-shelf.js';

/**
 * What an {@link AshClient} sends requests with: any function that takes a URL and an init as `fetch` does. It may throw an
 * error with `mayHaveRun: false` for a request that it did not send: the call then fails with that error, and nothing is
 * sent again.
 */
export type AshFetch = (url: string, init: RequestInit) => Promise<Response>;

/** Headers as `fetch` takes them, or a function that gives them for each request anew. */
export type AshClientHeaders = RequestHeaders | (() => RequestHeaders | Promise<RequestHeaders>);

type RequestHeaders = NonNullable<RequestInit['headers']>;

/** Whether requests carry cookies: as `fetch` has it. */
export type AshCredentials = 'omit' | 'same-origin' | 'include';

/** Options of an {@link AshClient}. */
export interface AshClientOptions {
  /**
   * Where the server is, `https://shop.example` or `https://shop.example/api`: relative paths are appended to it, and
   * no request leaves its origin. Default: in a browser the page's origin; elsewhere every URL has to be absolute.
   * Without it contexts are asked for at the origin of each request.
   */
  readonly baseUrl?: string | URL;
  /** What sends the requests. Default: the platform's `fetch`, looked up at each request. */
  readonly fetch?: AshFetch;
  /** Where contexts are issued, below `baseUrl`, or an absolute URL. Default `/ash/context`. */
  readonly contextPath?: string;
  /**
   * Headers for every request, that for a context included, such as `Authorization`. A content type in them is
   * ignored: each body has its own.
   */
  readonly headers?: AshClientHeaders;
  /** Whether requests carry cookies. Default: what `fetch` does. */
  readonly credentials?: AshCredentials;
  /** Milliseconds since the epoch. Default `Date.now`; it is corrected by the server's clock. */
  readonly clock?: () => number;
  /**
   * How long one HTTP request may take, in milliseconds. Default: no limit. Beyond it a call fails with
   * `ASH_CLIENT_RESPONSE_LOST`, or `ASH_CLIENT_CONTEXT_UNAVAILABLE` where it had no context yet, and the platform's
   * `TimeoutError` as `cause`.
   */
  readonly timeout?: number;
  /**
   * Whether answers bring the next context for their route, so that a call after it need not ask for one. Default `true`;
   * a server can have it switched off, and contexts are then asked for.
   */
  readonly renewal?: boolean;
  /**
   * How many contexts are fetched ahead for each route that was called, and for each caller, up to 64; they are used
   * before they expire or not at all. Default 0: the first call asks, and renewal brings the next one.
   */
  readonly prefetch?: number;
}

/** The options, checked and with their defaults. */
export interface ClientSettings {
  /** What relative paths stand on. */
  readonly base: URL | undefined;
  /** Whether the application named the base, so that no request may leave its origin. */
  readonly isPinned: boolean;
  readonly contextPath: string;
  readonly fetch: AshFetch;
  /** The headers of the next request. */
  readonly headers: () => Promise<Headers>;
  readonly credentials: AshCredentials | undefined;
  readonly clock: () => number;
  readonly timeout: number | undefined;
  readonly renewal: boolean;
  readonly prefetch: number;
}

const CREDENTIALS: readonly unknown[] = ['omit', 'same-origin', 'include'] satisfies AshCredentials[];

// A host without a scheme would be taken for a path of the page.
const BASE = /^(?:https?:\/\/|\/(?!\/))/i;

type Check = readonly [isFit: (value: unknown) => boolean, mend: string];

const CHECKS: Readonly<Record<keyof AshClientOptions, Check>> = {
  baseUrl: [(value) => toBase(value) !== undefined, 'an absolute http or https URL'],
  fetch: [isFunction, 'a function such as fetch'],
  contextPath: [isContextPath, "a path such as '/ash/context', or an absolute URL"],
  headers: [(value) => isFunction(value) || isHeaders(value), 'a record of headers, or a function that gives one'],
  credentials: [(value) => CREDENTIALS.includes(value), "'omit', 'same-origin' or 'include'"],
  clock: [isFunction, 'a function that gives milliseconds since the epoch'],
  timeout: [
    (value) => typeof value === 'number' && value >= 1 && value <= LONGEST_TIMER,
    `a number of milliseconds from 1 to ${LONGEST_TIMER}`,
  ],
  renewal: [(value) => typeof value === 'boolean', 'true or false'],
  prefetch: [
    (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MOST_CONTEXTS,
    `a whole number from 0 to ${MOST_CONTEXTS}`,
  ],
};

/**
 * Checks the options of a client.
 *
 * @throws AshConfigurationError that names the option and the mend.
 */
export function readOptions(options: AshClientOptions): ClientSettings {
  checkOptions(options);
  const {
    fetch = platformFetch,
    headers,
    contextPath = '/ash/context',
    credentials,
    clock = () => Date.now(),
    timeout,
    renewal = true,
    prefetch = 0,
  } = options;
  return {
    base: toBase(options.baseUrl ?? pageOrigin()),
    isPinned: options.baseUrl !== undefined,
    contextPath,
    fetch,
    headers: async () => new Headers(await (typeof headers === 'function' ? headers() : headers)),
    credentials,
    clock,
    timeout,
    renewal,
    prefetch,
  };
}

function checkOptions(options: AshClientOptions): void {
  checkKeys('AshClient', options, Object.keys(CHECKS));
  for (const [key, value] of Object.entries(options) as [keyof AshClientOptions, unknown][]) checkOption(key, value);
}

/**
 * Checks one option, be it of a client or of a call.
 *
 * @throws AshConfigurationError that names the option and the mend.
 */
export function checkOption(key: keyof AshClientOptions, value: unknown): void {
  const [isFit, mend] = CHECKS[key];
  if (value !== undefined && !isFit(value)) throw new AshConfigurationError(`AshClient: '${key}' has to be ${mend}.`);
}

/** The platform's `fetch` at the time of the call, so that one that is replaced later on is used too. */
function platformFetch(url: string, init: RequestInit): Promise<Response> {
  return globalThis.fetch(url, init);
}

/** The origin of the page or worker; a page of a file has none. */
function pageOrigin(): string | undefined {
  const { location } = globalThis as { location?: { readonly origin?: string } };
  return location?.origin?.startsWith('http') ? location.origin : undefined;
}

/** An http or https URL, on a page also a path of it. */
function toBase(value: unknown): URL | undefined {
  if (!(value instanceof URL) && !(typeof value === 'string' && BASE.test(value))) return undefined;
  try {
    const url = new URL(value, pageOrigin());
    // `fetch` refuses a URL with a user or a password in it.
    return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' ? url : undefined;
  } catch {
    return undefined;
  }
}

function isContextPath(value: unknown): boolean {
  return typeof value === 'string' && (value.startsWith('/') ? !value.startsWith('//') : toBase(value) !== undefined);
}

function isHeaders(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return new Headers(value as RequestHeaders) instanceof Headers;
  } catch {
    return false;
  }
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}
