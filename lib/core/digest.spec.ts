import { jest } from '@jest/globals';
import fc from 'fast-check';
import * as crypto from 'node:crypto';
import type { Digest } from './digest.js';
import * as nodeDigest from './digest.node.js';
import * as portableDigest from './digest.portable.js';

// A module has all that the interface demands.
const node: Digest = nodeDigest;
const portable: Digest = portableDigest;

/** Every text that JavaScript has, lone surrogates among them. */
const utf16 = fc.array(fc.nat(0xffff), { maxLength: 200 }).map((units) => String.fromCharCode(...units));

type TextRow = [title: string, text: string];
const texts: TextRow[] = [
  ['an empty text', ''],
  ['a NUL', '\u0000'],
  ['ASCII', 'abc'],
  ['two-byte characters', 'Größe'],
  ['three-byte characters', '\u20ac\u2028\ufeff'],
  ['astral characters', '\u{1f600}\u{10ffff}'],
  ['a lone high surrogate', 'a\ud800b'],
  ['a lone low surrogate', 'a\udc00'],
  ['surrogates the wrong way round', '\ude00\ud83d'],
  ['a text as long as a block', 'x'.repeat(64)],
  ['a text one longer than a block', 'x'.repeat(65)],
  ['a long text', 'é😀'.repeat(100_000)],
  ...['', 'a', 'ab'].flatMap((before): TextRow[] => [
    [`a long text in which characters stand after ${String(before.length)} others`, before + '😀'.repeat(70_000)],
    [
      `a long text with lone surrogates among them after ${String(before.length)} others`,
      before + '\ud83d😀\ude00'.repeat(50_000),
    ],
  ]),
];

/** `digest.node` with some of Node's crypto replaced. */
async function nodeWith(replaced: object): Promise<Digest> {
  jest.unstable_mockModule('node:crypto', () => ({ ...crypto, ...replaced }));
  jest.resetModules();
  return import('./digest.node.js');
}

describe.each([
  ['digest.node', node],
  // As on Deno and Bun, and on Node before 20.12.
  ['digest.node without crypto.hash', await nodeWith({ hash: undefined })],
  ['digest.portable', portable],
])('%s', (_name, digest) => {
  it('has the known SHA-256 of the empty text and of abc', () => {
    expect(digest.sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(digest.sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('has the known SHA-256 of abc in base64url, without padding', () => {
    expect(digest.sha256Base64Url('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
  });

  it('has the known HMAC of RFC 4231, test case 2', () => {
    expect(digest.hmacSha256Hex('Jefe', 'what do ya want for nothing?')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });

  it('hashes a key that is longer than a block, as HMAC says', () => {
    expect(digest.hmacSha256Hex('x'.repeat(131), 'Test')).toBe(
      '085296e21a2c80918598b224d1171b5744749ad70d3b7ae81ed11e92294f15f4',
    );
  });

  it('takes an empty key', () => {
    expect(digest.hmacSha256Hex('', '')).toBe('b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad');
  });

  it('keeps nothing of a key whose message is no text', () => {
    const expected = digest.hmacSha256Hex('key', 'message');
    expect(() => digest.hmacSha256Hex('a longer key than the next', 7 as unknown as string)).toThrow();
    expect(digest.hmacSha256Hex('key', 'message')).toBe(expected);
  });

  it('takes bytes as they are, a view into a larger buffer too', () => {
    const bytes = new Uint8Array([9, 0xff, 0xfe, 0, 9]).subarray(1, 4);
    expect(digest.sha256Hex(bytes)).toBe(node.sha256Hex(Uint8Array.of(0xff, 0xfe, 0)));
    expect(digest.sha256Hex(new Uint8Array())).toBe(digest.sha256Hex(''));
  });

  it('reads a lone surrogate as U+FFFD, as UTF-8 has no other way', () => {
    expect(digest.sha256Hex('\ud800')).toBe(digest.sha256Hex('\ufffd'));
    expect(digest.hmacSha256Hex('\udc00', '\ud800')).toBe(digest.hmacSha256Hex('\ufffd', '\ufffd'));
  });

  it('reads hex and base64url back into the bytes of the hash', () => {
    expect([...digest.fromHex(digest.sha256Hex('abc'))]).toEqual([
      ...digest.fromBase64Url(digest.sha256Base64Url('abc')),
    ]);
    expect([...digest.fromHex('00ff7f')]).toEqual([0, 255, 127]);
    expect([...digest.fromBase64Url('-_-_')]).toEqual([0xfb, 0xff, 0xbf]);
  });

  type EqualRow = [title: string, a: number[], b: number[], expected: boolean];
  const equalRows: EqualRow[] = [
    ['finds two empty byte strings equal', [], [], true],
    ['finds the same bytes equal', [1, 2, 3], [1, 2, 3], true],
    ['tells a difference in the first byte', [0, 2, 3], [1, 2, 3], false],
    ['tells a difference in the last byte', [1, 2, 2], [1, 2, 3], false],
    ['tells a difference in one bit', [0x80], [0], false],
    ['tells differences apart that would cancel out', [1, 2], [2, 1], false],
    ['tells a shorter one apart', [1, 2], [1, 2, 0], false],
    ['tells a longer one apart', [1, 2, 0], [1, 2], false],
  ];
  it.each(equalRows)('%s', (_title, a, b, expected) => {
    expect(digest.equalBytes(Uint8Array.from(a), Uint8Array.from(b))).toBe(expected);
  });

  it.each([1, 63, 64, 65, 128])('compares texts of %i characters unit by unit', (length) => {
    const text = 'a'.repeat(length);
    const last = text.slice(1);
    expect(digest.equalTexts(text, text)).toBe(true);
    // The low bytes of both are those of `a`.
    for (const other of ['b', '\u0161', '\ud861', 'A', '']) {
      expect(digest.equalTexts(text, other + last)).toBe(false);
      expect(digest.equalTexts(last + other, text)).toBe(false);
    }
    // Of what was compared before nothing is left.
    expect(digest.equalTexts(text, text)).toBe(true);
  });

  it.each([1, 64])('finds no two lists of %i texts equal', (length) => {
    const list = (text: string): string => Array.from({ length }, () => text) as unknown as string;
    expect(() => digest.equalTexts(list('a'), list('b'))).toThrow();
  });

  it('finds no two numbers equal', () => {
    const areEqual = (): boolean => {
      try {
        return digest.equalTexts(1 as unknown as string, 2 as unknown as string);
      } catch {
        return false;
      }
    };
    expect(areEqual()).toBe(false);
  });

  it('tells lone surrogates apart in texts as long as a hash', () => {
    const text = (surrogate: string): string => 'a'.repeat(63) + surrogate;
    expect(digest.equalTexts(text('\ud800'), text('\ud801'))).toBe(false);
    expect(digest.equalTexts(text('\ud800'), text('\ufffd'))).toBe(false);
    expect(digest.equalTexts(text('\ud800'), text('\ud800'))).toBe(true);
  });

  it.each([0, 1, 16, 32, 4096, 5000])('draws %i random bytes as lower-case hex', (count) => {
    expect(digest.randomHex(count)).toMatch(new RegExp(`^[0-9a-f]{${count * 2}}$`));
  });

  it('draws different bytes each time, also where its pool is drawn empty', () => {
    const drawn = Array.from({ length: 2000 }, () => digest.randomHex(16));
    expect(new Set(drawn).size).toBe(drawn.length);
  });
});

describe('both digests', () => {
  it.each(texts)('agree on %s', (_title, text) => {
    expect(portable.sha256Hex(text)).toBe(node.sha256Hex(text));
    expect(portable.sha256Base64Url(text)).toBe(node.sha256Base64Url(text));
    expect(portable.hmacSha256Hex(text, 'message')).toBe(node.hmacSha256Hex(text, 'message'));
    expect(portable.hmacSha256Hex('key', text)).toBe(node.hmacSha256Hex('key', text));
  });

  it('agree on every text', () => {
    fc.assert(
      fc.property(utf16, utf16, (key, text) => {
        expect(portable.sha256Hex(text)).toBe(node.sha256Hex(text));
        expect(portable.sha256Base64Url(text)).toBe(node.sha256Base64Url(text));
        expect(portable.hmacSha256Hex(key, text)).toBe(node.hmacSha256Hex(key, text));
      }),
    );
  });

  it('agree on all bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (a, b) => {
        const hex = Buffer.from(a).toString('hex');
        const base64Url = Buffer.from(a).toString('base64url');
        expect(portable.sha256Hex(a)).toBe(node.sha256Hex(a));
        expect([...portable.fromHex(hex)]).toEqual([...a]);
        expect([...node.fromHex(hex)]).toEqual([...a]);
        expect([...portable.fromBase64Url(base64Url)]).toEqual([...a]);
        expect([...node.fromBase64Url(base64Url)]).toEqual([...a]);
        expect(portable.equalBytes(a, b)).toBe(node.equalBytes(a, b));
        expect(portable.equalBytes(a, a.slice())).toBe(true);
      }),
    );
  });
});

it('digest.node keeps nothing of the random bytes that it has handed out', async () => {
  let pool: Buffer = Buffer.alloc(0);
  const fill = (buffer: Buffer): Buffer => (pool = buffer.fill(0xaa));
  const digest = await nodeWith({ randomFillSync: fill });
  expect(digest.randomHex(3)).toBe('aaaaaa');
  expect(digest.randomHex(2)).toBe('aaaa');
  expect([...pool.subarray(0, 6)]).toEqual([0, 0, 0, 0, 0, 0xaa]);
});
