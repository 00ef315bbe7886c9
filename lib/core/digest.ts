/**
 * What the protocol needs from a cryptographic library, synchronously. The package's `#digest` import is
 * `digest.node.ts` under Node, Deno and Bun, and `digest.noble.ts` in browsers and workers.
 */
export interface Digest {
  /** SHA-256 of the UTF-8 bytes of a text, or of bytes, as 64 lower-case hex characters. */
  sha256Hex(data: string | Uint8Array): string;
  /** SHA-256 of the UTF-8 bytes of a text as 43 base64url characters, without padding. */
  sha256Base64Url(text: string): string;
  /** HMAC-SHA256 keyed with the UTF-8 bytes of `key`, as 64 lower-case hex characters. */
  hmacSha256Hex(key: string, message: string): string;
  /** `count` bytes of the system's secure generator as lower-case hex. */
  randomHex(count: number): string;
  /** The bytes of a text of hex digits, which the caller has checked. */
  fromHex(text: string): Uint8Array;
  /** The bytes of a base64url text, which the caller has checked. */
  fromBase64Url(text: string): Uint8Array;
  /** Whether two byte strings are equal, in a time that depends on their lengths only. */
  equalBytes(a: Uint8Array, b: Uint8Array): boolean;
}
