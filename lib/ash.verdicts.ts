import { Injectable } from '@nestjs/common';
import type { AshRequest } from './ash.options.js';
import type { ProtectedRoute } from './verification/protection.js';
import type { AshVerifyResult } from './verification/verdict.js';

type Route = ProtectedRoute;

/**
 * The verdict over each request that is under way, so that a request is verified once however often the guard is
 * bound: a second verification would find its own context spent.
 */
@Injectable()
export class AshVerdicts {
  private readonly verdicts = new WeakMap<object, Map<Route, Promise<AshVerifyResult>>>();

  /** The verdict over a request on a route, reached by `verify` the first time. */
  once(request: AshRequest, route: Route, verify: () => Promise<AshVerifyResult>): Promise<AshVerifyResult> {
    const raw = rawOf(request);
    const known = this.verdicts.get(raw) ?? new Map<Route, Promise<AshVerifyResult>>();
    const verdict = known.get(route) ?? verify();
    this.verdicts.set(raw, known.set(route, verdict));
    return verdict;
  }

  /** The verdict over a request on a route, if there is one. */
  get(request: AshRequest, route: Route): Promise<AshVerifyResult> | undefined {
    return this.verdicts.get(rawOf(request))?.get(route);
  }
}

/** Node's own request, which stays the same object on the whole way. */
function rawOf(request: AshRequest): object {
  return request.raw ?? request;
}
