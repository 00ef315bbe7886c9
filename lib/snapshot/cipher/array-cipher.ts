import { blake2s } from '@noble/hashes/blake2';
import { concatBytes } from '@noble/hashes/utils';
import * as digest from '#digest';

const KEY_BYTES = 64;
const SALT_BYTES = 16;
const HASH_BYTES = 16;

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
  return Uint8Array.from({ length: KEY_BYTES }, (_, index) => {
    const value = seed + Math.min(index, KEY_BYTES - index);
    return (index ^ (value & 255) ^ (salt[index % SALT_BYTES] ?? 0)) | 1;
  });
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
export function ashArrayEncrypt(plaintext: Uint8Array, seed: number, salt: Uint8Array): Uint8Array {
  const ciphertext = multiply(plaintext, ashArrayKey(seed, salt));
  return concatBytes(hashOf(salt, ciphertext), salt, ciphertext);
}

/**
 * Decrypts what {@link ashArrayEncrypt} made.
 *
 * @throws RangeError for a message that is too short, or whose hash is not the one of its bytes.
 *
 * Source: protocol, section 10.
 */
export function ashArrayDecrypt(message: Uint8Array, seed: number): Uint8Array {
  if (message.length < HASH_BYTES + SALT_BYTES) throw new RangeError('The message is too short.');
  const salt = message.subarray(HASH_BYTES, HASH_BYTES + SALT_BYTES);
  const ciphertext = message.subarray(HASH_BYTES + SALT_BYTES);
  if (!digest.equalBytes(message.subarray(0, HASH_BYTES), hashOf(salt, ciphertext))) {
    throw new RangeError("The message's hash is not the one of its bytes.");
  }
  return multiply(ciphertext, ashArrayKey(seed, salt).map(inverseOf));
}

function multiply(bytes: Uint8Array, key: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => Math.imul(byte, key[index % KEY_BYTES] ?? 1));
}

function hashOf(salt: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  return blake2s(concatBytes(salt, ciphertext), { dkLen: HASH_BYTES });
}

/** The inverse of an odd number modulo 256, by Newton's iteration: each step doubles the bits that are right. */
function inverseOf(odd: number): number {
  let inverse = odd;
  for (let bits = 3; bits < 8; bits *= 2) inverse = Math.imul(inverse, 2 - odd * inverse);
  return inverse & 255;
}
