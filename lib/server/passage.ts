import { ASH_VERIFIED_HEADER, isAshError, type AshError } from '../core/index.js';
import { holdAnswer, type HeldAnswer } from '../verification/answer-hold.js';
import type { AshRequestLike } from '../verification/facts.js';
import type { AshLog, AshProtection, NodeAnswer, Passed, ProtectedRoute } from '../verification/protection.js';
import { ashErrorBody } from '../verification/refusal.js';
import type { AshRefusal } from '../verification/verdict.js';
import { Verdicts } from '../verification/verdicts.js';
import { AshRefusalError } from './refusal-error.js';

/** Node's own response. */
export type NodeResponse = NodeAnswer &
  HeldAnswer & { statusCode: number; getHeaderNames(): string[]; destroy(): unknown };

const FAULT = { statusCode: 500, error: 'Internal Server Error', message: 'Internal server error' };

/** The way of a request through a server without Nest: verified, handed on, and concluded when it is answered. */
export class Passage<R extends AshRequestLike> {
  private readonly verdicts = new Verdicts();

  constructor(
    private readonly protection: AshProtection<R>,
    private readonly log: AshLog,
  ) {}

  /**
   * Lets a request pass on to its handler. However often it is called for a request and a route, it verifies once.
   *
   * @throws AshRefusalError for a request that is refused.
   */
  async enter(request: R, response: NodeResponse, route: ProtectedRoute<R>): Promise<void> {
    // By the answer, which is Node's own: an application can give its request a `raw` that is something else.
    const isFirst = this.verdicts.get(response, route) === undefined;
    const verdict = await this.verdicts.once(response, route, () => this.protection.verify(request, route));
    const toError = (refusal: AshRefusal): AshRefusalError =>
      new AshRefusalError(this.protection.answer(refusal, route), { cause: refusal.cause });
    if (!verdict.ok) {
      // Another middleware may have let the request pass before this one.
      if (!response.headersSent) response.removeHeader(ASH_VERIFIED_HEADER);
      throw toError(verdict);
    }
    if (!isFirst) return;
    const passed = { pass: verdict, route, request, response };
    try {
      await this.protection.admit(passed, toError);
    } catch (error) {
      // Its handler is not to run, so that the step before can be gone on with by another request.
      if (verdict.step !== undefined) await this.protection.freeStep(verdict.step);
      throw isAshError(error) ? refused(error) : error;
    }
    if (verdict.step !== undefined || verdict.spending !== undefined) this.hold(passed, response);
    verdict.step?.begin();
  }

  private hold(passed: Passed<R>, response: NodeResponse): void {
    holdAnswer(
      response,
      (status, head) => this.protection.conclude(passed, status, head),
      (error, end) => {
        this.log('error', `${passed.route.name}: the answer was withheld.`, error);
        if (response.headersSent) {
          response.destroy();
          return;
        }
        for (const name of response.getHeaderNames()) response.removeHeader(name);
        answerJson(response, FAULT, end);
      },
    );
  }
}

/** Answers a body of JSON with its status, through Node alone. */
export function answerJson(
  response: NodeResponse,
  body: { readonly statusCode: number },
  end: (text: string) => unknown = (text) => response.end(text),
): void {
  response.statusCode = body.statusCode;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  end(JSON.stringify(body));
}

function refused(error: AshError): AshRefusalError {
  return new AshRefusalError(ashErrorBody(error), { cause: error });
}
