import { AshConfigurationError } from '../../core/index.js';

const FEWEST_BYTES = 16;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/**
 * The bytes of a secret key that was given as bytes, or as base64 (RFC 4648, section 4). They share no memory with what
 * was given.
 *
 * @param name Whose option it is and how it is written, for the message: `CryptoClient: 'secretKey'`.
 * @throws AshConfigurationError for another form, or fewer than 16 bytes. The key stands in no message.
 */
export function secretKeyBytes(name: string, key: unknown): Uint8Array {
  const bytes = readKey(key);
  if (bytes === undefined) {
    throw new AshConfigurationError(`${name} is the key's bytes, or their base64; ${HOW_TO_MAKE_ONE}.`);
  }
  if (bytes.length < FEWEST_BYTES) {
    throw new AshConfigurationError(
      `${name} is too short: ${String(bytes.length)} bytes instead of at least ${String(FEWEST_BYTES)}; ${HOW_TO_MAKE_ONE}.`,
    );
  }
  return bytes;
}

const HOW_TO_MAKE_ONE =
  "make one with: node -e \"console.log(require('node:crypto').randomBytes(32).toString('base64'))\"";

function readKey(key: unknown): Uint8Array | undefined {
  // Not by `slice`, which for bytes of Node shares their memory.
  if (key instanceof Uint8Array) return Uint8Array.from(key);
  if (typeof key !== 'string' || !BASE64.test(key)) return undefined;
  return Uint8Array.from(atob(key), (character) => character.charCodeAt(0));
}

/** Whether a text may be a key in base64 or base64url: one that stands where something else is expected shall be in no log. */
export function mayBeKey(text: string): boolean {
  return /^[\w+/-]{22,}={0,2}$/.test(text);
}

/** A name for a message, unless it may be a key. */
export function hidingKeys(name: string): string {
  return mayBeKey(name) ? '…' : name;
}
