import { ASH_MODES, isAshContextId, type AshIssuedContext } from '../core/index.js';
import { ASH_PROTOCOLS } from '../core/formulas.js';
import { isAshHash } from '../core/proof.js';
import { isAshNonce } from '../core/proof-v1.js';

/** What of a context enters a proof. */
export type SigningContext = Omit<AshIssuedContext, 'issuedAt' | 'expiresAt'>;

type Fields = Readonly<Record<string, unknown>>;

/** A context that was checked, or what is wrong with what came instead. It names fields, never their values. */
export type ContextReading =
  { readonly ok: true; readonly context: AshIssuedContext } | { readonly ok: false; readonly fault: string };

/** A field with what it has to be. A check sees the fields that were checked before it. */
type Check = readonly [key: keyof AshIssuedContext, isFit: (value: unknown, fields: Fields) => boolean, what: string];

const SIGNING_CHECKS: readonly Check[] = [
  ['contextId', (value) => typeof value === 'string' && isAshContextId(value), 'a context identifier'],
  ['mode', isIn(ASH_MODES), `one of ${ASH_MODES.join(', ')}`],
  ['protocol', isIn(ASH_PROTOCOLS), `one of ${ASH_PROTOCOLS.join(', ')}`],
  [
    'clientSecret',
    (value, { protocol }) => protocol === 'v1' || (typeof value === 'string' && isAshHash(value)),
    '64 lower-case hex characters',
  ],
  [
    'nonce',
    (value, { protocol, mode }) =>
      protocol !== 'v1' || mode !== 'strict' || (typeof value === 'string' && isAshNonce(value)),
    "the hex that 'v1' needs in 'strict' mode",
  ],
  ['scope', (value) => value === undefined || isTexts(value), 'a list of paths'],
  ['chain', (value) => value === undefined || isChain(value), 'of the form { name, start }'],
  ['query', isIn([undefined, 'cover', 'ignore']), "'cover' or 'ignore'"],
  ['canonicalization', isIn([undefined, 'jcs-nfc']), "'jcs-nfc'"],
];

const CHECKS: readonly Check[] = [
  ...SIGNING_CHECKS,
  ['issuedAt', isTime, 'a number of milliseconds'],
  ['expiresAt', isTime, 'a number of milliseconds'],
];

/**
 * Checks what should be a context for a binding.
 *
 * Source: protocol, section 1.
 */
export function readIssuedContext(value: unknown, binding: string): ContextReading {
  if (!isFields(value)) return { ok: false, fault: 'it is no JSON object' };
  const checks: readonly Check[] = [...CHECKS, ['binding', isIn([binding]), `'${binding}'`]];
  const fault = faultOf(value, checks);
  // Every field was held against its type.
  return fault === undefined ? { ok: true, context: value as unknown as AshIssuedContext } : { ok: false, fault };
}

/** What is wrong with the part of a context that enters a proof, if anything is. */
export function signingFault(fields: Fields): string | undefined {
  return faultOf(fields, SIGNING_CHECKS);
}

function faultOf(fields: Fields, checks: readonly Check[]): string | undefined {
  const failed = checks.find(([key, isFit]) => !isFit(fields[key], fields));
  return failed && `'${failed[0]}' is not ${failed[2]}`;
}

function isIn(known: readonly unknown[]): (value: unknown) => boolean {
  return (value) => known.includes(value);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
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
