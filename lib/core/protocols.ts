import type { AshMode, AshProtocol } from './context.js';
import { AshError, type AshErrorCode } from './errors.js';
import { EMPTY_HASH, equalHashes, hmacProof, isAshHash } from './proof.js';
import { ashBuildProof, ashVerifyProof, isAshProofV1 } from './proof-v1.js';

/** All that any of the protocols proves about a request. */
export interface AshProofParts {
  readonly mode: AshMode;
  readonly contextId: string;
  /** The binding of the message: the context's, with the query where that is covered. */
  readonly binding: string;
  /** The key of the proof; empty for v1. */
  readonly clientSecret: string;
  /** The context's nonce; it enters a v1 proof in `strict` mode and nothing else. */
  readonly nonce: string | undefined;
  /** Milliseconds since the epoch, decimal; empty for v1. */
  readonly timestamp: string;
  /** The canonical text, which v1 holds itself; empty for a raw payload. */
  readonly canonical: string;
  readonly bodyHash: string;
  /** `SHA256` of the scope, or empty. */
  readonly scopeHash: string;
  /** Whether the route is a step of a chain. */
  readonly chained: boolean;
  /** `SHA256` of the proof before, or empty. */
  readonly chainHash: string;
}

/** What one protocol covers, and how. */
export interface AshProtocolRules {
  /** Whether a proof is keyed with a secret and carries a timestamp. */
  readonly keyed: boolean;
  readonly coversScope: boolean;
  readonly coversChain: boolean;
  /** The canonical form of a request without a body. */
  readonly emptyPayload: '{}' | '';
  /** The code of a proof that does not match. */
  readonly mismatch: AshErrorCode;
  /** Whether a text has the form of a proof of this protocol. */
  isProof(text: string): boolean;
  prove(parts: AshProofParts): string;
  /** Compares two proofs in constant time. */
  equal(expected: string, actual: string): boolean;
}

const HMAC = { keyed: true, isProof: isAshHash, equal: equalHashes } as const;

const RULES: Readonly<Record<AshProtocol, AshProtocolRules>> = {
  'v2.3': {
    ...HMAC,
    coversScope: true,
    coversChain: true,
    emptyPayload: '{}',
    mismatch: 'ASH_INTEGRITY_FAILED',
    prove: ({ clientSecret, timestamp, binding, bodyHash, scopeHash, chainHash }) =>
      hmacProof(clientSecret, { timestamp, binding, bodyHash, scopeHash, chainHash }),
  },
  'v2.2': {
    ...HMAC,
    coversScope: true,
    coversChain: false,
    emptyPayload: '{}',
    mismatch: 'ASH_PROOF_INVALID',
    prove: ({ clientSecret, timestamp, binding, bodyHash, scopeHash }) =>
      hmacProof(clientSecret, { timestamp, binding, bodyHash, scopeHash: scopeHash || EMPTY_HASH }),
  },
  'v2.1': {
    ...HMAC,
    coversScope: false,
    coversChain: true,
    emptyPayload: '',
    mismatch: 'ASH_PROOF_INVALID',
    prove: ({ clientSecret, timestamp, binding, bodyHash, chained, chainHash }) =>
      hmacProof(clientSecret, {
        timestamp,
        binding,
        bodyHash,
        ...(chained ? { chainHash: chainHash || EMPTY_HASH } : {}),
      }),
  },
  v1: {
    keyed: false,
    coversScope: false,
    coversChain: false,
    emptyPayload: '',
    mismatch: 'ASH_PROOF_INVALID',
    isProof: isAshProofV1,
    equal: ashVerifyProof,
    prove: ({ mode, binding, contextId, nonce, canonical }) => {
      if (mode === 'strict' && !nonce) {
        throw new AshError('ASH_CANONICALIZATION_ERROR', "A v1 proof in 'strict' mode needs the nonce of the context.");
      }
      return ashBuildProof(mode, binding, contextId, mode === 'strict' ? nonce : null, canonical);
    },
  },
};

/** The protocols from the newest to the oldest. */
export const ASH_PROTOCOLS = Object.keys(RULES) as AshProtocol[];

/** The rules of a protocol. Source: protocol, section 4. */
export function ashProtocolRules(protocol: AshProtocol): AshProtocolRules {
  return RULES[protocol];
}
