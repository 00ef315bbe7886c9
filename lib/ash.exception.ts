import { HttpException } from '@nestjs/common';
import type { AshErrorCode } from './core/index.js';
import type { AshErrorBody } from './verification/refusal.js';

/**
 * A refusal as an HTTP answer: `{ statusCode, error, code, message }`, the same on every adapter and Nest version.
 *
 * Tell it apart by its `code`.
 *
 * @example
 * @Catch(AshException)
 * class AshFilter implements ExceptionFilter { … }
 *
 * Source: protocol, section 8.
 */
export class AshException extends HttpException {
  /** The code that the client is told; in `strict` mode `ASH_VERIFICATION_FAILED`. */
  readonly code: AshErrorCode;

  constructor(body: AshErrorBody, options?: { cause?: unknown }) {
    super({ ...body }, body.statusCode, options);
    this.code = body.code;
    this.message = body.message;
  }
}
