import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { answersEvents } from './ash.declarations.js';
import { nodeAnswerOf } from './ash.node-answer.js';
import { AshException } from './ash.exception.js';
import { ASH_PROTECTION } from './ash.module-definition.js';
import type { AshRequest } from './ash.options.js';
import { AshRoutes } from './ash.routes.js';
import { AshVerdicts } from './ash.verdicts.js';
import { AshConfigurationError, isAshError } from './core/index.js';
import { untraced } from './verification/untraced.js';
import { GUARD_MARK } from './ash.metadata.js';
import { AshProtection } from './verification/protection.js';
import type { ProtectedRoute } from './verification/protected-route.js';
import type { NodeResponse } from './verification/answer-instead.js';
import { ashErrorBody } from './verification/refusal.js';
import type { AshPass, AshRefusal } from './verification/verdict.js';

type Route = ProtectedRoute;

/**
 * Verifies a protected request and spends its context, or refuses it. `@AshProtected` binds it to its route; under
 * `APP_GUARD` it protects every route but those with `@SkipAsh()`. However often it is bound, a request is verified
 * once.
 *
 * @example
 * providers: [{ provide: APP_GUARD, useExisting: AshGuard }]
 *
 * Source: protocol, section 8.
 */
@Injectable()
export class AshGuard implements CanActivate {
  /** Marks the class and its subclasses for the audit at start-up. */
  static readonly [GUARD_MARK] = true;

  constructor(
    @Inject(ASH_PROTECTION) protected readonly protection: AshProtection,
    @Inject(AshRoutes) protected readonly routes: AshRoutes,
    @Inject(AshVerdicts) protected readonly verdicts: AshVerdicts,
  ) {}

  /** @throws AshException for a request that is refused. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.shouldSkip(context)) return true;
    const route = this.getRoute(context);
    const request = this.getRequest(context);
    const received = receivedBy(context);
    const reached = this.verdicts.once(received, route, () => this.protection.verify(request, route));
    const verdict = await reached.verdict;
    if (!verdict.ok) {
      if (reached.isFirst) this.protection.sealRefusal(verdict, { route, request, response: responseOf(context) });
      throw this.toException(verdict, route);
    }
    if (reached.isFirst) await this.accept(context, received, verdict);
    return true;
  }

  /** Whether a route needs no proof. By default those with `@SkipAsh()`. */
  protected shouldSkip(context: ExecutionContext): boolean {
    return this.routes.isSkipped(context.getClass(), context.getHandler());
  }

  /**
   * The protected route that the handler is.
   *
   * @throws AshConfigurationError for a handler that was not there at start-up: it cannot be verified, so it is closed.
   */
  protected getRoute(context: ExecutionContext): Route {
    const route = this.routes.find(context.getClass(), context.getHandler());
    if (route !== undefined) return route;
    throw new AshConfigurationError(
      `${context.getClass().name}.${context.getHandler().name}: AshGuard knows no HTTP route of this handler; ` +
        'protect routes of controllers that are there at start-up, or exempt it with @SkipAsh().',
    );
  }

  /** The request that is verified: that of Express or Fastify. The handler gets that one, whatever this gives. */
  protected getRequest(context: ExecutionContext): AshRequest {
    return receivedBy(context);
  }

  /** The answer to a refused request. */
  protected toException(refusal: AshRefusal, route: Route): AshException {
    const body = this.protection.answer(refusal, route);
    return untraced(() => new AshException(body, { cause: refusal.cause }));
  }

  /**
   * Hands the verified request on to the handler, and marks the answer as one of a request that passed.
   *
   * @param request The request that the handler gets.
   * @throws AshException where the client is gone already: the step of a chain is freed, and its handler does not run.
   */
  protected async accept(context: ExecutionContext, request: AshRequest, pass: AshPass): Promise<void> {
    const route = this.getRoute(context);
    const response = responseOf(context);
    const passed = { pass, route, request, response };
    try {
      await this.protection.admit(passed, (refusal) => this.toException(refusal, route));
    } catch (error) {
      throw isAshError(error) ? new AshException(ashErrorBody(error), { cause: error }) : error;
    }
    // What a handler answers by itself goes past the interceptor.
    if (pass.spending === undefined || answersEvents(context.getHandler())) return;
    this.protection.hold(route, response, (status) => this.protection.requireSpent(passed, status));
  }
}

/** The request that the handler gets: what is known of it belongs there, and so does the body that was verified. */
function receivedBy(context: ExecutionContext): AshRequest {
  return context.switchToHttp().getRequest<AshRequest>();
}

/** Node's own response. */
function responseOf(context: ExecutionContext): NodeResponse {
  return nodeAnswerOf(context.switchToHttp().getResponse<NodeResponse | { readonly raw: NodeResponse }>());
}
