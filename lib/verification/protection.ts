import { checkKeys } from '../core/configuration.js';
import { sentenceOf } from '../core/error-meanings.js';
import {
  ASH_CHAIN_PROOF_HEADER,
  ASH_VERIFIED_HEADER,
  ASH_HEADERS,
  AshConfigurationError,
  AshError,
  isAshContextId,
  isAshError,
  type AshIssuedContext,
} from '../core/index.js';
import type { AshContextStore } from '../stores/context-store.js';
import { after, type Awaitable } from './after.js';
import { holdAnswer, type OpenHead } from './answer-hold.js';
import { answerInstead, SERVER_FAULT, type ReplaceableAnswer } from './answer-instead.js';
import { BoundedStore } from './bounded-store.js';
import type { ChainStep } from './chain.js';
import { isAnswerHead } from './context-header.js';
import { ashFactsOf, type AshRequestLike } from './facts.js';
import { AshIssuer, checkCount, ISSUE_OPTION_KEYS, type AshIssueOptions } from './issuer.js';
import { isFailure, isGone, type NodeAnswer } from './node-answer.js';
import type { AshLog, ProtectedRoute } from './protected-route.js';
import { ashErrorBody, type AshErrorBody } from './refusal.js';
import { RouteTable } from './route-table.js';
import { sealPassed, sealRefused } from './sealed-passage.js';
import type { AshPass, AshRefusal, AshVerifyResult } from './verdict.js';
import { Turn } from './turn.js';
import { AshVerifier } from './verifier.js';
import { letSpend } from './verified-request.js';

const DEFAULT_STORE_TIMEOUT = 2_000;

/** What the protection of an application works with. */
export interface ProtectionOptions {
  readonly store: AshContextStore;
  /** The longest wait for the store, in milliseconds. Default 2,000. */
  readonly storeTimeout?: number | undefined;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: (() => number) | undefined;
  readonly log: AshLog;
  /** See {@link BoundedStore}. */
  readonly opening?: () => Promise<void> | undefined;
}

/** A request that passed, on its route, with Node's own answer to it. */
export interface Passed<R> {
  readonly pass: AshPass;
  readonly route: ProtectedRoute<R>;
  readonly request: R;
  readonly response: NodeAnswer;
}

/**
 * The protected routes of an application, and the one way through that every framework takes: it issues contexts,
 * collects facts, verifies and reports.
 */
export class AshProtection<R extends AshRequestLike = AshRequestLike> {
  /** The protected routes. */
  readonly table = new RouteTable<ProtectedRoute<R>>();

  private readonly store: BoundedStore;
  private readonly issuer: AshIssuer<ProtectedRoute<R>>;
  private readonly verifier: AshVerifier;
  private readonly log: AshLog;
  private readonly turn = new Turn();

  constructor({ store, storeTimeout = DEFAULT_STORE_TIMEOUT, clock = Date.now, log, opening }: ProtectionOptions) {
    this.store = new BoundedStore(store, storeTimeout, opening);
    this.issuer = new AshIssuer({ store: this.store, find: (binding) => this.table.find(binding) });
    this.verifier = new AshVerifier({ store: this.store, clock });
    this.log = log;
  }

  /** Issues a context by hand, for a `ttl` that does not depend on a request. */
  async issue(options: AshIssueOptions, request?: R): Promise<AshIssuedContext> {
    const { policy } = this.issuer.locate(options.binding);
    checkKeys('issue()', options, ISSUE_OPTION_KEYS);
    return this.create(options, policy, request);
  }

  /** Issues a context to whoever sends a request. */
  async issueFor(binding: string, request: R): Promise<AshIssuedContext> {
    const { policy } = this.issuer.locate(binding);
    return this.create({ binding, subject: await subjectOf(policy, request) }, policy, request);
  }

  /** Issues several contexts to whoever sends a request, all in one turn. One that fails fails them all. */
  async issueBatchFor(binding: string, request: R, count: number): Promise<AshIssuedContext[]> {
    const length = checkCount(count);
    const { policy } = this.issuer.locate(binding);
    const subject = await subjectOf(policy, request);
    const ttl = ttlOf(policy, request);
    return Promise.all(Array.from({ length }, () => this.issuer.issue({ binding, subject, ttl })));
  }

  /** As {@link verifyNow}, together with what else arrives in this turn of the event loop. */
  verify(request: R, route: ProtectedRoute<R>): Promise<AshVerifyResult> {
    return this.turn.join(() => this.verifyNow(request, route));
  }

  /** Verifies a request and spends its context, where the route does not leave that to the handler. */
  verifyNow(request: R, route: ProtectedRoute<R>): Awaitable<AshVerifyResult> {
    const facts = ashFactsOf(request, route.subject && (() => subjectOf(route, request)));
    return after(this.verifier.verify(facts, route), (verdict) => {
      if (!verdict.ok) this.report(verdict, route, request);
      else if (verdict.spending === undefined) this.welcome(verdict, route, request);
      return verdict;
    });
  }

  /**
   * Spends the context of a request whose route leaves that to the handler.
   *
   * @param view The store inside the handler's transaction.
   * @returns The refusal of a request that came second, or too late.
   */
  async spend(
    pass: AshPass,
    { request, route, view }: { request: R; route: ProtectedRoute<R>; view?: AshContextStore | undefined },
  ): Promise<AshRefusal | undefined> {
    try {
      await pass.spending?.run(this.store.withDeadline(view));
    } catch (error) {
      if (!isAshError(error)) throw error;
      const { code, cause } = error;
      const refusal: AshRefusal = {
        ok: false,
        code,
        message: sentenceOf(error),
        namesCode: pass.namesCode,
        contextId: pass.request.contextId,
        explanation: undefined,
        cause,
      };
      this.report(refusal, route, request);
      return refusal;
    }
    this.welcome(pass, route, request);
    return undefined;
  }

  /**
   * Gives a handler the way to spend its context, on a route that leaves that to it.
   *
   * @param toError Makes the error that a handler meets whose request came second.
   */
  letSpend(
    pass: AshPass,
    { request, route }: { request: R; route: ProtectedRoute<R> },
    toError: (refusal: AshRefusal) => Error,
  ): void {
    if (pass.spending === undefined) return;
    letSpend(pass.request, async (view) => {
      const refusal = await this.spend(pass, { request, route, view });
      if (refusal !== undefined) throw toError(refusal);
    });
  }

  /**
   * Issues the next context to a request that asks for it, and sees to it that its answer carries that one or none. It
   * is called before the handler runs; and again after a handler that spent its context itself, since a request whose
   * context is not spent gets no other. A failure is logged, and the request goes on without.
   *
   * @param response Node's own response.
   */
  async renew(
    pass: AshPass,
    { request, route, response }: { request: R; route: ProtectedRoute<R>; response: unknown },
  ): Promise<void> {
    const { renewal } = pass;
    if (renewal === undefined || !isAnswerHead(response)) return;
    renewal.answerIn(response);
    if (!route.renewal || !renewal.isRoutine || pass.spending?.isDone === false) return;
    // One that was issued by hand with a life of its own is the application's too.
    if (typeof route.ttl === 'number' && route.ttl !== renewal.life) return;
    const { binding, subject } = pass.request;
    try {
      // A context that the handler of another route issues contexts for is that route's.
      if (this.issuer.locate(binding).policy !== route) return;
      await renewal.issue(() => this.create({ binding, subject }, route, request));
    } catch (error) {
      const cause = isAshError(error) ? (error.cause ?? error) : error;
      this.log('error', `${route.name}: a next context could not be issued; the request goes on without it.`, cause);
    }
  }

  /**
   * Hands a request that passed on to its handler: what the handler learns of it, the body that it receives, the head
   * of its answer.
   *
   * @param toError Makes the error that a handler meets which spends its context itself, and comes second.
   * @throws AshError `ASH_VERIFICATION_FAILED` where the client is gone already. Whatever is thrown, the handler is not to
   * run, and the step of a chain is freed.
   */
  admit(passed: Passed<R>, toError: (refusal: AshRefusal) => Error): Awaitable<void> {
    const { step } = passed.pass;
    return step === undefined ? this.handOver(passed, toError) : this.admitStep(passed, step, toError);
  }

  private async admitStep(passed: Passed<R>, step: ChainStep, toError: (refusal: AshRefusal) => Error): Promise<void> {
    try {
      await this.handOver(passed, toError);
      this.watch(passed.response, step);
    } catch (error) {
      await this.freeStep(step);
      throw error;
    }
  }

  private handOver(
    { pass, route, request, response }: Passed<R>,
    toError: (refusal: AshRefusal) => Error,
  ): Awaitable<void> {
    this.letSpend(pass, { request, route }, toError);
    giveTo(request, pass);
    response.setHeader(ASH_VERIFIED_HEADER, 'true');
    // Before the watch, which lets no handler run whose client went away meanwhile.
    const renewed = pass.renewal && this.renew(pass, { request, route, response });
    const { opened } = pass;
    if (opened === undefined) return renewed;
    return after(renewed, () => {
      sealPassed(opened, { route, request, response }, this.log);
    });
  }

  /**
   * Sees to it that a handler has spent its context, on a route that leaves that to the handler, and issues the next
   * one to a client that asks for it. It is called when the handler has ended, before its answer goes out.
   *
   * @param status The status that the request is answered with: a handler that failed need not have spent.
   * @throws AshConfigurationError for a handler that succeeded and did not spend: the context is spent then, since what has
   * run must not run again, whatever the client is told.
   */
  async requireSpent({ pass, route, request, response }: Passed<R>, status: number): Promise<void> {
    if (pass.spending === undefined || isFailure(status)) return;
    if (pass.spending.isDone) return this.renew(pass, { request, route, response });
    await this.spend(pass, { request, route });
    throw new AshConfigurationError(
      `${route.name}: the handler succeeded without spending its context; call ash.spend(…) within its transaction.`,
    );
  }

  /**
   * Ends a step of a chain as its handler has ended: writes the step's link and answers its proof, or frees the link
   * before. It is called before the answer goes out, so that a client can go on as soon as it has it.
   *
   * @param status The status that the request is answered with.
   */
  async endStep(step: ChainStep, { status, response }: { status: number; response: OpenHead }): Promise<void> {
    if (isFailure(status)) return this.freeStep(step);
    try {
      await step.succeed();
    } catch (error) {
      // The handler has run, and saying otherwise would invite a second run: only the chain ends here.
      this.log('error', 'A chain’s link could not be written; the step that follows will be refused.', error);
      return;
    }
    if (!response.headersSent) response.setHeader(ASH_CHAIN_PROOF_HEADER, step.proof);
  }

  /**
   * Does what a request that passed has left to do when its handler has answered, before the answer goes out.
   *
   * @param status The status that the request is answered with.
   * @throws AshConfigurationError as {@link requireSpent} does: the answer must not go out.
   */
  async conclude(passed: Passed<R>, status: number, response: OpenHead): Promise<void> {
    const { step } = passed.pass;
    try {
      await this.requireSpent(passed, status);
    } catch (error) {
      if (step !== undefined) await this.freeStep(step);
      throw error;
    }
    if (step !== undefined) await this.endStep(step, { status, response });
  }

  /**
   * Holds an answer back, from its first byte on, until what the request has left to do is done. What that throws is
   * logged, and answered as a fault of the server.
   *
   * @param settle What is left to do, by the status that the request is answered with.
   */
  hold(
    { name }: ProtectedRoute<R>,
    response: ReplaceableAnswer,
    settle: (status: number, head: OpenHead) => Promise<void>,
  ): void {
    holdAnswer(response, settle, (error, end) => {
      this.log('error', `${name}: the answer was withheld.`, error);
      answerInstead(response, SERVER_FAULT, { end });
    });
  }

  /** Ends a step of a chain as a failure. Where the store cannot free the link before, it stays held, and the log says so. */
  async freeStep(step: ChainStep): Promise<void> {
    try {
      await step.fail();
    } catch (error) {
      this.log('error', 'A chain’s link could not be released; it stays held until it expires.', error);
    }
  }

  /**
   * Sees to it that a refusal goes out sealed, on a route whose payloads are encrypted. That of a request which names no
   * context, or whose body was not sealed, is for a client that opens nothing: it stays plain.
   */
  sealRefusal({ code }: AshRefusal, { route, request, response }: Omit<Passed<R>, 'pass'>): void {
    const contextId = request.headers[ASH_HEADERS.contextId];
    if (route.envelope === undefined || code === 'ASH_UNSUPPORTED_CONTENT_TYPE') return;
    if (typeof contextId !== 'string' || !isAshContextId(contextId)) return;
    sealRefused(route.envelope, contextId, { route, request, response }, this.log);
  }

  /** What the client of a refused request is told. */
  answer(refusal: AshRefusal, route: ProtectedRoute<R>): AshErrorBody {
    return ashErrorBody(refusal, refusal.namesCode, route.statuses);
  }

  /**
   * Ends a step of a chain that did not come to its handler, or whose answer failed after the handler: what refuses
   * behind the verification, a client that went away.
   */
  private watch(response: NodeAnswer, step: ChainStep): void {
    if (isGone(response)) throw new AshError('ASH_VERIFICATION_FAILED', 'The client went away.');
    response.once('close', () => {
      if (!step.hasBegun || isFailure(response.statusCode)) void this.freeStep(step);
    });
  }

  private async create(
    options: AshIssueOptions,
    route: ProtectedRoute<R>,
    request: R | undefined,
  ): Promise<AshIssuedContext> {
    return this.issuer.issue({ ...options, ttl: options.ttl ?? ttlOf(route, request) });
  }

  private welcome(pass: AshPass, route: ProtectedRoute<R>, request: R): void {
    if (route.onVerified === undefined) return;
    this.notify(() => route.onVerified?.({ route: route.name, request: pass.request }, request));
  }

  private report(refusal: AshRefusal, route: ProtectedRoute<R>, request: R): void {
    const { code, message, contextId, explanation, cause } = refusal;
    const isFault = code === 'ASH_STORE_UNAVAILABLE' || code === 'ASH_RAW_BODY_UNAVAILABLE';
    const level = isFault ? 'error' : refusal.namesCode ? 'debug' : 'warn';
    this.log(level, `${route.name} refused ${contextId ?? 'a request without a context'}: ${code}: ${message}`, cause);
    if (route.onRefused === undefined) return;
    this.notify(() => route.onRefused?.({ route: route.name, code, message, contextId, explanation, cause }, request));
  }

  private notify(tell: () => unknown): void {
    // Called at once, and awaited whatever it gives: a handler in JavaScript can give more than its type says.
    new Promise((resolve) => {
      resolve(tell());
    }).catch((error: unknown) => {
      this.log('error', 'An event handler of the application threw; the verdict stands.', error);
    });
  }
}

/** Says in production that contexts live no longer than the process. */
export function warnOfMemory(store: AshContextStore, log: AshLog): void {
  if (!store.inProcess || process.env['NODE_ENV'] !== 'production') return;
  log('warn', 'Contexts are kept in the memory of this process: a second process or a restart refuses them.');
}

/** Puts on a request what its handler finds there: the verified request, and a body that is not as the parser left it. */
function giveTo(request: object, { request: ash, replacesBody, opened }: AshPass): void {
  const given: { ash?: unknown; body?: unknown; rawBody?: unknown } = request;
  given.ash = ash;
  if (replacesBody) {
    given.body = ash.payload;
    given.rawBody = bytesOrNothing(ash.payload);
  } else if (opened !== undefined) {
    given.body = opened.body.value;
    given.rawBody = opened.body.raw;
  }
}

/** The bytes of a raw body. Those of a body that was stripped hold what was stripped. */
function bytesOrNothing(payload: unknown): Uint8Array | undefined {
  return payload instanceof Uint8Array ? payload : undefined;
}

/**
 * Who sends a request. What names nobody counts as missing, an empty text and `false` too, since all guests would
 * share it; what is no text at all is a fault of the application, since a store may give it back as another type.
 */
async function subjectOf<R>({ subject, name }: ProtectedRoute<R>, request: R): Promise<string | undefined> {
  const found: unknown = await subject?.(request);
  if (found === undefined || found === null || found === '' || found === false) return undefined;
  if (typeof found === 'string') return found;
  throw new TypeError(`${name}: its 'subject' gives a text, or nothing, and not a ${typeof found}.`);
}

function ttlOf<R>({ ttl, name }: ProtectedRoute<R>, request: R | undefined): number {
  if (typeof ttl === 'number') return ttl;
  if (request !== undefined) return ttl(request);
  throw new TypeError(`${name}: its 'ttl' depends on the request: give issue() a 'ttl', or the request.`);
}
