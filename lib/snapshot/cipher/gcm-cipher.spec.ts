import { jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SEALED_TEXTS, sixteenMegabytes, tampered } from '../../../test/support/sealed-texts.js';
import * as node from '../platform/platform.node.js';
import * as portable from '../platform/platform.portable.js';
import type { SnapshotPlatform } from '../platform/platform.js';
import { arrayMessageCipher } from './array-message-cipher.js';
import type { MessageCipher } from './cipher.js';
import type { gcmCipher } from './gcm-cipher.js';

interface Vector {
  readonly secretKey: string;
  readonly tick: number;
  readonly seed: number;
  readonly salt: string;
  readonly bound?: string;
  readonly plaintext: string;
  readonly message: string;
}

const vectors = (
  JSON.parse(readFileSync(join(process.cwd(), 'test/vectors/snapshot.json'), 'utf8')) as { aes256Gcm: Vector[] }
).aes256Gcm;

const KEY = Uint8Array.from({ length: 32 }, (_byte, index) => index);
const SNAPSHOT = { tick: 7, seed: 99, timestamp: 1_740_904_491 };
const INVALID = { name: 'CryptoError', code: 'ASH_CRYPTO_MESSAGE_INVALID' };
/** The version, the tick and the salt. */
const HEAD_BYTES = 21;
const TAG_BYTES = 16;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The cipher as it is where this is the platform. */
async function cipherOn(platform: SnapshotPlatform): Promise<typeof gcmCipher> {
  jest.unstable_mockModule('#platform', () => ({ ...platform }));
  jest.resetModules();
  return (await import('./gcm-cipher.js')).gcmCipher;
}

const onNode = await cipherOn(node);
const onPortable = await cipherOn(portable);

/** Which of these a cipher opens, as their titles. */
async function opened(cipher: MessageCipher, messages: Iterable<[string, Uint8Array]>): Promise<string[]> {
  const titles: string[] = [];
  for (const [title, message] of messages) {
    try {
      cipher.snapshotOf(message);
      await cipher.open(message, SNAPSHOT);
      titles.push(title);
    } catch (error) {
      expect(error).toMatchObject(INVALID);
    }
  }
  return titles;
}

describe.each([
  ['platform.node', onNode],
  ['platform.portable', onPortable],
])('the cipher aes-256-gcm on %s', (_name, cipherOf) => {
  const cipher = cipherOf(KEY);

  it.each(vectors.map((vector, index) => [index + 1, vector] as const))(
    'has the expected value %i, both ways',
    async (_number, { secretKey, tick, seed, salt, bound, plaintext, message }) => {
      const vectorCipher = cipherOf(Buffer.from(secretKey, 'base64'), () => Buffer.from(salt, 'hex'));
      const snapshot = { tick, seed, timestamp: 0 };
      expect(hex(await vectorCipher.seal(Buffer.from(plaintext, 'hex'), snapshot, bound))).toBe(message);
      expect(hex(await vectorCipher.open(Buffer.from(message, 'hex'), snapshot, bound))).toBe(plaintext);
      expect(vectorCipher.snapshotOf(Buffer.from(message, 'hex'))).toEqual({ tick });
    },
  );

  it.each(SEALED_TEXTS)('gives back %s', async (_title, plaintext) => {
    const message = await cipher.seal(plaintext, SNAPSHOT);
    expect(message).toHaveLength(HEAD_BYTES + plaintext.length + TAG_BYTES);
    expect(hex(await cipher.open(message, SNAPSHOT))).toBe(hex(plaintext));
  });

  it('gives back 16 MB, and refuses them where a byte was changed', async () => {
    const plaintext = sixteenMegabytes();
    const message = await cipher.seal(plaintext, SNAPSHOT);
    expect(Buffer.compare(await cipher.open(message, SNAPSHOT), plaintext)).toBe(0);
    for (const index of [0, 4, 20, 21, 131_092, 131_093, 8_000_000, message.length - 17, message.length - 1]) {
      message[index] = (message[index] ?? 0) ^ 0x80;
      await expect(cipher.open(message, SNAPSHOT)).rejects.toMatchObject(INVALID);
      message[index] = (message[index] ?? 0) ^ 0x80;
    }
    expect(await opened(cipher, [['as it was', message]])).toEqual(['as it was']);
  });

  it.each([
    [131_071, 'one less than a part'],
    [131_072, 'a part'],
    [131_073, 'one more than a part'],
    [262_144, 'two parts'],
  ])('gives back %i bytes: %s', async (length) => {
    const plaintext = sixteenMegabytes().subarray(0, length);
    const message = await cipher.seal(plaintext, SNAPSHOT);
    expect(Buffer.compare(await cipher.open(message, SNAPSHOT), plaintext)).toBe(0);
  });

  it('opens a message that is a view of a larger buffer', async () => {
    const message = await cipher.seal(utf8('within'), SNAPSHOT);
    const larger = new Uint8Array(message.length + 20).fill(0xff);
    larger.set(message, 9);
    const view = larger.subarray(9, 9 + message.length);
    expect(cipher.snapshotOf(view)).toEqual({ tick: SNAPSHOT.tick });
    expect(hex(await cipher.open(view, SNAPSHOT))).toBe(hex(utf8('within')));
  });

  it('gives bytes that share their memory with nothing', async () => {
    const message = await cipher.seal(utf8('short'), SNAPSHOT);
    const plaintext = await cipher.open(message, SNAPSHOT);
    expect([message, plaintext].map((bytes) => [bytes.constructor.name, bytes.buffer.byteLength])).toEqual([
      ['Uint8Array', message.length],
      ['Uint8Array', plaintext.length],
    ]);
  });

  it('leaves what it is given as it was', async () => {
    const plaintext = utf8('the same');
    const message = await cipher.seal(plaintext, SNAPSHOT);
    const copy = hex(message);
    await cipher.open(message, SNAPSHOT);
    expect([new TextDecoder().decode(plaintext), hex(message)]).toEqual(['the same', copy]);
  });

  it('takes another salt for each message, so that no two are alike', async () => {
    const messages = await Promise.all(Array.from({ length: 1_000 }, async () => cipher.seal(utf8('same'), SNAPSHOT)));
    expect(new Set(messages.map((message) => hex(message.subarray(5, HEAD_BYTES)))).size).toBe(1_000);
    expect(new Set(messages.map((message) => hex(message.subarray(HEAD_BYTES)))).size).toBe(1_000);
  });

  it('refuses a short message where any bit of it was turned', async () => {
    const message = await cipher.seal(utf8('short'), SNAPSHOT);
    const bits = Array.from({ length: 8 * message.length }, (_bit, index): [string, Uint8Array] => [
      `bit ${index % 8} of byte ${index >> 3}`,
      tampered(message, index >> 3, 1 << (index % 8)),
    ]);
    expect(await opened(cipher, bits)).toEqual([]);
    expect(await opened(cipher, [['as it was', message]])).toEqual(['as it was']);
  });

  it('refuses a message that was cut to any length, or that has bytes more', async () => {
    const message = await cipher.seal(utf8('short'), SNAPSHOT);
    const cut = Array.from(message, (_byte, length): [string, Uint8Array] => [
      `${length} bytes`,
      message.subarray(0, length),
    ]);
    const shorn = Array.from(message, (_byte, length): [string, Uint8Array] => [
      `from byte ${length + 1}`,
      message.subarray(length + 1),
    ]);
    const extended: [string, Uint8Array][] = [
      ['with a byte behind', Buffer.concat([message, Uint8Array.of(0)])],
      ['with a byte in front', Buffer.concat([Uint8Array.of(1), message])],
      ['twice', Buffer.concat([message, message])],
    ];
    expect(await opened(cipher, [...cut, ...shorn, ...extended])).toEqual([]);
  });

  it('gives no part of the plaintext for a message that is not authentic, and says no more than that', async () => {
    const message = tampered(await cipher.seal(utf8('a secret'), SNAPSHOT), HEAD_BYTES + 8);
    const error: unknown = await Promise.resolve(cipher.open(message, SNAPSHOT)).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({
      ...INVALID,
      message: 'The message cannot be opened: it was changed or cut, or made with another key or cipher.',
    });
    expect(error).not.toHaveProperty('cause');
  });

  type Other = [title: string, key: Uint8Array, snapshot: typeof SNAPSHOT, bound: string | undefined];
  const others: Other[] = [
    ['another key', KEY.map((byte) => byte ^ 1), SNAPSHOT, 'purpose'],
    ['a key with a byte less', KEY.subarray(1), SNAPSHOT, 'purpose'],
    ['another tick', KEY, { ...SNAPSHOT, tick: 8 }, 'purpose'],
    ['another seed', KEY, { ...SNAPSHOT, seed: 98 }, 'purpose'],
    ['tick and seed of each other', KEY, { ...SNAPSHOT, tick: 99, seed: 7 }, 'purpose'],
    ['another purpose', KEY, SNAPSHOT, 'purposes'],
    ['no purpose', KEY, SNAPSHOT, undefined],
  ];
  it.each(others)('does not open with %s', async (_title, key, snapshot, bound) => {
    const message = await cipher.seal(utf8('a secret'), SNAPSHOT, 'purpose');
    expect(hex(await cipher.open(message, SNAPSHOT, 'purpose'))).toBe(hex(utf8('a secret')));
    await expect(cipherOf(key).open(message, snapshot, bound)).rejects.toMatchObject(INVALID);
  });

  it('does not open with a purpose what was sealed without one', async () => {
    const message = await cipher.seal(utf8('a secret'), SNAPSHOT);
    await expect(cipher.open(message, SNAPSHOT, 'purpose')).rejects.toMatchObject(INVALID);
  });

  it('opens with any time of the snapshot, since ticks name it', async () => {
    const message = await cipher.seal(utf8('late'), SNAPSHOT);
    expect(hex(await cipher.open(message, { ...SNAPSHOT, timestamp: 0 }))).toBe(hex(utf8('late')));
  });

  it.each([0, 1, 2 ** 31 - 1])('names the tick %i in its message', async (tick) => {
    expect(cipher.snapshotOf(await cipher.seal(utf8(''), { ...SNAPSHOT, tick }))).toEqual({ tick });
  });

  it('names no tick of what is too short for a message, or of another version', async () => {
    const message = await cipher.seal(utf8(''), SNAPSHOT);
    const cut = Array.from(message, (_byte, length) => message.subarray(0, length));
    const versions = Array.from({ length: 256 }, (_version, version) => Uint8Array.of(version, ...message.subarray(1)));
    const others = versions.filter(([version]) => version !== 1);
    expect([cut.length, others.length]).toEqual([37, 255]);
    for (const none of [...cut, ...others]) {
      expect(() => cipher.snapshotOf(none)).toThrow(expect.objectContaining(INVALID));
    }
  });

  it('refuses a message of the cipher array-crypto', async () => {
    const messages = await Promise.all(
      SEALED_TEXTS.map(async ([title, plaintext]): Promise<[string, Uint8Array]> => [
        title,
        await arrayMessageCipher.seal(plaintext, SNAPSHOT),
      ]),
    );
    expect(await opened(cipher, messages)).toEqual([]);
  });

  it('is opened on the other platform', async () => {
    for (const other of [onNode, onPortable]) {
      const message = await cipher.seal(utf8('across'), SNAPSHOT, 'purpose');
      expect(hex(await other(KEY).open(message, SNAPSHOT, 'purpose'))).toBe(hex(utf8('across')));
    }
  });
});
