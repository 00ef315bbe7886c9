import fc from 'fast-check';
import { compareCodePoints, hasLoneSurrogate, shown, utf8Length } from './text.js';

const utf16 = fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units));

const codePoint = fc.oneof(fc.nat(0xd7ff), fc.integer({ min: 0xe000, max: 0x10ffff }), fc.nat(0xff));
const unicode = fc.array(codePoint).map((points) => String.fromCodePoint(...points));

describe('a lone surrogate', () => {
  type Row = [title: string, text: string, expected: boolean];
  const rows: Row[] = [
    ['is not in an empty text', '', false],
    ['is not in ASCII', 'abc', false],
    ['is not in a surrogate pair', '\u{1f600}', false],
    ['is not in two pairs that touch', '\u{1f600}\u{1f98b}', false],
    ['is not in the units beside the surrogates', '\ud7ff\ue000', false],
    ['is found where a high half ends the text', 'a\ud83d', true],
    ['is found where a low half begins the text', '\ude00a', true],
    ['is found where the halves stand the wrong way round', '\ude00\ud83d', true],
    ['is found after a pair', '\ud83d\ude00\ude00', true],
    ['is found before a pair', '\ud83d\ud83d\ude00', true],
  ];
  it.each(rows)('%s', (_title, text, expected) => {
    expect(hasLoneSurrogate(text)).toBe(expected);
  });
});

describe('the length in UTF-8', () => {
  type Row = [title: string, text: string, bytes: number];
  const rows: Row[] = [
    ['of nothing is nothing', '', 0],
    ['is one byte up to U+007F', '\u0000\u007f', 2],
    ['is two bytes from U+0080 to U+07FF', '\u0080\u07ff', 4],
    ['is three bytes from U+0800', '\u0800', 3],
    ['is three bytes below the surrogates', '\ud7ff', 3],
    ['is three bytes above the surrogates', '\ue000\uffff', 6],
    ['is four bytes for a surrogate pair', '\u{10000}\u{10ffff}', 8],
  ];
  it.each(rows)('%s', (_title, text, bytes) => {
    expect(utf8Length(text)).toBe(bytes);
  });

  it('is the one of the encoder for every Unicode text', () => {
    fc.assert(
      fc.property(unicode, (text) => {
        expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
      }),
    );
  });
});

describe('the order by code points', () => {
  type Row = [title: string, lower: string, higher: string];
  const rows: Row[] = [
    ['puts a text before what it begins', 'a', 'ab'],
    ['puts nothing before something', '', '\u0000'],
    ['puts upper case before lower case', 'Z', 'a'],
    ['puts U+D7FF before U+E000', '\ud7ff', '\ue000'],
    ['puts U+FFFF before an astral character, unlike UTF-16', '\uffff', '\u{10000}'],
    ['puts U+E000 before an astral character, unlike UTF-16', '\ue000', '\u{10ffff}'],
    ['tells astral characters apart by their low half', '\u{1f600}', '\u{1f601}'],
    ['tells the last astral characters apart', '\u{10fffe}', '\u{10ffff}'],
    ['tells astral characters apart by their high half', '\u{103ff}', '\u{10400}'],
    ['looks past what two texts share', 'x\u{1f600}\uffff', 'x\u{1f600}\u{10000}'],
  ];
  it.each(rows)('%s', (_title, lower, higher) => {
    expect(compareCodePoints(lower, higher)).toBeLessThan(0);
    expect(compareCodePoints(higher, lower)).toBeGreaterThan(0);
    expect(compareCodePoints(lower, lower)).toBe(0);
  });

  it('is the one of the texts in UTF-8', () => {
    fc.assert(
      fc.property(unicode, unicode, (a, b) => {
        expect(Math.sign(compareCodePoints(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });

  it('has two texts equal only where they are', () => {
    fc.assert(
      fc.property(utf16, utf16, (a, b) => {
        expect(compareCodePoints(a, b) === 0).toBe(a === b);
      }),
    );
  });
});

describe('a text in a message', () => {
  type Row = [title: string, text: string, expected: string];
  const rows: Row[] = [
    ['is shown as it is', "amount é 😀 'x'", "amount é 😀 'x'"],
    ['is cut after 100 units', 'x'.repeat(101), 'x'.repeat(100)],
    ['has no line breaks', 'a\r\nb\u2028c\u2029', 'a\ufffd\ufffdb\ufffdc\ufffd'],
    ['has no control characters', '\u0000\u001b[31m\u007f\u009b', '\ufffd\ufffd[31m\ufffd\ufffd'],
    ['has no characters that turn the direction of the text', 'a\u202eb\u2066', 'a\ufffdb\ufffd'],
    ['has no lone surrogates', 'a\ud800', 'a\ufffd'],
    ['has no half of a pair that was cut', 'x'.repeat(99) + '\u{1f600}', 'x'.repeat(99) + '\ufffd'],
  ];
  it.each(rows)('%s', (_title, text, expected) => {
    expect(shown(text)).toBe(expected);
  });
});
