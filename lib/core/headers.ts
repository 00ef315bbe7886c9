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

/** The request header by which a client asks for its next context, in lower case; its value is `1`. */
export const ASH_RENEW_HEADER = 'x-ash-renew';

/**
 * The response header that carries the next context for the same binding, as base64url of its JSON, in lower case. It
 * holds a secret.
 */
export const ASH_CONTEXT_HEADER = 'x-ash-context';

/** What every header of the protocol begins with, in lower case. */
export const ASH_HEADER_PREFIX = 'x-ash-';
