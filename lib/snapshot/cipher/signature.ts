import * as digest from '#digest';
import type { AshSnapshot, SnapshotSeed } from './snapshot.js';

/** What the signature of a snapshot covers. */
export type AshSnapshotFields = SnapshotSeed;

/**
 * The signature of a snapshot: `base64(HMAC-SHA256(secretKey, "tick|seed|timestamp"))`.
 *
 * @param secretKey The key's bytes, and not their base64.
 * @throws TypeError for a key that is no bytes.
 * @example
 * const signature = ashSignSnapshot(key, { tick: 7, seed: 99, timestamp: 1_740_904_491 });
 *
 * Source: protocol, section 10.
 */
export function ashSignSnapshot(secretKey: Uint8Array, { tick, seed, timestamp }: AshSnapshotFields): string {
  if (!((secretKey as unknown) instanceof Uint8Array)) {
    throw new TypeError("The secret key is its bytes: of base64, Buffer.from(key, 'base64').");
  }
  const signature = digest.fromHex(digest.hmacSha256Hex(secretKey, [tick, seed, timestamp].join('|')));
  return btoa(String.fromCharCode(...signature));
}

/**
 * Whether a snapshot was signed with a key. The comparison takes the same time for any signature.
 *
 * @throws TypeError for a key that is no bytes.
 * @example
 * if (!ashVerifySnapshot(key, snapshot)) throw new Error('Somebody else made this snapshot.');
 *
 * Source: protocol, section 10.
 */
export function ashVerifySnapshot(secretKey: Uint8Array, snapshot: AshSnapshot): boolean {
  const encoder = new TextEncoder();
  return digest.equalBytes(encoder.encode(ashSignSnapshot(secretKey, snapshot)), encoder.encode(snapshot.signature));
}
