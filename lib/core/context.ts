import * as digest from '#digest';
import { uncanonical } from './errors.js';

/** How strict a context and its verification are. Source: protocol, section 7. */
export type AshMode = 'minimal' | 'balanced' | 'strict';

/** The modes from the most lenient to the strictest. */
export const ASH_MODES: readonly AshMode[] = ['minimal', 'balanced', 'strict'];

/** Which formula proves a request. Fixed when a context is issued. Source: protocol, section 4. */
export type AshProtocol = 'v2.3' | 'v2.2' | 'v2.1' | 'v1';

/** The rule of a chain that a client has to follow on a route. */
export interface AshIssuedChain {
  /** The chain's name. */
  readonly name: string;
  /** Whether the route may begin the chain. */
  readonly start: boolean;
}

/**
 * A context as a server answers it: all that a client needs to prove one request.
 *
 * Source: protocol, section 1.
 */
export interface AshIssuedContext {
  /** Names the context; sent back in `X-ASH-Context-ID`. */
  readonly contextId: string;
  /** The route that the context is good for, `POST /transfer`. */
  readonly binding: string;
  readonly mode: AshMode;
  readonly protocol: AshProtocol;
  /** Milliseconds since the epoch by the server's clock: a client corrects its own clock with it. */
  readonly issuedAt: number;
  /** Milliseconds since the epoch by the server's clock. */
  readonly expiresAt: number;
  /** The key of the proof; absent for `v1`. A secret. */
  readonly clientSecret?: string;
  /** Part of the proof for `v1` in `strict` mode only. A secret. */
  readonly nonce?: string;
  /** The scope of the route, where it has one. */
  readonly scope?: readonly string[];
  /** The chain of the route, where it has one. */
  readonly chain?: AshIssuedChain;
  /** Whether the proof covers the query, where the route decides it against its mode. */
  readonly query?: AshQueryCoverage;
  /** The canonical form, where it is not `jcs`. */
  readonly canonicalization?: 'jcs-nfc';
}

/** Whether the query string is part of the proof: `cover` or `ignore`. */
export type AshQueryCoverage = 'cover' | 'ignore';

const CONTEXT_ID = /^[A-Za-z0-9_.-]{1,1024}$/;

/** Whether a text has the form of a context's identifier. Source: protocol, section 1. */
export function isAshContextId(text: string): boolean {
  return CONTEXT_ID.test(text);
}

/** A new context identifier: `ash_` and 128 random bits in hex. */
export function ashGenerateContextId(): string {
  return `ash_${digest.randomHex(16)}`;
}

/**
 * A new nonce in hex.
 *
 * @param bytes How many random bytes, 32 unless said otherwise; at least 16.
 * @throws RangeError for fewer than 16 bytes.
 */
export function ashGenerateNonce(bytes = 32): string {
  if (!Number.isInteger(bytes) || bytes < 16) throw new RangeError('A nonce needs 16 random bytes or more.');
  return digest.randomHex(bytes);
}

/**
 * The key that a client proves requests with: `HMAC(nonce, contextId + "|" + binding)`.
 *
 * @throws AshError `ASH_CANONICALIZATION_ERROR` for an empty nonce, a malformed identifier, or a binding with `|`,
 * a control character or a lone surrogate.
 *
 * Source: protocol, section 1.
 */
export function ashDeriveClientSecret(nonce: string, contextId: string, binding: string): string {
  if (nonce === '') throw uncanonical('The nonce is empty.');
  return digest.hmacSha256Hex(nonce, `${checkedContextId(contextId)}|${checkedBinding(binding)}`);
}

/** A context identifier that is fit to enter a message. */
export function checkedContextId(contextId: string): string {
  if (isAshContextId(contextId)) return contextId;
  throw uncanonical('The context identifier is malformed.');
}

// Printable Unicode text without `|`: neither the separators of the HMAC messages nor those of v1 can be smuggled, and
// no lone surrogate becomes the same UTF-8 bytes as another.
const MESSAGE_BINDING = /^[!-{}~\u00a0-\ud7ff\ue000-\u{10ffff}]+ [!-{}~\u00a0-\ud7ff\ue000-\u{10ffff}]+$/u;

/** A binding, with its query where that is covered, that is fit to enter a message. */
export function checkedBinding(binding: string): string {
  if (MESSAGE_BINDING.test(binding)) return binding;
  throw uncanonical(
    "The binding is not 'METHOD /path' in printable characters without '|': percent-encode its path and query.",
  );
}
