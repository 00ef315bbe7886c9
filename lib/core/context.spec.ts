import { createHmac } from 'node:crypto';
import {
  ASH_MODES,
  ashDeriveClientSecret,
  ashGenerateContextId,
  ashGenerateNonce,
  checkedBinding,
  checkedContextId,
  isAshContextId,
} from './context.js';

const CODE = 'ASH_CANONICALIZATION_ERROR';
const NONCE = 'a'.repeat(64);
const CONTEXT_ID = `ash_${'0'.repeat(32)}`;

it('the modes go from the most lenient to the strictest', () => {
  expect(ASH_MODES).toEqual(['minimal', 'balanced', 'strict']);
});

describe('a context identifier', () => {
  it('is ash_ and 128 random bits in hex', () => {
    expect(ashGenerateContextId()).toMatch(/^ash_[0-9a-f]{32}$/);
  });

  it('is another one each time', () => {
    expect(new Set(Array.from({ length: 1000 }, ashGenerateContextId)).size).toBe(1000);
  });

  type Row = [title: string, text: string, expected: boolean];
  const rows: Row[] = [
    ['may be one that is generated', ashGenerateContextId(), true],
    ['may be a sealed one', 'ash_sAb-_09', true],
    ['may have dots', 'a.b', true],
    ['may be one character', 'a', true],
    ['may be 1,024 characters', 'a'.repeat(1024), true],
    ['may not be longer', 'a'.repeat(1025), false],
    ['may not be empty', '', false],
    ['may not have the separator', 'a|b', false],
    ['may not have a line break', 'a\nb', false],
    ['may not end in a line break', 'a\n', false],
    ['may not have a space', 'a b', false],
    ['may not have a comma', 'a,b', false],
    ['may not have a slash', 'a/b', false],
    ['may not have letters that are not ASCII', 'é', false],
  ];
  it.each(rows)('%s', (_title, text, expected) => {
    expect(isAshContextId(text)).toBe(expected);
  });
});

describe('a context identifier in a message', () => {
  it('stands as it is', () => {
    expect(checkedContextId(CONTEXT_ID)).toBe(CONTEXT_ID);
  });

  it.each(['', 'a|b', 'a\nb', 'a'.repeat(1025)])('may not be malformed: %j', (text) => {
    expect(() => checkedContextId(text)).toThrow(
      expect.objectContaining({ code: CODE, message: 'The context identifier is malformed.' }),
    );
  });
});

describe('a nonce', () => {
  it('has 256 random bits in hex', () => {
    expect(ashGenerateNonce()).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([16, 17, 64])('has %i bytes where it is asked for them', (bytes) => {
    expect(ashGenerateNonce(bytes)).toMatch(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
  });

  it.each([15, 0, -1, 16.5, Number.NaN, Number.POSITIVE_INFINITY])('has no %d bytes', (bytes) => {
    expect(() => ashGenerateNonce(bytes)).toThrow(RangeError);
  });
});

describe('a client secret', () => {
  it('is the HMAC of identifier and binding, keyed with the text of the nonce', () => {
    const expected = createHmac('sha256', NONCE).update(`${CONTEXT_ID}|POST /transfer`).digest('hex');
    expect(ashDeriveClientSecret(NONCE, CONTEXT_ID, 'POST /transfer')).toBe(expected);
  });

  type Row = [title: string, nonce: string, contextId: string, binding: string];
  const rows: Row[] = [
    ['an empty nonce', '', CONTEXT_ID, 'POST /x'],
    ['a malformed identifier', NONCE, 'a|b', 'POST /x'],
    ['an empty identifier', NONCE, '', 'POST /x'],
    ['the separator in the binding', NONCE, CONTEXT_ID, 'POST /a|b'],
    ['an empty binding', NONCE, CONTEXT_ID, ''],
  ];
  it.each(rows)('is refused for %s', (_title, nonce, contextId, binding) => {
    expect(() => ashDeriveClientSecret(nonce, contextId, binding)).toThrow(expect.objectContaining({ code: CODE }));
  });
});

describe('a binding in a message', () => {
  it.each([
    'POST /',
    'POST /transfer',
    'GET /x?a=1&b=%7C',
    'GET /é/😀?~{}',
    "M!#$%&'*+-.^_`~ /",
    'GET /\u00a0\ud7ff\ue000\uffff',
  ])('may be %s', (binding) => {
    expect(checkedBinding(binding)).toBe(binding);
  });

  type Row = [title: string, binding: string];
  const rows: Row[] = [
    ['empty', ''],
    ['a space', ' '],
    ['a method alone', 'POST'],
    ['a method and a space', 'POST '],
    ['a path after a space', ' /x'],
    ['of three parts', 'POST /x /y'],
    ['with two spaces', 'POST  /x'],
    ['with the separator in the path', 'POST /a|b'],
    ['with the separator in the method', 'PO|ST /a'],
    ['with the separator in the query', 'POST /a?b|c'],
    ['with a line break', 'POST /a\nb'],
    ['with a line break at the end', 'POST /a\n'],
    ['with a tab', 'POST /a\tb'],
    ['with DEL', 'POST /a\u007f'],
    ['with a C1 control', 'POST /a\u009f'],
    ['with a lone high surrogate', 'POST /\ud800'],
    ['with a lone low surrogate', 'POST /\udfff'],
  ];
  it.each(rows)('may not be %s', (_title, binding) => {
    expect(() => checkedBinding(binding)).toThrow(
      expect.objectContaining({ code: CODE, message: expect.stringContaining('percent-encode its path and query') }),
    );
  });
});
