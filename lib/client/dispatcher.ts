import type { AshIssuedContext } from '../core/index.js';
import { timestampOf } from './build-headers.js';
import { previousProofFor, type ChainStep } from './chain-step.js';
import { askForContext } from './context-request.js';
import { AshClientError } from './errors.js';
import { exchange, mergedHeaders } from './exchange.js';
import { readIssuedContext } from './issued-context.js';
import type { ClientSettings } from './options.js';
import { isMendable, readRefusal } from './refusal.js';
import type { PreparedRequest, RequestTarget } from './request.js';
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

/** Sends prepared requests, each with a context and a proof, by a clock that the contexts correct. */
export class Dispatcher {
  /** How far the server's clock is ahead, in milliseconds, by the context that came last. */
  #clockOffset = 0;

  constructor(private readonly settings: ClientSettings) {}

  /** Milliseconds since the epoch by the server's clock, as well as the client knows it. */
  now(): number {
    return this.settings.clock() + this.#clockOffset;
  }

  /** Asks for a context. */
  async ask(target: RequestTarget): Promise<AshIssuedContext> {
    const { context, clockOffset } = await askForContext(target, this.settings);
    this.#clockOffset = clockOffset;
    return context;
  }

  /**
   * Sends a request, and once more with a fresh context after a refusal that this can mend. What `fetch` throws is
   * never tried again: the request may have run.
   */
  async send(request: PreparedRequest, step?: ChainStep): Promise<ProvenResponse> {
    const first = await this.attempt(request, checkedContext(request), step);
    const isOver = first.refusal === undefined || !isMendable(first.refusal);
    const last = isOver ? first : await this.attempt(request, undefined, step);
    if (last.refusal !== undefined) throw last.refusal;
    return last;
  }

  private async attempt(
    request: PreparedRequest,
    given: AshIssuedContext | undefined,
    step: ChainStep | undefined,
  ): Promise<Attempt> {
    const { url, method, binding, signal, credentials, body, init } = request;
    const headers = await mergedHeaders(this.settings, request.headers);
    // The last wait before the proof, so that a context is not too old once it is used.
    const context = await this.usableContext(request, given);
    const signed = signRequest(context, {
      payload: body.payload,
      query: url.search.slice(1),
      timestamp: timestampOf(this.now()),
      previousProof: step && previousProofFor(context, step),
    });
    for (const [name, value] of Object.entries(signed.headers)) headers.set(name, value);
    const proven: RequestInit = {
      // A redirect followed would hand the proof and the body to whoever the answer names.
      redirect: 'manual',
      ...init,
      method,
      headers,
      body: body.body ?? null,
      ...(credentials === undefined ? {} : { credentials }),
    };
    const response = await exchange({ url, init: proven, signal }, this.settings);
    return { response, proof: signed.proof, refusal: await readRefusal(response, binding) };
  }

  private async usableContext(target: RequestTarget, given: AshIssuedContext | undefined): Promise<AshIssuedContext> {
    const context = given ?? (await this.ask(target));
    return context.expiresAt <= this.now() ? this.ask(target) : context;
  }
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
