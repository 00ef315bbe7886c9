import type { AshMode, AshProtocol } from './context.js';
import { uncanonical } from './errors.js';
import { EMPTY_HASH, hmacProof } from './proof.js';
import { ashBuildProof } from './proof-v1.js';

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

/** What a client needs to know of a protocol. */
export interface AshFormula {
  /** Whether a proof is keyed with a secret and carries a timestamp. */
  readonly keyed: boolean;
  /** The canonical form of a request without a body. */
  readonly emptyPayload: '{}' | '';
  prove(parts: AshProofParts): string;
}

const FORMULAS: Readonly<Record<AshProtocol, AshFormula>> = {
  'v2.3': {
    keyed: true,
    emptyPayload: '{}',
    prove: (parts) => hmacProof(parts.clientSecret, parts),
  },
  'v2.2': {
    keyed: true,
    emptyPayload: '{}',
    prove: (parts) =>
      hmacProof(parts.clientSecret, { ...parts, scopeHash: parts.scopeHash || EMPTY_HASH, chainHash: undefined }),
  },
  'v2.1': {
    keyed: true,
    emptyPayload: '',
    prove: (parts) =>
      hmacProof(parts.clientSecret, {
        ...parts,
        scopeHash: undefined,
        chainHash: parts.chained ? parts.chainHash || EMPTY_HASH : undefined,
      }),
  },
  v1: {
    keyed: false,
    emptyPayload: '',
    prove: ({ mode, binding, contextId, nonce, canonical }) => {
      if (mode === 'strict' && !nonce) {
        throw uncanonical("A v1 proof in 'strict' mode needs the nonce of the context.");
      }
      return ashBuildProof(mode, binding, contextId, mode === 'strict' ? nonce : null, canonical);
    },
  },
};

/** The protocols from the newest to the oldest. */
export const ASH_PROTOCOLS = Object.keys(FORMULAS) as AshProtocol[];

/** The formula of a protocol. Source: protocol, section 4. */
export function ashFormula(protocol: AshProtocol): AshFormula {
  return FORMULAS[protocol];
}
