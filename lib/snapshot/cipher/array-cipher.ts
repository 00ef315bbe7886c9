import * as digest from '#digest';
import type { AshBytes } from '../platform/bytes.js';
import { blake2s } from './blake2s.js';
import { viewOf } from './view-of.js';

const { imul } = Math;

const KEY_BYTES = 64;
const HASH_BYTES = 16;
const SALT_BYTES = 16;
const HEAD_BYTES = HASH_BYTES + SALT_BYTES;

/**
 * The key stream of the cipher `array-crypto`: 64 odd bytes from a snapshot's seed and a salt, both of which are public.
 *
 * @param seed The snapshot's seed.
 * @param salt 16 bytes.
 * @throws RangeError for a salt of another length.
 *
 * Source: protocol, section 10.
 */
export function ashArrayKey(seed: number, salt: Uint8Array): Uint8Array {
  if (salt.length !== SALT_BYTES) throw new RangeError(`A salt has ${String(SALT_BYTES)} bytes.`);
  const key = new Uint8Array(KEY_BYTES);
  for (let index = 0; index < KEY_BYTES; index++) {
    const value = seed + Math.min(index, KEY_BYTES - index);
    key[index] = (index ^ (value & 255) ^ (salt[index % SALT_BYTES] ?? 0)) | 1;
  }
  return key;
}

/**
 * Encrypts with the cipher `array-crypto`, byte for byte as its published implementation does.
 *
 * It hides nothing from an attacker: the key comes from public values, and the hash has no secret. It is here for
 * existing peers.
 *
 * @param salt 16 bytes: 8 of the time in seconds, little-endian, and 8 random ones.
 * @returns The hash, the salt and the ciphertext in one.
 * @throws RangeError for a salt of another length.
 *
 * Source: protocol, section 10.
 */
export function ashArrayEncrypt(plaintext: Uint8Array, seed: number, salt: Uint8Array): AshBytes {
  const key = ashArrayKey(seed, salt);
  const message = new Uint8Array(HEAD_BYTES + plaintext.length);
  message.set(salt, HASH_BYTES);
  multiply(plaintext, key, message.subarray(HEAD_BYTES));
  message.set(hashOf(message));
  return message;
}

/**
 * Decrypts what {@link ashArrayEncrypt} made.
 *
 * @throws RangeError for a message that is too short, or whose hash is not the one of its bytes.
 *
 * Source: protocol, section 10.
 */
export function ashArrayDecrypt(message: Uint8Array, seed: number): AshBytes {
  if (message.length < HEAD_BYTES) throw new RangeError('The message is too short.');
  if (!digest.equalBytes(message.subarray(0, HASH_BYTES), hashOf(message))) {
    throw new RangeError("The message's hash is not the one of its bytes.");
  }
  const plaintext = new Uint8Array(message.length - HEAD_BYTES);
  const key = ashArrayKey(seed, message.subarray(HASH_BYTES, HEAD_BYTES));
  multiply(message.subarray(HEAD_BYTES), key.map(inverseOf), plaintext);
  return plaintext;
}

/** The hash of all that follows the hash in a message. */
function hashOf(message: Uint8Array): Uint8Array {
  return blake2s(message.subarray(HASH_BYTES), HASH_BYTES);
}

/** Multiplies each byte with that of the key modulo 256: four at a time, which takes half of the time of one by one. */
function multiply(source: Uint8Array, key: Uint8Array, product: Uint8Array): void {
  const [from, to] = [viewOf(source), viewOf(product)];
  let at = 0;
  for (; at + 3 < source.length; at += 4) {
    const word = from.getInt32(at, true);
    const first = at % KEY_BYTES;
    to.setInt32(
      at,
      (imul(word, key[first] ?? 1) & 0xff) |
        (imul(word & 0xff00, key[first + 1] ?? 1) & 0xff00) |
        (imul(word & 0xff0000, key[first + 2] ?? 1) & 0xff0000) |
        imul(word & 0xff000000, key[first + 3] ?? 1),
      true,
    );
  }
  for (; at < source.length; at++) product[at] = imul(source[at] ?? 0, key[at % KEY_BYTES] ?? 1);
}

/** The inverse of an odd number modulo 256, by Newton's iteration: each step doubles the bits that are right. */
function inverseOf(odd: number): number {
  let inverse = odd;
  for (let bits = 3; bits < 8; bits *= 2) inverse = imul(inverse, 2 - odd * inverse);
  return inverse & 255;
}
