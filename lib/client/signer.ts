import { ashCanonicalizeValue, ashHashBody, ashHashProof, ashParseJson, type ASH_HEADERS } from '../core/index.js';
import { ashProtocolRules } from '../core/protocols.js';
import { ashCompileScope, type AshScope } from '../core/scope.js';
import { AshClientError } from './errors.js';
import type { SigningContext } from './issued-context.js';
import type { Payload } from './payload.js';

/** The names that requests carry, as the references write them. */
const HEADER_NAMES = {
  contextId: 'X-ASH-Context-ID',
  proof: 'X-ASH-Proof',
  timestamp: 'X-ASH-Timestamp',
  scope: 'X-ASH-Scope',
  scopeHash: 'X-ASH-Scope-Hash',
  chainHash: 'X-ASH-Chain-Hash',
} as const satisfies Record<keyof typeof ASH_HEADERS, string>;

/** What is proven of one request, beside its context. */
export interface SigningFacts {
  readonly payload: Payload;
  /** The query as it will stand in the request line, without `?`; empty for none. */
  readonly query: string;
  /** Milliseconds since the epoch by the server's clock, decimal. */
  readonly timestamp: string;
  readonly previousProof: string | undefined;
}

/** The proof of a request, and the headers that carry it. */
export interface SignedRequest {
  readonly proof: string;
  readonly headers: Record<string, string>;
}

/**
 * Proves a request. The secret and the nonce enter the proof and no header.
 *
 * @throws AshError for a part that could not stand in the proof's message.
 * @throws AshClientError `ASH_CLIENT_BODY_UNSUPPORTED`
 *
 * Source: protocol, section 4.
 */
export function signRequest(context: SigningContext, facts: SigningFacts): SignedRequest {
  const { mode, contextId, clientSecret = '', nonce, chain, protocol } = context;
  const rules = ashProtocolRules(protocol);
  const scope = context.scope?.length ? ashCompileScope(context.scope) : undefined;
  const chainHash = facts.previousProof === undefined ? '' : ashHashProof(facts.previousProof);
  const timestamp = rules.keyed ? facts.timestamp : '';
  const proof = rules.prove({
    mode,
    contextId,
    binding: messageBinding(context, facts.query),
    clientSecret,
    nonce,
    timestamp,
    ...coveredPayload(facts.payload, context, scope),
    scopeHash: scope?.hash ?? '',
    chained: chain !== undefined || chainHash !== '',
    chainHash,
  });
  return {
    proof,
    headers: {
      [HEADER_NAMES.contextId]: contextId,
      [HEADER_NAMES.proof]: proof,
      ...(timestamp === '' ? {} : { [HEADER_NAMES.timestamp]: timestamp }),
      ...(scope === undefined ? {} : { [HEADER_NAMES.scope]: scope.text, [HEADER_NAMES.scopeHash]: scope.hash }),
      ...(chainHash === '' ? {} : { [HEADER_NAMES.chainHash]: chainHash }),
    },
  };
}

/** The binding with the query, where the route or the mode covers it. Source: protocol, sections 2 and 7. */
function messageBinding({ binding, mode, query: coverage }: SigningContext, query: string): string {
  const isCovered = (coverage ?? (mode === 'minimal' ? 'ignore' : 'cover')) === 'cover';
  return isCovered && query !== '' ? `${binding}?${query}` : binding;
}

/** The canonical text of what the scope covers, and its hash. Source: protocol, sections 3 and 5. */
function coveredPayload(
  payload: Payload,
  context: SigningContext,
  scope: AshScope | undefined,
): { canonical: string; bodyHash: string } {
  const rules = ashProtocolRules(context.protocol);
  switch (payload.kind) {
    case 'none':
      return hashed(rules.emptyPayload);
    case 'json':
      return hashed(coveredJson(payload.canonical, context, scope));
    case 'form':
      if (scope !== undefined) throw unprovable(context, "has a scope, which needs a JSON body and not a form's");
      return hashed(payload.canonical);
    case 'raw':
      if (scope !== undefined) throw unprovable(context, 'has a scope, which needs a JSON body and not a raw one');
      if (!rules.keyed) throw unprovable(context, `uses '${context.protocol}', which has no hash of a raw body`);
      return { canonical: '', bodyHash: ashHashBody(payload.bytes) };
  }
}

function coveredJson(canonical: string, { canonicalization }: SigningContext, scope: AshScope | undefined): string {
  if (scope === undefined && canonicalization === undefined) return canonical;
  // From the text, not from the value it was made of: what is proven is what the server will read.
  const value = ashParseJson(canonical);
  return ashCanonicalizeValue(scope === undefined ? value : scope.extract(value), {
    maxBytes: Number.POSITIVE_INFINITY,
    ...(canonicalization === undefined ? {} : { canonicalization }),
  });
}

function hashed(canonical: string): { canonical: string; bodyHash: string } {
  return { canonical, bodyHash: ashHashBody(canonical) };
}

function unprovable({ binding }: SigningContext, what: string): AshClientError {
  return new AshClientError('ASH_CLIENT_BODY_UNSUPPORTED', `${binding} ${what}.`);
}
