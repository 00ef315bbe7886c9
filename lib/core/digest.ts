/**
 * What the protocol needs from a cryptographic library, synchronously: the exports of the package's `#digest` import,
 * which is `digest.node.ts` under Node, Deno and Bun, and `digest.portable.ts` in browsers and workers. They are
 * functions of a module and not of an object, so that a bundle holds those that it calls.
 */
export interface Digest {
  /** SHA-256 of the UTF-8 bytes of a text, or of bytes, as 64 lower-case hex characters. */
  readonly sha256Hex: (data: string | Uint8Array) => string;
  /** SHA-256 of the UTF-8 bytes of a text as 43 base64url characters, without padding. */
  readonly sha256Base64Url: (text: string) => string;
  /** HMAC-SHA256 keyed with bytes, or with the UTF-8 bytes of a text, as 64 lower-case hex characters. */
  readonly hmacSha256Hex: (key: string | Uint8Array, message: string) => string;
  /** `count` bytes of the system's secure generator as lower-case hex. */
  readonly randomHex: (count: number) => string;
  /** The bytes of a text of hex digits, which the caller has checked. */
  readonly fromHex: (text: string) => Uint8Array;
  /** The bytes of a base64url text, which the caller has checked. */
  readonly fromBase64Url: (text: string) => Uint8Array;
  /** Whether two byte strings are equal, in a time that depends on their lengths only. */
  readonly equalBytes: (a: Uint8Array, b: Uint8Array) => boolean;
  /** Whether two texts are equal, unit by unit of UTF-16, in a time that depends on their lengths only. */
  readonly equalTexts: (a: string, b: string) => boolean;
}
