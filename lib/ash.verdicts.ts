import { Injectable } from '@nestjs/common';
import type { AshVerifyResult } from './verification/verdict.js';

/** The verdict over a request on one route. Nearly every request has one. */
interface RouteVerdict {
  readonly route: object;
  readonly verdict: Promise<AshVerifyResult>;
  readonly others: RouteVerdict | undefined;
}

/**
 * The verdict over each request that is under way, so that a request is verified once however often the guard is
 * bound: a second verification would find its own context spent.
 */
@Injectable()
export class AshVerdicts {
  private readonly verdicts = new WeakMap<object, RouteVerdict>();

  /** The verdict over a request on a route, reached by `verify` the first time. */
  once(request: object, route: object, verify: () => Promise<AshVerifyResult>): Promise<AshVerifyResult> {
    const raw = rawOf(request);
    const others = this.verdicts.get(raw);
    const known = verdictOn(route, others);
    if (known !== undefined) return known;
    const verdict = verify();
    this.verdicts.set(raw, { route, verdict, others });
    return verdict;
  }

  /** The verdict over a request on a route, if there is one. */
  get(request: object, route: object): Promise<AshVerifyResult> | undefined {
    return verdictOn(route, this.verdicts.get(rawOf(request)));
  }
}

function verdictOn(route: object, verdicts: RouteVerdict | undefined): Promise<AshVerifyResult> | undefined {
  for (let each = verdicts; each !== undefined; each = each.others) {
    if (each.route === route) return each.verdict;
  }
  return undefined;
}

/**
 * Node's own request, which stays the same object on the whole way. Fastify's request holds it; Express's is it, and what
 * an application puts there as its `raw` can be one thing for all requests.
 */
function rawOf(request: object): object {
  const { raw } = request as { readonly raw?: object };
  return 'httpVersion' in request ? request : (raw ?? request);
}
