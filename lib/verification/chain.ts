import { AshError, ashHashProof } from '../core/index.js';
import type { AshContext } from '../stores/context.js';
import type { AshStoredLink } from '../stores/context-store.js';
import type { ChainRule } from './chain-rules.js';
import type { BoundedStore } from './bounded-store.js';

/**
 * Holds the link that a request names against the rule of its route. Source: protocol, section 8, step 6.
 *
 * @throws AshError `ASH_CHAIN_BROKEN`, `ASH_CHAIN_EXPIRED`
 */
export function checkLink(link: AshStoredLink | null, rule: ChainRule, context: AshContext, now: number): void {
  if (link === null) throw broken('The step before is not known, or did not succeed.');
  if (link.chain !== rule.name) throw broken('The step before belongs to another chain.');
  if (link.subject !== context.subject) throw broken('The step before was taken by somebody else.');
  const maxAge = rule.after.get(link.step);
  if (maxAge === undefined) throw broken('The step before is not one that this route follows.');
  if (link.holder !== undefined && link.holder !== context.id) throw taken();
  if (link.expiresAt <= now || link.issuedAt + maxAge <= now) throw new AshError('ASH_CHAIN_EXPIRED');
}

/**
 * What is left to do when the handler of a chain's step has ended. It ends once: as a success, which writes the
 * step's own link and keeps the one before as spent, or as a failure, which frees the one before.
 *
 * Source: protocol, section 9.
 */
export class ChainStep {
  private state: 'open' | 'succeeded' | 'failed' = 'open';
  private begun = false;

  constructor(
    private readonly store: BoundedStore,
    private readonly clock: () => number,
    private readonly rule: ChainRule,
    private readonly context: AshContext,
    /** The proof of this step: what `X-ASH-Chain-Proof` answers. */
    readonly proof: string,
    private readonly previous: string | undefined,
  ) {}

  /** Whether neither {@link succeed} nor {@link fail} was called yet. */
  get isOpen(): boolean {
    return this.state === 'open';
  }

  /** Whether the handler was called: from then on only it can tell how the step ended. */
  get hasBegun(): boolean {
    return this.begun;
  }

  /** Says that the handler is called now. */
  begin(): void {
    this.begun = true;
  }

  /**
   * Writes the link that a next step can name.
   *
   * @throws AshError `ASH_STORE_UNAVAILABLE`; the link before stays spent then, since the handler has run.
   */
  async succeed(): Promise<void> {
    if (this.state !== 'open') return;
    this.state = 'succeeded';
    const { rule, context } = this;
    const now = this.clock();
    await this.store.writeLink({
      hash: ashHashProof(this.proof),
      chain: rule.name,
      step: rule.step,
      issuedAt: now,
      expiresAt: now + rule.linkTtl,
      ...(context.subject === undefined ? {} : { subject: context.subject }),
    });
  }

  /**
   * Frees the link before, so that the step can be tried again. After a success that turned out to be none, because
   * the answer failed later on, the step's own link is taken back first.
   *
   * @throws AshError `ASH_STORE_UNAVAILABLE`; the link before stays held then.
   */
  async fail(): Promise<void> {
    if (this.state === 'failed') return;
    const wasSucceeded = this.state === 'succeeded';
    this.state = 'failed';
    if (wasSucceeded && (await this.store.reserveLink(ashHashProof(this.proof), REVOKED)) !== 'reserved') return;
    if (this.previous !== undefined) await this.store.releaseLink(this.previous, this.context.id);
  }
}

/** The holder of a link that nobody may take any more. */
const REVOKED = 'revoked';

/** The refusal of a request that came second to a link. */
export function taken(): AshError {
  return broken('The step before was continued by another request.');
}

function broken(message: string): AshError {
  return new AshError('ASH_CHAIN_BROKEN', message);
}
