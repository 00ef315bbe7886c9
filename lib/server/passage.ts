import { ASH_VERIFIED_HEADER, isAshError, type AshError } from '../core/index.js';
import type { NodeResponse } from '../verification/answer-instead.js';
import { ashTargetOf, type AshRequestLike } from '../verification/facts.js';
import type { AshProtection } from '../verification/protection.js';
import type { ProtectedRoute } from '../verification/protected-route.js';
import { ashErrorBody } from '../verification/refusal.js';
import type { AshVerifyResult } from '../verification/verdict.js';
import { Verdicts } from '../verification/verdicts.js';
import { AshRefusalError, refusalErrors } from './refusal-error.js';

/** A verdict over a request, with what the request's method, path and query were. */
interface Verdict {
  readonly target: string;
  readonly result: Promise<AshVerifyResult>;
}

/** The way of a request through a server without Nest: verified, handed on, and concluded when it is answered. */
export class Passage<R extends AshRequestLike> {
  // By the answer, which is Node's own, and by nothing that an application may have put on it or on its request.
  private readonly verdicts = new Verdicts<Verdict>();

  constructor(private readonly protection: AshProtection<R>) {}

  /**
   * Lets a request pass on to its handler. However often it is called for a request and a route, it verifies once; and
   * anew where the application has put another method or URL in the place of the request's, which no proof covers.
   *
   * @throws AshRefusalError for a request that is refused.
   */
  async enter(request: R, response: NodeResponse, route: ProtectedRoute<R>): Promise<void> {
    const target = ashTargetOf(request);
    const known = this.verdicts.get(response, route);
    const isFirst = known?.target !== target;
    const result = isFirst ? this.protection.verify(request, route) : known.result;
    if (isFirst) this.verdicts.set(response, route, { target, result });
    const verdict = await result;
    const toError = refusalErrors(this.protection, route);
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
      throw isAshError(error) ? refused(error) : error;
    }
    if (verdict.step !== undefined || verdict.spending !== undefined) {
      this.protection.hold(route, response, (status, head) => this.protection.conclude(passed, status, head));
    }
    verdict.step?.begin();
  }
}

function refused(error: AshError): AshRefusalError {
  return new AshRefusalError(ashErrorBody(error), { cause: error });
}
