import { SetMetadata, type CustomDecorator } from '@nestjs/common';
import { SKIP_KEY } from '../ash.metadata.js';

/**
 * Leaves a route, or every route of a controller, unprotected under a global `AshGuard`, and out of the audit.
 *
 * @example
 * @Get('health')
 * @SkipAsh()
 * health() { … }
 */
export function SkipAsh(): CustomDecorator {
  return SetMetadata(SKIP_KEY, true);
}
