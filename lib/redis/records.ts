import { contextOf, type AshContext, type ContextFields } from '../stores/context.js';
import type { AshChainLink, AshStoredLink } from '../stores/context-store.js';
import { CONTEXT_HEAD, LENGTH_DIGITS, LINK_HEAD, TIME_DIGITS, UNSPENT } from './scripts.js';

/** A record as it is written: what stands before the history, what stands after it. */
export interface WrittenRecord {
  readonly before: string;
  readonly after: string;
}

/** JSON has no line break outside of its strings, and none in them that is not escaped. */
const END_OF_BODY = '\n';

/**
 * A time in the head of a record. The next whole millisecond is the stricter reading of "now", the last whole one
 * that of an expiry.
 *
 * @throws RangeError for what is no time: a clock that gives no number must not pass for one.
 */
export function timeDigits(milliseconds: number): string {
  if (!(milliseconds >= 0)) throw new RangeError(`A time is a number of milliseconds, not ${String(milliseconds)}.`);
  return String(Math.min(milliseconds, Number.MAX_SAFE_INTEGER)).padStart(TIME_DIGITS, '0');
}

export function writtenContext(context: AshContext): WrittenRecord {
  const { id: _id, nonce, ...body } = context;
  return {
    before: UNSPENT + timeDigits(Math.floor(context.expiresAt)),
    after: JSON.stringify({ ...body, nonce }),
  };
}

/** @throws SyntaxError where the value is none that the store wrote. */
export function readContext(id: string, value: string): AshContext {
  const spent = value.slice(0, TIME_DIGITS);
  // Each by its name: to copy the rest of an object costs more than to parse it.
  const body = JSON.parse(value.slice(CONTEXT_HEAD)) as ContextFields;
  const { binding, mode, protocol, issuedAt, expiresAt, subject, scope, metadata, nonce } = body;
  const consumedAt = spent === UNSPENT ? undefined : Number(spent);
  return contextOf(id, { binding, mode, protocol, issuedAt, expiresAt, consumedAt, subject, scope, metadata, nonce });
}

export function writtenLink({ hash: _hash, ...link }: AshChainLink): WrittenRecord {
  const body = JSON.stringify(link) + END_OF_BODY;
  return {
    before: timeDigits(Math.floor(link.expiresAt)),
    after: String(Buffer.byteLength(body)).padStart(LENGTH_DIGITS, '0') + body,
  };
}

/** @throws SyntaxError where the value is none that the store wrote. */
export function readLink(hash: string, value: string): AshStoredLink {
  const end = value.indexOf(END_OF_BODY, LINK_HEAD);
  const link = JSON.parse(value.slice(LINK_HEAD, end)) as Omit<AshChainLink, 'hash'>;
  const holder = value.slice(end + END_OF_BODY.length);
  return { ...link, hash, ...(holder === '' ? {} : { holder }) };
}
