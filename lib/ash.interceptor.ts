import {
  Inject,
  Injectable,
  Logger,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { catchError, concatMap, finalize, from, map, mergeMap, of, tap, throwError, type Observable } from 'rxjs';
import { freeStep, isFailure } from './ash.chain-step.js';
import type { AshRequest } from './ash.options.js';
import { AshRoutes } from './ash.routes.js';
import { AshVerdicts } from './ash.verdicts.js';
import { ASH_CHAIN_PROOF_HEADER } from './core/index.js';
import type { ChainStep } from './verification/chain.js';

/** Node's own response, of which the interceptor needs the headers. */
interface NodeResponse {
  readonly headersSent: boolean;
  setHeader(name: string, value: string): unknown;
}

/** Express's response is Node's own, Fastify's holds it. */
type ResponseLike = { readonly statusCode: number } & (NodeResponse | { readonly raw: NodeResponse });

/**
 * After the handler of a chain's step: writes the step's link and answers its proof where the handler succeeded, frees
 * the link before where it failed. `@AshChain` binds it.
 *
 * Source: protocol, section 9.
 */
@Injectable()
export class AshInterceptor implements NestInterceptor {
  private readonly logger = new Logger(AshInterceptor.name);

  constructor(
    @Inject(AshRoutes) protected readonly routes: AshRoutes,
    @Inject(AshVerdicts) protected readonly verdicts: AshVerdicts,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const step = await this.stepOf(context);
    if (step === undefined) return next.handle();
    step.begin();
    const response = context.switchToHttp().getResponse<ResponseLike>();
    let isComplete = false;
    return next.handle().pipe(
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

  private async stepOf(context: ExecutionContext): Promise<ChainStep | undefined> {
    const route = this.routes.find(context.getClass(), context.getHandler());
    if (route === undefined) return undefined;
    const verdict = await this.verdicts.get(context.switchToHttp().getRequest<AshRequest>(), route);
    return verdict?.ok === true ? verdict.step : undefined;
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
    const node = 'raw' in response ? response.raw : response;
    if (!node.headersSent) node.setHeader(ASH_CHAIN_PROOF_HEADER, step.proof);
  }
}
