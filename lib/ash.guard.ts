import { Inject, Injectable, Logger, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { freeStep, isFailure } from './ash.chain-step.js';
import { AshException } from './ash.exception.js';
import { ASH_PROTECTION } from './ash.module-definition.js';
import type { AshRequest } from './ash.options.js';
import { AshRoutes } from './ash.routes.js';
import { AshVerdicts } from './ash.verdicts.js';
import { ASH_VERIFIED_HEADER, AshConfigurationError } from './core/index.js';
import { GUARD_MARK } from './ash.metadata.js';
import type { ChainStep } from './verification/chain.js';
import { AshProtection, type ProtectedRoute } from './verification/protection.js';
import { ashErrorBody } from './verification/refusal.js';
import type { AshPass, AshRefusal } from './verification/verdict.js';
import { withSpend } from './verification/verified-request.js';

type Route = ProtectedRoute;

/** Node's own response, of which the guard needs the head and the end. */
interface ResponseLike {
  readonly statusCode: number;
  readonly closed: boolean;
  readonly destroyed: boolean;
  once(event: 'close', listener: () => void): unknown;
}

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

  private readonly logger = new Logger(AshGuard.name);

  constructor(
    @Inject(ASH_PROTECTION) protected readonly protection: AshProtection,
    @Inject(AshRoutes) protected readonly routes: AshRoutes,
    @Inject(AshVerdicts) protected readonly verdicts: AshVerdicts,
    @Inject(HttpAdapterHost) protected readonly host: HttpAdapterHost,
  ) {}

  /** @throws AshException for a request that is refused. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.shouldSkip(context)) return true;
    const route = this.getRoute(context);
    const request = this.getRequest(context);
    const isFirst = this.verdicts.get(request, route) === undefined;
    const verdict = await this.verdicts.once(request, route, () => this.protection.verify(request, route));
    if (!verdict.ok) throw this.toException(verdict, route);
    if (isFirst) await this.accept(context, request, verdict);
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

  /** The request of Express or Fastify. */
  protected getRequest(context: ExecutionContext): AshRequest {
    return context.switchToHttp().getRequest<AshRequest>();
  }

  /** The answer to a refused request. */
  protected toException(refusal: AshRefusal, route: Route): AshException {
    return new AshException(this.protection.answer(refusal, route), { cause: refusal.cause });
  }

  /**
   * Hands the verified request on to the handler, and marks the answer as one of a request that passed.
   *
   * @throws AshException where the client is gone already: the step of a chain is freed, and its handler does not run.
   */
  protected async accept(context: ExecutionContext, request: AshRequest, pass: AshPass): Promise<void> {
    const { payload } = pass.request;
    if (pass.spending !== undefined) this.leaveSpending(pass, request, this.getRoute(context));
    Object.assign(
      request,
      { ash: pass.request },
      pass.replacesBody ? { body: payload, rawBody: bytesOrNothing(payload) } : {},
    );
    const response = context.switchToHttp().getResponse<ResponseLike & { raw?: ResponseLike }>();
    this.host.httpAdapter.setHeader(response, ASH_VERIFIED_HEADER, 'true');
    const node = response.raw ?? response;
    // Before the watch, which lets no handler run whose client went away meanwhile.
    if (pass.renewal !== undefined) {
      await this.protection.renew(pass, { request, route: this.getRoute(context), response: node });
    }
    if (pass.step !== undefined) await this.watch(node, pass.step);
  }

  /** Hands the spending to the handler, whose refusals are those of the guard. */
  private leaveSpending(pass: AshPass, request: AshRequest, route: Route): void {
    withSpend(pass.request, async (view) => {
      const refusal = await this.protection.spend(pass, { request, route, view });
      if (refusal !== undefined) throw this.toException(refusal, route);
    });
  }

  /**
   * Ends a step of a chain that did not come to its handler, or whose answer failed after the handler: a later guard,
   * a pipe, an outer interceptor, a client that went away.
   */
  private async watch(response: ResponseLike, step: ChainStep): Promise<void> {
    if (response.closed || response.destroyed) {
      await freeStep(step, this.logger);
      throw new AshException(ashErrorBody({ code: 'ASH_VERIFICATION_FAILED', message: 'The client went away.' }));
    }
    response.once('close', () => {
      if (!step.hasBegun || isFailure(response.statusCode)) void freeStep(step, this.logger);
    });
  }
}

/** The bytes of a raw body. Those of a body that was stripped hold what was stripped. */
function bytesOrNothing(payload: unknown): Uint8Array | undefined {
  return payload instanceof Uint8Array ? payload : undefined;
}
