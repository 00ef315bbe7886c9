import { createHash, createHmac, randomFillSync, timingSafeEqual } from 'node:crypto';
import * as crypto from 'node:crypto';
import type { Digest } from './digest.js';

type OneShotHash = (algorithm: string, data: string | Uint8Array, encoding: 'hex' | 'base64url' | 'binary') => string;

// `crypto.hash` costs half of `createHash` for a short text; it exists from Node 20.12, and not in Deno or Bun.
const { hash: nativeHash } = crypto as { hash?: OneShotHash };
const hashOnce: OneShotHash =
  nativeHash ?? ((algorithm, data, encoding) => createHash(algorithm).update(data).digest(encoding));

// One draw of 4 KiB from the system serves some hundred identifiers: a draw for each costs over ten times as much.
const POOL_BYTES = 4096;
const pool = Buffer.alloc(POOL_BYTES);
let drawn = POOL_BYTES;

export const randomHex: Digest['randomHex'] = (count) => {
  if (count > POOL_BYTES) return randomFillSync(Buffer.alloc(count)).toString('hex');
  if (drawn + count > POOL_BYTES) {
    randomFillSync(pool);
    drawn = 0;
  }
  const bytes = pool.subarray(drawn, drawn + count);
  drawn += count;
  const hex = bytes.toString('hex');
  bytes.fill(0);
  return hex;
};

/** From so many UTF-16 units on, a text is hashed in pieces: whole, its bytes would be one more copy of it. */
const LONG_TEXT = 65_536;

export const sha256Hex: Digest['sha256Hex'] = (data) =>
  typeof data === 'string' && data.length > LONG_TEXT ? hashInPieces(data) : hashOnce('sha256', data, 'hex');

function hashInPieces(text: string): string {
  const hash = createHash('sha256');
  for (let begin = 0; begin < text.length;) {
    const end = begin + LONG_TEXT;
    // The two halves of a character stay together.
    const next = isHighSurrogate(text.charCodeAt(end - 1)) ? end - 1 : end;
    hash.update(text.slice(begin, next));
    begin = next;
  }
  return hash.digest('hex');
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

export const sha256Base64Url: Digest['sha256Base64Url'] = (text) => hashOnce('sha256', text, 'base64url');

export const hmacSha256Hex: Digest['hmacSha256Hex'] = (key, message) =>
  (nativeHash === undefined || typeof key !== 'string' ? undefined : hmacByHashes(nativeHash, key, message)) ??
  createHmac('sha256', key).update(message).digest('hex');

// RFC 2104: H(key ⊕ opad, H(key ⊕ ipad, message)). Two one-shot hashes over blocks that are there already take half the
// time of an `Hmac`, which is an object with two hash contexts of its own.
const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
const LONGEST_MESSAGE = 1024;
const UTF8_BYTES_PER_UNIT = 3;
const INNER_PAD = 0x36363636;
const OUTER_PAD = 0x5c5c5c5c;
const inner = Buffer.alloc(BLOCK_BYTES + LONGEST_MESSAGE);
const outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES);
/** The beginning of `inner` by its length: messages have few, and a view made for each would be most of the garbage. */
const blocks: Buffer[] = [];
const innerWords = new Uint32Array(inner.buffer, inner.byteOffset, BLOCK_BYTES / Uint32Array.BYTES_PER_ELEMENT);
const outerWords = new Uint32Array(outer.buffer, outer.byteOffset, BLOCK_BYTES / Uint32Array.BYTES_PER_ELEMENT);

/** Nothing for a key or a message that is longer than its place. */
function hmacByHashes(hash: OneShotHash, key: string, message: string): string | undefined {
  if (Buffer.byteLength(key) > BLOCK_BYTES || message.length * UTF8_BYTES_PER_UNIT > LONGEST_MESSAGE) return undefined;
  try {
    inner.write(key);
    for (let index = 0; index < innerWords.length; index++) {
      const word = innerWords[index] ?? 0;
      innerWords[index] = word ^ INNER_PAD;
      outerWords[index] = word ^ OUTER_PAD;
    }
    const length = BLOCK_BYTES + inner.write(message, BLOCK_BYTES);
    const block = (blocks[length] ??= inner.subarray(0, length));
    outer.write(hash('sha256', block, 'binary'), BLOCK_BYTES, 'binary');
    return hash('sha256', outer, 'hex');
  } finally {
    // Also where it throws: what is left of a key would be mixed with the next one.
    innerWords.fill(0);
    outerWords.fill(0);
  }
}

export const fromHex: Digest['fromHex'] = (text) => Buffer.from(text, 'hex');

export const fromBase64Url: Digest['fromBase64Url'] = (text) => Buffer.from(text, 'base64url');

export const equalBytes: Digest['equalBytes'] = (a, b) => a.length === b.length && timingSafeEqual(a, b);

const HASH_CHARACTERS = 2 * HASH_BYTES;
const UNIT_BYTES = 2;
const left = Buffer.alloc(HASH_CHARACTERS * UNIT_BYTES);
const right = Buffer.alloc(HASH_CHARACTERS * UNIT_BYTES);

// UTF-8 would make the same bytes of different lone surrogates.
export const equalTexts: Digest['equalTexts'] = (a, b) => {
  if (a.length !== HASH_CHARACTERS || b.length !== HASH_CHARACTERS) {
    return equalBytes(unitsOf(a), unitsOf(b));
  }
  // Hashes are compared with every request, in a place that is there already.
  left.write(a, 'utf16le');
  right.write(b, 'utf16le');
  const isEqual = timingSafeEqual(left, right);
  left.fill(0);
  right.fill(0);
  return isEqual;
};

/** Throws for what is no text, unlike `Buffer.from`, which makes the same bytes of many lists. */
function unitsOf(text: string): Buffer {
  const units = Buffer.alloc(text.length * UNIT_BYTES);
  units.write(text, 'utf16le');
  return units;
}
