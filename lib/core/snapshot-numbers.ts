/** Ticks are counted modulo 2^31. Source: protocol, section 10. */
export const TICKS = 2 ** 31;
/** Seeds are from 1 to 2^30. Source: protocol, section 10. */
export const LARGEST_SEED = 2 ** 30;

/** Whether a value can name a tick. */
export function isTick(value: unknown): value is number {
  return isWhole(value, 0, TICKS - 1);
}

/** Whether a value can be a seed. */
export function isSeed(value: unknown): value is number {
  return isWhole(value, 1, LARGEST_SEED);
}

/** Whether a value is a whole number within bounds. */
export function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}
