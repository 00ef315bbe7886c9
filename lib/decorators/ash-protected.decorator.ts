import { applyDecorators, SetMetadata, UseGuards, UseInterceptors } from '@nestjs/common';
import { AshGuard } from '../ash.guard.js';
import { AshInterceptor } from '../ash.interceptor.js';
import type { AshRouteOptions } from '../verification/route-options.js';
import { METHODS_KEY, noteMethod, PROTECTED_KEY, type ProtectedMetadata } from '../ash.metadata.js';

/**
 * Protects a route, or every route of a controller: a request reaches the handler only with a proof for a context that
 * was issued for it, once.
 *
 * @param binding The public route, `POST /transfer`, or a list of them for a handler with several paths. It is held
 * against the mapped route at start-up. Left out, it is the mapped route.
 * @param options What this route demands; the rest is the module's.
 * @example
 * @Post('transfer')
 * @AshProtected('POST /transfer', { scope: ['amount', 'to'], unscoped: 'strip', ttl: 30_000 })
 * transfer(@Body() dto: TransferDto, @AshVerified() ash: AshVerifiedRequest) { … }
 *
 * Source: protocol, section 2.
 */
export function AshProtected(
  binding?: string | readonly string[],
  options: AshRouteOptions = {},
): MethodDecorator & ClassDecorator {
  const bindings = typeof binding === 'string' ? [binding] : (binding ?? []);
  const metadata: ProtectedMetadata = { bindings, options };
  const interceptors = options.spend === 'handler' ? [UseInterceptors(AshInterceptor)] : [];
  return applyDecorators(
    SetMetadata(PROTECTED_KEY, metadata),
    UseGuards(AshGuard),
    ...interceptors,
    noteMethod(METHODS_KEY),
  );
}
