import { AshError, isAshError } from '../core/index.js';
import { payloadKindOf } from '../core/media-type.js';
import { checkBatch, checkDefaultBinding, contextRefusal, issueContexts } from '../verification/context-endpoint.js';
import type { AshContextEndpointOptions, IssuedContexts } from '../verification/context-endpoint.js';
import { ashFactsOf, type AshRequestLike } from '../verification/facts.js';
import type { AshProtection } from '../verification/protection.js';
import type { AshStatuses } from '../verification/refusal.js';
import { AshRefusalError } from './refusal-error.js';

/** The endpoint at which clients get contexts, without a framework. Source: protocol, section 1. */
export class ContextEndpoint<R extends AshRequestLike> {
  private readonly batch: number;
  private readonly defaultBinding: string | undefined;
  private readonly statuses: AshStatuses | undefined;

  /**
   * @param name Whose options they are, for messages.
   * @throws AshConfigurationError
   */
  constructor(
    private readonly name: string,
    private readonly protection: AshProtection<R>,
    { batch, defaultBinding, statuses }: AshContextEndpointOptions & { readonly statuses?: AshStatuses },
  ) {
    this.batch = checkBatch(name, batch);
    this.defaultBinding = defaultBinding;
    this.statuses = statuses;
  }

  /**
   * Checks that the default binding is one of the protected routes.
   *
   * @throws AshConfigurationError
   */
  check(): void {
    checkDefaultBinding(this.name, this.defaultBinding, this.protection.table);
  }

  /**
   * Issues what a request asks for.
   *
   * @throws AshRefusalError for whoever gets no context.
   */
  async issue(request: R): Promise<IssuedContexts> {
    try {
      const { present, unread, value, mediaType } = ashFactsOf(request).body;
      if (present && (unread === true || value === undefined) && payloadKindOf(mediaType) === 'json') {
        throw new AshError(
          'ASH_RAW_BODY_UNAVAILABLE',
          `The body was not read: ${this.name} needs a parser of JSON before it, express.json() on Express.`,
        );
      }
      const { batch, defaultBinding } = this;
      return await issueContexts(this.protection, { body: value, request, batch, defaultBinding });
    } catch (error) {
      if (!isAshError(error)) throw error;
      throw new AshRefusalError(contextRefusal(error, this.statuses), { cause: error });
    }
  }
}
