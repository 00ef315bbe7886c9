import { ashDeriveClientSecret, checkedBinding } from './context.js';
import * as digest from '#digest';
import { AshError, uncanonical } from './errors.js';
import { ashHashScopedBody, readScope } from './scope-paths.js';

const HASH = /^[0-9a-f]{64}$/;
const TIMESTAMP = /^[1-9][0-9]{0,15}$/;
/** How many digits a timestamp has that counts seconds, and not milliseconds. */
export const SECONDS_DIGITS = 10;

/** `SHA256` of the empty text: the first link of a v2.1 chain, and the scope hash of an unscoped v2.2 proof. */
export const EMPTY_HASH = /* @__PURE__ */ digest.sha256Hex('');

/** Whether a text is a proof of the HMAC protocols or a hash: 64 lower-case hex characters. */
export function isAshHash(text: string): boolean {
  return HASH.test(text);
}

/** Whether a text is a timestamp as it goes over the wire: a decimal number without sign, fraction or leading zero. */
export function isAshTimestamp(text: string): boolean {
  return TIMESTAMP.test(text);
}

/**
 * `SHA256` of a canonical payload, or of the bytes of a raw one, as 64 hex characters.
 *
 * @example
 * ashHashBody(ashCanonicalizeValue({ amount: 1 }));
 *
 * Source: protocol, section 4.
 */
export function ashHashBody(canonical: string | Uint8Array): string {
  return digest.sha256Hex(canonical);
}

/**
 * `SHA256` of the 64 ASCII characters of a proof: the link that the next step of a chain names.
 *
 * @throws AshError `ASH_PROOF_INVALID` where it is no proof of an HMAC protocol.
 */
export function ashHashProof(proof: string): string {
  if (!isAshHash(proof)) throw new AshError('ASH_PROOF_INVALID', 'The proof is not 64 lower-case hex characters.');
  return digest.sha256Hex(proof);
}

/**
 * `SHA256` of the paths of a scope joined by commas, which `X-ASH-Scope-Hash` carries. Empty for no scope.
 *
 * @throws AshError `ASH_CANONICALIZATION_ERROR` for an unsafe path.
 */
export function ashHashScope(scope: readonly string[]): string {
  return scope.length === 0 ? '' : readScope(scope).hash;
}

/**
 * Whether two texts are equal, in a time that depends on their lengths only.
 *
 * Source: protocol, section 4.
 */
export function ashTimingSafeEqual(a: string, b: string): boolean {
  return digest.equalTexts(a, b);
}

/**
 * Compares two proofs of the HMAC protocols in constant time: as texts, since 32 bytes have one text in lower-case hex. A
 * malformed one equals none.
 */
export function equalHashes(expected: string, actual: string): boolean {
  return digest.equalTexts(expected, actual) && isAshHash(actual);
}

/** What is in the message of an HMAC protocol; a slot that is `undefined` is not in its formula. */
export interface HmacMessage {
  readonly timestamp: string;
  readonly binding: string;
  readonly bodyHash: string;
  readonly scopeHash?: string | undefined;
  readonly chainHash?: string | undefined;
}

/** `HMAC(clientSecret, timestamp|binding|bodyHash[|scopeHash][|chainHash])`, each part checked before it enters. */
export function hmacProof(clientSecret: string, message: HmacMessage): string {
  if (clientSecret === '') throw uncanonical('The client secret is empty.');
  const slots = [
    checkedTimestamp(message.timestamp),
    checkedBinding(message.binding),
    checkedHash('body hash', message.bodyHash),
  ];
  if (message.scopeHash !== undefined) slots.push(checkedSlot('scope hash', message.scopeHash));
  if (message.chainHash !== undefined) slots.push(checkedSlot('chain hash', message.chainHash));
  return digest.hmacSha256Hex(clientSecret, slots.join('|'));
}

function checkedTimestamp(timestamp: string): string {
  if (isAshTimestamp(timestamp) && timestamp.length !== SECONDS_DIGITS) return timestamp;
  throw new AshError(
    'ASH_TIMESTAMP_INVALID',
    'The timestamp is not a decimal number of milliseconds; 10 digits would be seconds.',
  );
}

function checkedHash(name: string, hash: string): string {
  if (isAshHash(hash)) return hash;
  throw uncanonical(`The ${name} is not 64 lower-case hex characters.`);
}

function checkedSlot(name: string, hash: string): string {
  return hash === '' ? hash : checkedHash(name, hash);
}

/**
 * A v2.1 proof: `HMAC(clientSecret, timestamp|binding|bodyHash)`.
 *
 * @param timestamp Milliseconds since the epoch, decimal.
 * @throws AshError for a component that could not stand in a message.
 *
 * Source: protocol, section 4.
 */
export function ashBuildProofV21(clientSecret: string, timestamp: string, binding: string, bodyHash: string): string {
  return hmacProof(clientSecret, { timestamp, binding, bodyHash });
}

/**
 * Whether a v2.1 proof is the one of these components. Constant time over the proof.
 *
 * @throws AshError for a component that could not stand in a message; never for the proof itself.
 */
export function ashVerifyProofV21(
  nonce: string,
  contextId: string,
  binding: string,
  timestamp: string,
  bodyHash: string,
  clientProof: string,
): boolean {
  const clientSecret = ashDeriveClientSecret(nonce, contextId, binding);
  return equalHashes(ashBuildProofV21(clientSecret, timestamp, binding, bodyHash), clientProof);
}

/** A v2.2 proof and the hash of its scope. */
export interface AshScopedProof {
  readonly proof: string;
  readonly scopeHash: string;
}

/**
 * A v2.2 proof over the part of a payload that a scope covers:
 * `HMAC(clientSecret, timestamp|binding|bodyHash|scopeHash)`.
 *
 * @param payload A JSON value.
 * @throws AshError for an unsafe scope, a payload without a canonical form, or a component that could not stand in a
 * message.
 *
 * Source: protocol, section 4.
 */
export function ashBuildProofV21Scoped(
  clientSecret: string,
  timestamp: string,
  binding: string,
  payload: unknown,
  scope: readonly string[],
): AshScopedProof {
  const bodyHash = ashHashScopedBody(payload, scope);
  const scopeHash = ashHashScope(scope) || EMPTY_HASH;
  return { proof: hmacProof(clientSecret, { timestamp, binding, bodyHash, scopeHash }), scopeHash };
}

/**
 * Whether a v2.2 proof, and the scope hash that came with it, are the ones of these components. Constant time over both.
 *
 * @throws AshError as {@link ashBuildProofV21Scoped} does; never for the proof or the scope hash.
 */
export function ashVerifyProofV21Scoped(
  nonce: string,
  contextId: string,
  binding: string,
  timestamp: string,
  payload: unknown,
  scope: readonly string[],
  scopeHash: string,
  clientProof: string,
): boolean {
  const clientSecret = ashDeriveClientSecret(nonce, contextId, binding);
  const expected = ashBuildProofV21Scoped(clientSecret, timestamp, binding, payload, scope);
  return equalHashes(expected.proof, clientProof) && ashTimingSafeEqual(expected.scopeHash, scopeHash);
}

/** A chained v2.1 proof and the hash of the proof before it. */
export interface AshChainedProof {
  readonly proof: string;
  readonly chainHash: string;
}

/**
 * A chained v2.1 proof: `HMAC(clientSecret, timestamp|binding|bodyHash|SHA256(previousProof or ""))`.
 *
 * @param previousProof The proof of the step before; `null` or empty for the first step.
 * @throws AshError for a component that could not stand in a message, `ASH_PROOF_INVALID` for a malformed previous proof.
 *
 * Source: protocol, section 4.
 */
export function ashBuildProofV21Chained(
  clientSecret: string,
  timestamp: string,
  binding: string,
  bodyHash: string,
  previousProof?: string | null,
): AshChainedProof {
  const chainHash = chainHashOf(previousProof) || EMPTY_HASH;
  return { proof: hmacProof(clientSecret, { timestamp, binding, bodyHash, chainHash }), chainHash };
}

/**
 * Whether a chained v2.1 proof is the one of these components. Constant time over the proof.
 *
 * @throws AshError as {@link ashBuildProofV21Chained} does; never for the proof itself.
 */
export function ashVerifyProofV21Chained(
  nonce: string,
  contextId: string,
  binding: string,
  timestamp: string,
  bodyHash: string,
  previousProof: string | null | undefined,
  clientProof: string,
): boolean {
  const clientSecret = ashDeriveClientSecret(nonce, contextId, binding);
  const expected = ashBuildProofV21Chained(clientSecret, timestamp, binding, bodyHash, previousProof);
  return equalHashes(expected.proof, clientProof);
}

/** A v2.3 proof with the hashes of its scope and of the proof before it, each empty where there is none. */
export interface AshUnifiedProof {
  readonly proof: string;
  readonly scopeHash: string;
  readonly chainHash: string;
}

/**
 * A v2.3 proof: `HMAC(clientSecret, timestamp|binding|bodyHash|scopeHash|chainHash)`.
 *
 * @param payload A JSON value.
 * @param scope The paths that the proof covers; none for the whole payload.
 * @param previousProof The proof of the step before, where the route follows one.
 * @throws AshError for an unsafe scope, a payload without a canonical form, or a component that could not stand in a
 * message.
 * @example
 * const { proof } = ashBuildProofUnified(clientSecret, String(Date.now()), 'POST /transfer', { amount: 1 });
 *
 * Source: protocol, section 4.
 */
export function ashBuildProofUnified(
  clientSecret: string,
  timestamp: string,
  binding: string,
  payload: unknown,
  scope: readonly string[] = [],
  previousProof?: string | null,
): AshUnifiedProof {
  const bodyHash = ashHashScopedBody(payload, scope);
  const scopeHash = ashHashScope(scope);
  const chainHash = chainHashOf(previousProof);
  return {
    proof: hmacProof(clientSecret, { timestamp, binding, bodyHash, scopeHash, chainHash }),
    scopeHash,
    chainHash,
  };
}

/**
 * Whether a v2.3 proof, and the hashes that came with it, are the ones of these components. Constant time over all three.
 *
 * @throws AshError as {@link ashBuildProofUnified} does; never for the proof or the hashes.
 */
export function ashVerifyProofUnified(
  nonce: string,
  contextId: string,
  binding: string,
  timestamp: string,
  payload: unknown,
  clientProof: string,
  scope: readonly string[] = [],
  scopeHash = '',
  previousProof?: string | null,
  chainHash = '',
): boolean {
  const clientSecret = ashDeriveClientSecret(nonce, contextId, binding);
  const expected = ashBuildProofUnified(clientSecret, timestamp, binding, payload, scope, previousProof);
  return (
    equalHashes(expected.proof, clientProof) &&
    ashTimingSafeEqual(expected.scopeHash, scopeHash) &&
    ashTimingSafeEqual(expected.chainHash, chainHash)
  );
}

function chainHashOf(previousProof: string | null | undefined): string {
  return previousProof ? ashHashProof(previousProof) : '';
}
