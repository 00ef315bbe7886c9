import type { AshProtocol } from './context.js';
import type { AshErrorCode } from './errors.js';
import { ashFormula, type AshFormula } from './formulas.js';
import { equalHashes, isAshHash } from './proof.js';
import { ashVerifyProof, isAshProofV1 } from './proof-v1.js';

/** What one protocol covers, and how a server verifies it. */
export interface AshProtocolRules extends AshFormula {
  readonly coversScope: boolean;
  readonly coversChain: boolean;
  /** The code of a proof that does not match. */
  readonly mismatch: AshErrorCode;
  /** Whether a text has the form of a proof of this protocol. */
  isProof(text: string): boolean;
  /** Compares two proofs in constant time. */
  equal(expected: string, actual: string): boolean;
}

const HMAC = { isProof: isAshHash, equal: equalHashes } as const;

const RULES: Readonly<Record<AshProtocol, AshProtocolRules>> = {
  'v2.3': { ...ashFormula('v2.3'), ...HMAC, coversScope: true, coversChain: true, mismatch: 'ASH_INTEGRITY_FAILED' },
  'v2.2': { ...ashFormula('v2.2'), ...HMAC, coversScope: true, coversChain: false, mismatch: 'ASH_PROOF_INVALID' },
  'v2.1': { ...ashFormula('v2.1'), ...HMAC, coversScope: false, coversChain: true, mismatch: 'ASH_PROOF_INVALID' },
  v1: {
    ...ashFormula('v1'),
    isProof: isAshProofV1,
    equal: ashVerifyProof,
    coversScope: false,
    coversChain: false,
    mismatch: 'ASH_PROOF_INVALID',
  },
};

/** The rules of a protocol. Source: protocol, sections 4 and 8. */
export function ashProtocolRules(protocol: AshProtocol): AshProtocolRules {
  return RULES[protocol];
}
