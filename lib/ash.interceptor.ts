import { Inject, Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import {
  catchError,
  concat,
  concatMap,
  defer,
  finalize,
  from,
  ignoreElements,
  map,
  mergeMap,
  of,
  tap,
  throwError,
  type Observable,
} from 'rxjs';
import { nodeAnswerOf } from './ash.node-answer.js';
import { ASH_PROTECTION } from './ash.module-definition.js';
import type { AshRequest } from './ash.options.js';
import { AshRoutes } from './ash.routes.js';
import { AshVerdicts } from './ash.verdicts.js';
import type { ChainStep } from './verification/chain.js';
import { AshProtection, type Passed } from './verification/protection.js';
import type { NodeAnswer } from './verification/node-answer.js';

/** Express's response is Node's own, Fastify's holds it; each has the status that the handler set. */
type ResponseLike = NodeAnswer | (Pick<NodeAnswer, 'statusCode'> & { readonly raw: NodeAnswer });

/**
 * After the handler of a chain's step: writes the step's link and answers its proof where the handler succeeded, frees
 * the link before where it failed. After a handler that spends its context itself: sees to it that it did, and issues
 * the next one to a client that asks for it. `@AshChain` and `@AshProtected` bind it where it is needed.
 *
 * It is no second guard. Where none has let the request pass, because a test overrides it or a guard of the application
 * skips the route, there is nothing to end, and the handler runs without a verified request.
 *
 * Source: protocol, section 9.
 */
@Injectable()
export class AshInterceptor implements NestInterceptor {
  constructor(
    @Inject(ASH_PROTECTION) protected readonly protection: AshProtection,
    @Inject(AshRoutes) protected readonly routes: AshRoutes,
    @Inject(AshVerdicts) protected readonly verdicts: AshVerdicts,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const passed = await this.passed(context);
    if (passed === undefined) return next.handle();
    const { step, spending } = passed.pass;
    const response = context.switchToHttp().getResponse<ResponseLike>();
    const statusOf = (): number => response.statusCode;
    const handled = spending === undefined ? next.handle() : this.requireSpent(next.handle(), passed, statusOf);
    return step === undefined ? handled : this.follow(handled, step, { response: passed.response, statusOf });
  }

  /** What a handler gives that spends its context itself, once it is certain that it did. */
  private requireSpent(
    handled: Observable<unknown>,
    passed: Passed<AshRequest>,
    statusOf: () => number,
  ): Observable<unknown> {
    const check = (): Promise<void> => this.protection.requireSpent(passed, statusOf());
    return concat(
      handled.pipe(
        concatMap((value: unknown, index) => (index === 0 ? from(check()).pipe(map(() => value)) : of(value))),
      ),
      // Nothing came: a handler that completes without a value.
      defer(check).pipe(ignoreElements()),
    );
  }

  /** What the handler of a chain's step gives, with the step ended as the handler ended. */
  private follow(
    handled: Observable<unknown>,
    step: ChainStep,
    { response, statusOf }: { response: NodeAnswer; statusOf: () => number },
  ): Observable<unknown> {
    const { protection } = this;
    // On Node's answer, not on Fastify's: Nest 11 has read that one's headers by the time that events have begun.
    const end = (): Promise<void> => protection.endStep(step, { status: statusOf(), response });
    step.begin();
    let isComplete = false;
    return handled.pipe(
      // A stream of events has succeeded with its first one: the header has to go out before it.
      concatMap((value: unknown, index) => (index === 0 ? from(end()).pipe(map(() => value)) : of(value))),
      catchError((error: unknown) => from(protection.freeStep(step)).pipe(mergeMap(() => throwError(() => error)))),
      tap({ complete: () => (isComplete = true) }),
      finalize(() => {
        // Nothing came: a handler that completes without a value, or one that an outer interceptor gave up on.
        if (step.isOpen) void (isComplete ? end() : protection.freeStep(step));
      }),
    );
  }

  private async passed(context: ExecutionContext): Promise<Passed<AshRequest> | undefined> {
    const route = this.routes.find(context.getClass(), context.getHandler());
    if (route === undefined) return undefined;
    const request = context.switchToHttp().getRequest<AshRequest>();
    const verdict = await this.verdicts.get(request, route);
    if (verdict?.ok !== true) return undefined;
    const response = nodeAnswerOf(context.switchToHttp().getResponse<ResponseLike>());
    return { pass: verdict, route, request, response };
  }
}
