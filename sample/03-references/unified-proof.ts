import {
  ashBuildProofUnified,
  ashDeriveClientSecret,
  ashGenerateContextId,
  ashGenerateNonce,
  ashHashProof,
  ashVerifyProofUnified,
  type AshUnifiedProof,
} from 'nestjs-ash/core';
import type { Print } from './print.js';

/** The four modes of the unified proof: built as a client does it, and verified as a server does it. */
export function run(print: Print) {
  // What a server keeps of a context, and what it gives to the client: the secret, and never the nonce.
  const nonce = ashGenerateNonce();
  const contextId = ashGenerateContextId();
  const binding = 'POST /api/transfer';
  const clientSecret = ashDeriveClientSecret(nonce, contextId, binding);

  const timestamp = String(Date.now());
  const payload = { amount: 100, recipient: 'account123', note: 'rent' };

  // Basic usage (no scoping, no chaining)
  const result = ashBuildProofUnified(clientSecret, timestamp, binding, payload);

  // With scoping (protect specific fields)
  const scopedResult = ashBuildProofUnified(
    clientSecret,
    timestamp,
    binding,
    payload,
    ['amount', 'recipient'], // Only protect these fields
  );

  // With chaining (link to previous request)
  const previousProof = result.proof;
  const chainedResult = ashBuildProofUnified(
    clientSecret,
    timestamp,
    binding,
    payload,
    [], // No scoping
    previousProof, // Link to previous proof
  );

  // Full (scoping + chaining)
  const fullResult = ashBuildProofUnified(
    clientSecret,
    timestamp,
    binding,
    payload,
    ['amount'], // Scoping
    previousProof, // Chaining
  );

  /** Verifies as the server that issued the context: scope and previous proof are what it demands. */
  const verify = (
    { proof, scopeHash, chainHash }: AshUnifiedProof,
    { scope, previousProof, received = payload }: Demand,
  ): boolean =>
    ashVerifyProofUnified(
      nonce,
      contextId,
      binding,
      timestamp,
      received,
      proof,
      scope,
      scopeHash,
      previousProof,
      chainHash,
    );

  const scope = ['amount', 'recipient'];
  const full = { scope: ['amount'], previousProof };
  const anotherProof = fullResult.proof;

  print(`Return value ${JSON.stringify(fullResult)}`);
  print(`Basic   ${lengthsOf(result)}, verified: ${verify(result, {})}`);
  print(`Scoped  ${lengthsOf(scopedResult)}, verified: ${verify(scopedResult, { scope })}`);
  print(`Chained ${lengthsOf(chainedResult)}, verified: ${verify(chainedResult, { previousProof })}`);
  print(`Full    ${lengthsOf(fullResult)}, verified: ${verify(fullResult, full)}`);
  print(`chainHash is the hash of the previous proof: ${fullResult.chainHash === ashHashProof(previousProof)}`);

  const otherNote = { ...payload, note: 'gift' };
  const otherAmount = { ...payload, amount: 1_000_000 };
  print(`Scoped, with another note: ${verify(scopedResult, { scope, received: otherNote })}`);
  print(`Scoped, with another amount: ${verify(scopedResult, { scope, received: otherAmount })}`);
  print(`Scoped, against another scope: ${verify(scopedResult, { scope: ['amount'] })}`);
  print(`Scoped, against no scope: ${verify(scopedResult, {})}`);
  print(`Chained, against another proof: ${verify(chainedResult, { previousProof: anotherProof })}`);
  print(`Chained, against no proof: ${verify(chainedResult, {})}`);
  print(`Full, against another scope: ${verify(fullResult, { ...full, scope })}`);
  print(`Full, against another proof: ${verify(fullResult, { ...full, previousProof: anotherProof })}`);
}

/** What a server demands of a proof, and what it received. */
interface Demand {
  readonly scope?: readonly string[];
  readonly previousProof?: string;
  readonly received?: object;
}

function lengthsOf({ proof, scopeHash, chainHash }: AshUnifiedProof): string {
  return `proof: ${proof.length}, scopeHash: ${scopeHash.length}, chainHash: ${chainHash.length}`;
}
