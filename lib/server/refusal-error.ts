import { AshError, isAshError } from '../core/index.js';
import { untraced } from '../verification/untraced.js';
import type { AshRequestLike } from '../verification/facts.js';
import type { ProtectedRoute } from '../verification/protected-route.js';
import type { AshProtection } from '../verification/protection.js';
import type { AshErrorBody } from '../verification/refusal.js';
import type { AshRefusal } from '../verification/verdict.js';

/**
 * A refusal as an error that a framework can answer: `statusCode` and `status` are what Express and Fastify look for,
 * `body` is what the client is told. Tell it apart by its `code`.
 *
 * @example
 * ashExpressMiddleware({
 *   store,
 *   onError: (error, request, response) => response.status(error.statusCode).json({ problem: error.code }),
 * });
 *
 * Source: protocol, section 8.
 */
export class AshRefusalError extends AshError {
  /** The HTTP status. */
  readonly statusCode: number;
  /** The HTTP status, by its other name. */
  readonly status: number;
  /** What the client is told. In `strict` mode it names no code but `ASH_VERIFICATION_FAILED`. */
  readonly body: AshErrorBody;

  constructor(body: AshErrorBody, options?: { cause?: unknown }) {
    super(body.code, body.message, options);
    this.statusCode = body.statusCode;
    this.status = body.statusCode;
    this.body = body;
  }
}

/** Says whether what was thrown is an {@link AshRefusalError}, whichever copy of the package made it. */
export function isAshRefusal(thrown: unknown): thrown is AshRefusalError {
  return isAshError(thrown) && 'body' in thrown && 'statusCode' in thrown;
}

/** Makes the errors of the requests that are refused on a route. */
export function refusalErrors<R extends AshRequestLike>(
  protection: AshProtection<R>,
  route: ProtectedRoute<R>,
): (refusal: AshRefusal) => AshRefusalError {
  return (refusal) => {
    const body = protection.answer(refusal, route);
    return untraced(() => new AshRefusalError(body, { cause: refusal.cause }));
  };
}
