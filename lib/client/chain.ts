import { ASH_VERIFIED_HEADER, AshConfigurationError } from '../core/index.js';
import { isAshHash } from '../core/proof.js';
import { chainProofOf, type ChainStep } from './chain-step.js';
import type { ProvenResponse } from './dispatcher.js';
import { hasNotRun, isAshClientError } from './errors.js';
import type { AshCall, PreparedRequest } from './request.js';
import { AshVerbs } from './verbs.js';

/**
 * Where a chain stands: plain JSON, to be kept for example over a page load and given to {@link AshClient.chain}. It holds
 * no key, but whoever has it can take the next step where the server knows no `subject`.
 */
export interface AshChainState {
  /** The chain's name. */
  readonly name: string;
  /** The proof that the next step builds on; absent before the first success. */
  readonly previousProof?: string | undefined;
  /** The proofs of steps that were sent and whose answers are not there, or were lost: one of them may have succeeded. */
  readonly unconfirmedProofs?: readonly string[] | undefined;
}

/** What a chain needs of its client. */
export interface ChainClient {
  readonly prepare: (call: AshCall) => Promise<PreparedRequest>;
  readonly send: (request: PreparedRequest, step: ChainStep) => Promise<ProvenResponse>;
}

/** After more lost answers in a row than that a chain is begun anew. */
const MOST_UNCONFIRMED = 4;

/** The steps since the chain began. */
interface ChainRun {
  /** The proof that the next step builds on. */
  proof: string | undefined;
  /** The proofs of steps without an answer, the last one first. */
  unconfirmed: readonly string[];
}

/**
 * A sequence of requests, each of which proves the one before it. Made by {@link AshClient.chain}.
 *
 * A step that was answered as a success is what the next one builds on. After any other the one before
 * stays, so that the step can be tried again. After a step whose answer was lost the next one goes on from whichever of
 * the two the server knows. Steps that are called at once are sent one after the other, in the
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
  constructor({ name, previousProof, unconfirmedProofs = [] }: AshChainState, client: ChainClient) {
    super();
    this.name = name;
    this.#client = client;
    // Kept as JSON it can have come back as null.
    this.#run = { proof: previousProof ?? undefined, unconfirmed: unconfirmedProofs };
  }

  /** The proof that the next step builds on; `undefined` before the first success. It is no key: it names a step. */
  get previousProof(): string | undefined {
    return this.#run.proof;
  }

  /**
   * Where the chain stands. Keep it after each step, and give it to {@link AshClient.chain} to go on.
   *
   * @example
   * sessionStorage.setItem('checkout', JSON.stringify(checkout.state));
   */
  get state(): AshChainState {
    const { proof, unconfirmed } = this.#run;
    return {
      name: this.name,
      ...(proof && { previousProof: proof }),
      ...(unconfirmed.length > 0 && { unconfirmedProofs: unconfirmed }),
    };
  }

  /**
   * Forgets the steps so far. Steps that are under way end as they would, and leave nothing to build on.
   *
   * @example
   * checkout.reset();
   */
  reset(): void {
    this.#run = { proof: undefined, unconfirmed: [] };
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
    let refusal: unknown;
    for (const previousProof of [run.proof, ...run.unconfirmed]) {
      try {
        return await this.#send(request, run, previousProof);
      } catch (error) {
        if (!isAshClientError(error) || error.code !== 'ASH_CHAIN_BROKEN') throw error;
        // A step without an answer may be the one to follow: the server knows, and has run nothing so far.
        refusal ??= error;
      }
    }
    throw refusal;
  }

  async #send(request: PreparedRequest, run: ChainRun, previousProof: string | undefined): Promise<Response> {
    const { unconfirmed } = run;
    const onProven = (proof: string): void => {
      run.unconfirmed = [proof, ...unconfirmed].slice(0, MOST_UNCONFIRMED);
    };
    const sending = this.#client.send(request, { name: this.name, previousProof, onProven });
    const { response, proof } = await sending.catch((error: unknown) => {
      if (hasNotRun(error)) run.unconfirmed = unconfirmed;
      throw error;
    });
    // Where the server names no proof, only a plain success is one: a redirect can come from before the handler.
    const link = chainProofOf(response) ?? (response.ok && !response.redirected ? proof : undefined);
    const isFailed = response.status >= 400;
    // An error from before the guard, of a proxy for example, does not say what became of a step that was sent.
    const next = isFailed
      ? response.headers.has(ASH_VERIFIED_HEADER) && { proof: previousProof }
      : link && { proof: link };
    if (next) Object.assign(run, next, { unconfirmed: [] });
    return response;
  }
}

/**
 * Checks the state that a chain goes on from, which an application can have kept anywhere.
 *
 * @throws AshConfigurationError that names the chain and what is wrong.
 */
export function readChainState(name: string, state: AshChainState): AshChainState {
  if (name === '') throw new AshConfigurationError('AshClient: a chain needs the name that the server declares.');
  const { previousProof, unconfirmedProofs = [] } = state;
  const proofs: readonly unknown[] = [previousProof ?? [], unconfirmedProofs].flat();
  const isOfChain =
    state.name === name &&
    Array.isArray(unconfirmedProofs) &&
    proofs.every((proof) => typeof proof === 'string' && isAshHash(proof));
  if (isOfChain) return state;
  throw new AshConfigurationError(
    `AshClient: the state of chain '${name}' has to be what its 'state' was, or left out.`,
  );
}
