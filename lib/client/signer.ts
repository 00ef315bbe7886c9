import { ashCanonicalizeValue, ashHashBody, ashHashProof, type ASH_HEADERS } from '../core/index.js';
import { ashFormula, type AshProofParts } from '../core/formulas.js';
import { extractScope, readScope, type ScopePaths } from '../core/scope-paths.js';
import { AshClientError } from './errors.js';
import type { SigningContext } from './issued-context.js';
import { UNBOUNDED, type Payload } from './payload.js';

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
  const formula = ashFormula(context.protocol);
  const scope = context.scope?.length ? readScope(context.scope) : undefined;
  const scopeHash = scope?.hash ?? '';
  const chainHash = facts.previousProof === undefined ? '' : ashHashProof(facts.previousProof);
  const timestamp = formula.keyed ? facts.timestamp : '';
  const proof = formula.prove({
    clientSecret: '',
    nonce: undefined,
    ...context,
    binding: messageBinding(context, facts.query),
    timestamp,
    ...coveredPayload(facts.payload, context, scope),
    scopeHash,
    chained: context.chain !== undefined || chainHash !== '',
    chainHash,
  });
  const headers = {
    [HEADER_NAMES.contextId]: context.contextId,
    [HEADER_NAMES.proof]: proof,
    [HEADER_NAMES.timestamp]: timestamp,
    [HEADER_NAMES.scope]: scope?.text ?? '',
    [HEADER_NAMES.scopeHash]: scopeHash,
    [HEADER_NAMES.chainHash]: chainHash,
  };
  return { proof, headers: Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== '')) };
}

/** The binding with the query, where the route or the mode covers it. Source: protocol, sections 2 and 7. */
function messageBinding({ binding, mode, query: coverage }: SigningContext, query: string): string {
  const isCovered = coverage === undefined ? mode !== 'minimal' : coverage === 'cover';
  return isCovered && query !== '' ? `${binding}?${query}` : binding;
}

/** The canonical text of what the scope covers, and its hash. Source: protocol, sections 3 and 5. */
function coveredPayload(
  payload: Payload,
  context: SigningContext,
  scope: ScopePaths | undefined,
): Pick<AshProofParts, 'canonical' | 'bodyHash'> {
  const { keyed, emptyPayload } = ashFormula(context.protocol);
  const { kind } = payload;
  if (scope !== undefined && (kind === 'form' || kind === 'raw')) {
    throw unprovable(context, `has a scope, which needs a JSON body and not a ${kind} one`);
  }
  if (kind === 'raw') {
    if (!keyed) throw unprovable(context, `uses '${context.protocol}', which has no hash of a raw body`);
    return { canonical: '', bodyHash: ashHashBody(payload.bytes) };
  }
  const whole = kind === 'none' ? emptyPayload : payload.canonical;
  const canonical = kind === 'json' ? coveredJson(whole, context, scope) : whole;
  return { canonical, bodyHash: ashHashBody(canonical) };
}

function coveredJson(canonical: string, { canonicalization }: SigningContext, scope: ScopePaths | undefined): string {
  if (scope === undefined && canonicalization === undefined) return canonical;
  // From the text, not from the value it was made of: what is proven is what the server will read.
  const value: unknown = JSON.parse(canonical);
  return ashCanonicalizeValue(scope === undefined ? value : extractScope(value, scope), {
    ...UNBOUNDED,
    ...(canonicalization && { canonicalization }),
  });
}

function unprovable({ binding }: SigningContext, what: string): AshClientError {
  return new AshClientError('ASH_CLIENT_BODY_UNSUPPORTED', `${binding} ${what}.`);
}
