import { TICKS } from '../../core/snapshot-numbers.js';
import type { SnapshotQuery } from '../cipher/snapshot.js';

/** Without a needless zero in front, so that a number is written in one way. */
const DIGITS = /^(?:0|[1-9]\d*)$/;
/** As far as a clock of milliseconds counts exactly. */
const LAST_SECOND = Math.floor(Number.MAX_SAFE_INTEGER / 1_000) - 1;

/** What is wrong with a malformed query. */
export const QUERY_FAULT =
  "The query names one snapshot, by 'tick' (a whole number below 2^31) or by 'at' (whole seconds since the epoch), or none.";

/** Which snapshot the query of a request asks for. */
export function snapshotQuery(query: { tick?: unknown; at?: unknown }): SnapshotQuery | 'current' | 'malformed' {
  const { tick, at } = query;
  if (tick === undefined && at === undefined) return 'current';
  if (tick !== undefined && at !== undefined) return 'malformed';
  if (tick !== undefined) return isNumber(tick, TICKS - 1) ? { tick: Number(tick) } : 'malformed';
  return isNumber(at, LAST_SECOND) ? { at: Number(at) } : 'malformed';
}

function isNumber(text: unknown, last: number): boolean {
  return typeof text === 'string' && DIGITS.test(text) && Number(text) <= last;
}
