import * as digest from '#digest';
import * as platform from '#platform';
import type { MessageCipher } from './cipher.js';
import { messageInvalid } from './errors.js';
import type { SnapshotSeed } from './snapshot.js';
import { viewOf } from './view-of.js';

const VERSION = 1;
const TICK_AT = 1;
const SALT_AT = 5;
const SALT_BYTES = 16;
const HEAD_BYTES = SALT_AT + SALT_BYTES;
const TAG_BYTES = 16;
const LABEL = new TextEncoder().encode('ash-snapshot');
const NOTHING = new Uint8Array();

/**
 * The cipher `aes-256-gcm`. A message is a version byte, the tick as 4 bytes big-endian, 16 random bytes of salt, the
 * ciphertext and the tag of 16 bytes. Its key is `HKDF-SHA256(secret_key, salt, "ash-snapshot" ‖ tick ‖ seed)`, tick and
 * seed as 4 bytes big-endian each, and good for this message alone; what stands before the ciphertext is authenticated
 * with it.
 *
 * @param saltOf Draws a salt of so many bytes. One that came back for the same snapshot would give two messages one key.
 *
 * Source: protocol, section 10; RFC 5869; NIST SP 800-38D.
 */
export function gcmCipher(secretKey: Uint8Array, saltOf = randomBytes): MessageCipher {
  const key = platform.gcmKey(secretKey);
  return {
    seal: (plaintext, snapshot, bound) => {
      const head = new Uint8Array(HEAD_BYTES);
      head[0] = VERSION;
      viewOf(head).setUint32(TICK_AT, snapshot.tick);
      head.set(saltOf(SALT_BYTES), SALT_AT);
      return key.seal(partsOf(head, snapshot, bound), plaintext);
    },
    snapshotOf: (message) => {
      if (message.length < HEAD_BYTES + TAG_BYTES || message[0] !== VERSION) throw messageInvalid();
      return { tick: viewOf(message).getUint32(TICK_AT) };
    },
    open: async (message, snapshot, bound) => {
      try {
        return await key.open(partsOf(message.subarray(0, HEAD_BYTES), snapshot, bound), message.subarray(HEAD_BYTES));
      } catch {
        // What the platform says of it is the same for every fault.
        throw messageInvalid();
      }
    },
  };
}

function randomBytes(count: number): Uint8Array {
  return digest.fromHex(digest.randomHex(count));
}

function partsOf(head: Uint8Array, { tick, seed }: SnapshotSeed, bound: string | undefined) {
  const info = new Uint8Array(LABEL.length + 8);
  info.set(LABEL);
  const view = viewOf(info);
  view.setUint32(LABEL.length, tick);
  view.setUint32(LABEL.length + 4, seed);
  return {
    salt: head.subarray(SALT_AT),
    info,
    head,
    bound: bound === undefined ? NOTHING : new TextEncoder().encode(bound),
  };
}
