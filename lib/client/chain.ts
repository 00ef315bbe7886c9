import { chainProofOf, type ChainStep } from './chain-step.js';
import type { ProvenResponse } from './dispatcher.js';
import type { AshCall, PreparedRequest } from './request.js';
import { AshVerbs } from './verbs.js';

/** Options of {@link AshClient.chain}. */
export interface AshClientChainOptions {
  /** Where an earlier chain ended: its {@link AshClientChain.previousProof}, kept for example over a page load. */
  readonly previousProof?: string | null | undefined;
}

/** What a chain needs of its client. */
export interface ChainClient {
  readonly prepare: (call: AshCall) => Promise<PreparedRequest>;
  readonly send: (request: PreparedRequest, step: ChainStep) => Promise<ProvenResponse>;
}

/** The steps since the chain began: the proof that the next one builds on. */
interface ChainRun {
  proof: string | undefined;
}

/**
 * A sequence of requests, each of which proves the one before it. Made by {@link AshClient.chain}.
 *
 * A step that was answered as a success is what the next one builds on. After any other the one before
 * stays, so that the step can be tried again. Steps that are called at once are sent one after the other, in the
 * order of the calls. A route that begins the chain begins it anew.
 *
 * @example
 * const checkout = ash.chain('checkout');
 * await checkout.post('/cart', { sku: 'A1', quantity: 2 });
 * await checkout.post('/checkout', {});
 * await checkout.post('/payment', { card: '…' });
 *
 * Source: protocol, section 9.
 */
export class AshClientChain extends AshVerbs {
  /** The chain's name, as the server declares it. */
  readonly name: string;
  readonly #client: ChainClient;
  /** Replaced by a reset, so that steps from before it cannot move the new run on. */
  #run: ChainRun;
  #queue: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(name: string, client: ChainClient, previousProof: string | undefined) {
    super();
    this.name = name;
    this.#client = client;
    this.#run = { proof: previousProof };
  }

  /** The proof that the next step builds on; `undefined` before the first success. It is no key: it names a step. */
  get previousProof(): string | undefined {
    return this.#run.proof;
  }

  /**
   * Forgets the steps so far. Steps that are under way end as they would, and leave nothing to build on.
   *
   * @example
   * checkout.reset();
   */
  reset(): void {
    this.#run = { proof: undefined };
  }

  protected override call(call: AshCall): Promise<Response> {
    const run = this.#run;
    const before = this.#queue;
    // Prepared at once, so that a body which changes while the step waits is sent as it was given.
    const step = Promise.all([this.#client.prepare(call), before]).then(([request]) => this.#take(request, run));
    this.#queue = Promise.allSettled([before, step]).then(() => undefined);
    return step;
  }

  async #take(request: PreparedRequest, run: ChainRun): Promise<Response> {
    const { response, proof } = await this.#client.send(request, { name: this.name, previousProof: run.proof });
    // Where the server names no proof, only a plain success is one: a redirect can come from before the handler.
    const link = chainProofOf(response) ?? (response.ok && !response.redirected ? proof : undefined);
    if (response.status < 400 && link !== undefined) run.proof = link;
    return response;
  }
}
