import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { AshRoutes } from '../../ash.routes.js';
import { AshConfigurationError } from '../../core/index.js';

/**
 * Keeps a route with `@AshEncrypted()` closed where nobody opens its requests and seals its answers. `@AshEncrypted` binds
 * it, so that an application without `AshModule` does not start.
 */
@Injectable()
export class AshEncryptedGuard implements CanActivate {
  constructor(@Inject(AshRoutes) private readonly routes: AshRoutes) {}

  /** @throws AshConfigurationError for a handler that was not there at start-up. */
  canActivate(context: ExecutionContext): boolean {
    const [controller, handler] = [context.getClass(), context.getHandler()];
    if (this.routes.isSkipped(controller, handler)) return true;
    if (this.routes.find(controller, handler)?.envelope !== undefined) return true;
    throw new AshConfigurationError(
      `${controller.name}.${handler.name}: @AshEncrypted() knows no protected route of this handler, so it is closed.`,
    );
  }
}
