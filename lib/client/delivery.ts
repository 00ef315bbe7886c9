import { AshClientError, hasNotRun, isAshClientError } from './errors.js';
import { exchange, whole, type Exchange } from './exchange.js';
import { mayBeRefusal } from './refusal.js';

/** An answer, and why the one before was lost where it is the answer to the second sending. */
export interface Delivery {
  readonly response: Response;
  readonly lost: ErrorOptions | undefined;
}

/**
 * Sends a proven request, and the same one once more where its answer was lost: it has one context, so that a server
 * which received both runs one.
 *
 * @param what The request in words, `POST /transfer`.
 * @throws AshClientError `ASH_CLIENT_RESPONSE_LOST`; what `fetch` throws for a request that it cannot send, and for one
 * that the caller gave up.
 */
export async function deliver(what: string, request: Exchange): Promise<Delivery> {
  try {
    return { response: await send(request, false), lost: undefined };
  } catch (cause) {
    if (request.signal?.aborted || isUnsent(cause) || !isSendable(request)) throw cause;
    // Another wait of the same length is the caller's to decide.
    if (isEnded(cause)) throw responseLost(what, { cause });
    const response = await send(request, true).catch((error: unknown) => {
      throw request.signal?.aborted ? error : responseLost(what, { cause });
    });
    return { response, lost: { cause } };
  }
}

/** Sends a request. A refusal that breaks off is no answer, since nobody knows what was refused. */
async function send(request: Exchange, isSecond: boolean): Promise<Response> {
  const response = await exchange(request);
  return mayBeRefusal(response, isSecond) ? whole(response) : response;
}

/** A request that was sent, and nobody knows what became of it. */
export function responseLost(what: string, options: ErrorOptions): AshClientError {
  return new AshClientError(
    'ASH_CLIENT_RESPONSE_LOST',
    `${what} was sent and its answer was lost, so it may have run: find out before you call again.`,
    options,
  );
}

/** Whether what sends the requests says itself that it has not sent this one. What another client says is of a request of its own. */
function isUnsent(error: unknown): boolean {
  return hasNotRun(error) && !isAshClientError(error);
}

/** Whether a time-out or an abort ended it. */
function isEnded(error: unknown): boolean {
  const { name } = (error ?? {}) as { name?: unknown };
  return name === 'TimeoutError' || name === 'AbortError';
}

/** `fetch` throws the same TypeError for what no network has seen: a GET with a body, a header out of bounds. */
function isSendable({ url, init }: Exchange): boolean {
  try {
    return new Request(url, init) instanceof Request;
  } catch {
    return false;
  }
}
