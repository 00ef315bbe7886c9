import { answerJson } from '../verification/answer-instead.js';
import { asError } from '../server/as-error.js';
import { isAshRefusal } from '../server/refusal-error.js';
import type { AshExpressOptions } from './options.js';
import type { AshExpressNext, AshExpressRequest, AshExpressResponse } from './types.js';

/** A request with the answer to it, and the way on. */
export interface Exchange {
  readonly request: AshExpressRequest;
  readonly response: AshExpressResponse;
  readonly next: AshExpressNext;
}

/**
 * Answers a request that does not go on: a refusal as the application wants it, whatever else as an error for its error
 * handling. Nothing but an error goes to `next`, for which Express knows words that lead past it.
 */
export async function refuse(
  error: unknown,
  { request, response, next }: Exchange,
  onError: AshExpressOptions['onError'],
): Promise<void> {
  if (!isAshRefusal(error)) {
    next(asError(error));
    return;
  }
  // Somebody else has answered meanwhile, a time-out of the application's own for one: nothing is left to say.
  if (response.headersSent) return;
  if (onError === undefined) {
    answerJson(response, error.body);
    return;
  }
  try {
    await onError(error, request, response, (other) => {
      next(other instanceof Error ? other : error);
    });
  } catch (thrown) {
    next(asError(thrown));
  }
}
