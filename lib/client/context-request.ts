import type { AshIssuedContext } from '../core/index.js';
import { AshClientError } from './errors.js';
import { exchange, mergedHeaders, whole } from './exchange.js';
import { readIssuedContext } from './issued-context.js';
import { JSON_TYPE } from '../core/media-type.js';
import type { ClientSettings } from './options.js';
import { readJson, readRefusal } from './refusal.js';
import type { RequestTarget } from './request.js';
import { contextUrl } from './request-url.js';
import type { ClockReading } from './server-clock.js';

/** Fresh contexts, one or more, and what they tell of the clocks. */
export interface ContextAnswer {
  readonly contexts: readonly [AshIssuedContext, ...AshIssuedContext[]];
  readonly reading: ClockReading;
}

/**
 * The headers of a call that speak of its own body and answer. All others go along, since any of them may say who calls,
 * and the server issues the context to the one who will use it.
 */
const OF_ONE_MESSAGE = /^(?:content-|accept|if-|range$|expect$)/;

/** Whether a header may say who calls. */
export function saysWhoCalls(name: string): boolean {
  return !OF_ONE_MESSAGE.test(name);
}

/**
 * Asks the server for contexts.
 *
 * @param count How many are wanted; the server may give fewer, and gives one at least.
 * @throws AshClientError with the server's code, `ASH_CLIENT_CONTEXT_REFUSED` for an answer that is no context, or
 * `ASH_CLIENT_CONTEXT_UNAVAILABLE` where no answer came.
 *
 * Source: protocol, section 1.
 */
export async function askForContexts(
  target: RequestTarget,
  count: number,
  settings: ClientSettings,
): Promise<ContextAnswer> {
  const { binding, signal, credentials, timeout } = target;
  const url = contextUrl(target.url, settings);
  const asked = `POST ${url.pathname} for '${binding}'`;
  const init: RequestInit = {
    method: 'POST',
    headers: await mergedHeaders(settings, contextHeaders(target, url)),
    body: JSON.stringify(count === 1 ? { binding } : { binding, count }),
    // Whoever is redirected to could hand out a secret of its own choice.
    redirect: 'error',
    ...(credentials && { credentials }),
  };
  const before = settings.clock();
  const asking = exchange({ url, init, fetch: settings.fetch, signal, timeout });
  const response = await asking.then(whole).catch((cause: unknown) => {
    throw signal?.aborted ? cause : unavailable(asked, cause);
  });
  const after = settings.clock();
  const contexts = await readAnswer(response, asked, binding);
  return { contexts, reading: { issuedAt: contexts[0].issuedAt, before, after } };
}

/** No answer came from the context's endpoint, or not in time. */
export function unavailable(asked: string, cause: unknown): AshClientError {
  return new AshClientError(
    'ASH_CLIENT_CONTEXT_UNAVAILABLE',
    `${asked} had no answer, so the request was not sent; check the connection, 'baseUrl', 'contextPath' and CORS.`,
    { cause },
  );
}

function contextHeaders(target: RequestTarget, url: URL): Headers {
  const headers = new Headers();
  target.headers.forEach((value, name) => {
    if (url.origin === target.url.origin && saysWhoCalls(name)) headers.set(name, value);
  });
  headers.set('content-type', JSON_TYPE);
  return headers;
}

async function readAnswer(response: Response, asked: string, binding: string): Promise<ContextAnswer['contexts']> {
  const refusal = await readRefusal(response, asked);
  if (refusal !== undefined) throw refusal;
  if (!response.ok) throw refused(`${asked} was answered with status ${response.status} and no context`, response);
  const [first, ...others] = listed(await readJson(response)).map((value) => {
    const reading = readIssuedContext(value, binding);
    if (reading.ok) return reading.context;
    throw refused(`${asked} was answered with something that is no context: ${reading.fault}`, response);
  });
  if (first === undefined) throw refused(`${asked} was answered with no context`, response);
  return [first, ...others];
}

/** The contexts of an answer: several, or the only one. */
function listed(answer: unknown): readonly unknown[] {
  const { contexts } = (answer ?? {}) as { contexts?: unknown };
  return Array.isArray(contexts) ? contexts : [answer];
}

function refused(what: string, response: Response): AshClientError {
  const mend = "check 'baseUrl' and 'contextPath', and that the route is protected";
  return new AshClientError('ASH_CLIENT_CONTEXT_REFUSED', `${what}; ${mend}.`, { response });
}
