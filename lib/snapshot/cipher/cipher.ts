import type { AshBytes } from '../platform/bytes.js';
import type { SnapshotQuery, SnapshotSeed } from './snapshot.js';

/**
 * What messages are encrypted with.
 *
 * - `aes-256-gcm`: authenticated encryption under the secret key; the default.
 * - `array-crypto`: byte-compatible with the published implementation of Array-Crypto. **It hides nothing and protects
 *   nothing**: its key comes from values that everybody can ask for, and its hash has no secret, so that an attacker reads
 *   and changes every message. It is there for existing peers.
 *
 * Source: protocol, section 10.
 */
export type AshCipher = 'aes-256-gcm' | 'array-crypto';

/** One of the ciphers, with its key. */
export interface MessageCipher {
  /**
   * @param bound What the message is good for beside its snapshot, and is opened with again.
   */
  seal(plaintext: Uint8Array, snapshot: SnapshotSeed, bound?: string): AshBytes | Promise<AshBytes>;
  /**
   * Which snapshot a message was made with. It is not authenticated yet.
   *
   * @throws CryptoError `ASH_CRYPTO_MESSAGE_INVALID` for what is no message of this cipher.
   */
  snapshotOf(message: Uint8Array): SnapshotQuery;
  /** @throws CryptoError `ASH_CRYPTO_MESSAGE_INVALID` */
  open(message: Uint8Array, snapshot: SnapshotSeed, bound?: string): AshBytes | Promise<AshBytes>;
}
