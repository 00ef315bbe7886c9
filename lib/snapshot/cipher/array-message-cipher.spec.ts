import fc from 'fast-check';
import { SEALED_TEXTS, sixteenMegabytes, tampered } from '../../../test/support/sealed-texts.js';
import { ashArrayDecrypt, ashArrayEncrypt, ashArrayKey } from './array-cipher.js';
import { arrayMessageCipher } from './array-message-cipher.js';
import { CryptoError } from './errors.js';
import { gcmCipher } from './gcm-cipher.js';

const SNAPSHOT = { tick: 7, seed: 440_819_391, timestamp: 1_740_904_491 };
const SALT = Uint8Array.from({ length: 16 }, (_byte, index) => index * 17);
/** The hash and the salt. */
const HEAD_BYTES = 32;
const INVALID = { name: 'CryptoError', code: 'ASH_CRYPTO_MESSAGE_INVALID' };

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const seal = (plaintext: Uint8Array): Uint8Array | Promise<Uint8Array> => arrayMessageCipher.seal(plaintext, SNAPSHOT);
const open = async (message: Uint8Array): Promise<Uint8Array> => arrayMessageCipher.open(message, SNAPSHOT);

/** How many of these are opened; the others have to be refused in the one way there is. */
async function countOpened(messages: readonly Uint8Array[]): Promise<number> {
  let count = 0;
  for (const message of messages) {
    try {
      await open(message);
      count++;
    } catch (error) {
      expect(error).toMatchObject(INVALID);
    }
  }
  return count;
}

describe('the cipher array-crypto', () => {
  it.each(SEALED_TEXTS)('gives back %s', async (_title, plaintext) => {
    const message = await seal(plaintext);
    expect(message).toHaveLength(HEAD_BYTES + plaintext.length);
    expect(hex(await open(message))).toBe(hex(plaintext));
  });

  it('gives back 16 MB, and refuses them where a byte was changed', async () => {
    const plaintext = sixteenMegabytes();
    const message = await seal(plaintext);
    expect(Buffer.compare(await open(message), plaintext)).toBe(0);
    expect(await countOpened([tampered(message, message.length - 1)])).toBe(0);
  });

  it('is byte for byte what the protocol says, for every length around the bounds of its key', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200, size: 'max' }),
        fc.integer({ min: 1, max: 2 ** 30 }),
        (plaintext, seed) => {
          const key = ashArrayKey(seed, SALT);
          const ciphertext = plaintext.map((byte, index) => (byte * (key[index % 64] ?? 0)) % 256);
          const message = ashArrayEncrypt(plaintext, seed, SALT);
          expect(hex(message.subarray(16))).toBe(hex(SALT) + hex(ciphertext));
          expect(hex(ashArrayDecrypt(message, seed))).toBe(hex(plaintext));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('carries the time of its snapshot in the salt, little-endian, and eight bytes that are new each time', async () => {
    const messages = await Promise.all(Array.from({ length: 1_000 }, async () => seal(Uint8Array.of(1))));
    const times = messages.map((message) => Buffer.from(message).readBigUInt64LE(16));
    expect(new Set(times)).toEqual(new Set([1_740_904_491n]));
    expect(new Set(messages.map((message) => hex(message.subarray(24, HEAD_BYTES)))).size).toBe(1_000);
    expect(messages.map((message) => arrayMessageCipher.snapshotOf(message))).toEqual(
      messages.map(() => ({ at: SNAPSHOT.timestamp })),
    );
  });

  it('tells the moment of a message that is a view of a larger buffer', async () => {
    const larger = Buffer.concat([new Uint8Array(7).fill(0xff), await seal(Uint8Array.of(1, 2, 3))]);
    expect(arrayMessageCipher.snapshotOf(larger.subarray(7))).toEqual({ at: SNAPSHOT.timestamp });
    expect(hex(await open(larger.subarray(7)))).toBe('010203');
  });

  it('refuses a time that is none', () => {
    const message = ashArrayEncrypt(new Uint8Array(), 7, new Uint8Array(16).fill(0xff));
    expect(() => arrayMessageCipher.snapshotOf(message)).toThrow(expect.objectContaining(INVALID));
  });

  it('refuses a short message where any bit of it was turned', async () => {
    const message = await seal(Uint8Array.of(1, 2, 3, 4, 5));
    const bits = Array.from({ length: 8 * message.length }, (_bit, index) =>
      tampered(message, index >> 3, 1 << (index % 8)),
    );
    expect(await countOpened(bits)).toBe(0);
    expect(await countOpened([message])).toBe(1);
  });

  it('refuses a message that was cut to any length, or that has bytes more', async () => {
    const message = await seal(Uint8Array.of(1, 2, 3, 4, 5));
    const cut = Array.from(message, (_byte, length) => message.subarray(0, length));
    expect(await countOpened([...cut, Buffer.concat([message, Uint8Array.of(0)]), message.subarray(1)])).toBe(0);
    for (const short of cut.slice(0, HEAD_BYTES)) {
      expect(() => arrayMessageCipher.snapshotOf(short)).toThrow(expect.objectContaining(INVALID));
    }
  });

  it('refuses a message of the cipher aes-256-gcm', async () => {
    const gcm = gcmCipher(new Uint8Array(32));
    const messages = await Promise.all(SEALED_TEXTS.map(async ([, plaintext]) => gcm.seal(plaintext, SNAPSHOT)));
    expect(await countOpened(messages)).toBe(0);
  });

  it('says what it was in the cause, since its hash is no secret', async () => {
    const error: unknown = await open(tampered(await seal(Uint8Array.of(1)), 0)).catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(CryptoError);
    expect(error).toHaveProperty('cause.message', "The message's hash is not the one of its bytes.");
  });

  it('hides nothing: whoever sees a message and its snapshot reads it, and makes another that is opened', async () => {
    const message = await seal(utf8('pay 100'));
    expect(hex(ashArrayDecrypt(message, SNAPSHOT.seed))).toBe(hex(utf8('pay 100')));
    const forged = ashArrayEncrypt(utf8('pay 900'), SNAPSHOT.seed, message.subarray(16, HEAD_BYTES));
    expect(hex(await open(forged))).toBe(hex(utf8('pay 900')));
  });
});
