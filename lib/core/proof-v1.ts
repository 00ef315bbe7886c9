import { checkedBinding, checkedContextId, type AshMode, ASH_MODES } from './context.js';
import * as digest from '#digest';
import { type AshError, uncanonical } from './errors.js';

// 43 base64url characters hold two bits more than 32 bytes: the last character leaves them zero.
const PROOF = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const NONCE = /^[0-9a-f]{32,}$/;

/** Whether a text has the form of a nonce: 128 bits or more in hex. */
export function isAshNonce(text: string): boolean {
  return NONCE.test(text);
}

/** Whether a text has the form of a v1 proof: 43 base64url characters. */
export function isAshProofV1(text: string): boolean {
  return PROOF.test(text);
}

/**
 * A v1 proof: SHA-256 over mode, binding, context, nonce where there is one, and the canonical payload.
 *
 * It has no secret: whoever sees a request can compute another proof. It detects accidents and replays only.
 *
 * @param nonce The context's nonce in `strict` mode, otherwise `null`.
 * @param canonical The canonical payload; empty for no body.
 * @returns 43 base64url characters.
 * @throws AshError `ASH_CANONICALIZATION_ERROR` for a component that could not stand in a message.
 * @example
 * ashBuildProof('balanced', 'POST /transfer', contextId, null, ashCanonicalizeJson(body));
 *
 * Source: protocol, section 4.
 */
export function ashBuildProof(
  mode: AshMode,
  binding: string,
  contextId: string,
  nonce: string | null | undefined,
  canonical: string,
): string {
  if (!ASH_MODES.includes(mode)) throw refused(`the mode is none of ${ASH_MODES.join(', ')}`);
  const lines = ['ASHv1', mode, checkedBinding(binding), checkedContextId(contextId)];
  if (nonce) {
    if (!isAshNonce(nonce)) throw refused('the nonce is not hex');
    lines.push(nonce);
  }
  // Neither canonical form has a line feed: with one, a nonce could be shifted into the payload.
  if (canonical.includes('\n')) throw refused('the canonical payload has a line feed');
  lines.push(canonical);
  return digest.sha256Base64Url(lines.join('\n'));
}

/**
 * Whether a v1 proof is the expected one: both are decoded to 32 bytes and compared in constant time.
 *
 * @example
 * ashVerifyProof(ashBuildProof(mode, binding, contextId, null, canonical), proofOfTheRequest);
 */
export function ashVerifyProof(expected: string, actual: string): boolean {
  if (!isAshProofV1(expected) || !isAshProofV1(actual)) return false;
  return digest.equalBytes(digest.fromBase64Url(expected), digest.fromBase64Url(actual));
}

function refused(what: string): AshError {
  return uncanonical(`A v1 proof cannot be built: ${what}.`);
}
