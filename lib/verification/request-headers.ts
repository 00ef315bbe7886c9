import { ASH_HEADERS, ASH_RENEW_HEADER, AshError, isAshContextId } from '../core/index.js';
import { ASH_HEADER_PREFIX } from '../core/headers.js';
import { isAshHash, isAshTimestamp } from '../core/proof.js';
import { isAshProofV1 } from '../core/proof-v1.js';
import { ashProtocolRules } from '../core/protocols.js';
import type { AshRequestFacts } from './facts.js';
import type { AshRoutePolicy } from './policy.js';

/** The ASH headers of a request, each well-formed and there once. */
export interface RequestHeaders {
  readonly contextId: string;
  readonly proof: string;
  /** Whether the proof has the form of the route's protocol, and not of another one. */
  readonly isOfProtocol: boolean;
  /** Empty for a protocol that has none. */
  readonly timestamp: string;
  readonly scope: string | undefined;
  readonly scopeHash: string | undefined;
  readonly chainHash: string | undefined;
  /** Whether the client asks for its next context. */
  readonly renew: boolean;
}

const KNOWN_HEADERS: ReadonlySet<string> = new Set([...Object.values(ASH_HEADERS), ASH_RENEW_HEADER]);
const PRINTABLE = /^[ -~]*$/;
/** 100 paths of 32 levels are more than Node's own bound on headers lets through. */
const LONGEST_SCOPE = 8192;

/**
 * Reads the ASH headers: each present, once, and well-formed. Source: protocol, section 8, step 1.
 *
 * @throws AshError `ASH_PROOF_MISSING`, `ASH_HEADER_INVALID`, `ASH_PROOF_INVALID`
 */
export function readHeaders({ headers }: AshRequestFacts, policy: AshRoutePolicy): RequestHeaders {
  checkPresence(headers, policy);
  refuseUnknown(headers);
  const contextId = once(headers, ASH_HEADERS.contextId);
  const proof = once(headers, ASH_HEADERS.proof);
  const timestamp = once(headers, ASH_HEADERS.timestamp) ?? '';
  const scope = once(headers, ASH_HEADERS.scope, ', ');
  const scopeHash = once(headers, ASH_HEADERS.scopeHash);
  const chainHash = once(headers, ASH_HEADERS.chainHash);
  const renew = once(headers, ASH_RENEW_HEADER);
  if (contextId === undefined || !isAshContextId(contextId)) {
    throw invalidHeader(ASH_HEADERS.contextId, 'is no context identifier');
  }
  if (timestamp && !isAshTimestamp(timestamp)) throw invalidHeader(ASH_HEADERS.timestamp, 'is no decimal number');
  if (scope !== undefined && (scope.length > LONGEST_SCOPE || !PRINTABLE.test(scope))) {
    throw invalidHeader(ASH_HEADERS.scope, 'is malformed');
  }
  checkHash(ASH_HEADERS.scopeHash, scopeHash);
  checkHash(ASH_HEADERS.chainHash, chainHash);
  if (renew !== undefined && renew !== '1') throw invalidHeader(ASH_RENEW_HEADER, 'is neither 1 nor absent');
  const isOfProtocol = proof !== undefined && ashProtocolRules(policy.protocol).isProof(proof);
  if (proof === undefined || !(isOfProtocol || isAshHash(proof) || isAshProofV1(proof))) {
    throw new AshError('ASH_PROOF_INVALID', 'The proof is malformed.');
  }
  return { contextId, proof, isOfProtocol, timestamp, scope, scopeHash, chainHash, renew: renew === '1' };
}

function checkPresence(headers: AshRequestFacts['headers'], policy: AshRoutePolicy): void {
  const isThere = (name: string): boolean => (headers[name]?.length ?? 0) > 0;
  if (!isThere(ASH_HEADERS.contextId) || !isThere(ASH_HEADERS.proof)) throw new AshError('ASH_PROOF_MISSING');
  if (ashProtocolRules(policy.protocol).keyed && !isThere(ASH_HEADERS.timestamp)) throw timestampMissing();
}

function refuseUnknown(headers: AshRequestFacts['headers']): void {
  for (const name of Object.keys(headers)) {
    if (name.startsWith(ASH_HEADER_PREFIX) && !KNOWN_HEADERS.has(name)) {
      throw invalidHeader(name, 'is none of the protocol’s: it is refused lest it carry a secret');
    }
  }
}

/**
 * @param joint What Node leaves between repeated headers. A scope has commas of its own, but no name in it begins with
 * a space.
 */
function once(headers: AshRequestFacts['headers'], name: string, joint = ','): string | undefined {
  const value = headers[name];
  if (value === undefined || (typeof value === 'string' && !value.includes(joint))) return value;
  throw invalidHeader(name, 'is there more than once');
}

function checkHash(name: string, value: string | undefined): void {
  if (value !== undefined && !isAshHash(value)) throw invalidHeader(name, 'is not 64 lower-case hex characters');
}

function timestampMissing(): AshError {
  return new AshError('ASH_PROOF_MISSING', 'The header X-ASH-Timestamp is missing.');
}

function invalidHeader(name: string, what: string): AshError {
  return new AshError('ASH_HEADER_INVALID', `The header ${name.slice(0, 64)} ${what}.`);
}
