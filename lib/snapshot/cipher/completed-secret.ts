import * as digest from '#digest';

/** What of a context its secret is completed from. */
export interface SecretParts {
  readonly contextId: string;
  /** The context's `clientSecret` as the server issued it. */
  readonly clientSecret: string;
}

/**
 * The secret that requests to encrypted routes are proven with, 64 lower-case hex characters. Whoever stands at the end
 * point of TLS reads the context's own one, and could check guesses of a plaintext against the proof, or make requests up.
 *
 * Source: protocol, section 10.
 */
export function completedSecret(secretKey: Uint8Array, { contextId, clientSecret }: SecretParts): string {
  return digest.hmacSha256Hex(secretKey, `ash-secret|${contextId}|${clientSecret}`);
}
