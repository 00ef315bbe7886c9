import { AshConfigurationError, type AshMode, type AshProtocol } from '../core/index.js';
import type { AshContextMetadata } from '../stores/context.js';
import type { AshVerifiedRequest } from './verdict.js';

type Spend = AshVerifiedRequest['spend'];

/** The fields of a verified request; one that is `undefined` is not there. */
type Fields = { readonly [F in Exclude<keyof AshVerifiedRequest, 'spend'>]: AshVerifiedRequest[F] | undefined } & Pick<
  AshVerifiedRequest,
  'contextId' | 'binding' | 'mode' | 'protocol' | 'scope' | 'verifiedAt'
>;

/** What a handler learns of its request. Its method is no field of it: what copies or prints it sees the fields alone. */
export class VerifiedRequest implements AshVerifiedRequest {
  readonly contextId: string;
  readonly binding: string;
  readonly mode: AshMode;
  readonly protocol: AshProtocol;
  declare readonly subject?: string;
  declare readonly metadata?: AshContextMetadata;
  readonly scope: readonly string[];
  readonly payload: unknown;
  readonly verifiedAt: number;

  constructor(fields: Fields) {
    const { subject, metadata } = fields;
    this.contextId = fields.contextId;
    this.binding = fields.binding;
    this.mode = fields.mode;
    this.protocol = fields.protocol;
    if (subject !== undefined) this.subject = subject;
    if (metadata !== undefined) this.metadata = metadata;
    this.scope = fields.scope;
    this.payload = fields.payload;
    this.verifiedAt = fields.verifiedAt;
  }

  /** A function that needs no `this`: a handler may take it out of the request. */
  get spend(): Spend {
    const { binding } = this;
    return () => Promise.reject(spentAlready(binding));
  }
}

/** Gives a verified request the way in which its handler spends its context. */
export function letSpend(request: AshVerifiedRequest, spend: Spend): void {
  Object.defineProperty(request, 'spend', { value: spend, configurable: true });
}

function spentAlready(binding: string): AshConfigurationError {
  return new AshConfigurationError(
    `${binding}: the context is spent already; give the route the option spend: 'handler' to spend it in the handler.`,
  );
}
