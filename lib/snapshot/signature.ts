import { hmac } from '@noble/hashes/hmac';
import { sha256 } from '@noble/hashes/sha2';
import { utf8ToBytes } from '@noble/hashes/utils';

/** What the signature of a snapshot covers. */
export interface AshSnapshotFields {
  readonly tick: number;
  readonly seed: number;
  /** Seconds since the epoch. */
  readonly timestamp: number;
}

/**
 * The signature of a snapshot: `base64(HMAC-SHA256(secretKey, "tick|seed|timestamp"))`.
 *
 * @param secretKey The key's bytes.
 * @example
 * const signature = ashSignSnapshot(key, { tick: 7, seed: 99, timestamp: 1_740_904_491 });
 *
 * Source: protocol, section 10.
 */
export function ashSignSnapshot(secretKey: Uint8Array, { tick, seed, timestamp }: AshSnapshotFields): string {
  const message = [tick, seed, timestamp].join('|');
  return btoa(String.fromCharCode(...hmac(sha256, secretKey, utf8ToBytes(message))));
}
