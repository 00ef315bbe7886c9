import { AshError, ashParseBinding, type AshIssuedContext, type AshMode } from '../core/index.js';
import { hideFromInspection } from '../core/inspection.js';
import { ashProtocolRules } from '../core/protocols.js';
import { shown } from '../core/text.js';
import { clientSecretOf, type AshContext, type AshContextMetadata } from '../stores/context.js';
import type { BoundedStore } from './bounded-store.js';
import { checkScopeFits, checkTtl, compileHeaderScope, stricterMode, type AshRoutePolicy } from './policy.js';

/** Anybody may ask for a context, so what is kept of each has a bound, in characters. */
const LONGEST_BINDING = 2048;

/** What a context is issued for. */
export interface AshIssueOptions {
  /** The concrete binding, `PUT /accounts/42/limit`. */
  readonly binding: string;
  /** Who the context is issued to; demanded where the application has a `subject` function. */
  readonly subject?: string | undefined;
  /** A scope for this one context instead of the route's; `[]` covers the whole payload. */
  readonly scope?: readonly string[];
  /** Given back when the context is verified. */
  readonly metadata?: AshContextMetadata;
  /** The life of the context instead of the route's, in milliseconds. */
  readonly ttl?: number;
  /** A mode that is stricter than the route's. */
  readonly mode?: AshMode;
}

/** The option names of {@link AshIssueOptions}. */
export const ISSUE_OPTION_KEYS = [
  'binding',
  'subject',
  'scope',
  'metadata',
  'ttl',
  'mode',
] as const satisfies readonly (keyof AshIssueOptions)[];

/** What an issuer works with. */
export interface IssuerOptions<P extends AshRoutePolicy> {
  readonly store: BoundedStore;
  /** The policy of the route that a binding is good for. */
  readonly find: (binding: string) => P | undefined;
}

/** Issues contexts: for bindings that a protected route declares, and for no others. Source: protocol, section 1. */
export class AshIssuer<P extends AshRoutePolicy> {
  constructor(private readonly options: IssuerOptions<P>) {}

  /**
   * The policy of the route that a binding is good for, and the binding in its normal form.
   *
   * @throws AshError `ASH_CANONICALIZATION_ERROR` for a malformed binding, `ASH_BINDING_MISMATCH` for one that no
   * protected route declares.
   */
  locate(text: string): { binding: string; policy: P } {
    checkText(text);
    if (text.length > LONGEST_BINDING) {
      throw new AshError('ASH_CANONICALIZATION_ERROR', `binding: longer than ${LONGEST_BINDING} characters.`);
    }
    const { method, path } = ashParseBinding(text);
    const binding = `${method} ${path}`;
    const policy = this.options.find(binding);
    if (policy !== undefined) return { binding: asDeclared(binding, policy), policy };
    throw new AshError('ASH_BINDING_MISMATCH', `binding: no protected route is declared as '${shown(binding)}'.`);
  }

  /**
   * Issues a context.
   *
   * @throws AshError as {@link locate} does, `ASH_SUBJECT_MISMATCH` where a subject is demanded and missing or given
   * and not demanded, `ASH_STORE_UNAVAILABLE`.
   * @throws AshConfigurationError for a `ttl` that is longer than the mode allows, or a scope that the route cannot have.
   */
  async issue(options: AshIssueOptions & { readonly ttl: number }): Promise<AshIssuedContext> {
    const { binding, policy } = this.locate(options.binding);
    const { subject, scope, metadata, ttl } = options;
    const mode = stricterMode(policy.mode, options.mode ?? policy.mode);
    checkTtl(policy.name, ttl, mode);
    checkSubject(policy, subject);
    if (scope !== undefined && compileHeaderScope(scope) !== undefined) checkScopeFits(policy.name, policy);
    const context = await this.options.store.create({
      binding,
      ttlMs: ttl,
      mode,
      protocol: policy.protocol,
      ...(subject === undefined ? {} : { subject }),
      ...(scope === undefined ? {} : { scope }),
      ...(metadata === undefined ? {} : { metadata }),
    });
    return issued(context, policy);
  }
}

/** The text that the policy has, where it is that of a binding: the contexts that are kept need no copy each. */
function asDeclared(binding: string, { bindings }: AshRoutePolicy): string {
  return bindings.find(({ text }) => text === binding)?.text ?? binding;
}

/**
 * How many contexts are asked for.
 *
 * @throws AshError `ASH_CANONICALIZATION_ERROR` for what is no whole number from 1.
 */
export function checkCount(count: unknown): number {
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 1) return count;
  throw new AshError('ASH_CANONICALIZATION_ERROR', 'count: it is no whole number from 1: send { "count": 5 }.');
}

/** Whoever hands on what a client asks for can hand on what is no text. */
function checkText(binding: unknown): void {
  if (typeof binding === 'string') return;
  throw new AshError('ASH_CANONICALIZATION_ERROR', "binding: it is no text: name the route, 'POST /transfer'.");
}

function checkSubject(policy: AshRoutePolicy, subject: string | undefined): void {
  if (policy.needsSubject === (subject !== undefined) && subject !== '') return;
  throw new AshError(
    'ASH_SUBJECT_MISMATCH',
    policy.needsSubject
      ? 'A context is issued to a subject, and this request has none.'
      : "A context with a subject needs a 'subject' function, which verifies it.",
  );
}

/** The context as it goes over the wire: with the secret of the client, without the nonce that it comes from. */
function issued(context: AshContext, policy: AshRoutePolicy): AshIssuedContext {
  const { id, binding, mode, protocol, issuedAt, expiresAt } = context;
  const { chain, canonicalization } = policy;
  const scope = context.scope ?? policy.scope?.paths ?? [];
  const { query } = policy.settings[mode];
  const wire: AshIssuedContext = {
    contextId: id,
    binding,
    mode,
    protocol,
    issuedAt,
    expiresAt,
    ...(ashProtocolRules(protocol).keyed ? { clientSecret: clientSecretOf(context) } : {}),
    ...(protocol === 'v1' && mode === 'strict' ? { nonce: context.nonce } : {}),
    ...(scope.length > 0 ? { scope } : {}),
    ...(chain === undefined ? {} : { chain: { name: chain.name, start: chain.start } }),
    ...(query === (mode === 'minimal' ? 'ignore' : 'cover') ? {} : { query }),
    ...(canonicalization === 'jcs' ? {} : { canonicalization }),
  };
  return hideFromInspection(wire, ['clientSecret', 'nonce']);
}
