import type { AshRequestLike, AshVerifiedRequest } from '../server/index.js';
import type { NodeResponse } from '../verification/answer-instead.js';

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- it is how Express's own types are extended
  namespace Express {
    interface Request {
      /** The request as `ashExpressMiddleware` verified it; absent where nothing was verified. */
      ash?: AshVerifiedRequest;
    }
  }
}

/** A request of Express, as far as it is read. Declare a parameter as Express's own `Request` for all that it has. */
export interface AshExpressRequest extends AshRequestLike {
  /** The request as it was verified. */
  readonly ash?: AshVerifiedRequest | undefined;
}

/** A response of Express, as far as it is used. Declare a parameter as Express's own `Response` for all that it has. */
export interface AshExpressResponse extends NodeResponse {
  /** Sets the status of the answer. */
  status(code: number): AshExpressResponse;
  /** Answers JSON. */
  json(body: unknown): unknown;
}

/** Goes on to the next handler; with an error, to the application's error handling. */
export type AshExpressNext = (error?: unknown) => void;

/**
 * A middleware of Express, 4 and 5. It names nothing that Express's own types would infer from it: a handler behind it has
 * the types that it has without it, its path parameters above all.
 */
export type AshExpressHandler = {
  of(request: Omit<AshExpressRequest, 'params' | 'body'>, response: NodeResponse, next: AshExpressNext): void;
}['of'];
