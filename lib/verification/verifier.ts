import {
  ASH_HEADERS,
  AshError,
  ashDeriveClientSecret,
  isAshContextId,
  isAshError,
  type AshErrorCode,
  type AshMode,
  type AshProtocol,
} from '../core/index.js';
import { ASH_HEADER_PREFIX } from '../core/headers.js';
import { isAshHash, isAshTimestamp } from '../core/proof.js';
import { isAshProofV1 } from '../core/proof-v1.js';
import { ashProtocolRules, type AshProofParts, type AshProtocolRules } from '../core/protocols.js';
import type { AshScope } from '../core/scope.js';
import type { AshContext, AshContextMetadata } from '../stores/context.js';
import type { BoundedStore } from './bounded-store.js';
import { checkLink, ChainStep, taken } from './chain.js';
import { explainCode, explainMismatch, type AshExplanation } from './explain.js';
import type { AshRequestFacts } from './facts.js';
import { readPayload, type VerifiedPayload } from './payload.js';
import { compileHeaderScope, stricterMode, type AshRoutePolicy, type ModeSettings } from './policy.js';

/** What a handler learns of the request that was verified. It holds no secret. */
export interface AshVerifiedRequest {
  readonly contextId: string;
  readonly binding: string;
  readonly mode: AshMode;
  readonly protocol: AshProtocol;
  readonly subject?: string;
  readonly metadata?: AshContextMetadata;
  /** The paths that the proof covers; empty for the whole payload. */
  readonly scope: readonly string[];
  /** What the proof covers: a JSON value, the fields of a form, or the bytes of a raw body. */
  readonly payload: unknown;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly verifiedAt: number;
}

/** A request that passed. Its context is spent. */
export interface AshPass {
  readonly ok: true;
  readonly request: AshVerifiedRequest;
  /** Whether the handler is to receive `request.payload` instead of the body. */
  readonly replacesBody: boolean;
  /** What is left to do when the handler has ended, on a route of a chain. */
  readonly step: ChainStep | undefined;
}

/** A request that is refused. Its context is unspent, unless the code says that it was spent before. */
export interface AshRefusal {
  readonly ok: false;
  readonly code: AshErrorCode;
  /** A sentence for the client. It names no expected value. */
  readonly message: string;
  /** Whether an error body may name the code: not in `strict` mode. */
  readonly namesCode: boolean;
  /** The context that the request named, if it named one. */
  readonly contextId: string | undefined;
  /** In development only. */
  readonly explanation: AshExplanation | undefined;
  /** The error beneath, for the log. */
  readonly cause: unknown;
}

/** The verdict over a request. */
export type AshVerifyResult = AshPass | AshRefusal;

/** What a verifier works with. */
export interface VerifierOptions {
  readonly store: BoundedStore;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** The ASH headers of a request, each well-formed and there once. */
interface RequestHeaders {
  readonly contextId: string;
  readonly proof: string;
  readonly timestamp: string | undefined;
  readonly scope: string | undefined;
  readonly scopeHash: string | undefined;
  readonly chainHash: string | undefined;
}

const KNOWN_HEADERS: ReadonlySet<string> = new Set(Object.values(ASH_HEADERS));
const PRINTABLE = /^[ -~]*$/;
/** 100 paths of 32 levels are more than Node's own bound on headers lets through. */
const LONGEST_SCOPE = 8192;
const SECONDS_DIGITS = 10;

/**
 * Decides over requests: plain facts and the route's policy in, a verdict out, the store as its only door. It knows
 * no framework.
 *
 * The first failure ends it, nothing after it runs, and the context stays unspent. Source: protocol, section 8.
 */
export class AshVerifier {
  constructor(private readonly options: VerifierOptions) {}

  /**
   * @throws whatever is neither a refusal nor the store's: a fault of the program, which must not pass for a verdict.
   */
  async verify(facts: AshRequestFacts, policy: AshRoutePolicy): Promise<AshVerifyResult> {
    const verification = new Verification(facts, policy, this.options);
    try {
      return await verification.run();
    } catch (error) {
      if (!isAshError(error)) throw error;
      return verification.refusal(error);
    }
  }
}

/** One run over one request, which reads as section 8 of the protocol. */
class Verification {
  private mode: AshMode;
  private contextId: string | undefined;
  private mismatch: (() => AshExplanation) | undefined;

  constructor(
    private readonly facts: AshRequestFacts,
    private readonly policy: AshRoutePolicy,
    private readonly options: VerifierOptions,
  ) {
    this.mode = policy.mode;
  }

  async run(): Promise<AshPass> {
    const { policy, facts, options } = this;
    const headers = readHeaders(facts, policy);
    this.contextId = headers.contextId;

    const context = await this.load(headers.contextId);
    this.mode = stricterMode(policy.mode, context.mode);
    const settings = policy.settings[this.mode];
    const protocol = ashProtocolRules(context.protocol);

    checkBinding(context, facts, policy);
    checkSubject(context, facts, policy);
    checkTimestamp(headers, protocol, settings, options.clock());
    const scope = checkScope(headers, context, policy);
    await this.checkChain(headers, context);
    const payload = readPayload(facts.body, { policy, protocol, scope, unscoped: settings.unscoped });
    this.checkProof(headers, context, { protocol, settings, scope, payload });
    await this.spend(context, headers.chainHash);

    return this.pass(headers, context, scope, payload);
  }

  refusal(error: AshError): AshRefusal {
    const { code, message, cause } = error;
    return {
      ok: false,
      code,
      message,
      namesCode: this.policy.settings[this.mode].namesCode,
      contextId: this.contextId,
      explanation: this.policy.explain ? (this.mismatch?.() ?? explainCode(code, message)) : undefined,
      cause,
    };
  }

  private async load(contextId: string): Promise<AshContext> {
    const context = await this.options.store.get(contextId);
    if (context === null) throw new AshError('ASH_CTX_NOT_FOUND');
    if (context.consumedAt !== undefined) throw new AshError('ASH_CTX_ALREADY_USED');
    if (context.expiresAt <= this.options.clock()) throw new AshError('ASH_CTX_EXPIRED');
    return context;
  }

  private async checkChain({ chainHash }: RequestHeaders, context: AshContext): Promise<void> {
    const { chain } = this.policy;
    if (chain === undefined) {
      if (chainHash !== undefined) throw new AshError('ASH_CHAIN_BROKEN', 'The route is no step of a chain.');
      return;
    }
    if (chainHash === undefined) {
      if (!chain.start) throw new AshError('ASH_CHAIN_BROKEN', 'The route needs the header X-ASH-Chain-Hash.');
      return;
    }
    if (chain.after.size === 0) throw new AshError('ASH_CHAIN_BROKEN', 'The route begins its chain: it follows no step.');
    checkLink(await this.options.store.getLink(chainHash), chain, context, this.options.clock());
  }

  private checkProof(
    headers: RequestHeaders,
    context: AshContext,
    known: { protocol: AshProtocolRules; settings: ModeSettings; scope: AshScope | undefined; payload: VerifiedPayload },
  ): void {
    const { protocol, settings, scope, payload } = known;
    const { query, body } = this.facts;
    const { proof } = headers;
    const isQueryCovered = settings.query === 'cover' && query !== '';
    const parts: AshProofParts = {
      mode: context.mode,
      contextId: context.id,
      binding: isQueryCovered ? `${context.binding}?${query}` : context.binding,
      clientSecret: protocol.keyed ? ashDeriveClientSecret(context.nonce, context.id, context.binding) : '',
      nonce: context.nonce,
      timestamp: headers.timestamp ?? '',
      canonical: payload.canonical,
      bodyHash: payload.bodyHash,
      scopeHash: scope?.hash ?? '',
      chained: this.policy.chain !== undefined,
      chainHash: headers.chainHash ?? '',
    };
    if (!protocol.isProof(proof)) throw new AshError('ASH_PROOF_INVALID', 'The proof is none of the context’s protocol.');
    if (protocol.equal(protocol.prove(parts), proof)) return;
    this.mismatch = () => explainMismatch({ parts, protocol, proof, query, body });
    throw new AshError(protocol.mismatch);
  }

  /**
   * The link first, so that a request that comes second to it leaves its context unspent. It is held under the
   * context's identifier: of identical requests all hold it, and one spends the context.
   */
  private async spend(context: AshContext, link: string | undefined): Promise<void> {
    const { store } = this.options;
    if (link !== undefined) {
      const reserved = await store.reserveLink(link, context.id);
      if (reserved === 'expired') throw new AshError('ASH_CHAIN_EXPIRED');
      if (reserved !== 'reserved') throw taken();
    }
    const result = await store.consume(context.id);
    if (result === 'consumed') return;
    if (result === 'already-used') throw new AshError('ASH_CTX_ALREADY_USED');
    // Nobody can spend the context any more, so nobody else holds the link under it.
    if (link !== undefined) await store.releaseLink(link, context.id);
    throw new AshError(result === 'expired' ? 'ASH_CTX_EXPIRED' : 'ASH_CTX_NOT_FOUND');
  }

  private pass(
    headers: RequestHeaders,
    context: AshContext,
    scope: AshScope | undefined,
    payload: VerifiedPayload,
  ): AshPass {
    const { store, clock } = this.options;
    const { chain } = this.policy;
    const { id, binding, protocol, subject, metadata } = context;
    return {
      ok: true,
      request: {
        contextId: id,
        binding,
        mode: this.mode,
        protocol,
        scope: scope?.paths ?? [],
        payload: payload.value,
        verifiedAt: clock(),
        ...(subject === undefined ? {} : { subject }),
        ...(metadata === undefined ? {} : { metadata }),
      },
      replacesBody: payload.replacesBody,
      step: chain && new ChainStep(store, clock, chain, context, headers.proof, headers.chainHash),
    };
  }
}

/** Step 1: each header present, once, and well-formed. */
function readHeaders({ headers }: AshRequestFacts, policy: AshRoutePolicy): RequestHeaders {
  const sent = {
    contextId: headers[ASH_HEADERS.contextId],
    proof: headers[ASH_HEADERS.proof],
    timestamp: headers[ASH_HEADERS.timestamp],
  };
  if (!sent.contextId?.length || !sent.proof?.length) throw new AshError('ASH_PROOF_MISSING');
  if (!sent.timestamp?.length && ashProtocolRules(policy.protocol).keyed) throw timestampMissing();
  refuseUnknownHeaders(headers);
  const contextId = once(ASH_HEADERS.contextId, sent.contextId);
  const proof = once(ASH_HEADERS.proof, sent.proof);
  const timestamp = once(ASH_HEADERS.timestamp, sent.timestamp);
  if (!isAshContextId(contextId)) throw invalidHeader(ASH_HEADERS.contextId, 'is no context identifier');
  if (proof.includes(',')) throw invalidHeader(ASH_HEADERS.proof, 'is there more than once');
  if (!isAshHash(proof) && !isAshProofV1(proof)) throw new AshError('ASH_PROOF_INVALID', 'The proof is malformed.');
  if (timestamp && !isAshTimestamp(timestamp)) throw invalidHeader(ASH_HEADERS.timestamp, 'is no decimal number');
  return {
    contextId,
    proof,
    timestamp,
    scope: readScopeHeader(headers),
    scopeHash: readHashHeader(headers, ASH_HEADERS.scopeHash),
    chainHash: readHashHeader(headers, ASH_HEADERS.chainHash),
  };
}

function refuseUnknownHeaders(headers: AshRequestFacts['headers']): void {
  for (const name of Object.keys(headers)) {
    if (name.startsWith(ASH_HEADER_PREFIX) && !KNOWN_HEADERS.has(name)) {
      throw invalidHeader(name, 'is none of the protocol’s: it is refused lest it carry a secret');
    }
  }
}

function once<T extends string | undefined>(name: string, value: T | readonly string[]): T {
  if (typeof value !== 'object') return value;
  throw invalidHeader(name, 'is there more than once');
}

function readHashHeader(headers: AshRequestFacts['headers'], name: string): string | undefined {
  const value = once(name, headers[name]);
  if (value === undefined || isAshHash(value)) return value;
  throw invalidHeader(name, 'is not 64 lower-case hex characters');
}

/** Node joins repeated headers with a comma and a space, and no name of a scope begins with a space. */
function readScopeHeader(headers: AshRequestFacts['headers']): string | undefined {
  const value = once(ASH_HEADERS.scope, headers[ASH_HEADERS.scope]);
  if (value === undefined) return undefined;
  if (value.length > LONGEST_SCOPE || !PRINTABLE.test(value) || value.includes(', ')) {
    throw invalidHeader(ASH_HEADERS.scope, 'is malformed or there more than once');
  }
  return value;
}

/** Step 3: the context's binding is the one of the handler that matched, with the parameters it got. */
function checkBinding(context: AshContext, facts: AshRequestFacts, policy: AshRoutePolicy): void {
  const isBound = policy.bindings.some((binding) =>
    binding.matchesRequest(context.binding, facts.method, facts.params),
  );
  if (!isBound) throw new AshError('ASH_BINDING_MISMATCH');
}

/** Step 3: a missing subject at either end is a refusal. */
function checkSubject(context: AshContext, facts: AshRequestFacts, policy: AshRoutePolicy): void {
  if (!policy.needsSubject && context.subject === undefined) return;
  if (context.subject === undefined || context.subject !== facts.subject) throw new AshError('ASH_SUBJECT_MISMATCH');
}

/** Step 4 */
function checkTimestamp(
  { timestamp }: RequestHeaders,
  protocol: AshProtocolRules,
  { timestampTolerance }: ModeSettings,
  now: number,
): void {
  if (!protocol.keyed) return;
  if (!timestamp) throw timestampMissing();
  if (timestamp.length === SECONDS_DIGITS) {
    throw new AshError('ASH_TIMESTAMP_INVALID', 'The timestamp is in seconds: send milliseconds since the epoch.');
  }
  if (timestampTolerance === false) return;
  const ahead = Number(timestamp) - now;
  if (Math.abs(ahead) <= timestampTolerance) return;
  throw new AshError(
    'ASH_TIMESTAMP_INVALID',
    `The timestamp is too far ${ahead > 0 ? "ahead of the server's clock" : "behind the server's clock"}: correct the clock by the context's issuedAt.`,
  );
}

/** Step 5: the policy decides the scope, and the headers repeat it. */
function checkScope({ scope, scopeHash }: RequestHeaders, context: AshContext, policy: AshRoutePolicy): AshScope | undefined {
  const demanded = context.scope === undefined ? policy.scope : compileHeaderScope(context.scope);
  if (demanded?.text === scope && demanded?.hash === scopeHash) return demanded;
  throw new AshError('ASH_SCOPE_MISMATCH');
}

function timestampMissing(): AshError {
  return new AshError('ASH_PROOF_MISSING', 'The header X-ASH-Timestamp is missing.');
}

function invalidHeader(name: string, what: string): AshError {
  return new AshError('ASH_HEADER_INVALID', `The header ${name.slice(0, 64)} ${what}.`);
}
