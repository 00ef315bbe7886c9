import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { GcmKey, GcmParts, SnapshotPlatform } from './platform.js';

const ALGORITHM = 'aes-256-gcm';
const NONCE = Buffer.alloc(12);
const TAG_BYTES = 16;
const FIRST_BLOCK = Uint8Array.of(1);

export const gcmKey: SnapshotPlatform['gcmKey'] = (secretKey): GcmKey => {
  const key = createSecretKey(secretKey);
  return {
    seal: (parts, plaintext) => {
      const { head } = parts;
      const cipher = createCipheriv(ALGORITHM, derivedKey(key, parts), NONCE);
      cipher.setAAD(additional(parts));
      const ciphertext = cipher.update(plaintext);
      cipher.final();
      return Buffer.concat([head, ciphertext, cipher.getAuthTag()]);
    },
    open: (parts, sealed) => {
      const end = sealed.length - TAG_BYTES;
      const decipher = createDecipheriv(ALGORITHM, derivedKey(key, parts), NONCE, { authTagLength: TAG_BYTES });
      decipher.setAAD(additional(parts));
      decipher.setAuthTag(sealed.subarray(end));
      const plaintext = decipher.update(sealed.subarray(0, end));
      decipher.final();
      return plaintext;
    },
  };
};

export const readTextFile: SnapshotPlatform['readTextFile'] = (path) => readFileSync(path, 'utf8');

/** HKDF-SHA256 for one block of output. Source: RFC 5869, section 2. */
function derivedKey(key: KeyObject, { salt, info }: GcmParts): Buffer {
  const extracted = createHmac('sha256', salt).update(key.export()).digest();
  return createHmac('sha256', extracted).update(info).update(FIRST_BLOCK).digest();
}

function additional({ head, bound }: GcmParts): Uint8Array {
  return bound.length === 0 ? head : Buffer.concat([head, bound]);
}
