import { ashCanonicalizeJson } from './canonical-json.js';
import { ashBuildProofUnified } from './proof.js';
import { ashBuildProof } from './proof-v1.js';

const LIBRARY_VERSION = '0.1.0';

// Computed with an independent implementation from the values in `ashInit`.
const KNOWN_UNIFIED = '3d5ee1c28d387773e4baf55e7c6076b9892cc98e80591aaf3c60fde7bfd860a0';
const KNOWN_V1 = 'jyYp8lh27CjzR7WiOGKz4QY9UuR1S5_1wJC5n2_67Pk';

/** The name of the protocol family, `"ASHv1"`, as the references show it. The protocol of a context is its field `protocol`. */
export function ashVersion(): string {
  return 'ASHv1';
}

/** The semantic version of this package. */
export function ashLibraryVersion(): string {
  return LIBRARY_VERSION;
}

/**
 * Proves that this platform computes what the protocol expects, so that a broken runtime is seen at start-up and not
 * as refusals. Calling it is optional, and calling it again does no harm.
 *
 * @throws Error where the platform's digests are wrong.
 * @example
 * ashInit();
 */
export function ashInit(): void {
  const canonical = ashCanonicalizeJson('{"b":1,"a":"é"}');
  const contextId = `ash_${'0'.repeat(32)}`;
  const unified = ashBuildProofUnified('0'.repeat(64), '1700000000000', 'POST /x', { b: 1, a: 'é' });
  const v1 = ashBuildProof('balanced', 'POST /x', contextId, null, canonical);
  if (unified.proof !== KNOWN_UNIFIED || v1 !== KNOWN_V1) {
    throw new Error('The platform computes wrong digests: SHA-256 or HMAC-SHA256 does not give its known answer.');
  }
}
