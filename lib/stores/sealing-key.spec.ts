import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { KeyRing } from './key-ring.js';
import { ashGenerateKey, checkKeyRing, type AshSealingKey } from './sealing-key.js';

const BYTES = randomBytes(32);
const OTHER = ashGenerateKey();
const ring = (...keys: unknown[]) => checkKeyRing(keys as AshSealingKey[]);

describe('ashGenerateKey', () => {
  it('makes 32 random bytes, which a ring takes', () => {
    const secrets = Array.from({ length: 1_000 }, ashGenerateKey);
    expect(new Set(secrets).size).toBe(1_000);
    for (const secret of secrets) {
      expect(secret).toMatch(/^[\w-]{43}$/);
      expect(() => ring({ id: 'a', secret })).not.toThrow();
    }
  });
});

describe('The secret of a key', () => {
  it('is the same in every form', () => {
    const forms = [
      BYTES,
      new Uint8Array(BYTES),
      BYTES.toString('hex'),
      BYTES.toString('hex').toUpperCase(),
      BYTES.toString('base64'),
      BYTES.toString('base64').replace('=', ''),
      BYTES.toString('base64url'),
      `${BYTES.toString('base64url')}=`,
    ];
    const sealed = new KeyRing([{ id: 'a', secret: BYTES }]).seal(Buffer.from('body'));
    for (const secret of forms) {
      expect(new KeyRing([{ id: 'a', secret }]).open(sealed)?.toString()).toBe('body');
    }
  });

  it('is a copy, which no later change of the bytes reaches', () => {
    const secret = Buffer.from(BYTES);
    const changed = new KeyRing([{ id: 'a', secret }]);
    secret.fill(0);
    expect(changed.open(new KeyRing([{ id: 'a', secret: BYTES }]).seal(Buffer.from('body')))).toBeDefined();
  });

  it('is taken whatever 32 random bytes it has', () => {
    fc.assert(
      fc.property(fc.constant(null), () => {
        expect(() => ring({ id: 'a', secret: randomBytes(32) })).not.toThrow();
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['base64url that happens to be hex digits', '0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b8'],
    ['bytes below 128 that are no text', BYTES.map((byte, index) => (index === 7 ? 1 : byte & 0x7f))],
  ])('is taken as %s', (_title, secret) => {
    expect(() => ring({ id: 'a', secret })).not.toThrow();
  });

  const run = (step: number) => Uint8Array.from({ length: 32 }, (_, index) => 7 + step * index);
  it.each<[title: string, secret: unknown, sentence: string]>([
    ['31 bytes', BYTES.subarray(1), 'is too short: 31 bytes instead of 32'],
    ['16 bytes as hex', BYTES.toString('hex', 16), 'is too short: 16 bytes instead of 32'],
    ['33 bytes as base64url', Buffer.concat([BYTES, BYTES]).toString('base64url', 0, 33), 'is too long: 33 bytes'],
    ['no text at all', '', 'is not 32 bytes as 64 hex digits, base64 or base64url'],
    ['a passphrase', 'correct horse battery staple!', 'is not 32 bytes as 64 hex digits, base64 or base64url'],
    ['hex with a wrong digit', `${BYTES.toString('hex').slice(1)}g`, 'is too long: 48 bytes'],
    ['base64 with a line break', `${BYTES.toString('base64')}\n`, 'is not 32 bytes as'],
    ['two alphabets mixed', `-_+/${'Ab9'.repeat(13)}`, 'is not 32 bytes as'],
    ['nothing', undefined, 'is neither a text nor a Uint8Array'],
    ['a number', 7, 'is neither a text nor a Uint8Array'],
    ['zeros', Buffer.alloc(32), 'is weak: all of its bytes are equal'],
    ['one byte again and again, as hex', 'ab'.repeat(32), 'is weak: all of its bytes are equal'],
    ['an ascending run', run(1), 'is weak: its bytes are a run of numbers'],
    ['a descending run', run(-1), 'is weak: its bytes are a run of numbers'],
    ['a run in steps', run(3), 'is weak: its bytes are a run of numbers'],
    ['a pattern', Buffer.alloc(32, BYTES.subarray(0, 11)), 'is weak: its bytes have few different values'],
    [
      'a passphrase of 32 bytes',
      Buffer.from('Tr0ub4dor&3 correct-horse-battery'.slice(0, 32)),
      'is weak: its bytes are readable text, as of a passphrase',
    ],
    ['hex digits as bytes', Buffer.from('0123456789abcdef0f1e2d3c4b5a6978'), 'is weak: its bytes are readable text'],
  ])('is refused as %s', (_title, secret, sentence) => {
    const message = messageOf(() => ring({ id: 'k-1', secret }));
    expect(message).toContain(`AshSealedStore: the secret of the key 'k-1' ${sentence}`);
    const written = secret instanceof Uint8Array ? Buffer.from(secret).toString('latin1') : String(secret);
    expect(message.slice(0, message.indexOf('make one with'))).not.toContain(written || 'no secret');
  });
});

describe('A key ring', () => {
  it.each<[title: string, keys: unknown, sentence: string]>([
    ['that is empty', [], "'keys' has no key"],
    ['that is none', undefined, "'keys' has no key"],
    ['of one key that is no list', { id: 'a', secret: OTHER }, "'keys' has no key"],
    ['with nothing for a key', [{ id: 'a', secret: OTHER }, null], "keys[1]: 'id' is 1 to 32 characters"],
    ['with a key without an id', [{ secret: OTHER }], "keys[0]: 'id' is 1 to 32 characters"],
    ['with an empty id', [{ id: '', secret: OTHER }], "keys[0]: 'id' is 1 to 32 characters"],
    ['with a long id', [{ id: 'k'.repeat(33), secret: OTHER }], "keys[0]: 'id' is 1 to 32 characters"],
    ['with a dot in an id', [{ id: '2026.11', secret: OTHER }], "keys[0]: 'id' is 1 to 32 characters"],
    ['with a line break in an id', [{ id: 'a\n', secret: OTHER }], "keys[0]: 'id' is 1 to 32 characters"],
    [
      'with one id twice',
      [
        { id: 'a', secret: OTHER },
        { id: 'a', secret: BYTES },
      ],
      "two keys are named 'a'",
    ],
    [
      'with one secret twice, in two forms',
      [
        { id: 'a', secret: BYTES },
        { id: 'b', secret: OTHER },
        { id: 'c', secret: BYTES.toString('hex') },
      ],
      "the keys 'a' and 'c' have the same secret",
    ],
  ])('%s is refused', (_title, keys, sentence) => {
    const message = messageOf(() => checkKeyRing(keys as AshSealingKey[]));
    expect(message).toContain(`AshSealedStore: ${sentence}`);
    for (const secret of [OTHER, BYTES.toString('hex')]) expect(message).not.toContain(secret);
  });
});

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof Error && error.name === 'AshConfigurationError') return error.message;
    throw error;
  }
  return 'nothing was refused';
}
