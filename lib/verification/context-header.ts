import { ASH_CONTEXT_HEADER } from '../core/index.js';

type HeaderValue = string | string[];

/** Node's own response, of HTTP/1 or HTTP/2, as far as its head goes. */
export interface AnswerHead {
  readonly headersSent: boolean;
  writeHead(status: number, ...rest: unknown[]): unknown;
  getHeader(name: string): unknown;
  getHeaderNames(): string[];
  setHeader: HeaderChange;
  appendHeader: HeaderChange;
  removeHeader: HeaderChange;
}

type HeaderChange = (name: string, value?: HeaderValue) => unknown;

/**
 * What tells caches to keep an answer, also those that listen to a header of their own before they do to
 * `Cache-Control`. Source: RFC 9111, section 5; RFC 9213, section 3.1; the documentation of nginx and of Akamai.
 */
const CACHING = /^(?:(?:[^,]+-)?cache-control|surrogate-control|edge-control|x-accel-expires|expires)$/;

/** Whether a framework's response is one of Node's, whose head passes through `writeHead`. */
export function isAnswerHead(response: unknown): response is AnswerHead {
  return typeof response === 'object' && response !== null && 'writeHead' in response && 'removeHeader' in response;
}

/**
 * Keeps the header `X-ASH-Context` of an answer for a context of the library's own: what the application gives it is
 * dropped. An answer that carries one is kept by no cache, whatever the application says of it.
 *
 * It happens as the head is written, behind every handler, hook and serializer, since each framework and each handler
 * has headers in places of its own until then.
 *
 * @param context The header's value, asked for when the head is written; nothing for an answer without one.
 */
export function reserveContextHeader(response: AnswerHead, context: () => string | undefined): void {
  const writeHead = response.writeHead.bind(response);
  response.writeHead = (status, ...rest) => {
    // A second head is Node's to refuse.
    if (!response.headersSent) {
      for (const [name, value] of rest.flatMap(headersOf)) response.setHeader(name, value);
      settle(response, context());
    }
    return writeHead(status, ...rest.filter((argument) => typeof argument === 'string'));
  };
}

function settle(response: AnswerHead, context: string | undefined): void {
  const isReserved = (name: string): boolean => {
    const lowered = name.toLowerCase();
    return lowered === ASH_CONTEXT_HEADER || (context !== undefined && CACHING.test(lowered));
  };
  // It keeps an event stream from being gathered to be compressed, and says nothing of caches.
  const isFixed = /\bno-transform\b/i.test(String(response.getHeader('cache-control')));
  for (const name of response.getHeaderNames().filter(isReserved)) response.removeHeader(name);
  if (context !== undefined) {
    response.setHeader('Cache-Control', isFixed ? 'no-store, no-transform' : 'no-store');
    response.setHeader(ASH_CONTEXT_HEADER, context);
  }
  // A middleware that wrapped `writeHead` before has its turn after this one.
  for (const method of ['setHeader', 'appendHeader', 'removeHeader'] as const) {
    const change = response[method].bind(response);
    response[method] = (name, value) => (isReserved(name) ? response : change(name, value));
  }
}

/** The headers that `writeHead` was given: an object, names and values in turn, or pairs. */
export function headersOf(argument: unknown): [name: string, value: HeaderValue][] {
  if (typeof argument !== 'object' || argument === null) return [];
  if (!Array.isArray(argument)) return Object.entries(argument as Record<string, HeaderValue>);
  const pairs = Array.isArray(argument[0]) ? (argument as [string, HeaderValue][]) : pairsOf(argument);
  const values = new Map<string, HeaderValue[]>();
  for (const [name, value] of pairs) {
    const lowered = name.toLowerCase();
    values.set(lowered, [...(values.get(lowered) ?? []), value]);
  }
  return [...values].map(([name, all]) => [name, all.length === 1 ? (all[0] ?? '') : all.flat()]);
}

function pairsOf(names: readonly unknown[]): [string, HeaderValue][] {
  return names.flatMap((name, index) => (index % 2 === 0 ? [[name, names[index + 1]] as [string, HeaderValue]] : []));
}
