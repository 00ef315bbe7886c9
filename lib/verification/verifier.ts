import { AshError, isAshError, type AshMode } from '../core/index.js';
import * as digest from '#digest';
import { sentenceOf } from '../core/error-meanings.js';
import type { AshProofParts } from '../core/formulas.js';
import { SECONDS_DIGITS } from '../core/proof.js';
import { ashProtocolRules, type AshProtocolRules } from '../core/protocols.js';
import type { AshScope } from '../core/scope.js';
import { clientSecretOf, type AshContext } from '../stores/context.js';
import type { AshLinkHold, AshStoredLink } from '../stores/context-store.js';
import { after, isPromise, type Awaitable } from './after.js';
import type { BoundedStore } from './bounded-store.js';
import { checkLink, ChainStep, holderOf } from './chain.js';
import { explainCode, explainMismatch, type AshExplanation } from './explain.js';
import type { OpenedRequest } from './envelope.js';
import type { AshRequestFacts } from './facts.js';
import { readPayload, readSecretPayload, type VerifiedPayload } from './payload.js';
import { compileHeaderScope, stricterMode, type AshRoutePolicy, type ModeSettings } from './policy.js';
import { hasOwnBinding, hasParameterWithSlash, hasSlashAtEnd, isSpelledAlike, ownBinding } from './own-binding.js';
import { readHeaders, type RequestHeaders } from './request-headers.js';
import type { RouteBinding } from './route-binding.js';
import { Renewal } from './renewal.js';
import { refused, Spending } from './spending.js';
import type { AshPass, AshRefusal, AshVerifyResult } from './verdict.js';
import { VerifiedRequest } from './verified-request.js';

/** What a verifier works with. */
export interface VerifierOptions {
  readonly store: BoundedStore;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

const NO_PATHS: readonly string[] = Object.freeze([]);
const HOLDER_BYTES = 8;

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
  verify(facts: AshRequestFacts, policy: AshRoutePolicy): Awaitable<AshVerifyResult> {
    const verification = new Verification(facts, policy, this.options);
    const refuse = (error: unknown): AshRefusal => {
      if (!isAshError(error)) throw error;
      return verification.refusal(error);
    };
    try {
      const verdict = verification.run();
      return isPromise(verdict) ? verdict.catch(refuse) : verdict;
    } catch (error) {
      return refuse(error);
    }
  }
}

/** One run over one request, which reads as section 8 of the protocol. */
class Verification {
  private readonly store: BoundedStore;
  private mode: AshMode;
  private contextId: string | undefined;
  private mismatch: (() => AshExplanation) | undefined;

  constructor(
    private readonly facts: AshRequestFacts,
    private readonly policy: AshRoutePolicy,
    private readonly options: VerifierOptions,
  ) {
    this.mode = policy.mode;
    this.store = options.store.withDeadline();
  }

  run(): Awaitable<AshPass> {
    const headers = readHeaders(this.facts, this.policy);
    this.contextId = headers.contextId;
    return after(this.load(headers), (loaded) => this.checkSender(headers, loaded));
  }

  private checkSender(headers: RequestHeaders, loaded: Loaded): Awaitable<AshPass> {
    const { policy, facts } = this;
    const { context } = loaded;
    this.mode = stricterMode(policy.mode, context.mode);
    checkBinding(context, facts, policy);
    return after(checkSubject(context, facts, policy), () => this.checkRequest(headers, loaded));
  }

  private checkRequest(headers: RequestHeaders, loaded: Loaded): Awaitable<AshPass> {
    const { policy, facts, options } = this;
    const { context } = loaded;
    const settings = policy.settings[this.mode];
    const protocol = ashProtocolRules(policy.protocol);
    checkTimestamp(headers, protocol, settings, options.clock());
    const scope = checkScope(headers, context, policy);
    this.checkChain(headers, loaded);
    return after(policy.envelope?.open(facts.body, context.id), (opened) => {
      const read = opened === undefined ? readPayload : readSecretPayload;
      const payload = read(opened?.body ?? facts.body, { policy, protocol, scope, unscoped: settings.unscoped });
      this.checkProof(headers, context, { protocol, settings, scope, payload });
      const hold = holdOf(context, headers);
      const spending = new Spending({ contextId: context.id, hold });
      const spent = policy.spend === 'guard' ? spending.run(this.store) : undefined;
      return after(spent, () => this.pass({ headers, context, scope, payload, hold, spending, opened }));
    });
  }

  refusal(error: AshError): AshRefusal {
    const { code, cause } = error;
    const message = sentenceOf(error);
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

  /** Asks for the link in the same turn, so that a store far away is asked once. */
  private load({ contextId, chainHash }: RequestHeaders): Awaitable<Loaded> {
    const isLinkNeeded = chainHash !== undefined && (this.policy.chain?.after.size ?? 0) > 0;
    const loading = this.store.get(contextId);
    if (!isLinkNeeded) return after(loading, (context) => this.checkLoaded(context, null));
    return Promise.all([loading, this.store.getLink(chainHash)]).then(([context, link]) =>
      this.checkLoaded(context, link),
    );
  }

  private checkLoaded(context: AshContext | null, link: AshStoredLink | null): Loaded {
    if (context === null) throw refused('ASH_CTX_NOT_FOUND');
    if (context.consumedAt !== undefined) throw refused('ASH_CTX_ALREADY_USED');
    // Written so that a clock which gives no number refuses too.
    if (!(context.expiresAt > this.options.clock())) throw refused('ASH_CTX_EXPIRED');
    return { context, link };
  }

  private checkChain({ chainHash }: RequestHeaders, { context, link }: Loaded): void {
    const { chain } = this.policy;
    if (chain === undefined) {
      if (chainHash !== undefined) throw new AshError('ASH_CHAIN_BROKEN', 'The route is no step of a chain.');
      return;
    }
    if (chainHash === undefined) {
      if (!chain.start) throw new AshError('ASH_CHAIN_BROKEN', 'The route needs the header X-ASH-Chain-Hash.');
      return;
    }
    if (chain.after.size === 0)
      throw new AshError('ASH_CHAIN_BROKEN', 'The route begins its chain: it follows no step.');
    checkLink(link, chain, context, this.options.clock());
  }

  private checkProof(
    headers: RequestHeaders,
    context: AshContext,
    known: {
      protocol: AshProtocolRules;
      settings: ModeSettings;
      scope: AshScope | undefined;
      payload: VerifiedPayload;
    },
  ): void {
    const { protocol, settings, scope, payload } = known;
    const { query, queryMark = '?', body } = this.facts;
    const { proof } = headers;
    if (settings.query === 'cover' && this.facts.isQueryReplaced?.()) throw new AshError(protocol.mismatch);
    const isQueryCovered = settings.query === 'cover' && query !== '';
    const parts: AshProofParts = {
      mode: context.mode,
      contextId: context.id,
      binding: isQueryCovered ? `${context.binding}${queryMark}${query}` : context.binding,
      clientSecret: protocol.keyed ? secretOf(context, this.policy) : '',
      nonce: context.nonce,
      timestamp: headers.timestamp,
      canonical: payload.canonical,
      bodyHash: payload.bodyHash,
      scopeHash: scope?.hash ?? '',
      chained: this.policy.chain !== undefined,
      chainHash: headers.chainHash ?? '',
    };
    if (!headers.isOfProtocol) throw new AshError('ASH_PROOF_INVALID', 'The proof is none of the context’s protocol.');
    if (protocol.equal(protocol.prove(parts), proof)) return;
    // An explanation shows the payload, and goes out as plain text.
    if (this.policy.envelope === undefined) {
      this.mismatch = () => explainMismatch({ parts, protocol, proof, query, body });
    }
    throw new AshError(protocol.mismatch);
  }

  private pass({ headers, context, scope, payload, hold, spending, opened }: Passed): AshPass {
    const { store, clock } = this.options;
    const { chain, spend } = this.policy;
    const { id, binding, protocol, subject, metadata } = context;
    return {
      ok: true,
      namesCode: this.policy.settings[this.mode].namesCode,
      request: new VerifiedRequest({
        contextId: id,
        binding,
        mode: this.mode,
        protocol,
        scope: scope?.paths ?? NO_PATHS,
        payload: payload.value,
        verifiedAt: clock(),
        subject,
        metadata,
      }),
      spending: spend === 'handler' ? spending : undefined,
      renewal: headers.renew
        ? new Renewal(isRoutine(context, this.policy), context.expiresAt - context.issuedAt)
        : undefined,
      replacesBody: payload.replacesBody,
      opened,
      step: chain && new ChainStep({ store, clock, rule: chain, subject, proof: headers.proof, previous: hold }),
    };
  }
}

/** What a request names, as the store keeps it. */
interface Loaded {
  readonly context: AshContext;
  /** The link of the step before; `null` where there is none, or none is needed. */
  readonly link: AshStoredLink | null;
}

/** What a request that passed was found to be. */
interface Passed {
  readonly headers: RequestHeaders;
  readonly context: AshContext;
  readonly scope: AshScope | undefined;
  readonly payload: VerifiedPayload;
  /** The link of the step before, and under which name the request holds it. */
  readonly hold: AshLinkHold | undefined;
  readonly spending: Spending;
  readonly opened: OpenedRequest | undefined;
}

/** Whether a context is as its route issues them, and not one that the application chose something else for. */
function isRoutine({ mode, scope, metadata }: AshContext, policy: AshRoutePolicy): boolean {
  return mode === policy.mode && scope === undefined && metadata === undefined;
}

/** The key of the proof. On an encrypted route nobody has it who has read the context alone. */
function secretOf(context: AshContext, { envelope }: AshRoutePolicy): string {
  const clientSecret = clientSecretOf(context);
  return envelope === undefined ? clientSecret : envelope.completeSecret(context.id, clientSecret);
}

/** The link that a request names, held under a name of its own. */
function holdOf({ id }: AshContext, { chainHash }: RequestHeaders): AshLinkHold | undefined {
  if (chainHash === undefined) return undefined;
  return { hash: chainHash, holder: holderOf(id, digest.randomHex(HOLDER_BYTES)) };
}

/**
 * Step 3: the context's binding is the one of the handler that matched, with the parameters it got, and on the path that
 * matched where the handler has several. A route that a router hides behind another one has its contexts, and so its
 * protocol, for itself.
 */
function checkBinding(context: AshContext, facts: AshRequestFacts, policy: AshRoutePolicy): void {
  if (context.protocol === policy.protocol && isBound(context.binding, facts, policy)) return;
  throw new AshError('ASH_BINDING_MISMATCH');
}

function isBound(binding: string, facts: AshRequestFacts, { bindings, unmapped }: AshRoutePolicy): boolean {
  const isServedAt = (candidate: RouteBinding): boolean => candidate.isServedAt(facts.route?.());
  const isFilledIn = (candidate: RouteBinding): boolean =>
    candidate.matchesRequest(binding, facts.method, facts.params);
  if (unmapped === undefined) {
    return (bindings.length === 1 ? bindings : bindings.filter(isServedAt)).some(isFilledIn);
  }
  const { publicPrefix } = unmapped;
  const own = hasOwnBinding(facts, publicPrefix, binding) ? binding : ownBinding(facts, publicPrefix);
  if (own === undefined) return false;
  if (own === binding && isAllOfPath(binding, facts, bindings)) return true;
  return isSpelledAlike(own, binding) && bindings.filter(isServedAt).some(isFilledIn);
}

/** Whether the binding that a request has is all of its path: it drops a slash at the end, and a wildcard takes that in. */
function isAllOfPath(binding: string, facts: AshRequestFacts, bindings: readonly RouteBinding[]): boolean {
  const isTakenIn = (isOpen = false): boolean => hasSlashAtEnd(facts) && (isOpen || hasParameterWithSlash(facts));
  if (bindings.length === 0) return !isTakenIn();
  return bindings.some((candidate) => candidate.matches(binding) && !isTakenIn(candidate.isOpen));
}

/** Step 3: a missing subject at either end is a refusal. */
function checkSubject(context: AshContext, { subject }: AshRequestFacts, policy: AshRoutePolicy): Awaitable<void> {
  if (!policy.needsSubject && context.subject === undefined) return;
  return after(typeof subject === 'function' ? subject() : subject, (sender) => {
    if (context.subject === undefined || context.subject !== sender) throw new AshError('ASH_SUBJECT_MISMATCH');
  });
}

/** Step 4 */
function checkTimestamp(
  { timestamp }: RequestHeaders,
  protocol: AshProtocolRules,
  { timestampTolerance }: ModeSettings,
  now: number,
): void {
  if (!protocol.keyed) return;
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
function checkScope(
  { scope, scopeHash }: RequestHeaders,
  context: AshContext,
  policy: AshRoutePolicy,
): AshScope | undefined {
  const demanded = context.scope === undefined ? policy.scope : compileHeaderScope(context.scope);
  if (demanded?.text === scope && demanded?.hash === scopeHash) return demanded;
  throw new AshError('ASH_SCOPE_MISMATCH');
}
