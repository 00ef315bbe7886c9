import { ASH_MODES, isAshContextId, type AshIssuedContext } from '../core/index.js';
import { isAshHash } from '../core/proof.js';
import { ASH_PROTOCOLS, ashProtocolRules } from '../core/protocols.js';

/** What of a context enters a proof. */
export type SigningContext = Omit<AshIssuedContext, 'issuedAt' | 'expiresAt'>;

type Fields = Readonly<Record<string, unknown>>;

/** A context that was checked, or what is wrong with what came instead. It names fields, never their values. */
export type ContextReading =
  { readonly ok: true; readonly context: AshIssuedContext } | { readonly ok: false; readonly fault: string };

const NONCE = /^[0-9a-f]{32,}$/;

/**
 * Checks what should be a context for a binding.
 *
 * Source: protocol, section 1.
 */
export function readIssuedContext(value: unknown, binding: string): ContextReading {
  if (!isFields(value)) return { ok: false, fault: 'it is no JSON object' };
  const fault = signingFault(value) ?? bindingFault(value, binding) ?? lifeFault(value);
  // Every field was held against its type.
  return fault === undefined ? { ok: true, context: value as unknown as AshIssuedContext } : { ok: false, fault };
}

/** What is wrong with the part of a context that enters a proof, if anything is. */
export function signingFault({
  contextId,
  mode,
  protocol,
  clientSecret,
  nonce,
  scope,
  chain,
  query,
  canonicalization,
}: Fields): string | undefined {
  if (typeof contextId !== 'string' || !isAshContextId(contextId)) return "'contextId' is no context identifier";
  if (!isOneOf(ASH_MODES, mode)) return `'mode' is none of ${ASH_MODES.join(', ')}`;
  if (!isOneOf(ASH_PROTOCOLS, protocol)) return `'protocol' is none of ${ASH_PROTOCOLS.join(', ')}`;
  if (ashProtocolRules(protocol).keyed && !(typeof clientSecret === 'string' && isAshHash(clientSecret))) {
    return `'clientSecret' is not the 64 lower-case hex characters that '${protocol}' needs`;
  }
  if (protocol === 'v1' && mode === 'strict' && !(typeof nonce === 'string' && NONCE.test(nonce))) {
    return "'nonce' is not the hex that 'v1' needs in mode 'strict'";
  }
  if (scope !== undefined && !isTexts(scope)) return "'scope' is no list of paths";
  if (chain !== undefined && !isChain(chain)) return "'chain' is not of the form { name, start }";
  if (query !== undefined && !isOneOf(['cover', 'ignore'], query)) return "'query' is neither 'cover' nor 'ignore'";
  if (canonicalization !== undefined && canonicalization !== 'jcs-nfc') return "'canonicalization' is not 'jcs-nfc'";
  return undefined;
}

function bindingFault({ binding }: Fields, asked: string): string | undefined {
  return binding === asked ? undefined : `'binding' is not '${asked}'`;
}

function lifeFault({ issuedAt, expiresAt }: Fields): string | undefined {
  if (!isTime(issuedAt)) return "'issuedAt' is no number of milliseconds";
  return isTime(expiresAt) ? undefined : "'expiresAt' is no number of milliseconds";
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isOneOf<T extends string>(known: readonly T[], value: unknown): value is T {
  return known.some((item) => item === value);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isChain(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { name, start } = value;
  return typeof name === 'string' && name !== '' && typeof start === 'boolean';
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
