import { isSeed, isTick, isWhole } from '../../core/snapshot-numbers.js';
import type { AshSnapshot } from '../cipher/snapshot.js';

/** Base64 of the 32 bytes of an HMAC-SHA256. */
const SIGNATURE = /^[A-Za-z0-9+/]{43}=$/;

/**
 * The snapshot in an answer; `undefined` for what is none.
 *
 * Source: protocol, section 10.
 */
export function readSnapshot(body: unknown): AshSnapshot | undefined {
  const { tick, seed, timestamp, signature } = (body ?? {}) as Readonly<Record<string, unknown>>;
  const isOne =
    isTick(tick) &&
    isSeed(seed) &&
    isWhole(timestamp, 0, Number.MAX_SAFE_INTEGER) &&
    typeof signature === 'string' &&
    SIGNATURE.test(signature);
  return isOne ? { tick, seed, timestamp, signature } : undefined;
}
