import { ashArrayDecrypt, ashArrayEncrypt } from './array-cipher.js';
import type { MessageCipher } from './cipher.js';
import { messageInvalid } from './errors.js';
import { viewOf } from './view-of.js';

const HASH_BYTES = 16;
const SALT_BYTES = 16;
const TIME_BYTES = 8;

/**
 * The cipher `array-crypto`, which hides nothing. A message does not name its tick: the time in its salt is that of the
 * snapshot it was made with, so that who opens it finds the same one.
 */
export const arrayMessageCipher: MessageCipher = {
  seal: (plaintext, { seed, timestamp }) => {
    const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
    viewOf(salt).setBigUint64(0, BigInt(timestamp), true);
    return ashArrayEncrypt(plaintext, seed, salt);
  },
  snapshotOf: (message) => {
    if (message.length < HASH_BYTES + SALT_BYTES) throw messageInvalid();
    const seconds = viewOf(message.subarray(HASH_BYTES, HASH_BYTES + TIME_BYTES)).getBigUint64(0, true);
    if (seconds > BigInt(Number.MAX_SAFE_INTEGER)) throw messageInvalid();
    return { at: Number(seconds) };
  },
  open: (message, { seed }) => {
    try {
      return ashArrayDecrypt(message, seed);
    } catch (cause) {
      throw messageInvalid({ cause });
    }
  },
};
