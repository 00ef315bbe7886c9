import { createHash } from 'node:crypto';
import { ASH_MODES, type AshMode } from './context.js';
import { ashBuildProof, ashVerifyProof, isAshProofV1 } from './proof-v1.js';

const CODE = 'ASH_CANONICALIZATION_ERROR';
const CONTEXT_ID = `ash_${'0'.repeat(32)}`;
const NONCE = 'a'.repeat(64);
const BINDING = 'POST /transfer';

function hash(message: string): string {
  return createHash('sha256').update(message).digest('base64url');
}

describe('a v1 proof', () => {
  it.each(ASH_MODES)('covers the mode %s, binding, context and payload', (mode) => {
    const expected = hash(`ASHv1\n${mode}\n${BINDING}\n${CONTEXT_ID}\n{"a":1}`);
    expect(ashBuildProof(mode, BINDING, CONTEXT_ID, null, '{"a":1}')).toBe(expected);
  });

  it.each(ASH_MODES)('covers the nonce that it is given, in mode %s', (mode) => {
    const expected = hash(`ASHv1\n${mode}\n${BINDING}\n${CONTEXT_ID}\n${NONCE}\n{"a":1}`);
    expect(ashBuildProof(mode, BINDING, CONTEXT_ID, NONCE, '{"a":1}')).toBe(expected);
  });

  it.each([null, undefined, ''])('has no line for the nonce %j', (nonce) => {
    expect(ashBuildProof('balanced', BINDING, CONTEXT_ID, nonce, '')).toBe(
      hash(`ASHv1\nbalanced\n${BINDING}\n${CONTEXT_ID}\n`),
    );
  });

  it('covers a payload that is not ASCII', () => {
    expect(ashBuildProof('minimal', BINDING, CONTEXT_ID, null, '"é😀\u2028"')).toBe(
      hash(`ASHv1\nminimal\n${BINDING}\n${CONTEXT_ID}\n"é😀\u2028"`),
    );
  });

  it('is 43 base64url characters', () => {
    for (let index = 0; index < 200; index++) {
      const proof = ashBuildProof('balanced', BINDING, CONTEXT_ID, null, String(index));
      expect(proof).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(isAshProofV1(proof)).toBe(true);
    }
  });

  type Row = [
    title: string,
    mode: AshMode,
    binding: string,
    contextId: string,
    nonce: string | null,
    canonical: string,
  ];
  const unknownMode = JSON.parse('"lenient"') as AshMode;
  const emptyMode = JSON.parse('""') as AshMode;
  const brokenMode = JSON.parse('"strict\\nPOST"') as AshMode;
  const rows: Row[] = [
    ['an unknown mode', unknownMode, BINDING, CONTEXT_ID, null, ''],
    ['an empty mode', emptyMode, BINDING, CONTEXT_ID, null, ''],
    ['a mode with a line break', brokenMode, BINDING, CONTEXT_ID, null, ''],
    ['a binding with a line break', 'balanced', 'POST /a\nb', CONTEXT_ID, null, ''],
    ['a binding with the separator of the other protocols', 'balanced', 'POST /a|b', CONTEXT_ID, null, ''],
    ['an empty binding', 'balanced', '', CONTEXT_ID, null, ''],
    ['a context with a line break', 'balanced', BINDING, `${CONTEXT_ID}\n`, null, ''],
    ['an empty context', 'balanced', BINDING, '', null, ''],
    ['a nonce with a line break', 'strict', BINDING, CONTEXT_ID, `${NONCE}\n`, ''],
    ['a nonce in upper case', 'strict', BINDING, CONTEXT_ID, NONCE.toUpperCase(), ''],
    ['a nonce of less than 128 bits', 'strict', BINDING, CONTEXT_ID, 'a'.repeat(31), ''],
    ['a nonce that is no hex', 'strict', BINDING, CONTEXT_ID, 'g'.repeat(64), ''],
    // Otherwise the proof with a nonce would be one without it, of another payload.
    ['a payload with a line feed', 'balanced', BINDING, CONTEXT_ID, null, `${NONCE}\n{"a":1}`],
  ];
  it.each(rows)('is refused for %s', (_title, mode, binding, contextId, nonce, canonical) => {
    expect(() => ashBuildProof(mode, binding, contextId, nonce, canonical)).toThrow(
      expect.objectContaining({ name: 'AshError', code: CODE }),
    );
  });

  it('takes a nonce of 128 bits', () => {
    const nonce = '0123456789abcdef'.repeat(2);
    expect(ashBuildProof('strict', BINDING, CONTEXT_ID, nonce, '')).toBe(
      hash(`ASHv1\nstrict\n${BINDING}\n${CONTEXT_ID}\n${nonce}\n`),
    );
  });
});

describe('the form of a v1 proof', () => {
  const PROOF = ashBuildProof('balanced', BINDING, CONTEXT_ID, null, '');
  // The last character holds four of the 256 bits: its two lowest bits are zero.
  const LAST = 'AEIMQUYcgkosw048';
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

  it.each(Array.from(ALPHABET))('may end in %s only where 32 bytes do', (last) => {
    const text = PROOF.slice(0, 42) + last;
    const isExact = Buffer.from(text, 'base64url').toString('base64url') === text;
    expect(isAshProofV1(text)).toBe(isExact);
    expect(isExact).toBe(LAST.includes(last));
  });

  it.each(['', 'A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}=`, `${'A'.repeat(43)}=`, `${'A'.repeat(43)}\n`])(
    'is not %j',
    (text) => {
      expect(isAshProofV1(text)).toBe(false);
    },
  );

  it.each(['+', '/', '=', ' ', '.', 'é', '\n', '\u0000'])('has no %j in it', (character) => {
    expect(isAshProofV1(character + 'A'.repeat(42))).toBe(false);
    expect(isAshProofV1('A'.repeat(42) + character)).toBe(false);
  });
});

describe('two v1 proofs', () => {
  const PROOF = ashBuildProof('balanced', BINDING, CONTEXT_ID, null, '');
  const OTHER = ashBuildProof('balanced', BINDING, CONTEXT_ID, null, '{}');

  type Row = [title: string, a: string, b: string, expected: boolean];
  const rows: Row[] = [
    ['are equal where they are the same', PROOF, PROOF, true],
    ['differ', PROOF, OTHER, false],
    ['differ in the first character', PROOF, `${PROOF.startsWith('A') ? 'B' : 'A'}${PROOF.slice(1)}`, false],
    ['differ in the last character', PROOF, `${PROOF.slice(0, 42)}${PROOF.endsWith('A') ? 'E' : 'A'}`, false],
    ['differ where one is empty', PROOF, '', false],
    ['differ where one is padded', PROOF, `${PROOF}=`, false],
    ['differ in - and +', '-'.repeat(42) + 'A', '+'.repeat(42) + 'A', false],
    ['are not equal where both are empty', '', '', false],
    ['are not equal where both are the same garbage', '\ud800|\n', '\ud800|\n', false],
    ['are not equal where both end in a character that loses bits', 'A'.repeat(42) + 'B', 'A'.repeat(42) + 'B', false],
    ['are not equal where one is in another alphabet', 'A'.repeat(43), '0'.repeat(64), false],
  ];
  it.each(rows)('%s', (_title, a, b, expected) => {
    expect(ashVerifyProof(a, b)).toBe(expected);
    expect(ashVerifyProof(b, a)).toBe(expected);
  });
});
