import { createHash, createHmac } from 'node:crypto';
import type { AshErrorCode } from './errors.js';
import {
  EMPTY_HASH,
  ashBuildProofUnified,
  ashBuildProofV21,
  ashBuildProofV21Chained,
  ashBuildProofV21Scoped,
  ashHashBody,
  ashHashProof,
  ashHashScope,
  ashTimingSafeEqual,
  ashVerifyProofUnified,
  ashVerifyProofV21,
  ashVerifyProofV21Chained,
  ashVerifyProofV21Scoped,
  equalHashes,
  hmacProof,
  isAshHash,
  isAshTimestamp,
  type HmacMessage,
} from './proof.js';

const NONCE = 'a'.repeat(64);
const CONTEXT_ID = `ash_${'0'.repeat(32)}`;
const BINDING = 'POST /transfer?x=1';
const TIME = '1740475396296';
const PAYLOAD = { to: 'acct-7', amount: 100, note: 'x' };
const SCOPE = ['amount', 'to'];
const PREVIOUS = 'b'.repeat(64);

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string, message: string): string {
  return createHmac('sha256', key).update(message).digest('hex');
}

const SECRET = hmac(NONCE, `${CONTEXT_ID}|${BINDING}`);
const WHOLE = sha256('{"amount":100,"note":"x","to":"acct-7"}');
const COVERED = sha256('{"amount":100,"to":"acct-7"}');

describe('a proof', () => {
  type Row = [title: string, proof: unknown, expected: unknown];
  const rows: Row[] = [
    [
      'of v2.1 covers timestamp, binding and body hash',
      ashBuildProofV21(SECRET, TIME, BINDING, WHOLE),
      hmac(SECRET, `${TIME}|${BINDING}|${WHOLE}`),
    ],
    [
      'of v2.1 chained begins with the hash of nothing',
      ashBuildProofV21Chained(SECRET, TIME, BINDING, WHOLE),
      { proof: hmac(SECRET, `${TIME}|${BINDING}|${WHOLE}|${sha256('')}`), chainHash: sha256('') },
    ],
    [
      'of v2.1 chained covers the proof before',
      ashBuildProofV21Chained(SECRET, TIME, BINDING, WHOLE, PREVIOUS),
      { proof: hmac(SECRET, `${TIME}|${BINDING}|${WHOLE}|${sha256(PREVIOUS)}`), chainHash: sha256(PREVIOUS) },
    ],
    [
      'of v2.2 covers the scoped payload and the scope',
      ashBuildProofV21Scoped(SECRET, TIME, BINDING, PAYLOAD, SCOPE),
      { proof: hmac(SECRET, `${TIME}|${BINDING}|${COVERED}|${sha256('amount,to')}`), scopeHash: sha256('amount,to') },
    ],
    [
      'of v2.2 without a scope has the hash of nothing for it',
      ashBuildProofV21Scoped(SECRET, TIME, BINDING, PAYLOAD, []),
      { proof: hmac(SECRET, `${TIME}|${BINDING}|${WHOLE}|${sha256('')}`), scopeHash: sha256('') },
    ],
    [
      'of v2.3 has five slots, also when the last two are empty',
      ashBuildProofUnified(SECRET, TIME, BINDING, PAYLOAD),
      { proof: hmac(SECRET, `${TIME}|${BINDING}|${WHOLE}||`), scopeHash: '', chainHash: '' },
    ],
    [
      'of v2.3 covers the scoped payload and the scope',
      ashBuildProofUnified(SECRET, TIME, BINDING, PAYLOAD, SCOPE),
      {
        proof: hmac(SECRET, `${TIME}|${BINDING}|${COVERED}|${sha256('amount,to')}|`),
        scopeHash: sha256('amount,to'),
        chainHash: '',
      },
    ],
    [
      'of v2.3 covers the proof before',
      ashBuildProofUnified(SECRET, TIME, BINDING, PAYLOAD, [], PREVIOUS),
      {
        proof: hmac(SECRET, `${TIME}|${BINDING}|${WHOLE}||${sha256(PREVIOUS)}`),
        scopeHash: '',
        chainHash: sha256(PREVIOUS),
      },
    ],
    [
      'of v2.3 covers both',
      ashBuildProofUnified(SECRET, TIME, BINDING, PAYLOAD, SCOPE, PREVIOUS),
      {
        proof: hmac(SECRET, `${TIME}|${BINDING}|${COVERED}|${sha256('amount,to')}|${sha256(PREVIOUS)}`),
        scopeHash: sha256('amount,to'),
        chainHash: sha256(PREVIOUS),
      },
    ],
  ];
  it.each(rows)('%s', (_title, proof, expected) => {
    expect(proof).toEqual(expected);
  });

  it.each([null, undefined, ''])('has no proof before where that is %j', (previous) => {
    expect(ashBuildProofUnified(SECRET, TIME, BINDING, PAYLOAD, [], previous).chainHash).toBe('');
    expect(ashBuildProofV21Chained(SECRET, TIME, BINDING, WHOLE, previous).chainHash).toBe(EMPTY_HASH);
  });

  it('takes the text of the secret as its key, not the bytes that it is the hex of', () => {
    const key = Buffer.from(SECRET, 'ascii');
    const expected = createHmac('sha256', key).update(`${TIME}|${BINDING}|${WHOLE}`).digest('hex');
    expect(ashBuildProofV21(SECRET, TIME, BINDING, WHOLE)).toBe(expected);
  });
});

describe('the message of a proof', () => {
  const GOOD: HmacMessage = { timestamp: TIME, binding: BINDING, bodyHash: WHOLE, scopeHash: WHOLE, chainHash: '' };

  type Row = [title: string, part: Partial<HmacMessage>, code: AshErrorCode, message: string];
  const CANON = 'ASH_CANONICALIZATION_ERROR';
  const NO_TIME = 'The timestamp is not a decimal number of milliseconds';
  const rows: Row[] = [
    ['an empty timestamp', { timestamp: '' }, 'ASH_TIMESTAMP_INVALID', NO_TIME],
    ['a timestamp of zero', { timestamp: '0' }, 'ASH_TIMESTAMP_INVALID', NO_TIME],
    ['a timestamp with a leading zero', { timestamp: `0${TIME}` }, 'ASH_TIMESTAMP_INVALID', NO_TIME],
    ['a timestamp with a sign', { timestamp: `+${TIME}` }, 'ASH_TIMESTAMP_INVALID', NO_TIME],
    ['a negative timestamp', { timestamp: `-${TIME}` }, 'ASH_TIMESTAMP_INVALID', NO_TIME],
    ['a timestamp with a fraction', { timestamp: `${TIME}.5` }, 'ASH_TIMESTAMP_INVALID', NO_TIME],
    ['a timestamp with an exponent', { timestamp: '1e12' }, 'ASH_TIMESTAMP_INVALID', NO_TIME],
    ['a timestamp in hex', { timestamp: '0x19' }, 'ASH_TIMESTAMP_INVALID', NO_TIME],
    ['a timestamp of 17 digits', { timestamp: '1'.repeat(17) }, 'ASH_TIMESTAMP_INVALID', NO_TIME],
    ['a timestamp with a space', { timestamp: ` ${TIME}` }, 'ASH_TIMESTAMP_INVALID', NO_TIME],
    ['a timestamp with a line break', { timestamp: `${TIME}\n` }, 'ASH_TIMESTAMP_INVALID', NO_TIME],
    ['a timestamp with the separator', { timestamp: `${TIME}|` }, 'ASH_TIMESTAMP_INVALID', NO_TIME],
    ['a timestamp of other digits', { timestamp: '١٢٣' }, 'ASH_TIMESTAMP_INVALID', NO_TIME],
    [
      'a timestamp in seconds, and says so',
      { timestamp: '1740475396' },
      'ASH_TIMESTAMP_INVALID',
      '10 digits would be seconds',
    ],
    ['a binding with the separator', { binding: 'POST /a|b' }, CANON, 'percent-encode'],
    ['a binding with a line break', { binding: 'POST /a\n' }, CANON, 'percent-encode'],
    ['an empty binding', { binding: '' }, CANON, 'percent-encode'],
    ['an empty body hash', { bodyHash: '' }, CANON, 'The body hash is not 64 lower-case hex characters.'],
    ['a body hash in upper case', { bodyHash: WHOLE.toUpperCase() }, CANON, 'The body hash is not'],
    ['a body hash that is short', { bodyHash: WHOLE.slice(1) }, CANON, 'The body hash is not'],
    ['a body hash that is long', { bodyHash: `${WHOLE}0` }, CANON, 'The body hash is not'],
    ['a body hash with a line break', { bodyHash: `${WHOLE}\n` }, CANON, 'The body hash is not'],
    ['a body hash with the separator', { bodyHash: `${WHOLE}|${WHOLE}` }, CANON, 'The body hash is not'],
    ['a scope hash with the separator', { scopeHash: '|' }, CANON, 'The scope hash is not'],
    ['a scope hash that is short', { scopeHash: WHOLE.slice(1) }, CANON, 'The scope hash is not'],
    ['a chain hash with the separator', { chainHash: `${WHOLE}|` }, CANON, 'The chain hash is not'],
    ['a chain hash that is no hex', { chainHash: 'g'.repeat(64) }, CANON, 'The chain hash is not'],
  ];
  it.each(rows)('refuses %s', (_title, part, code, message) => {
    expect(() => hmacProof(SECRET, { ...GOOD, ...part })).toThrow(
      expect.objectContaining({ name: 'AshError', code, message: expect.stringContaining(message) }),
    );
  });

  it('refuses an empty secret', () => {
    expect(() => hmacProof('', GOOD)).toThrow(
      expect.objectContaining({ code: CANON, message: 'The client secret is empty.' }),
    );
  });

  it.each(['1', '999999999', '11111111111', '9'.repeat(16)])('takes the timestamp %s', (timestamp) => {
    expect(hmacProof(SECRET, { ...GOOD, timestamp })).toBe(hmac(SECRET, `${timestamp}|${BINDING}|${WHOLE}|${WHOLE}|`));
  });

  it('has a slot for an empty hash and none for one that is not in the formula', () => {
    const { timestamp, binding, bodyHash } = GOOD;
    const proofs = [
      hmacProof(SECRET, { timestamp, binding, bodyHash }),
      hmacProof(SECRET, { timestamp, binding, bodyHash, scopeHash: '' }),
      hmacProof(SECRET, { timestamp, binding, bodyHash, scopeHash: '', chainHash: '' }),
    ];
    const start = `${timestamp}|${binding}|${bodyHash}`;
    expect(proofs).toEqual([hmac(SECRET, start), hmac(SECRET, `${start}|`), hmac(SECRET, `${start}||`)]);
  });
});

/** Each verification with what it takes, one part at a time changed: which changes it must see. */
describe('a verification', () => {
  type Verify = (change: Partial<typeof PARTS>) => boolean;
  const PARTS = {
    nonce: NONCE,
    contextId: CONTEXT_ID,
    binding: BINDING,
    timestamp: TIME,
    bodyHash: WHOLE,
    payload: PAYLOAD as unknown,
    scope: SCOPE,
    scopeHash: sha256('amount,to'),
    previous: PREVIOUS as string | null,
    chainHash: sha256(PREVIOUS),
    proof: undefined as string | undefined,
  };

  const v21: Verify = (change) => {
    const { nonce, contextId, binding, timestamp, bodyHash, proof } = { ...PARTS, ...change };
    const built = ashBuildProofV21(SECRET, TIME, BINDING, WHOLE);
    return ashVerifyProofV21(nonce, contextId, binding, timestamp, bodyHash, proof ?? built);
  };
  const chained: Verify = (change) => {
    const { nonce, contextId, binding, timestamp, bodyHash, previous, proof } = { ...PARTS, ...change };
    const built = ashBuildProofV21Chained(SECRET, TIME, BINDING, WHOLE, PREVIOUS);
    return ashVerifyProofV21Chained(nonce, contextId, binding, timestamp, bodyHash, previous, proof ?? built.proof);
  };
  const scoped: Verify = (change) => {
    const { nonce, contextId, binding, timestamp, payload, scope, scopeHash, proof } = { ...PARTS, ...change };
    const built = ashBuildProofV21Scoped(SECRET, TIME, BINDING, PAYLOAD, SCOPE);
    return ashVerifyProofV21Scoped(
      nonce,
      contextId,
      binding,
      timestamp,
      payload,
      scope,
      scopeHash,
      proof ?? built.proof,
    );
  };
  const unified: Verify = (change) => {
    const { nonce, contextId, binding, timestamp, payload, scope, scopeHash, previous, chainHash, proof } = {
      ...PARTS,
      ...change,
    };
    const built = ashBuildProofUnified(SECRET, TIME, BINDING, PAYLOAD, SCOPE, PREVIOUS);
    const actual = proof ?? built.proof;
    return ashVerifyProofUnified(
      nonce,
      contextId,
      binding,
      timestamp,
      payload,
      actual,
      scope,
      scopeHash,
      previous,
      chainHash,
    );
  };

  const ALL: [string, Verify][] = [
    ['v2.1', v21],
    ['v2.1 chained', chained],
    ['v2.2', scoped],
    ['v2.3', unified],
  ];
  it.each(ALL)('of %s passes what was proven', (_name, verify) => {
    expect(verify({})).toBe(true);
  });

  type Row = [title: string, change: Partial<typeof PARTS>, seenBy: string[]];
  const every = ALL.map(([name]) => name);
  const rows: Row[] = [
    ['another nonce', { nonce: 'b'.repeat(64) }, every],
    ['another context', { contextId: `ash_${'1'.repeat(32)}` }, every],
    ['another method', { binding: 'PUT /transfer?x=1' }, every],
    ['another query', { binding: 'POST /transfer?x=2' }, every],
    ['no query', { binding: 'POST /transfer' }, every],
    ['another millisecond', { timestamp: '1740475396297' }, every],
    ['another body hash', { bodyHash: COVERED }, ['v2.1', 'v2.1 chained']],
    ['another covered member', { payload: { ...PAYLOAD, amount: 101 } }, ['v2.2', 'v2.3']],
    ['a covered member of another type', { payload: { ...PAYLOAD, amount: '100' } }, ['v2.2', 'v2.3']],
    ['a covered member less', { payload: { amount: 100 } }, ['v2.2', 'v2.3']],
    ['another member outside the scope', { payload: { ...PAYLOAD, note: 'y', more: 1 } }, []],
    ['a narrower scope', { scope: ['amount'] }, ['v2.2', 'v2.3']],
    ['a scope in another order', { scope: ['to', 'amount'] }, ['v2.2', 'v2.3']],
    ['another scope hash', { scopeHash: sha256('to,amount') }, ['v2.2', 'v2.3']],
    ['an empty scope hash', { scopeHash: '' }, ['v2.2', 'v2.3']],
    ['a scope hash in upper case', { scopeHash: sha256('amount,to').toUpperCase() }, ['v2.2', 'v2.3']],
    ['garbage for a scope hash', { scopeHash: '\ud800|\n' }, ['v2.2', 'v2.3']],
    ['another proof before', { previous: 'c'.repeat(64) }, ['v2.1 chained', 'v2.3']],
    ['no proof before', { previous: null }, ['v2.1 chained', 'v2.3']],
    ['another chain hash', { chainHash: sha256('c') }, ['v2.3']],
    ['an empty chain hash', { chainHash: '' }, ['v2.3']],
    ['an empty proof', { proof: '' }, every],
    ['a proof of zeros', { proof: '0'.repeat(64) }, every],
    ['a proof that is no hex', { proof: 'z'.repeat(64) }, every],
    ['a proof that is short', { proof: 'a' }, every],
    ['a v1 proof', { proof: 'A'.repeat(43) }, every],
    ['garbage for a proof', { proof: '\ud800\u0000|\n' }, every],
  ];
  it.each(rows)('sees %s, where its formula covers it', (_title, change, seenBy) => {
    const seen = ALL.filter(([, verify]) => !verify(change)).map(([name]) => name);
    expect(seen).toEqual(seenBy);
  });

  it('of v2.3 without scope and chain needs neither of their hashes', () => {
    const { proof } = ashBuildProofUnified(SECRET, TIME, BINDING, PAYLOAD);
    expect(ashVerifyProofUnified(NONCE, CONTEXT_ID, BINDING, TIME, PAYLOAD, proof)).toBe(true);
    expect(ashVerifyProofUnified(NONCE, CONTEXT_ID, BINDING, TIME, PAYLOAD, proof, [], sha256(''))).toBe(false);
    expect(ashVerifyProofUnified(NONCE, CONTEXT_ID, BINDING, TIME, PAYLOAD, proof, [], '', null, sha256(''))).toBe(
      false,
    );
  });

  it('of one formula passes no proof of another', () => {
    const proofs = [
      ashBuildProofV21(SECRET, TIME, BINDING, WHOLE),
      ashBuildProofV21Chained(SECRET, TIME, BINDING, WHOLE).proof,
      ashBuildProofUnified(SECRET, TIME, BINDING, PAYLOAD).proof,
    ];
    const passed = proofs.map((proof) => [
      ashVerifyProofV21(NONCE, CONTEXT_ID, BINDING, TIME, WHOLE, proof),
      ashVerifyProofV21Chained(NONCE, CONTEXT_ID, BINDING, TIME, WHOLE, null, proof),
      ashVerifyProofUnified(NONCE, CONTEXT_ID, BINDING, TIME, PAYLOAD, proof),
    ]);
    expect(passed).toEqual([
      [true, false, false],
      [false, true, false],
      [false, false, true],
    ]);
  });

  it.each(ALL)('of %s throws for a component that could not stand in a message', (_name, verify) => {
    expect(() => verify({ timestamp: '1|2' })).toThrow(expect.objectContaining({ code: 'ASH_TIMESTAMP_INVALID' }));
    expect(() => verify({ binding: 'POST /a|b' })).toThrow(
      expect.objectContaining({ code: 'ASH_CANONICALIZATION_ERROR' }),
    );
    expect(() => verify({ nonce: '' })).toThrow(expect.objectContaining({ code: 'ASH_CANONICALIZATION_ERROR' }));
  });
});

describe('a hash', () => {
  it('of nothing is the constant for it', () => {
    expect(EMPTY_HASH).toBe(sha256(''));
    expect(ashHashBody('')).toBe(EMPTY_HASH);
    expect(ashHashBody(new Uint8Array())).toBe(EMPTY_HASH);
  });

  it('of a body is the one of its text in UTF-8, or of its bytes', () => {
    expect(ashHashBody('é😀')).toBe(sha256('é😀'));
    expect(ashHashBody(new TextEncoder().encode('é😀'))).toBe(sha256('é😀'));
    expect(ashHashBody(Buffer.from([0xff, 0xfe]))).toBe(
      createHash('sha256')
        .update(Buffer.from([0xff, 0xfe]))
        .digest('hex'),
    );
  });

  it('of a proof is the one of its 64 characters', () => {
    expect(ashHashProof(PREVIOUS)).toBe(sha256(PREVIOUS));
  });

  it.each(['b'.repeat(63), 'b'.repeat(65), 'B'.repeat(64), `${'b'.repeat(64)}\n`, 'g'.repeat(64), 'A'.repeat(43)])(
    'of a proof needs one of an HMAC protocol, not %j',
    (proof) => {
      const expected = expect.objectContaining({ code: 'ASH_PROOF_INVALID' });
      expect(() => ashHashProof(proof)).toThrow(expected);
      expect(() => ashBuildProofUnified(SECRET, TIME, BINDING, PAYLOAD, [], proof)).toThrow(expected);
      expect(() => ashBuildProofV21Chained(SECRET, TIME, BINDING, WHOLE, proof)).toThrow(expected);
    },
  );

  it('of a proof needs a proof', () => {
    expect(() => ashHashProof('')).toThrow(expect.objectContaining({ code: 'ASH_PROOF_INVALID' }));
  });

  it('of a scope is the one of its paths joined by commas, and nothing for no scope', () => {
    expect(ashHashScope(['a', 'b.c'])).toBe(sha256('a,b.c'));
    expect(ashHashScope([])).toBe('');
    expect(() => ashHashScope(['a,b'])).toThrow('The scope is unsafe');
  });

  type Row = [text: string, expected: boolean];
  const hashes: Row[] = [
    [PREVIOUS, true],
    ['0123456789abcdef'.repeat(4), true],
    ['', false],
    ['b'.repeat(63), false],
    ['b'.repeat(65), false],
    ['B'.repeat(64), false],
    [`${'b'.repeat(63)}\n`, false],
    [`${'b'.repeat(64)}\n`, false],
  ];
  it.each(hashes)('may be %j: %s', (text, expected) => {
    expect(isAshHash(text)).toBe(expected);
  });

  const timestamps: Row[] = [
    ['1', true],
    ['9'.repeat(16), true],
    // Well-formed, although no proof takes it: the header stands, the time is wrong.
    ['1740475396', true],
    ['', false],
    ['0', false],
    ['01', false],
    ['1'.repeat(17), false],
    ['1\n', false],
  ];
  it.each(timestamps)('differs from a timestamp, which may be %j: %s', (text, expected) => {
    expect(isAshTimestamp(text)).toBe(expected);
  });
});

describe('two hashes', () => {
  const HASH = sha256('x');
  type Row = [title: string, a: string, b: string, expected: boolean];
  const rows: Row[] = [
    ['are equal where they are the same', HASH, HASH, true],
    ['differ in the first character', HASH, `${HASH.startsWith('0') ? '1' : '0'}${HASH.slice(1)}`, false],
    ['differ in the last character', HASH, `${HASH.slice(0, -1)}${HASH.endsWith('0') ? '1' : '0'}`, false],
    ['differ in case', HASH, HASH.toUpperCase(), false],
    ['differ where one is empty', HASH, '', false],
    ['differ where one is short', HASH, HASH.slice(2), false],
    ['differ where one is long', HASH, `${HASH}00`, false],
    ['are not equal where both are empty', '', '', false],
    ['are not equal where both are the same garbage', 'zz', 'zz', false],
    ['are not equal where both are the same odd hex', 'abc', 'abc', false],
    ['are not equal where both are lone surrogates', '\ud800', '\ud800', false],
    ['are not equal where both are the same garbage of their length', 'z'.repeat(64), 'z'.repeat(64), false],
    ['are not equal where both are the same in capitals', HASH.toUpperCase(), HASH.toUpperCase(), false],
    ['differ in the high byte of a unit', HASH, String.fromCharCode(HASH.charCodeAt(0) + 0x100) + HASH.slice(1), false],
  ];
  it.each(rows)('%s', (_title, a, b, expected) => {
    expect(equalHashes(a, b)).toBe(expected);
    expect(equalHashes(b, a)).toBe(expected);
  });
});

describe('two texts', () => {
  type Row = [title: string, a: string, b: string, expected: boolean];
  const rows: Row[] = [
    ['are equal where both are empty', '', '', true],
    ['are equal where they are the same', 'abc😀', 'abc😀', true],
    ['differ in the first character', 'xbc', 'abc', false],
    ['differ in the last character', 'abx', 'abc', false],
    ['differ in case', 'abc', 'ABC', false],
    ['differ where one begins the other', 'ab', 'abc', false],
    ['differ where one is empty', '', 'a', false],
    ['differ where one ends in a NUL', 'a', 'a\u0000', false],
    ['differ in the high byte of a unit', '\u0141', 'A', false],
    ['differ in their form', 'e\u0301', '\u00e9', false],
    // In UTF-8 all three are U+FFFD.
    ['differ in a lone surrogate', '\ud800', '\ud801', false],
    ['differ in a lone surrogate and its replacement', '\ud800', '\ufffd', false],
    ['are equal where both have the same lone surrogate', 'a\ud800', 'a\ud800', true],
  ];
  it.each(rows)('%s', (_title, a, b, expected) => {
    expect(ashTimingSafeEqual(a, b)).toBe(expected);
    expect(ashTimingSafeEqual(b, a)).toBe(expected);
  });
});
