import { Injectable } from '@nestjs/common';
import type { AshVerifyResult } from './verification/verdict.js';
import { Verdicts } from './verification/verdicts.js';

/** A verdict, and whether it was reached for whoever asked. */
export interface AshReachedVerdict {
  readonly verdict: Promise<AshVerifyResult>;
  readonly isFirst: boolean;
}

/**
 * The verdict over each request that is under way, so that a request is verified once however often the guard is
 * bound: a second verification would find its own context spent.
 */
@Injectable()
export class AshVerdicts {
  private readonly verdicts = new Verdicts<Promise<AshVerifyResult>>();

  /** The verdict over a request on a route, reached by `verify` the first time. */
  once(request: object, route: object, verify: () => Promise<AshVerifyResult>): AshReachedVerdict {
    const raw = rawOf(request);
    const known = this.verdicts.get(raw, route);
    if (known !== undefined) return { verdict: known, isFirst: false };
    const verdict = verify();
    this.verdicts.set(raw, route, verdict);
    return { verdict, isFirst: true };
  }

  /** The verdict over a request on a route, if there is one. */
  get(request: object, route: object): Promise<AshVerifyResult> | undefined {
    return this.verdicts.get(rawOf(request), route);
  }
}

/**
 * Node's own request, which stays the same object on the whole way. Fastify's request holds it; Express's is it, and what
 * an application puts there as its `raw` can be one thing for all requests.
 */
function rawOf(request: object): object {
  return 'httpVersion' in request ? request : ((request as { readonly raw?: object }).raw ?? request);
}
