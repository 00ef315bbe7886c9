import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { types } from 'node:util';
import { AshConfigurationError } from '../core/index.js';

/** One key of the key ring of `AshSealedStore`. */
export interface AshSealingKey {
  /**
   * Names the key in every identifier that it sealed, readable by everybody: 1 to 32 characters of `[A-Za-z0-9_-]`. A
   * name is never used again for another secret.
   */
  readonly id: string;
  /**
   * 32 random bytes: as bytes, as 64 hex digits, or as base64 or base64url. Whoever has them can make contexts for every
   * route and every subject.
   */
  readonly secret: string | Uint8Array;
}

const SECRET_BYTES = 32;
/** 32 random bytes have 30 different values on average, and fewer than 12 once in 10^20 times. */
const FEWEST_VALUES = 12;
const KEY_ID = /^[A-Za-z0-9_-]{1,32}$/;
const HEX = /^[0-9a-f]+$/i;
const HOW_TO_MAKE_ONE =
  "make one with: node -e \"console.log(require('node:crypto').randomBytes(32).toString('base64url'))\"";

/**
 * A new secret for a key of `AshSealedStore`: 32 random bytes as 43 characters of base64url.
 *
 * @example
 * const keys = [{ id: '2026-11', secret: ashGenerateKey() }];
 */
export function ashGenerateKey(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** A key of the ring, checked. */
export interface CheckedKey {
  readonly id: string;
  readonly key: KeyObject;
}

/**
 * Checks the keys of a ring. What it gives back shares no memory with what it was given.
 *
 * @throws AshConfigurationError that names the key by its id or its place, never by its secret.
 */
export function checkKeyRing(keys: readonly AshSealingKey[]): [CheckedKey, ...CheckedKey[]] {
  const [first, ...rest] = Array.isArray(keys) ? (keys as readonly AshSealingKey[]) : [];
  if (first === undefined) throw refused("'keys' has no key: the first one seals, all of them open");
  const checked: [CheckedKey, ...CheckedKey[]] = [checkKey(first, 0)];
  for (const [index, given] of rest.entries()) {
    const next = checkKey(given, index + 1);
    for (const { id, key } of checked) {
      if (id === next.id) throw refused(`two keys are named '${id}': a name stands for one secret for ever`);
      if (key.equals(next.key)) throw refused(`the keys '${id}' and '${next.id}' have the same secret`);
    }
    checked.push(next);
  }
  return checked;
}

function checkKey(given: unknown, index: number): CheckedKey {
  const { id, secret } = (given ?? {}) as { id?: unknown; secret?: unknown };
  if (typeof id !== 'string' || !KEY_ID.test(id)) {
    throw refused(`keys[${index}]: 'id' is 1 to 32 characters of A-Z, a-z, 0-9, '_' and '-'`);
  }
  return { id, key: createSecretKey(checkSecret(id, secret)) };
}

function checkSecret(id: string, secret: unknown): Uint8Array {
  const bytes = bytesOf(id, secret);
  if (bytes.length !== SECRET_BYTES) {
    const size = bytes.length < SECRET_BYTES ? 'too short' : 'too long';
    throw refused(`the secret of the key '${id}' is ${size}: ${bytes.length} bytes instead of 32; ${HOW_TO_MAKE_ONE}`);
  }
  const weakness = weaknessOf(bytes);
  if (weakness !== undefined) throw refused(`the secret of the key '${id}' is weak: ${weakness}; ${HOW_TO_MAKE_ONE}`);
  return bytes;
}

function bytesOf(id: string, secret: unknown): Uint8Array {
  if (types.isUint8Array(secret)) return secret;
  if (typeof secret !== 'string') throw refused(`the secret of the key '${id}' is neither a text nor a Uint8Array`);
  // The base64 of 32 bytes has 43 characters and may have a 44th, '=': no text is good as both.
  if (secret.length % 2 === 0 && HEX.test(secret)) return Buffer.from(secret, 'hex');
  const bytes = Buffer.from(secret, 'base64url');
  const spelling = secret.replace(/={1,2}$/, '');
  const spellings = [bytes.toString('base64url'), bytes.toString('base64').replace(/=+$/, '')];
  if (spelling !== '' && spellings.includes(spelling)) return bytes;
  throw refused(
    `the secret of the key '${id}' is not 32 bytes as 64 hex digits, base64 or base64url; ${HOW_TO_MAKE_ONE}`,
  );
}

function weaknessOf(bytes: Uint8Array): string | undefined {
  const step = ((bytes[1] ?? 0) - (bytes[0] ?? 0)) & 0xff;
  if (bytes.every((byte, index) => index === 0 || ((byte - (bytes[index - 1] ?? 0)) & 0xff) === step)) {
    return step === 0 ? 'all of its bytes are equal' : 'its bytes are a run of numbers';
  }
  if (new Set(bytes).size < FEWEST_VALUES) return 'its bytes have few different values';
  if (bytes.every((byte) => byte >= 0x20 && byte <= 0x7e)) return 'its bytes are readable text, as of a passphrase';
  return undefined;
}

function refused(what: string): AshConfigurationError {
  return new AshConfigurationError(`AshSealedStore: ${what}.`);
}
