import { blake2s } from '../cipher/blake2s.js';

const DOUBLES = 4;
const DOUBLE_BYTES = 8;
/** A double holds so many bits of a number below one. */
const MANTISSA = 2 ** 53;

/**
 * What a client greets a server with: the hash of random points, of four doubles each. It has no secret, and so proves
 * nothing of who sends it.
 *
 * @param count How many points.
 * @param hashSize The length of the hash, in bytes.
 *
 * Source: protocol, section 10.
 */
export function makeHandshake(count: number, hashSize: number): string {
  const points = crypto.getRandomValues(new Uint8Array(count * DOUBLES * DOUBLE_BYTES));
  const view = new DataView(points.buffer);
  for (let at = 0; at < points.length; at += DOUBLE_BYTES) {
    const number = Number(view.getBigUint64(at) >> 11n) / MANTISSA;
    view.setFloat64(at, number, true);
  }
  return toHex(blake2s(points, hashSize));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
