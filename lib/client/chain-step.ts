import { ASH_CHAIN_PROOF_HEADER, type AshIssuedContext } from '../core/index.js';
import { isAshHash } from '../core/proof.js';
import { AshClientError } from './errors.js';

/** What a request of a chain builds on. */
export interface ChainStep {
  /** The name of the chain. */
  readonly name: string;
  readonly previousProof: string | undefined;
  /** Told of each proof before it is sent. */
  readonly onProven: (proof: string) => void;
}

/**
 * The proof that a step builds on: none where the route begins the chain.
 *
 * @throws AshClientError `ASH_CLIENT_CHAIN_MISMATCH` where the route is a step of another chain, or of none.
 */
export function previousProofFor({ chain, binding }: AshIssuedContext, step: ChainStep): string | undefined {
  if (chain?.name === step.name) return chain.start ? undefined : step.previousProof;
  const actual = chain === undefined ? 'no step of a chain' : `a step of the chain '${chain.name}'`;
  throw new AshClientError(
    'ASH_CLIENT_CHAIN_MISMATCH',
    `${binding} is ${actual}, and was called in the chain '${step.name}'.`,
  );
}

/** The proof that the server names for the next step to build on; `undefined` where CORS hides it. */
export function chainProofOf({ headers }: Response): string | undefined {
  const proof = headers.get(ASH_CHAIN_PROOF_HEADER);
  return proof !== null && isAshHash(proof) ? proof : undefined;
}
