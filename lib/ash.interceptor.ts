import {
  Inject,
  Injectable,
  Logger,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
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
import { freeStep, isFailure } from './ash.chain-step.js';
import { ASH_PROTECTION } from './ash.module-definition.js';
import type { AshRequest } from './ash.options.js';
import { AshRoutes } from './ash.routes.js';
import { AshVerdicts } from './ash.verdicts.js';
import { ASH_CHAIN_PROOF_HEADER, AshConfigurationError } from './core/index.js';
import type { ChainStep } from './verification/chain.js';
import { AshProtection, type ProtectedRoute } from './verification/protection.js';
import type { AshPass } from './verification/verdict.js';

/** Node's own response, of which the interceptor needs the headers. */
interface NodeResponse {
  readonly headersSent: boolean;
  setHeader(name: string, value: string): unknown;
}

/** A request that passed, on its route. */
interface Passed {
  readonly pass: AshPass;
  readonly route: ProtectedRoute;
  readonly request: AshRequest;
}

/** Express's response is Node's own, Fastify's holds it. */
type ResponseLike = { readonly statusCode: number } & (NodeResponse | { readonly raw: NodeResponse });

/**
 * After the handler of a chain's step: writes the step's link and answers its proof where the handler succeeded, frees
 * the link before where it failed. After a handler that spends its context itself: sees to it that it did, and issues
 * the next one to a client that asks for it. `@AshChain` and `@AshProtected` bind it where it is needed.
 *
 * Source: protocol, section 9.
 */
@Injectable()
export class AshInterceptor implements NestInterceptor {
  private readonly logger = new Logger(AshInterceptor.name);

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
    const handled = spending === undefined ? next.handle() : this.requireSpent(next.handle(), passed, response);
    return step === undefined ? handled : this.follow(handled, step, response);
  }

  /** What a handler gives that spends its context itself, once it is certain that it did. */
  private requireSpent(handled: Observable<unknown>, passed: Passed, response: ResponseLike): Observable<unknown> {
    const check = (): Promise<void> => this.checkSpent(passed, response);
    return concat(
      handled.pipe(
        concatMap((value: unknown, index) => (index === 0 ? from(check()).pipe(map(() => value)) : of(value))),
      ),
      // Nothing came: a handler that completes without a value.
      defer(check).pipe(ignoreElements()),
    );
  }

  private async checkSpent({ pass, route, request }: Passed, response: ResponseLike): Promise<void> {
    if (isFailure(response.statusCode)) return;
    if (pass.spending?.isDone === true) {
      return this.protection.renew(pass, { request, route, response: nodeOf(response) });
    }
    // What has run must not run again, whatever the client is told.
    await this.protection.spend(pass, { request, route });
    throw new AshConfigurationError(
      `${route.name}: the handler succeeded without spending its context; call ash.spend(…) within its transaction.`,
    );
  }

  /** What the handler of a chain's step gives, with the step ended as the handler ended. */
  private follow(handled: Observable<unknown>, step: ChainStep, response: ResponseLike): Observable<unknown> {
    step.begin();
    let isComplete = false;
    return handled.pipe(
      // A stream of events has succeeded with its first one: the header has to go out before it.
      concatMap((value: unknown, index) =>
        index === 0 ? from(this.finish(step, response)).pipe(map(() => value)) : of(value),
      ),
      catchError((error: unknown) => from(freeStep(step, this.logger)).pipe(mergeMap(() => throwError(() => error)))),
      tap({ complete: () => (isComplete = true) }),
      finalize(() => {
        // Nothing came: a handler that completes without a value, or one that an outer interceptor gave up on.
        if (step.isOpen) void (isComplete ? this.finish(step, response) : freeStep(step, this.logger));
      }),
    );
  }

  private async passed(context: ExecutionContext): Promise<Passed | undefined> {
    const route = this.routes.find(context.getClass(), context.getHandler());
    if (route === undefined) return undefined;
    const request = context.switchToHttp().getRequest<AshRequest>();
    const verdict = await this.verdicts.get(request, route);
    return verdict?.ok === true ? { pass: verdict, route, request } : undefined;
  }

  private async finish(step: ChainStep, response: ResponseLike): Promise<void> {
    if (isFailure(response.statusCode)) return freeStep(step, this.logger);
    try {
      await step.succeed();
    } catch (error) {
      // The handler has run, and saying otherwise would invite a second run: only the chain ends here.
      this.logger.error('A chain’s link could not be written; the step that follows will be refused.', error);
      return;
    }
    // Not on Fastify's: Nest 11 has read its headers by the time that a stream of events has its first one.
    const node = nodeOf(response);
    if (!node.headersSent) node.setHeader(ASH_CHAIN_PROOF_HEADER, step.proof);
  }
}

function nodeOf(response: ResponseLike): NodeResponse {
  return 'raw' in response ? response.raw : response;
}
