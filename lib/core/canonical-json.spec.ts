import {
  ashCanonicalizeJson,
  ashCanonicalizeValue,
  ashParseJson,
  type AshCanonicalizeOptions,
} from './canonical-json.js';
import type { AshErrorCode } from './errors.js';

const CODE: AshErrorCode = 'ASH_CANONICALIZATION_ERROR';

/** What refuses a value: the error's code and message. */
function refusal(value: unknown, options?: AshCanonicalizeOptions): unknown {
  try {
    return ashCanonicalizeValue(value, options);
  } catch (error) {
    return error;
  }
}

function double(hex: string): number {
  return Buffer.from(hex, 'hex').readDoubleBE();
}

/** A value in as many arrays or objects as it says. */
function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
}

describe('a number', () => {
  // RFC 8785, appendix B, and the edges of the exponent beside it.
  type Row = [bits: string, expected: string, what: string];
  const rows: Row[] = [
    ['0000000000000000', '0', 'zero'],
    ['8000000000000000', '0', 'minus zero'],
    ['0000000000000001', '5e-324', 'the smallest positive number'],
    ['8000000000000001', '-5e-324', 'the smallest negative number'],
    ['000fffffffffffff', '2.225073858507201e-308', 'the largest subnormal number'],
    ['0010000000000000', '2.2250738585072014e-308', 'the smallest normal number'],
    ['7fefffffffffffff', '1.7976931348623157e+308', 'the largest number'],
    ['ffefffffffffffff', '-1.7976931348623157e+308', 'the largest negative number'],
    ['4340000000000000', '9007199254740992', 'the largest safe integer and one'],
    ['c340000000000000', '-9007199254740992', 'its negative'],
    ['4430000000000000', '295147905179352830000', '2 to the 68'],
    ['44b52d02c7e14af5', '9.999999999999997e+22', 'below 1e23'],
    ['44b52d02c7e14af6', '1e+23', '1e23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23', 'above 1e23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000', 'below 1e21'],
    ['444b1ae4d6e2ef4f', '999999999999999900000', 'right below 1e21'],
    ['444b1ae4d6e2ef50', '1e+21', '1e21, the first with an exponent'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7', 'below 1e-6, the first with an exponent'],
    ['3eb0c6f7a0b5ed8d', '0.000001', '1e-6'],
    ['41b3de4355555553', '333333333.3333332', 'the shortest digits'],
    ['41b3de4355555554', '333333333.33333325', 'the shortest digits'],
    ['41b3de4355555555', '333333333.3333333', 'the shortest digits'],
    ['41b3de4355555556', '333333333.3333334', 'the shortest digits'],
    ['41b3de4355555557', '333333333.33333343', 'the shortest digits'],
    ['becbf647612f3696', '-0.0000033333333333333333', 'a small negative number'],
    ['43143ff3c1cb0959', '1424953923781206.2', 'a tie that is rounded to even'],
  ];
  it.each(rows)('of the bits %s is written %s (%s)', (bits, expected) => {
    expect(ashCanonicalizeValue(double(bits))).toBe(expected);
    expect(ashCanonicalizeJson(expected)).toBe(expected);
  });

  type RefusedRow = [title: string, value: number];
  const refused: RefusedRow[] = [
    ['NaN', double('7fffffffffffffff')],
    ['Infinity', double('7ff0000000000000')],
    ['-Infinity', double('fff0000000000000')],
  ];
  it.each(refused)('is refused where it is %s', (name, value) => {
    expect(refusal({ amount: value })).toMatchObject({
      code: CODE,
      message: `The payload has no canonical form: ${name} is no JSON number (at 'amount').`,
    });
  });
});

describe('a text', () => {
  type Row = [title: string, text: string, expected: string];
  const rows: Row[] = [
    ['that is empty is a pair of quotes', '', '""'],
    ['of ASCII stands for itself', " !#$%&'()*+,-./09:;<=>?@AZ[]^_`az{|}~", '" !#$%&\'()*+,-./09:;<=>?@AZ[]^_`az{|}~"'],
    ['has its quotes and backslashes escaped', 'a"b\\c', '"a\\"b\\\\c"'],
    ['keeps its slashes', '</script>', '"</script>"'],
    ['has short escapes for the five controls that have one', '\b\t\n\f\r', '"\\b\\t\\n\\f\\r"'],
    ['has lower-case escapes for the other controls', '\u0000\u000b\u001f', '"\\u0000\\u000b\\u001f"'],
    ['keeps DEL and the C1 controls', '\u007f\u0080\u009f', '"\u007f\u0080\u009f"'],
    ['keeps the line separators', '\u2028\u2029', '"\u2028\u2029"'],
    ['keeps a byte order mark and noncharacters', '\ufeff\ufffe\uffff', '"\ufeff\ufffe\uffff"'],
    ['keeps astral characters', '\u{1f600}\u{10ffff}', '"\u{1f600}\u{10ffff}"'],
    ['keeps the units beside the surrogates', '\ud7ff\ue000', '"\ud7ff\ue000"'],
    ['is not normalised', 'e\u0301\u00e9\u212b', '"e\u0301\u00e9\u212b"'],
    [
      'of RFC 8785, section 3.2.2.2, is written as there',
      '\u20ac$\u000f\nA\'B"\\\\"/',
      '"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"',
    ],
  ];
  it.each(rows)('%s', (_title, text, expected) => {
    expect(ashCanonicalizeValue(text)).toBe(expected);
    expect(ashCanonicalizeValue({ [text]: text })).toBe(`{${expected}:${expected}}`);
  });

  type RefusedRow = [title: string, text: string];
  const refused: RefusedRow[] = [
    ['a lone high surrogate', 'a\ud800'],
    ['a lone low surrogate', '\udc00a'],
    ['the first of the surrogates', '\ud800'],
    ['the last of the surrogates', '\udfff'],
    ['surrogates the wrong way round', '\ude00\ud83d'],
    ['a pair and half of another', '\ud83d\ude00\ud83d'],
  ];
  it.each(refused)('is refused for %s, as a value, as an item and as a key', (_title, text) => {
    for (const value of [text, [text], { a: text }, { [text]: 1 }]) {
      expect(refusal(value)).toMatchObject({ code: CODE, message: expect.stringContaining('a lone surrogate') });
      expect(refusal(value, { canonicalization: 'jcs-nfc' })).toMatchObject({ code: CODE });
    }
  });
});

describe('a container', () => {
  type Row = [title: string, value: unknown, expected: string];
  const rows: Row[] = [
    ['that is an empty object', {}, '{}'],
    ['that is an empty array', [], '[]'],
    ['with every kind of value', [null, true, false, 0, '', {}, []], '[null,true,false,0,"",{},[]]'],
    ['that is nested', { b: [{ d: [[]] }], a: { c: {} } }, '{"a":{"c":{}},"b":[{"d":[[]]}]}'],
    ['with keys out of order', { c: 1, a: 2, b: 3 }, '{"a":2,"b":3,"c":1}'],
    ['with keys that are numbers, sorted as texts', { 10: 1, 9: 2, 1: 3 }, '{"1":3,"10":1,"9":2}'],
    ['with an empty key', { a: 1, '': 2 }, '{"":2,"a":1}'],
    ['with a key that begins another', { ab: 1, a: 2 }, '{"a":2,"ab":1}'],
    ['with keys in upper and lower case', { a: 1, B: 2 }, '{"B":2,"a":1}'],
    ['with keys that only differ in form', { 'e\u0301': 1, '\u00e9': 2 }, '{"e\u0301":1,"\u00e9":2}'],
    [
      'of RFC 8785, section 3.2.3, whose keys are sorted by UTF-16 units',
      {
        '\u20ac': 'Euro Sign',
        '\r': 'Carriage Return',
        '\ufb33': 'Hebrew Letter Dalet With Dagesh',
        '1': 'One',
        '\ud83d\ude00': 'Emoji: Grinning Face',
        '\u0080': 'Control',
        '\u00f6': 'Latin Small Letter O With Diaeresis',
      },
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis",' +
        '"\u20ac":"Euro Sign","\ud83d\ude00":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    ],
    [
      'of RFC 8785, section 3.2.2',
      {
        numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
        string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
        literals: [null, true, false],
      },
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    ],
  ];
  it.each(rows)('%s', (_title, value, expected) => {
    expect(ashCanonicalizeValue(value)).toBe(expected);
    expect(ashCanonicalizeJson(JSON.stringify(value))).toBe(expected);
  });

  it.each([1, 2, 16, 17, 100])('with %i keys has them sorted, in whatever order they came', (count) => {
    const keys = Array.from({ length: count }, (_, index) => `${index % 2 === 0 ? 'k' : 'K'}${(index * 37) % 101}`);
    const expected = `{${[...keys]
      .sort()
      .map((key) => `"${key}":1`)
      .join(',')}}`;
    for (const order of [keys, [...keys].sort(), [...keys].sort().reverse()]) {
      expect(ashCanonicalizeValue(Object.fromEntries(order.map((key) => [key, 1])))).toBe(expected);
    }
  });
});

describe('the names of the prototype chain', () => {
  const TEXT = '{"__proto__":{"admin":true},"constructor":{"prototype":1},"prototype":2,"toString":3}';

  it('are ordinary keys of the canonical text', () => {
    expect(ashCanonicalizeJson(TEXT)).toBe(TEXT);
    expect(ashCanonicalizeValue(JSON.parse(TEXT))).toBe(TEXT);
    expect(ashCanonicalizeValue(JSON.parse(TEXT), { canonicalization: 'jcs-nfc' })).toBe(TEXT);
  });

  it('pollute nothing', () => {
    const value = ashParseJson(TEXT);
    ashCanonicalizeValue(value, { canonicalization: 'jcs-nfc' });
    expect({}).not.toHaveProperty('admin');
    expect(value).not.toHaveProperty('admin');
    expect(Object.getPrototypeOf(value)).toBeNull();
  });

  it('are not read from the chain itself', () => {
    expect(ashCanonicalizeValue(Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true } }))).toBe(
      '{"own":2}',
    );
    expect(ashCanonicalizeValue({})).toBe('{}');
  });
});

/** What JSON.stringify makes of it, up to the order of keys: what is signed is what is sent. */
describe('a value that is more than JSON', () => {
  class Money {
    readonly currency = 'EUR';
    readonly #secret = 1;
    constructor(readonly amount: number) {}
    get doubled(): number {
      return this.amount * 2 * this.#secret;
    }
  }
  const hidden = Object.defineProperty({ a: 1 }, 'hidden', { value: 2, enumerable: false });
  const shared = { a: 1 };
  const tagged = Object.assign(Object.create(null) as object, { a: 1, [Symbol.toStringTag]: 'Map' });
  const bare = Object.assign(Object.create(null) as object, { b: 1, a: 2 });

  type Row = [title: string, value: unknown, expected: string];
  const rows: Row[] = [
    ['leaves members out that are undefined', { a: undefined, b: 1, c: undefined }, '{"b":1}'],
    ['is empty where all members are undefined', { a: undefined }, '{}'],
    ['has null for an item that is undefined', [undefined, 1, undefined], '[null,1,null]'],
    // eslint-disable-next-line no-sparse-arrays -- the hole is what is tested
    ['has null for a hole in an array', [1, , 3], '[1,null,3]'],
    ['has no members of an array beside its items', Object.assign([1], { a: 2 }), '[1]'],
    ['has its own enumerable members only', hidden, '{"a":1}'],
    ['has no members that are named by a symbol', { a: 1, [Symbol('b')]: 2 }, '{"a":1}'],
    [
      'has the value of a getter',
      {
        get a() {
          return 1;
        },
      },
      '{"a":1}',
    ],
    ['may name its own tag', { a: 1, [Symbol.toStringTag]: 'Map' }, '{"a":1}'],
    ['may name its own tag without a prototype', tagged, '{"a":1}'],
    ['may have no prototype', bare, '{"a":2,"b":1}'],
    ['may be of a class', new Money(7), '{"amount":7,"currency":"EUR"}'],
    ['may use one object twice', [shared, shared, { b: shared }], '[{"a":1},{"a":1},{"b":{"a":1}}]'],
    ['may be a Date', new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ['is null for a Date that is none', { at: new Date(Number.NaN) }, '{"at":null}'],
    ['may be a Buffer, which has a JSON form', Buffer.from([1, 255]), '{"data":[1,255],"type":"Buffer"}'],
    ['may be a URL, which has a JSON form', new URL('https://a.example/x?y'), '"https://a.example/x?y"'],
    ['is replaced by what toJSON gives', { a: { toJSON: () => [2, { c: 1, b: 0 }] } }, '{"a":[2,{"b":0,"c":1}]}'],
    ['is left out where toJSON gives undefined', { a: { toJSON: () => undefined }, b: 1 }, '{"b":1}'],
    ['is null in an array where toJSON gives undefined', [{ toJSON: () => undefined }], '[null]'],
    ['is written itself where toJSON is no method', { a: 1, toJSON: undefined }, '{"a":1}'],
    ['may have toJSON as an ordinary member', { toJSON: 'x' }, '{"toJSON":"x"}'],
    ['has toJSON asked with the key', { a: { toJSON: (key: unknown) => [key] } }, '{"a":["a"]}'],
    ['has toJSON asked with the index as a text', [{ toJSON: (key: unknown) => [key] }], '[["0"]]'],
    ['has toJSON asked with an empty key for the whole', { toJSON: (key: unknown) => [key] }, '[""]'],
    [
      'has toJSON asked as a method',
      {
        n: 1,
        toJSON(this: { n: number }) {
          return this.n;
        },
      },
      '1',
    ],
  ];
  it.each(rows)('%s', (_title, value, expected) => {
    expect(ashCanonicalizeValue(value)).toBe(expected);
    expect(JSON.parse(JSON.stringify(value))).toEqual(JSON.parse(expected));
  });

  it('is not asked for toJSON again on what toJSON gave', () => {
    const given = { a: 1, toJSON: () => 'asked twice' };
    expect(() => ashCanonicalizeValue({ toJSON: () => given })).toThrow('a value of type function is no JSON');
  });

  it('has a getter read once, so that what was checked is what is written', () => {
    let reads = 0;
    const value = {
      get a() {
        return ++reads;
      },
    };
    expect(ashCanonicalizeValue(value)).toBe('{"a":1}');
    expect(ashCanonicalizeValue(value, { canonicalization: 'jcs-nfc' })).toBe('{"a":2}');
  });

  type RefusedRow = [title: string, value: unknown, message: string];
  const refused: RefusedRow[] = [
    ['undefined', undefined, 'a value of type undefined is no JSON.'],
    ['what toJSON makes undefined', { toJSON: () => undefined }, 'a value of type undefined is no JSON.'],
    ['a bigint', { id: 1n }, "a value of type bigint is no JSON (at 'id')."],
    ['a function', { run: () => 1 }, "a value of type function is no JSON (at 'run')."],
    ['a function in an array', [() => 1], "a value of type function is no JSON (at '0')."],
    ['a symbol', { tag: Symbol('x') }, "a value of type symbol is no JSON (at 'tag')."],
    ['a boxed number', { n: Object(1) as unknown }, "[object Number] is neither an array nor a plain object (at 'n')."],
    ['a boxed text', Object('x'), '[object String] is neither an array nor a plain object.'],
    ['a boxed boolean', [Object(true)], "[object Boolean] is neither an array nor a plain object (at '0')."],
    ['a Map', new Map([['a', 1]]), '[object Map] is neither an array nor a plain object.'],
    ['a Set', new Set([1]), '[object Set] is neither an array nor a plain object.'],
    ['a regular expression', /x/, '[object RegExp] is neither an array nor a plain object.'],
    ['an error', new Error('x'), '[object Error] is neither an array nor a plain object.'],
    ['a promise', Promise.resolve(1), '[object Promise] is neither an array nor a plain object.'],
    ['bytes', new Uint8Array(2), '[object Uint8Array] is neither an array nor a plain object.'],
    ['a buffer of bytes', new ArrayBuffer(2), '[object ArrayBuffer] is neither an array nor a plain object.'],
    ['a form', new URLSearchParams('a=1'), '[object URLSearchParams] is neither an array nor a plain object.'],
    [
      'a key that is shown without its line break',
      { 'a\nb': 1n },
      "a value of type bigint is no JSON (at 'a\ufffdb').",
    ],
  ];
  it.each(refused)('is refused where it is %s', (_title, value, message) => {
    expect(refusal(value)).toMatchObject({ code: CODE, message: `The payload has no canonical form: ${message}` });
  });
});

describe('the depth', () => {
  type Row = [title: string, wrap: (inner: unknown) => unknown];
  const rows: Row[] = [
    ['arrays', (inner) => [inner]],
    ['objects', (inner) => ({ a: inner })],
    ['values of toJSON', (inner) => ({ toJSON: () => [inner] })],
  ];
  it.each(rows)('may be 64 levels of %s, and not one more', (_title, wrap) => {
    expect(() => ashCanonicalizeValue(nested(64, wrap))).not.toThrow();
    expect(refusal(nested(65, wrap))).toMatchObject({
      code: CODE,
      message: expect.stringContaining('more than 64 levels'),
    });
  });

  it('counts levels, not containers', () => {
    const wide = Array.from({ length: 200 }, () => nested(63, (inner) => [inner]));
    expect(() => ashCanonicalizeValue(wide)).not.toThrow();
  });

  it('ends a cycle, also a wide one and one of fresh objects', () => {
    const object: Record<string, unknown> = {};
    object['self'] = object;
    const array: unknown[] = [];
    for (let index = 0; index < 1000; index++) array.push(array);
    const fresh = { toJSON: () => ({ next: { toJSON: fresh.toJSON } }) };
    for (const cycle of [object, array, fresh]) {
      expect(refusal(cycle)).toMatchObject({ code: CODE, message: expect.stringContaining('a cycle') });
    }
  });
});

describe('the size', () => {
  type Row = [title: string, value: unknown, bytes: number];
  const rows: Row[] = [
    ['of nothing', '', 2],
    ['of one-byte characters', 'abc', 5],
    ['of two-byte characters', 'éé', 6],
    ['of three-byte characters', '€€', 8],
    ['of four-byte characters', '😀😀', 10],
    ['of escapes', '"\n\u0000', 12],
    ['of numbers', [1, 23, 1e21], 12],
    ['of literals', [null, true, false], 17],
    ['of empty containers', [[], {}, []], 10],
    ['of members', { a: 1, b: { c: '' } }, 20],
    ['of members without those that are undefined', { a: 1, b: undefined }, 7],
    ['of many items', Array.from({ length: 100 }, () => 0), 201],
  ];
  it.each(rows)('%s is bounded to the byte', (_title, value, bytes) => {
    expect(Buffer.byteLength(ashCanonicalizeValue(value))).toBe(bytes);
    expect(ashCanonicalizeValue(value, { maxBytes: bytes })).toBe(ashCanonicalizeValue(value));
    for (const maxBytes of [bytes - 1, 1, 0]) {
      expect(refusal(value, { maxBytes })).toMatchObject({
        code: CODE,
        message: expect.stringContaining('larger than allowed'),
      });
    }
  });

  it('is one MiB at most unless the application says otherwise', () => {
    const text = 'x'.repeat(1_048_574);
    expect(ashCanonicalizeValue(text)).toHaveLength(1_048_576);
    expect(refusal(`${text}x`)).toMatchObject({ code: CODE });
    expect(refusal(`${text.slice(1)}é`)).toMatchObject({ code: CODE });
    expect(ashCanonicalizeValue(`${text}x`, { maxBytes: Number.POSITIVE_INFINITY })).toHaveLength(1_048_577);
  });

  it('is refused whatever it is where the bound is no number', () => {
    for (const value of ['', [1], { a: 1 }])
      expect(refusal(value, { maxBytes: Number.NaN })).toMatchObject({ code: CODE });
  });

  it('of a text is the one of its canonical form', () => {
    expect(ashCanonicalizeJson(' [ 1.0 , 2 ] ', { maxBytes: 5 })).toBe('[1,2]');
    expect(() => ashCanonicalizeJson('[1,22]', { maxBytes: 5 })).toThrow('larger than allowed');
  });

  it('ends small values that unfold without end', () => {
    const array = nested(60, (inner) => [inner, inner, inner]);
    const object = nested(60, (inner) => ({ a: inner, b: inner }));
    for (const value of [array, object, new Array(4_000_000_000)]) {
      expect(refusal(value)).toMatchObject({ code: CODE, message: expect.stringContaining('larger than allowed') });
    }
  });
});

describe('the form jcs-nfc', () => {
  const nfc = { canonicalization: 'jcs-nfc' } as const;

  type Row = [title: string, value: unknown, expected: string];
  const rows: Row[] = [
    ['composes texts', ['e\u0301', '\u00e9'], '["\u00e9","\u00e9"]'],
    ['replaces singletons', '\u212b', '"\u00c5"'],
    ['composes keys', { 'e\u0301': 1 }, '{"\u00e9":1}'],
    ['composes keys at every level', [{ a: { 'e\u0301': 1 } }], '[{"a":{"\u00e9":1}}]'],
    // Decomposed, the first key sorts below `f`, composed above it.
    ['sorts keys by what they become', { 'e\u0301': 1, f: 2 }, '{"f":2,"\u00e9":1}'],
    ['does not touch compatibility characters', '\ufb01\u00b2', '"\ufb01\u00b2"'],
    ['leaves members out that are undefined', { '\u00e9': 1, 'e\u0301': undefined }, '{"\u00e9":1}'],
    ['escapes as jcs does', '\n"\\\u0000', '"\\n\\"\\\\\\u0000"'],
    ['takes 30 marks in a row', 'a' + '\u0316'.repeat(30), `"a${'\u0316'.repeat(30)}"`],
    ['takes as many marks as there are letters', 'a\u0316'.repeat(100), `"${'a\u0316'.repeat(100)}"`],
  ];
  it.each(rows)('%s', (_title, value, expected) => {
    expect(ashCanonicalizeValue(value, nfc)).toBe(expected);
    expect(ashCanonicalizeJson(JSON.stringify(value), nfc)).toBe(expected);
  });

  type RefusedRow = [title: string, value: unknown, message: string];
  const refused: RefusedRow[] = [
    ['two keys that become one', { 'e\u0301': 1, '\u00e9': 2 }, 'two keys are equal once they are in form NFC'],
    [
      'two such keys further down',
      [{ a: { '\u212b': 1, '\u00c5': 2 } }],
      'two keys are equal once they are in form NFC',
    ],
    // In such a run normalising takes quadratic time.
    ['more than 30 marks in a row', 'a' + '\u0316\u0301'.repeat(16), 'more than 30 combining marks in a row'],
    ['more than 30 marks at the start', '\u0316'.repeat(31), 'more than 30 combining marks in a row'],
    ['more than 30 marks in a key', { ['a' + '\u0301'.repeat(31)]: 1 }, 'more than 30 combining marks in a row'],
    ['half a million marks', '\u0316\u0301'.repeat(250_000), 'more than 30 combining marks in a row'],
  ];
  it.each(refused)('refuses %s', (_title, value, message) => {
    expect(refusal(value, nfc)).toMatchObject({ code: CODE, message: expect.stringContaining(message) });
  });

  it('bounds the size of what the text becomes', () => {
    expect(ashCanonicalizeValue('e\u0301', { ...nfc, maxBytes: 4 })).toBe('"\u00e9"');
    // U+0958 becomes two characters of three bytes each.
    expect(refusal('\u0958', { ...nfc, maxBytes: 7 })).toMatchObject({ code: CODE });
    expect(ashCanonicalizeValue('\u0958', { ...nfc, maxBytes: 8 })).toBe('"\u0915\u093c"');
  });
});

describe('a parsed text', () => {
  it('may hold a lone surrogate, which has no canonical form', () => {
    expect(ashParseJson('"\\ud800"')).toBe('\ud800');
    expect(() => ashCanonicalizeJson('"\\ud800"')).toThrow('a lone surrogate');
  });

  it('may be 64 levels deep, and not one more', () => {
    expect(() => ashParseJson('['.repeat(64) + ']'.repeat(64))).not.toThrow();
    expect(() => ashParseJson('['.repeat(65) + ']'.repeat(65))).toThrow('more than 64 levels');
    expect(() => ashParseJson('{"a":'.repeat(65) + '1' + '}'.repeat(65))).toThrow('more than 64 levels');
  });
});
