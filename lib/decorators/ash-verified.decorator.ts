import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { AshVerifiedRequest } from '../verification/verdict.js';

/**
 * The verified request as a parameter of a handler, or one field of it. Its `payload` holds what the proof covers and
 * nothing else.
 *
 * @example
 * transfer(@AshVerified() ash: AshVerifiedRequest, @AshVerified('payload') covered: TransferDto) { … }
 */
export const AshVerified = createParamDecorator(
  (field: keyof AshVerifiedRequest | undefined, context: ExecutionContext): unknown => {
    const { ash } = context.switchToHttp().getRequest<{ ash?: AshVerifiedRequest }>();
    return field === undefined ? ash : ash?.[field];
  },
);
