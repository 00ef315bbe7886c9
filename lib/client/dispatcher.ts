import { ASH_RENEW_HEADER, ASH_VERIFIED_HEADER, type AshIssuedContext } from '../core/index.js';
import { timestampOf } from './build-headers.js';
import { previousProofFor, type ChainStep } from './chain-step.js';
import type { ContextShelf } from './context-shelf.js';
import { ContextSupply } from './context-supply.js';
import { deliver, responseLost, type Delivery } from './delivery.js';
import { AshClientError } from './errors.js';
import { mergedHeaders, type Exchange } from './exchange.js';
import { readIssuedContext } from './issued-context.js';
import type { ClientSettings } from './options.js';
import { pause } from './pause.js';
import { doubtsItsContext, isBusy, isMendable, readRefusal } from './refusal.js';
import { renewedContext } from './renewed-context.js';
import type { PreparedRequest, RequestTarget } from './request.js';
import { ServerClock } from './server-clock.js';
import { signRequest } from './signer.js';

/** An answer that is no refusal, and the proof of the request that it answers. */
export interface ProvenResponse {
  readonly response: Response;
  readonly proof: string;
}

/** How one attempt ended: with an answer, or with a refusal of the protocol. */
interface Attempt extends ProvenResponse {
  readonly refusal: AshClientError | undefined;
}

/** The context of an attempt, and the shelf that it is from; none where the caller gave the context. */
interface Chosen {
  readonly context: AshIssuedContext;
  readonly shelf: ContextShelf | undefined;
}

/** Sends prepared requests, each with a context and a proof, by a clock that the contexts correct. */
export class Dispatcher {
  readonly #settings: ClientSettings;
  readonly #clock: ServerClock;
  readonly #supply: ContextSupply;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
    this.#clock = new ServerClock(settings.clock);
    this.#supply = new ContextSupply(settings, this.#clock);
  }

  /** Milliseconds since the epoch by the server's clock, as well as the client knows it. */
  now(): number {
    return this.#clock.now();
  }

  /** Asks for a context. */
  ask(target: RequestTarget): Promise<AshIssuedContext> {
    return this.#supply.ask(target);
  }

  /** Has contexts ready before they are needed. */
  async prefetch(target: RequestTarget, count: number): Promise<void> {
    await this.#supply.fill(target, await mergedHeaders(this.#settings, target.headers), count);
  }

  /** Throws away the contexts that stand ready. */
  forget(): void {
    this.#supply.forget();
  }

  /** Sends a request, and once more with a fresh context after a refusal that this can mend. */
  async send(request: PreparedRequest, step?: ChainStep): Promise<ProvenResponse> {
    const given = checkedContext(request);
    const first = await this.#attempt(request, step, (headers) => this.#choose(request, headers, given));
    const { refusal } = first;
    if (refusal === undefined) return first;
    const { mayHaveRun, response } = refusal;
    // A step that ran is a link of its chain, whatever its method: the chain goes on from it.
    if (!isMendable(refusal, request.method) || (mayHaveRun && step !== undefined)) throw refusal;
    if (isBusy(refusal)) await pause(response, request.signal);
    const again = this.#attempt(request, step, (headers) => this.#take(request, headers, true));
    const last = await again.catch((error: unknown) => {
      throw mayHaveRun && !request.signal?.aborted ? refusal : error;
    });
    if (last.refusal !== undefined) throw mayHaveRun ? refusal : last.refusal;
    return last;
  }

  async #attempt(
    request: PreparedRequest,
    step: ChainStep | undefined,
    choose: (headers: Headers) => Promise<Chosen>,
  ): Promise<Attempt> {
    const { url, binding, body, signal } = request;
    signal?.throwIfAborted();
    const headers = await mergedHeaders(this.#settings, request.headers);
    // The last wait before the proof, so that a context is not too old once it is used.
    const { context, shelf } = await choose(headers);
    const { proof, ...signed } = signRequest(context, {
      payload: body.payload,
      query: url.search.slice(1),
      timestamp: timestampOf(this.now()),
      previousProof: step && previousProofFor(context, step),
    });
    for (const [name, value] of Object.entries(signed.headers)) headers.set(name, value);
    step?.onProven(proof);
    const { response, lost } = await this.#deliver(binding, exchangeOf(request, headers, this.#settings), shelf);
    const answered = await readRefusal(response, binding, lost !== undefined);
    if (answered !== undefined && doubtsItsContext(answered)) shelf?.clear();
    const refusal = lost !== undefined && (answered ?? !isOfHandler(response)) ? responseLost(binding, lost) : answered;
    return { response, proof, refusal };
  }

  /** Delivers a request, and puts the context that its answer brings on the shelf. */
  async #deliver(what: string, exchange: Exchange, shelf: ContextShelf | undefined): Promise<Delivery> {
    if (!shelf?.expectRenewal()) return deliver(what, exchange);
    (exchange.init.headers as Headers).set(ASH_RENEW_HEADER, '1');
    let renewed: AshIssuedContext | undefined;
    try {
      const before = this.#settings.clock();
      const delivery = await deliver(what, exchange);
      renewed = renewedContext(delivery.response, what);
      if (renewed) this.#clock.check({ issuedAt: renewed.issuedAt, before, after: this.#settings.clock() });
      return delivery;
    } finally {
      shelf.settle(renewed);
    }
  }

  /** The context that came with the call unless it has expired, or one of the supply. */
  async #choose(target: RequestTarget, headers: Headers, given: AshIssuedContext | undefined): Promise<Chosen> {
    if (given !== undefined && given.expiresAt > this.now()) return { context: given, shelf: undefined };
    return this.#take(target, headers, false);
  }

  async #take(target: RequestTarget, headers: Headers, fresh: boolean): Promise<Chosen> {
    const shelf = this.#supply.shelf(target, headers);
    const context = await this.#supply.take(target, shelf, fresh);
    const isGood = context.expiresAt > this.now();
    return { context: isGood ? context : await this.#supply.take(target, shelf, true), shelf };
  }
}

/**
 * Whether an answer to a second sending tells what became of the request. Any other error comes from before the handler,
 * and the first sending may have run.
 */
function isOfHandler({ ok, headers }: Response): boolean {
  return ok || headers.has(ASH_VERIFIED_HEADER);
}

const OF_A_PROVEN_REQUEST = {
  // A redirect followed would hand the proof and the body to whoever the answer names.
  redirect: 'manual',
  // What comes from a cache answers another request than the one that was proven.
  cache: 'no-store',
} as const;

/** The HTTP request of a call, with the headers of its proof. */
function exchangeOf(request: PreparedRequest, headers: Headers, settings: ClientSettings): Exchange {
  const { url, method, signal, credentials, body, init, fetch = settings.fetch, timeout } = request;
  return {
    url,
    fetch,
    signal,
    timeout,
    init: {
      ...OF_A_PROVEN_REQUEST,
      ...init,
      method,
      headers,
      body: body.body ?? null,
      ...(credentials && { credentials }),
    },
  };
}

/** The context that came with a call, which an application can have kept anywhere. */
function checkedContext({ context, binding }: PreparedRequest): AshIssuedContext | undefined {
  if (context === undefined) return undefined;
  const reading = readIssuedContext(context, binding);
  if (reading.ok) return reading.context;
  throw new AshClientError(
    'ASH_CLIENT_CONTEXT_INVALID',
    `The context that was given is not fit for ${binding}: ${reading.fault}.`,
  );
}
