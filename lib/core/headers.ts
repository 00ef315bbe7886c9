/** The request headers of the protocol, in lower case. */
export const ASH_HEADERS = {
  contextId: 'x-ash-context-id',
  proof: 'x-ash-proof',
  timestamp: 'x-ash-timestamp',
  scope: 'x-ash-scope',
  scopeHash: 'x-ash-scope-hash',
  chainHash: 'x-ash-chain-hash',
} as const;

/** The response header in which a step of a chain answers its proof, in lower case. */
export const ASH_CHAIN_PROOF_HEADER = 'x-ash-chain-proof';

/**
 * The response header that says that the guard let the request pass, in lower case: what the answer holds is the
 * application's, also where it looks like a refusal.
 */
export const ASH_VERIFIED_HEADER = 'x-ash-verified';

/** What every header of the protocol begins with, in lower case. */
export const ASH_HEADER_PREFIX = 'x-ash-';
