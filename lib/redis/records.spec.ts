import fc from 'fast-check';
import { ashContext } from '../stores/context.js';
import { readContext, readLink, timeDigits, writtenContext, writtenLink, type WrittenRecord } from './records.js';

const NOW = 1_700_000_000_000;
const HISTORY = 'f'.repeat(40);
const NONCE = 'a'.repeat(64);

const valueOf = ({ before, after }: WrittenRecord): string => before + HISTORY + after;

describe('timeDigits', () => {
  it.each([
    [0, '0000000000000000'],
    [NOW, '0001700000000000'],
    [Number.MAX_VALUE, '9007199254740991'],
  ])('writes %d with the digits of every time', (time, digits) => {
    expect(timeDigits(time)).toBe(digits);
  });

  it.each([Number.NaN, -1, Number.NEGATIVE_INFINITY])('refuses %d, which is no time', (time) => {
    expect(() => timeDigits(time)).toThrow(RangeError);
  });
});

describe('A context in Redis', () => {
  const fields = {
    id: 'ash_1',
    binding: 'POST /transfer',
    mode: 'strict',
    protocol: 'v2.2',
    issuedAt: NOW + 0.25,
    expiresAt: NOW + 5.75,
    nonce: NONCE,
  } as const;

  it('is read as it was written, whatever is in its fields', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.dictionary(fc.string(), fc.jsonValue()), (subject, metadata) => {
        const context = ashContext({ ...fields, subject, metadata });
        const read = readContext(context.id, valueOf(writtenContext(context)));
        expect(read).toEqual(JSON.parse(JSON.stringify(context)));
        expect(read.nonce).toBe(NONCE);
      }),
    );
  });

  it('is spent where a time stands in place of the mark, also at the clock’s zero', () => {
    const value = valueOf(writtenContext(ashContext(fields)));
    expect(readContext('ash_1', value).consumedAt).toBeUndefined();
    expect(readContext('ash_1', timeDigits(0) + value.slice(16)).consumedAt).toBe(0);
  });

  it('expires for the server by the last whole millisecond', () => {
    expect(writtenContext(ashContext(fields)).before.slice(16)).toBe(timeDigits(NOW + 5));
  });

  it.each(['', 'x', `${'-'.repeat(72)}{`])('is not read from %j', (value) => {
    expect(() => readContext('ash_1', value)).toThrow(SyntaxError);
  });
});

describe('A link in Redis', () => {
  const link = { hash: 'b'.repeat(64), chain: 'checkout', step: 'POST /cart', issuedAt: NOW, expiresAt: NOW + 5 };

  it('is read as it was written, held by whoever follows its body', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (subject, holder) => {
        const value = valueOf(writtenLink({ ...link, subject }));
        const expected = JSON.parse(JSON.stringify({ ...link, subject })) as object;
        expect(readLink(link.hash, value)).toEqual(expected);
        expect(readLink(link.hash, value + holder)).toEqual({ ...expected, ...(holder === '' ? {} : { holder }) });
      }),
    );
  });

  it('says how many bytes its body has', () => {
    const { after } = writtenLink({ ...link, subject: 'é€😀' });
    expect(Number(after.slice(0, 8))).toBe(Buffer.byteLength(after) - 8);
  });
});
