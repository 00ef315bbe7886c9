import { createHash, createHmac } from 'node:crypto';
import {
  ASH_HEADERS,
  ashCanonicalizeFormFields,
  ashCanonicalizeValue,
  ashExtractScopedFields,
  type AshFormFields,
  type AshIssuedContext,
} from '../../lib/core/index.js';
import type { AshContextStore } from '../../lib/stores/context-store.js';
import { AshMemoryStore } from '../../lib/stores/memory.store.js';
import { BoundedStore } from '../../lib/verification/bounded-store.js';
import type { AshRequestFacts } from '../../lib/verification/facts.js';
import type { ChainRule } from '../../lib/verification/chain-rules.js';
import { AshIssuer, type AshIssueOptions } from '../../lib/verification/issuer.js';
import { compilePolicy, type AshPolicyOptions, type AshRoutePolicy } from '../../lib/verification/policy.js';
import { RouteBinding } from '../../lib/verification/route-binding.js';
import type { AshPass, AshVerifyResult } from '../../lib/verification/verdict.js';
import { AshVerifier } from '../../lib/verification/verifier.js';

/** The facts of a request, open to whoever tampers with them. */
export interface Draft {
  method: string;
  query: string;
  queryMark?: '?' | '#';
  isQueryReplaced?: () => boolean;
  params: Record<string, unknown>;
  headers: Record<string, string | string[] | undefined>;
  body: { present: boolean; value: unknown; raw: Uint8Array | undefined; mediaType: string };
  subject: AshRequestFacts['subject'];
  route?: () => string | undefined;
}

/** What a client is about to send and prove. */
export interface ClientRequest {
  readonly query?: string;
  readonly params?: Record<string, unknown>;
  /** Default an object, as JSON; `undefined` for no body. */
  readonly value?: unknown;
  readonly mediaType?: string;
  readonly subject?: string;
  readonly timestamp?: number | string;
  readonly previousProof?: string;
  /** Whether the client leaves the query out of its proof. */
  readonly ignoresQuery?: boolean;
}

/** How a route under test is set up. */
export interface RouteSetup {
  readonly binding?: string | readonly string[];
  readonly options?: AshPolicyOptions;
  readonly chain?: ChainRule;
  readonly needsSubject?: boolean;
  readonly explain?: boolean;
  readonly store?: (memory: AshMemoryStore) => AshContextStore;
  readonly storeTimeout?: number;
}

export const TRANSFER = { amount: 100, to: 'acct-7' };

/** One protected route with the server around it, without a framework, by a clock that moves when it is told to. */
export class RouteUnderTest {
  now = 1_700_000_000_000;
  readonly memory: AshMemoryStore;
  readonly policy: AshRoutePolicy;
  readonly bounded: BoundedStore;
  private readonly binding: string;
  private readonly verifier: AshVerifier;
  private readonly issuer: AshIssuer<AshRoutePolicy>;

  constructor(setup: RouteSetup = {}) {
    const { binding = 'POST /transfer', options = {}, chain, needsSubject = false, explain = false } = setup;
    const clock = (): number => this.now;
    this.memory = new AshMemoryStore({ clock });
    const texts = [binding].flat();
    this.binding = texts[0] ?? '';
    const bindings = texts.map((text) => RouteBinding.parse(text));
    this.policy = compilePolicy({
      name: 'PaymentsController.transfer',
      bindings,
      options,
      chain,
      needsSubject,
      explain,
    });
    this.bounded = new BoundedStore(setup.store?.(this.memory) ?? this.memory, setup.storeTimeout ?? 10);
    this.verifier = new AshVerifier({ store: this.bounded, clock });
    this.issuer = new AshIssuer({ store: new BoundedStore(this.memory, 1_000), find: () => this.policy });
  }

  issue(options: Partial<AshIssueOptions> = {}): Promise<AshIssuedContext> {
    return this.issuer.issue({ binding: this.binding, ttl: 30_000, ...options });
  }

  /** A context, and an honest request that is proven with it. */
  async prepare(
    request: ClientRequest = {},
    options: Partial<AshIssueOptions> = {},
  ): Promise<{ context: AshIssuedContext; draft: Draft }> {
    const { subject } = request;
    const context = await this.issue({ ...(subject === undefined ? {} : { subject }), ...options });
    return { context, draft: prove(context, { timestamp: this.now, ...request }) };
  }

  async verify(draft: Draft, policy: AshRoutePolicy = this.policy): Promise<AshVerifyResult> {
    return await this.verifier.verify(draft, policy);
  }

  /** Issues, proves and verifies an honest request. */
  async pass(request: ClientRequest = {}, options: Partial<AshIssueOptions> = {}): Promise<AshPass> {
    const { draft } = await this.prepare(request, options);
    const verdict = await this.verify(draft);
    if (!verdict.ok) throw new Error(`An honest request was refused: ${verdict.code}: ${verdict.message}`);
    return verdict;
  }

  async isSpent({ contextId }: AshIssuedContext): Promise<boolean> {
    return (await this.memory.get(contextId))?.consumedAt !== undefined;
  }
}

/** The code of a refusal, or `pass`. */
export function codeOf(verdict: AshVerifyResult): string {
  return verdict.ok ? 'pass' : verdict.code;
}

/**
 * Proves a request as section 4 of the protocol writes it, by the platform's own cryptography, so that no mistake of
 * the library's formulas can cancel itself out.
 */
export function prove(context: AshIssuedContext, request: ClientRequest & { timestamp: number | string }): Draft {
  const { query = '', params = {}, subject, previousProof, mediaType = 'application/json' } = request;
  const value = 'value' in request ? request.value : { ...TRANSFER };
  const { contextId, scope = [], protocol } = context;
  const timestamp = String(request.timestamp);
  const chainHash = previousProof === undefined ? '' : sha256(previousProof);
  const proof = proofOf(context, {
    timestamp,
    binding: query === '' || isQueryLeftOut(context, request) ? context.binding : `${context.binding}?${query}`,
    covered: coveredBy(value, mediaType, context),
    scopeHash: scope.length === 0 ? '' : sha256(scope.join(',')),
    chainHash,
  });
  const [method = ''] = context.binding.split(' ');
  return {
    method,
    query,
    params,
    headers: {
      [ASH_HEADERS.contextId]: contextId,
      [ASH_HEADERS.proof]: proof,
      ...(protocol === 'v1' ? {} : { [ASH_HEADERS.timestamp]: timestamp }),
      ...(scope.length === 0
        ? {}
        : { [ASH_HEADERS.scope]: scope.join(','), [ASH_HEADERS.scopeHash]: sha256(scope.join(',')) }),
      ...(chainHash === '' ? {} : { [ASH_HEADERS.chainHash]: chainHash }),
    },
    body: {
      present: value !== undefined,
      value,
      raw: undefined,
      mediaType: value === undefined ? '' : mediaType,
    },
    subject,
  };
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

interface Parts {
  readonly timestamp: string;
  readonly binding: string;
  readonly covered: string | Uint8Array;
  readonly scopeHash: string;
  readonly chainHash: string;
}

function proofOf(context: AshIssuedContext, parts: Parts): string {
  const { clientSecret = '', contextId, mode, nonce, protocol } = context;
  const { timestamp, binding, covered, scopeHash, chainHash } = parts;
  const known = [timestamp, binding, sha256(covered)];
  const keyed = (slots: readonly string[]): string =>
    createHmac('sha256', clientSecret).update(slots.join('|')).digest('hex');
  switch (protocol) {
    case 'v2.3':
      return keyed([...known, scopeHash, chainHash]);
    case 'v2.2':
      return keyed([...known, scopeHash || sha256('')]);
    case 'v2.1':
      return keyed(context.chain === undefined ? known : [...known, chainHash || sha256('')]);
    case 'v1': {
      const lines = ['ASHv1', mode, binding, contextId, ...(nonce === undefined ? [] : [nonce]), String(covered)];
      return createHash('sha256').update(lines.join('\n')).digest('base64url');
    }
  }
}

function coveredBy(value: unknown, mediaType: string, context: AshIssuedContext): string | Uint8Array {
  const { protocol, scope = [], canonicalization = 'jcs' } = context;
  if (value instanceof Uint8Array) return value;
  if (value === undefined) return protocol === 'v1' || protocol === 'v2.1' ? '' : '{}';
  if (mediaType === 'application/x-www-form-urlencoded') return ashCanonicalizeFormFields(value as AshFormFields);
  return ashCanonicalizeValue(ashExtractScopedFields(value, scope), { canonicalization });
}

function isQueryLeftOut({ mode, query }: AshIssuedContext, { ignoresQuery }: ClientRequest): boolean {
  return ignoresQuery ?? (query ?? (mode === 'minimal' ? 'ignore' : 'cover')) === 'ignore';
}
