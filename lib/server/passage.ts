import type { AshError } from '../core/index.js';
import { isAshError } from '../core/index.js';
import { holdAnswer, type HeldAnswer } from '../verification/answer-hold.js';
import type { AshRequestLike } from '../verification/facts.js';
import type { AshLog, AshProtection, NodeAnswer, Passed, ProtectedRoute } from '../verification/protection.js';
import { ashErrorBody } from '../verification/refusal.js';
import type { AshRefusal } from '../verification/verdict.js';
import { Verdicts } from '../verification/verdicts.js';
import { AshRefusalError } from './refusal-error.js';

/** Node's own response. */
export type NodeResponse = NodeAnswer &
  HeldAnswer & { statusCode: number; getHeaderNames(): string[]; removeHeader(name: string): unknown };

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
    const isFirst = this.verdicts.get(request, route) === undefined;
    const verdict = await this.verdicts.once(request, route, () => this.protection.verify(request, route));
    const toError = (refusal: AshRefusal): AshRefusalError =>
      new AshRefusalError(this.protection.answer(refusal, route), { cause: refusal.cause });
    if (!verdict.ok) throw toError(verdict);
    if (!isFirst) return;
    const passed = { pass: verdict, route, request, response };
    try {
      await this.protection.admit(passed, toError);
    } catch (error) {
      throw isAshError(error) ? refused(error) : error;
    }
    if (verdict.step !== undefined || verdict.spending !== undefined) this.hold(passed, response);
    verdict.step?.begin();
  }

  private hold(passed: Passed<R>, response: NodeResponse): void {
    holdAnswer(
      response,
      (status, head) => this.protection.conclude(passed, status, head),
      (error) => {
        this.log('error', `${passed.route.name}: the answer was withheld.`, error);
        for (const name of response.getHeaderNames()) response.removeHeader(name);
        answerJson(response, FAULT);
      },
    );
  }
}

/** Answers a body of JSON with its status, through Node alone. */
export function answerJson(response: NodeResponse, body: { readonly statusCode: number }): void {
  response.statusCode = body.statusCode;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(body));
}

function refused(error: AshError): AshRefusalError {
  return new AshRefusalError(ashErrorBody(error), { cause: error });
}
