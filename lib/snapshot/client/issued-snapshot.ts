import type { AshSnapshot } from '../cipher/snapshot.js';

const TICKS = 2 ** 31;
const LARGEST_SEED = 2 ** 30;
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
    isWhole(tick, 0, TICKS - 1) &&
    isWhole(seed, 1, LARGEST_SEED) &&
    isWhole(timestamp, 0, Number.MAX_SAFE_INTEGER) &&
    typeof signature === 'string' &&
    SIGNATURE.test(signature);
  return isOne ? { tick, seed, timestamp, signature } : undefined;
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}
