import type { AshIssuedContext } from '../core/index.js';
import { AshClientError } from './errors.js';
import { exchange, mergedHeaders } from './exchange.js';
import { readIssuedContext } from './issued-context.js';
import { JSON_TYPE } from '../core/media-type.js';
import type { ClientSettings } from './options.js';
import { readJson, readRefusal } from './refusal.js';
import type { RequestTarget } from './request.js';
import { contextUrl } from './request-url.js';

/** A fresh context, and what it tells of the clocks. */
export interface ContextAnswer {
  readonly context: AshIssuedContext;
  /** How far the server's clock is ahead of the client's, in milliseconds. */
  readonly clockOffset: number;
}

/**
 * The headers of a call that speak of its own body and answer. All others go along, since any of them may say who calls,
 * and the server issues the context to the one who will use it.
 */
const OF_ONE_MESSAGE = /^(?:content-|accept|if-|range$|expect$)/;

/**
 * Asks the server for a context.
 *
 * @throws AshClientError with the server's code, or `ASH_CLIENT_CONTEXT_REFUSED` for an answer that is no context.
 *
 * Source: protocol, section 1.
 */
export async function askForContext(target: RequestTarget, settings: ClientSettings): Promise<ContextAnswer> {
  const { binding, signal, credentials } = target;
  const url = contextUrl(target.url, settings);
  const init: RequestInit = {
    method: 'POST',
    headers: await mergedHeaders(settings, contextHeaders(target, url)),
    body: JSON.stringify({ binding }),
    // Whoever is redirected to could hand out a secret of its own choice.
    redirect: 'error',
    ...(credentials === undefined ? {} : { credentials }),
  };
  const before = settings.clock();
  const response = await exchange({ url, init, signal }, settings);
  const after = settings.clock();
  const context = await readAnswer(response, url, binding);
  return { context, clockOffset: context.issuedAt - (before + after) / 2 };
}

function contextHeaders(target: RequestTarget, url: URL): Headers {
  const headers = new Headers();
  target.headers.forEach((value, name) => {
    if (url.origin === target.url.origin && !OF_ONE_MESSAGE.test(name)) headers.set(name, value);
  });
  headers.set('content-type', JSON_TYPE);
  return headers;
}

async function readAnswer(response: Response, url: URL, binding: string): Promise<AshIssuedContext> {
  const asked = `POST ${url.pathname} for '${binding}'`;
  const refusal = await readRefusal(response, asked);
  if (refusal !== undefined) throw refusal;
  if (!response.ok) throw refused(`${asked} was answered with status ${response.status} and no context`, response);
  const reading = readIssuedContext(await readJson(response), binding);
  if (reading.ok) return reading.context;
  throw refused(`${asked} was answered with something that is no context: ${reading.fault}`, response);
}

function refused(what: string, response: Response): AshClientError {
  const mend = "check 'baseUrl' and 'contextPath', and that the route is protected";
  return new AshClientError('ASH_CLIENT_CONTEXT_REFUSED', `${what}; ${mend}.`, { response });
}
