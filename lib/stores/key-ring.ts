import { createCipheriv, createDecipheriv, randomFillSync, type KeyObject } from 'node:crypto';
import { checkKeyRing, type AshSealingKey } from './sealing-key.js';

const CIPHER = 'aes-256-gcm';
const PREFIX = 'ash_s';
const VERSION = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const GCM = { authTagLength: TAG_BYTES } as const;

/** The longest identifier of a context, in characters. Source: protocol, section 1. */
export const LONGEST_ID = 1024;

/** The longest that the bytes of an identifier get, so that their base64url and the prefix are within the bound. */
const MOST_BYTES = Math.floor(((LONGEST_ID - PREFIX.length) * 3) / 4);

interface RingKey {
  /** Version, length of the id, id: what stands before the IV, authenticated with the rest. */
  readonly head: Buffer;
  readonly key: KeyObject;
}

/**
 * Seals bytes into an identifier, and opens it again: `ash_s` and the base64url of version, key id, IV, ciphertext and
 * tag, by AES-256-GCM with a random IV of 96 bits.
 *
 * Source: NIST SP 800-38D; a key is good for 2^32 identifiers (section 8.3).
 */
export class KeyRing {
  // Private to the language too, so that no inspection of a store leads to a key.
  readonly #first: RingKey;
  readonly #keys: ReadonlyMap<string, RingKey>;

  /** @throws AshConfigurationError for a missing, malformed, weak or doubled key. */
  constructor(keys: readonly AshSealingKey[]) {
    const checked = checkKeyRing(keys);
    this.#first = ringKey(checked[0]);
    this.#keys = new Map(checked.map((entry) => [entry.id, ringKey(entry)]));
  }

  /** How many bytes fit into an identifier. */
  get room(): number {
    return MOST_BYTES - this.#first.head.length - IV_BYTES - TAG_BYTES;
  }

  /** @param body At most {@link room} bytes. */
  seal(body: Buffer): string {
    const { head, key } = this.#first;
    const bodyStart = head.length + IV_BYTES;
    const tagStart = bodyStart + body.length;
    const bytes = Buffer.allocUnsafe(tagStart + TAG_BYTES);
    head.copy(bytes);
    const iv = bytes.subarray(head.length, bodyStart);
    // Not from a pool in this process's memory: a process that is copied while it runs would draw the same IV twice.
    randomFillSync(iv);
    const cipher = createCipheriv(CIPHER, key, iv, GCM).setAAD(head);
    cipher.update(body).copy(bytes, bodyStart);
    cipher.final();
    cipher.getAuthTag().copy(bytes, tagStart);
    return PREFIX + bytes.toString('base64url');
  }

  /** What was sealed; `undefined` for whatever was not sealed by a key of this ring. */
  open(id: string): Buffer | undefined {
    const bytes = bytesOf(id);
    if (bytes === undefined) return undefined;
    const ivStart = 2 + bytes.readUInt8(1);
    const ringKey = this.#keys.get(bytes.toString('latin1', 2, ivStart));
    const start = ivStart + IV_BYTES;
    const end = bytes.length - TAG_BYTES;
    if (ringKey === undefined || start > end) return undefined;
    const { head, key } = ringKey;
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(ivStart, start), GCM)
      .setAAD(head)
      .setAuthTag(bytes.subarray(end));
    const body = decipher.update(bytes.subarray(start, end));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return body;
  }
}

function ringKey({ id, key }: { readonly id: string; readonly key: KeyObject }): RingKey {
  return { head: Buffer.concat([Buffer.of(VERSION, id.length), Buffer.from(id, 'latin1')]), key };
}

/** The bytes of an identifier of this version in its one spelling: base64url has several for its last bits. */
function bytesOf(id: string): Buffer | undefined {
  if (id.length > LONGEST_ID || !id.startsWith(PREFIX)) return undefined;
  const text = id.slice(PREFIX.length);
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length < 2 || bytes[0] !== VERSION || bytes.toString('base64url') !== text) return undefined;
  return bytes;
}
