import type { AshBytes } from './bytes.js';

/** A key of HKDF-SHA256, and AES-256-GCM with keys derived from it: what each platform has of its own. */
export interface GcmKey {
  /**
   * @returns `head`, the ciphertext and the tag in one.
   */
  seal(parts: GcmParts, plaintext: Uint8Array): AshBytes | Promise<AshBytes>;
  /**
   * @param sealed The ciphertext and the tag.
   * @throws anything for what is not authentic.
   */
  open(parts: GcmParts, sealed: Uint8Array): AshBytes | Promise<AshBytes>;
}

/** What one message is sealed with. The key is derived for it alone, by its salt, so that the nonce is zero. */
export interface GcmParts {
  readonly salt: Uint8Array;
  readonly info: Uint8Array;
  /** Authenticated, and in front of the ciphertext. */
  readonly head: Uint8Array;
  /** Authenticated, and no part of the message. */
  readonly bound: Uint8Array;
}

/** What each platform does in its own way; `#platform` is that of the one that runs. */
export interface SnapshotPlatform {
  gcmKey(secretKey: Uint8Array): GcmKey;
  /**
   * The text of a file.
   *
   * @throws AshConfigurationError where the platform has no files; what the system throws otherwise.
   */
  readTextFile(path: string): string;
}
