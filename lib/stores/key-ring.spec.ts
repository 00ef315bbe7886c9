import { createCipheriv, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { isAshContextId } from '../core/context.js';
import { KeyRing, LONGEST_ID } from './key-ring.js';
import { ashGenerateKey } from './sealing-key.js';

const KEY = { id: 'a', secret: ashGenerateKey() };
const NEXT = { id: 'b', secret: ashGenerateKey() };
const BODY = Buffer.from('a short body');
const PREFIX = 'ash_s';

const ring = new KeyRing([KEY]);
const bytesOf = (id: string): Buffer => Buffer.from(id.slice(PREFIX.length), 'base64url');
const idOf = (bytes: Uint8Array): string => PREFIX + Buffer.from(bytes).toString('base64url');

describe('KeyRing', () => {
  it('opens what it sealed, of any bytes that fit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: ring.room }), (bytes) => {
        const id = ring.seal(Buffer.from(bytes));
        expect(isAshContextId(id)).toBe(true);
        expect(ring.open(id)).toStrictEqual(Buffer.from(bytes));
      }),
    );
  });

  it.each([1, 2, 31, 32])('has room up to the longest identifier with a key id of %d characters', (length) => {
    const named = new KeyRing([{ id: 'k'.repeat(length), secret: KEY.secret }]);
    const id = named.seal(Buffer.alloc(named.room));
    expect(named.open(id)).toHaveLength(named.room);
    expect(id.length).toBeLessThanOrEqual(LONGEST_ID);
    expect(named.open(named.seal(Buffer.alloc(named.room + 1)))).toBeUndefined();
  });

  it('seals the same body never twice alike', () => {
    expect(new Set(Array.from({ length: 1_000 }, () => ring.seal(BODY))).size).toBe(1_000);
  });

  it('tells of the body nothing but its length', () => {
    const [zeros, ones] = [ring.seal(Buffer.alloc(64)), ring.seal(Buffer.alloc(64, 0xff))];
    expect(zeros.length).toBe(ones.length);
    const [left, right] = [bytesOf(zeros), bytesOf(ones)];
    const readable = 3;
    expect(left.subarray(0, readable)).toStrictEqual(right.subarray(0, readable));
    const equal = left.subarray(readable).filter((byte, index) => byte === right[readable + index]);
    expect(equal.length).toBeLessThan(10);
  });

  it('opens none of which a bit was changed', () => {
    const bytes = bytesOf(ring.seal(BODY));
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(ring.open(idOf(changed))).toBeUndefined();
    }
  });

  it('opens none of which a character was changed', () => {
    const id = ring.seal(BODY);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. \u0000é';
    for (let at = 0; at < id.length; at++) {
      for (const character of alphabet) {
        if (id[at] === character) continue;
        expect(ring.open(id.slice(0, at) + character + id.slice(at + 1))).toBeUndefined();
      }
    }
  });

  it('opens none that was cut off anywhere, at either end, or has something more', () => {
    const bytes = bytesOf(ring.seal(BODY));
    for (let length = 0; length < bytes.length; length++) {
      expect(ring.open(idOf(bytes.subarray(0, length)))).toBeUndefined();
      expect(ring.open(idOf(bytes.subarray(bytes.length - length)))).toBeUndefined();
    }
    const id = idOf(bytes);
    for (let length = 0; length < id.length; length++) expect(ring.open(id.slice(0, length))).toBeUndefined();
    for (const more of ['A', '=', '==', '.', ' ', '\n', 'AAAA']) expect(ring.open(id + more)).toBeUndefined();
  });

  it.each([11, 12, 13, 14])('opens an identifier in one spelling only, with a body of %d bytes', (length) => {
    const id = ring.seal(Buffer.alloc(length));
    const spellings = Array.from(
      'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_',
      (character) => id.slice(0, -1) + character,
    ).filter((spelling) => bytesOf(spelling).equals(bytesOf(id)));
    const bits = (8 * bytesOf(id).length) % 6;
    expect(spellings).toHaveLength(bits === 0 ? 1 : 2 ** (6 - bits));
    const opened = [...spellings, `${id}=`, `${id}==`].filter((spelling) => ring.open(spelling) !== undefined);
    expect(opened).toStrictEqual([id]);
  });

  /** An identifier as its documentation says, made by hand. */
  function sealedByHand(version: number, keyId: string, secret: string): string {
    const head = Buffer.from([version, keyId.length, ...Buffer.from(keyId)]);
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', Buffer.from(secret, 'base64url'), iv).setAAD(head);
    return idOf(Buffer.concat([head, iv, cipher.update(BODY), cipher.final(), cipher.getAuthTag()]));
  }

  it('opens what anybody sealed with its key in the documented way', () => {
    expect(ring.open(sealedByHand(1, KEY.id, KEY.secret))).toStrictEqual(BODY);
  });

  it('opens none of another version, though its key sealed it', () => {
    for (const version of [0, 2, 255]) expect(ring.open(sealedByHand(version, KEY.id, KEY.secret))).toBeUndefined();
  });

  it('opens with the key that the identifier names and with no other, though the secret is the same', () => {
    const renamed = new KeyRing([{ id: 'c', secret: KEY.secret }, NEXT]);
    const bytes = bytesOf(ring.seal(BODY));
    expect(renamed.open(idOf(bytes))).toBeUndefined();
    bytes.write('c', 2);
    expect(renamed.open(idOf(bytes))).toBeUndefined();
  });

  it('seals with its first key and opens with all', () => {
    const both = new KeyRing([NEXT, KEY]);
    expect(both.open(ring.seal(BODY))).toStrictEqual(BODY);
    expect(ring.open(both.seal(BODY))).toBeUndefined();
    expect(new KeyRing([NEXT]).open(both.seal(BODY))).toStrictEqual(BODY);
  });

  it.each(['__proto__', 'constructor', 'toString'])('has no key named %s unless it was given one', (id) => {
    const named = new KeyRing([{ id, secret: NEXT.secret }]);
    const sealed = named.seal(BODY);
    expect(ring.open(sealed)).toBeUndefined();
    expect(named.open(sealed)).toStrictEqual(BODY);
  });
});
