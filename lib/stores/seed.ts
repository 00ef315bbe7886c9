import { AshError } from '../core/index.js';
import { isSeed, isTick } from '../core/snapshot-numbers.js';

/**
 * Checks what a process proposes, before others can take it over.
 *
 * @throws RangeError for a tick, a seed or a time in milliseconds that is none.
 */
export function checkProposal(tick: number, proposed: number, ttlMs: number): void {
  if (!isTick(tick)) throw new RangeError(`A tick is an integer from 0 to 2^31 - 1, not ${String(tick)}.`);
  if (!isSeed(proposed)) throw new RangeError(`A seed is an integer from 1 to 2^30, not ${String(proposed)}.`);
  if (Number.isFinite(ttlMs) && ttlMs > 0) return;
  throw new RangeError(`A seed is kept for a positive number of milliseconds, not ${String(ttlMs)}.`);
}

/**
 * The seed that a store holds, as a number or as decimal digits.
 *
 * @throws AshError `ASH_STORE_UNAVAILABLE` for what is none: whoever wrote it, nothing must be encrypted with it.
 */
export function seedOf(held: unknown): number {
  const seed = typeof held === 'string' && /^\d{1,10}$/.test(held) ? Number(held) : held;
  if (isSeed(seed)) return seed;
  throw new AshError(
    'ASH_STORE_UNAVAILABLE',
    'What the store holds for the tick is no seed: an integer from 1 to 2^30.',
  );
}
