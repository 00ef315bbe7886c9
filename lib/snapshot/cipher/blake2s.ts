import { viewOf } from './view-of.js';

const BLOCK_BYTES = 64;
const LONGEST = 32;

// prettier-ignore
const INITIAL = Int32Array.of(
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
);

// In which order each round takes the words of a block, a digit for each: eight for the columns, eight for the diagonals.
// prettier-ignore
const ORDERS = Int32Array.of(
  0x01234567, 0x89abcdef,
  0xea489fd6, 0x1c02b753,
  0xb8c052fd, 0xae367194,
  0x7931dcbe, 0x265a40f8,
  0x905724af, 0xe1bc683d,
  0x2c6a0b83, 0x4d75fe19,
  0xc51fed4a, 0x0763928b,
  0xdb7ec139, 0x50f4862a,
  0x6fe9b308, 0xc2d714a5,
  0xa2847615, 0xfb9e3cd0,
);

// The words of a block while it is taken in. It is longer than they are, so that V8 keeps its memory outside of the heap,
// where it stays for good: it is then read without checks, a sixth faster.
const WORDS = new Int32Array(32);

/**
 * BLAKE2s of bytes, without a key, for platforms that have none, or none of a chosen length. It is written for speed:
 * the state stays in local variables, so that nothing is allocated for a block.
 *
 * @param length The length of the hash, in bytes: 1 to 32.
 * @throws RangeError for another length.
 *
 * Source: RFC 7693.
 */
export function blake2s(bytes: Uint8Array, length: number): Uint8Array {
  if (!Number.isInteger(length) || length < 1 || length > LONGEST) {
    throw new RangeError(`A hash of BLAKE2s has 1 to ${String(LONGEST)} bytes.`);
  }
  const hash = INITIAL.map((word, index) => (index === 0 ? word ^ 0x01010000 ^ length : word));
  const text = viewOf(bytes);
  let begin = 0;
  for (; begin + BLOCK_BYTES < bytes.length; begin += BLOCK_BYTES) absorb(hash, text, begin, begin + BLOCK_BYTES, 0);
  const last = new Uint8Array(BLOCK_BYTES);
  last.set(bytes.subarray(begin));
  absorb(hash, viewOf(last), 0, bytes.length, -1);

  const digest = new DataView(new ArrayBuffer(LONGEST));
  hash.forEach((word, index) => {
    digest.setInt32(4 * index, word, true);
  });
  return new Uint8Array(digest.buffer, 0, length);
}

/**
 * Takes a block into a hash value. The words of RFC 7693's `v` are four rows of four here, `a` to `d`.
 *
 * Its parts are no functions, and its rows no arrays, since these took a fifth and two thirds of its speed.
 *
 * @param end How many bytes there are up to the end of this block.
 * @param last -1 for the last block, 0 for another.
 */
function absorb(hash: Int32Array, text: DataView, begin: number, end: number, last: number): void {
  for (let index = 0; index < 16; index += 4) {
    WORDS[index] = text.getInt32(begin + 4 * index, true);
    WORDS[index + 1] = text.getInt32(begin + 4 * index + 4, true);
    WORDS[index + 2] = text.getInt32(begin + 4 * index + 8, true);
    WORDS[index + 3] = text.getInt32(begin + 4 * index + 12, true);
  }
  let a0 = hash[0] ?? 0;
  let a1 = hash[1] ?? 0;
  let a2 = hash[2] ?? 0;
  let a3 = hash[3] ?? 0;
  let b0 = hash[4] ?? 0;
  let b1 = hash[5] ?? 0;
  let b2 = hash[6] ?? 0;
  let b3 = hash[7] ?? 0;
  let c0 = INITIAL[0] ?? 0;
  let c1 = INITIAL[1] ?? 0;
  let c2 = INITIAL[2] ?? 0;
  let c3 = INITIAL[3] ?? 0;
  let d0 = INITIAL[4] ?? 0;
  let d1 = INITIAL[5] ?? 0;
  let d2 = INITIAL[6] ?? 0;
  let d3 = INITIAL[7] ?? 0;
  d0 ^= end;
  d1 ^= end / 2 ** 32;
  d2 ^= last;
  for (let round = 0; round < ORDERS.length; round += 2) {
    const columns = ORDERS[round] ?? 0;
    a0 = (a0 + b0 + (WORDS[(columns >>> 28) & 15] ?? 0)) | 0;
    d0 = ((d0 ^ a0) >>> 16) | ((d0 ^ a0) << 16);
    c0 = (c0 + d0) | 0;
    b0 = ((b0 ^ c0) >>> 12) | ((b0 ^ c0) << 20);
    a0 = (a0 + b0 + (WORDS[(columns >>> 24) & 15] ?? 0)) | 0;
    d0 = ((d0 ^ a0) >>> 8) | ((d0 ^ a0) << 24);
    c0 = (c0 + d0) | 0;
    b0 = ((b0 ^ c0) >>> 7) | ((b0 ^ c0) << 25);
    a1 = (a1 + b1 + (WORDS[(columns >>> 20) & 15] ?? 0)) | 0;
    d1 = ((d1 ^ a1) >>> 16) | ((d1 ^ a1) << 16);
    c1 = (c1 + d1) | 0;
    b1 = ((b1 ^ c1) >>> 12) | ((b1 ^ c1) << 20);
    a1 = (a1 + b1 + (WORDS[(columns >>> 16) & 15] ?? 0)) | 0;
    d1 = ((d1 ^ a1) >>> 8) | ((d1 ^ a1) << 24);
    c1 = (c1 + d1) | 0;
    b1 = ((b1 ^ c1) >>> 7) | ((b1 ^ c1) << 25);
    a2 = (a2 + b2 + (WORDS[(columns >>> 12) & 15] ?? 0)) | 0;
    d2 = ((d2 ^ a2) >>> 16) | ((d2 ^ a2) << 16);
    c2 = (c2 + d2) | 0;
    b2 = ((b2 ^ c2) >>> 12) | ((b2 ^ c2) << 20);
    a2 = (a2 + b2 + (WORDS[(columns >>> 8) & 15] ?? 0)) | 0;
    d2 = ((d2 ^ a2) >>> 8) | ((d2 ^ a2) << 24);
    c2 = (c2 + d2) | 0;
    b2 = ((b2 ^ c2) >>> 7) | ((b2 ^ c2) << 25);
    a3 = (a3 + b3 + (WORDS[(columns >>> 4) & 15] ?? 0)) | 0;
    d3 = ((d3 ^ a3) >>> 16) | ((d3 ^ a3) << 16);
    c3 = (c3 + d3) | 0;
    b3 = ((b3 ^ c3) >>> 12) | ((b3 ^ c3) << 20);
    a3 = (a3 + b3 + (WORDS[columns & 15] ?? 0)) | 0;
    d3 = ((d3 ^ a3) >>> 8) | ((d3 ^ a3) << 24);
    c3 = (c3 + d3) | 0;
    b3 = ((b3 ^ c3) >>> 7) | ((b3 ^ c3) << 25);

    const diagonals = ORDERS[round + 1] ?? 0;
    a0 = (a0 + b1 + (WORDS[(diagonals >>> 28) & 15] ?? 0)) | 0;
    d3 = ((d3 ^ a0) >>> 16) | ((d3 ^ a0) << 16);
    c2 = (c2 + d3) | 0;
    b1 = ((b1 ^ c2) >>> 12) | ((b1 ^ c2) << 20);
    a0 = (a0 + b1 + (WORDS[(diagonals >>> 24) & 15] ?? 0)) | 0;
    d3 = ((d3 ^ a0) >>> 8) | ((d3 ^ a0) << 24);
    c2 = (c2 + d3) | 0;
    b1 = ((b1 ^ c2) >>> 7) | ((b1 ^ c2) << 25);
    a1 = (a1 + b2 + (WORDS[(diagonals >>> 20) & 15] ?? 0)) | 0;
    d0 = ((d0 ^ a1) >>> 16) | ((d0 ^ a1) << 16);
    c3 = (c3 + d0) | 0;
    b2 = ((b2 ^ c3) >>> 12) | ((b2 ^ c3) << 20);
    a1 = (a1 + b2 + (WORDS[(diagonals >>> 16) & 15] ?? 0)) | 0;
    d0 = ((d0 ^ a1) >>> 8) | ((d0 ^ a1) << 24);
    c3 = (c3 + d0) | 0;
    b2 = ((b2 ^ c3) >>> 7) | ((b2 ^ c3) << 25);
    a2 = (a2 + b3 + (WORDS[(diagonals >>> 12) & 15] ?? 0)) | 0;
    d1 = ((d1 ^ a2) >>> 16) | ((d1 ^ a2) << 16);
    c0 = (c0 + d1) | 0;
    b3 = ((b3 ^ c0) >>> 12) | ((b3 ^ c0) << 20);
    a2 = (a2 + b3 + (WORDS[(diagonals >>> 8) & 15] ?? 0)) | 0;
    d1 = ((d1 ^ a2) >>> 8) | ((d1 ^ a2) << 24);
    c0 = (c0 + d1) | 0;
    b3 = ((b3 ^ c0) >>> 7) | ((b3 ^ c0) << 25);
    a3 = (a3 + b0 + (WORDS[(diagonals >>> 4) & 15] ?? 0)) | 0;
    d2 = ((d2 ^ a3) >>> 16) | ((d2 ^ a3) << 16);
    c1 = (c1 + d2) | 0;
    b0 = ((b0 ^ c1) >>> 12) | ((b0 ^ c1) << 20);
    a3 = (a3 + b0 + (WORDS[diagonals & 15] ?? 0)) | 0;
    d2 = ((d2 ^ a3) >>> 8) | ((d2 ^ a3) << 24);
    c1 = (c1 + d2) | 0;
    b0 = ((b0 ^ c1) >>> 7) | ((b0 ^ c1) << 25);
  }
  hash[0] = (hash[0] ?? 0) ^ a0 ^ c0;
  hash[1] = (hash[1] ?? 0) ^ a1 ^ c1;
  hash[2] = (hash[2] ?? 0) ^ a2 ^ c2;
  hash[3] = (hash[3] ?? 0) ^ a3 ^ c3;
  hash[4] = (hash[4] ?? 0) ^ b0 ^ d0;
  hash[5] = (hash[5] ?? 0) ^ b1 ^ d1;
  hash[6] = (hash[6] ?? 0) ^ b2 ^ d2;
  hash[7] = (hash[7] ?? 0) ^ b3 ^ d3;
}
