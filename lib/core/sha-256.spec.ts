import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { sha256 } from './sha-256.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const expected = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const bytes = (text: string): Uint8Array => Buffer.from(text, 'hex');

describe('sha256', () => {
  // FIPS 180-4's examples, and messages of NIST's Cryptographic Algorithm Validation Program (SHA256ShortMsg.rsp).
  type Row = [title: string, message: Uint8Array, digest: string];
  const rows: Row[] = [
    ['the empty message', bytes(''), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['one byte', bytes('d3'), '28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1'],
    ['two bytes', bytes('11af'), '5ca7133fa735326081558ac312c620eeca9970d1e70a4b95533d956f072d1f98'],
    ['abc', Buffer.from('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'a message whose padding needs a second block',
      Buffer.from('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'),
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    [
      'a message of two blocks',
      Buffer.from(
        'abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu',
      ),
      'cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1',
    ],
    [
      'a million times the letter a',
      Buffer.alloc(1_000_000, 'a'),
      'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0',
    ],
  ];
  it.each(rows)('has the known hash of %s', (_title, message, digest) => {
    expect(hex(sha256(message))).toBe(digest);
  });

  it('is right for every length around the bounds of its blocks', () => {
    const lengths = Array.from({ length: 260 }, (_item, length) => length);
    const messages = lengths.map((length) => Uint8Array.from({ length }, (_byte, index) => (index * 7 + length) & 255));
    expect(messages.map((message) => hex(sha256(message)))).toEqual(messages.map(expected));
  });

  it('is that of the platform for all bytes, in a view of a larger buffer too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_000 }), fc.nat(70), (data, offset) => {
        const view = data.subarray(offset);
        expect(hex(sha256(view))).toBe(expected(view));
      }),
      { numRuns: 5_000 },
    );
  });

  it('leaves the message as it was', () => {
    const message = new Uint8Array(200).fill(7);
    sha256(message);
    expect(message).toEqual(new Uint8Array(200).fill(7));
  });
});
