import { AshError, ashHashProof } from '../core/index.js';
import type { AshContext } from '../stores/context.js';
import { isHeldFor, type AshLinkHold, type AshStoredLink } from '../stores/context-store.js';
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
  if (link.holder !== undefined && !isHeldFor(context.id, link)) throw taken();
  // Written so that a clock which gives no number refuses too.
  if (!(link.expiresAt > now && link.issuedAt + maxAge > now)) throw new AshError('ASH_CHAIN_EXPIRED');
}

/** The name under which one request holds a link: its context's, and its own. */
export function holderOf(contextId: string, own: string): string {
  return `${contextId}/${own}`;
}

/** What a step of a chain works with. */
export interface ChainStepOptions {
  readonly store: BoundedStore;
  readonly clock: () => number;
  readonly rule: ChainRule;
  readonly subject: string | undefined;
  /** The proof of this step. */
  readonly proof: string;
  /** The link of the step before, and under which name the request holds it. */
  readonly previous: AshLinkHold | undefined;
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
  private writing: Promise<void> | undefined;

  constructor(private readonly options: ChainStepOptions) {}

  /** The proof of this step: what `X-ASH-Chain-Proof` answers. */
  get proof(): string {
    return this.options.proof;
  }

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
    this.writing = this.write();
    await this.writing;
  }

  /**
   * Frees the link before, so that the step can be tried again. After a success that turned out to be none, because
   * the answer failed later on, the step's own link is taken back first; where a next step has it already, the link
   * before stays spent.
   *
   * @throws AshError `ASH_STORE_UNAVAILABLE`; the link before stays held then.
   */
  async fail(): Promise<void> {
    if (this.state === 'failed') return;
    this.state = 'failed';
    const { store, previous } = this.options;
    if (this.writing !== undefined && !(await this.revoke(this.writing))) return;
    if (previous !== undefined) await store.releaseLink(previous.hash, previous.holder);
  }

  private write(): Promise<void> {
    const { store, clock, rule, subject, proof } = this.options;
    const now = clock();
    return store.writeLink({
      hash: ashHashProof(proof),
      chain: rule.name,
      step: rule.step,
      issuedAt: now,
      expiresAt: now + rule.linkTtl,
      ...(subject === undefined ? {} : { subject }),
    });
  }

  /** Waits for the step's own link to be written, and takes it from whoever could take it. */
  private async revoke(writing: Promise<void>): Promise<boolean> {
    // A write that failed may have come through all the same, so its link is revoked like any other.
    await Promise.allSettled([writing]);
    const { store, proof } = this.options;
    return (await store.reserveLink(ashHashProof(proof), REVOKED)) !== 'taken';
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
