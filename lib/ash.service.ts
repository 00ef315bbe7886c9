import { Inject, Injectable } from '@nestjs/common';
import { ASH_PROTECTION } from './ash.module-definition.js';
import type { AshRequest } from './ash.options.js';
import type { AshIssuedContext } from './core/index.js';
import type { AshIssueOptions } from './verification/issuer.js';
import type { AshProtection } from './verification/protection.js';

/**
 * Issues contexts by hand, for an endpoint of one's own or for pages that are rendered on the server.
 *
 * @example
 * const context = await this.ash.issue({ binding: 'POST /transfer', subject: user.id });
 */
@Injectable()
export class AshService {
  constructor(@Inject(ASH_PROTECTION) private readonly protection: AshProtection) {}

  /**
   * Issues a context for a protected route.
   *
   * @param options The concrete binding and, where they differ from the route's, subject, scope, ttl, mode, metadata.
   * @param request The request that asks, for a route whose `ttl` depends on it.
   * @returns The context as it goes to the client. It holds a secret: answer it with `Cache-Control: no-store`.
   * @throws AshError `ASH_BINDING_MISMATCH` for a binding that no protected route declares,
   * `ASH_CANONICALIZATION_ERROR` for a malformed one, `ASH_SUBJECT_MISMATCH`, `ASH_STORE_UNAVAILABLE`.
   * @throws AshConfigurationError for a `ttl` that is longer than the mode allows.
   */
  issue(options: AshIssueOptions, request?: AshRequest): Promise<AshIssuedContext> {
    return this.protection.issue(options, request);
  }

  /**
   * Issues a context to whoever sends `request`, by the module's `subject` function. It is what the context
   * controller does.
   *
   * @throws AshError as {@link issue} does.
   */
  issueFor(binding: string, request: AshRequest): Promise<AshIssuedContext> {
    return this.protection.issueFor(binding, request);
  }

  /**
   * Issues several contexts to whoever sends `request`, all in one turn, as {@link issueFor} issues one.
   *
   * @param count How many: a whole number from 1. It has no bound here; what a client sends needs one.
   * @throws AshError as {@link issue} does, and `ASH_CANONICALIZATION_ERROR` for another `count`. One context that
   * fails fails them all.
   * @example
   * const contexts = await this.ash.issueBatchFor('POST /transfer', request, Math.min(count, 32));
   */
  issueBatchFor(binding: string, request: AshRequest, count: number): Promise<AshIssuedContext[]> {
    return this.protection.issueBatchFor(binding, request, count);
  }
}
