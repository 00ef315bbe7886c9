import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { blake2s } from './blake2s.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const expected = (bytes: Uint8Array): string => createHash('blake2s256').update(bytes).digest('hex');

/** The bytes that RFC 7693's self-test hashes. Source: appendix E, `selftest_seq`. */
function sequence(length: number): Uint8Array {
  let a = Math.imul(0xdead4bad, length);
  let b = 1;
  return Uint8Array.from({ length }, () => {
    const sum = (a + b) | 0;
    a = b;
    b = sum;
    return sum >>> 24;
  });
}

describe('blake2s', () => {
  type Row = [title: string, message: Uint8Array, digest: string];
  const rows: Row[] = [
    // RFC 7693, appendix B.
    ['abc', Buffer.from('abc'), '508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982'],
    // The rest is OpenSSL's.
    ['the empty message', new Uint8Array(), '69217a3079908094e11121d042354a7c1f55b6482ca1a51e1b250dfd1ed0eef9'],
    ['one byte', Uint8Array.of(0), 'e34d74dbaf4ff4c6abd871cc220451d2ea2648846c7757fbaac82fe51ad64bea'],
  ];
  it.each(rows)('has the known hash of %s', (_title, message, digest) => {
    expect(hex(blake2s(message, 32))).toBe(digest);
  });

  it('is that of OpenSSL for every length around the bounds of its blocks', () => {
    const messages = Array.from({ length: 330 }, (_item, length) => sequence(length));
    expect(messages.map((message) => hex(blake2s(message, 32)))).toEqual(messages.map(expected));
  });

  it('is that of OpenSSL for all bytes, in a view of a larger buffer too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_000, size: 'max' }), fc.nat(70), (data, offset) => {
        const view = data.subarray(offset);
        expect(hex(blake2s(view, 32))).toBe(expected(view));
      }),
      { numRuns: 1_000 },
    );
  });

  // Of an implementation that passes RFC 7693's self-test.
  type ShortRow = [length: number, size: number, digest: string];
  const short: ShortRow[] = [
    [16, 0, '64550d6ffe2c0a01a14aba1eade0200c'],
    [16, 65, '1197c335c6e0c5fc7cb35bc3511c296c'],
    [16, 1024, 'adb2aaa3d98e0e27514d70d6d87e9135'],
    [20, 0, '354c9c33f735962418bdacb9479873429c34916f'],
    [20, 65, 'cce5848f6ef6d5e2a80be77496f63a55dca6d6ab'],
    [20, 1024, '5686a6a3a5a7a58cdf9ba125c56a33cc2da38ca1'],
    [28, 0, '1fa1291e65248b37b3433475b2a0dd63d54a11ecc4e3e034e7bc1ef4'],
    [28, 65, 'fd3879e0edbbfec3fedf0cbb559e3cbc61b7b080ecceda7be7f0e46b'],
    [28, 1024, '1b9524ccb9320e343de7ab959eaf19bf06b75c2d0d6aa46ef07cb17b'],
  ];
  it.each(short)('has the known hash of %i bytes for a sequence of %i', (length, size, digest) => {
    expect(hex(blake2s(sequence(size), length))).toBe(digest);
  });

  it.each([
    [1, '0d'],
    [31, '6ffb901930ebaf1d3cabe0b60c20de3bc9dd26269325629f1671304fe6bb26'],
  ])('has the known hash of %i bytes for abc', (length, digest) => {
    expect(hex(blake2s(Buffer.from('abc'), length))).toBe(digest);
  });

  it('has 16 bytes where the messages of the cipher array-crypto have them', () => {
    const vectors = JSON.parse(readFileSync(join(process.cwd(), 'test/vectors/ash.json'), 'utf8')) as {
      arrayCrypto: { message: string }[];
    };
    const messages = vectors.arrayCrypto.map(({ message }) => Buffer.from(message, 'hex'));
    expect(messages.map((message) => hex(blake2s(message.subarray(16), 16)))).toEqual(
      messages.map((message) => hex(message.subarray(0, 16))),
    );
  });

  it.each([0, 33, -1, 1.5, NaN])('has no hash of %p bytes', (length) => {
    expect(() => blake2s(new Uint8Array(), length)).toThrow('A hash of BLAKE2s has 1 to 32 bytes.');
  });

  it('leaves the message as it was, and what it gave before', () => {
    const message = new Uint8Array(200).fill(7);
    const first = blake2s(message, 32);
    const known = hex(first);
    blake2s(new Uint8Array(300), 32);
    expect(hex(first)).toBe(known);
    expect(message).toEqual(new Uint8Array(200).fill(7));
  });
});
