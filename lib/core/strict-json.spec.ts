import { isAshError } from './errors.js';
import { parseStrictJson } from './strict-json.js';

/** What refuses a text, or the value where nothing does. */
function refusal(text: string, maxDepth = 64): unknown {
  try {
    return parseStrictJson(text, maxDepth);
  } catch (error) {
    return isAshError(error) ? `${error.code}: ${error.message}` : error;
  }
}

const REFUSED = 'ASH_CANONICALIZATION_ERROR: The text is not strict JSON: ';

describe('a JSON text', () => {
  type Row = [text: string, value: unknown];
  const rows: Row[] = [
    // Literals and white space
    ['true', true],
    ['false', false],
    ['null', null],
    [' \t\r\n null \t\r\n ', null],
    // Numbers
    ['0', 0],
    ['-0', -0],
    ['-0.0', -0],
    ['0e0', 0],
    ['0E+1', 0],
    ['123', 123],
    ['-123.25', -123.25],
    ['1.0', 1],
    ['1.10', 1.1],
    ['1e2', 100],
    ['1E2', 100],
    ['1e+2', 100],
    ['1e-2', 0.01],
    ['1.5e3', 1500],
    ['1e00002', 100],
    ['5e-324', 5e-324],
    ['1e-400', 0],
    ['1.7976931348623157e308', Number.MAX_VALUE],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9007199254740992', 2 ** 53],
    ['-9007199254740992', -(2 ** 53)],
    ['9007199254740994', 2 ** 53 + 2],
    ['100000000000000000000', 1e20],
    ['1000000000000000000000', 1e21],
    ['-1000000000000000000000', -1e21],
    ['1234567890123456800000', 1.2345678901234568e21],
    ['1' + '0'.repeat(308), 1e308],
    ['17976931348623157' + '0'.repeat(292), Number.MAX_VALUE],
    ['0.' + '1'.repeat(1000), 0.1111111111111111],
    // A fraction or an exponent says that the number is a double.
    ['9007199254740993.0', 2 ** 53],
    ['9007199254740993e0', 2 ** 53],
    // Texts
    ['""', ''],
    ['"a"', 'a'],
    ['" \\t "', ' \t '],
    ['"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\b\f\n\r\t'],
    ['"\\u0041\\u00e9\\u20AC"', 'Aé€'],
    ['"\\ud83d\\ude00"', '😀'],
    ['"\\ud83d"', '\ud83d'],
    ['"\\\\"', '\\'],
    ['"\\\\\\""', '\\"'],
    ['"\u007f\u0080\u2028\u2029\ufeff"', '\u007f\u0080\u2028\u2029\ufeff'],
    ['"[{]},:"', '[{]},:'],
    // Arrays
    ['[]', []],
    ['[ ]', []],
    ['[1]', [1]],
    ['[ 1 , 2 ]', [1, 2]],
    ['[[],[[]]]', [[], [[]]]],
    ['["a",null,true,{}]', ['a', null, true, {}]],
    // Objects
    ['{}', {}],
    ['{ }', {}],
    ['{"a":1}', { a: 1 }],
    ['{ "a" : 1 , "b" : [ ] }', { a: 1, b: [] }],
    ['{"":0}', { '': 0 }],
    ['{"a":{"a":{"a":1}}}', { a: { a: { a: 1 } } }],
    ['{"a":1,"A":2}', { a: 1, A: 2 }],
    ['{"e\u0301":1,"\u00e9":2}', { 'e\u0301': 1, '\u00e9': 2 }],
    ['{"constructor":1,"toString":2,"hasOwnProperty":3}', { constructor: 1, toString: 2, hasOwnProperty: 3 }],
  ];
  it.each(rows)('%j is read', (text, value) => {
    expect(JSON.stringify(parseStrictJson(text, 64))).toBe(JSON.stringify(value));
    expect(parseStrictJson(text, 64)).toEqual(JSON.parse(text));
  });

  it('has the sign of a zero', () => {
    expect(parseStrictJson('-0', 64)).toBe(-0);
    expect(parseStrictJson('0', 64)).toBe(0);
  });

  it('has __proto__ as an ordinary key of an object without a prototype', () => {
    const value = parseStrictJson('{"__proto__":{"polluted":1},"a":{}}', 64);
    expect(Object.keys(Object(value) as object)).toEqual(['__proto__', 'a']);
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(value).not.toHaveProperty('polluted');
    expect({}).not.toHaveProperty('polluted');
  });

  it.each(['[', '{"a":'])('opened with %s may be as deep as it says, and not one level more', (open) => {
    const close = open === '[' ? ']' : '}';
    const text = (levels: number): string => open.repeat(levels) + '1' + close.repeat(levels);
    expect(() => parseStrictJson(text(3), 3)).not.toThrow();
    expect(refusal(text(4), 3)).toBe(`${REFUSED}more than 3 levels.`);
  });

  it('may have more containers than levels', () => {
    expect(parseStrictJson('[[],[],[[]],[[]],{"a":[]},{"a":[]}]', 3)).toHaveLength(6);
  });
});

describe('a text that is no JSON', () => {
  const texts: string[] = [
    // Nothing, and what is cut short
    ...[
      '',
      ' ',
      '[',
      '[1',
      '[1,',
      '{',
      '{"a"',
      '{"a":',
      '{"a":1',
      '{"a":1,',
      '"',
      '"a',
      '"\\',
      '"\\"',
      '"\\u00',
      '-',
      't',
    ],
    ...['tru', 'nul', 'fals', '[[', '[{', '{"a":[', '\ufeff'],
    // Text after the value
    ...[
      '1 2',
      '{} x',
      '[]]',
      '{}}',
      'null,',
      '1,',
      '""""',
      'truefalse',
      'true1',
      '1true',
      '[]#',
      '{}//',
      '{}/**/',
      '1\u0000',
    ],
    // Separators
    ...[
      '[,]',
      '[1,]',
      '[,1]',
      '[1,,2]',
      '[1 2]',
      '[1:2]',
      '[1;2]',
      '{,}',
      '{"a":1,}',
      '{,"a":1}',
      '{"a":1,,"b":2}',
      '{"a" 1}',
    ],
    ...[
      '{"a"::1}',
      '{"a":}',
      '{:1}',
      '{"a","b"}',
      '{"a":1 "b":2}',
      '[1}',
      '{"a":1]',
      '{"a":1;"b":2}',
      '{"a"=1}',
      '["a":1]',
    ],
    // Keys
    ...['{a:1}', "{'a':1}", '{1:1}', '{null:1}', '{[]:1}', '{"a\n":1}'],
    // Numbers
    ...[
      '01',
      '-01',
      '00',
      '-',
      '--1',
      '+1',
      '.5',
      '-.5',
      '1.',
      '1.e1',
      '1e',
      '1e+',
      '1E-',
      '1e1.5',
      '1.2.3',
      '0x10',
      '0b1',
      '0o7',
    ],
    ...['1_000', '1,000', 'NaN', 'Infinity', '-Infinity', '-NaN', '1n', '\uff11', '٣', '1e1e1', '-foo', '0 1', '- 1'],
    // Texts
    ...[
      "'a'",
      '`a`',
      '"\n"',
      '"\t"',
      '"\u0000"',
      '"\u001f"',
      '"\\x41"',
      '"\\a"',
      '"\\0"',
      '"\\u12"',
      '"\\u{41}"',
      '"\\uZZZZ"',
    ],
    ...['"\\U0041"', '"a""b"', '"a"b', '"a\'', '"\\\n"', 'a'],
    // White space that JSON does not have, comments, literals in another case
    ...[
      '\u00a0[]',
      '[]\u00a0',
      '\u2028[]',
      '\u000b[]',
      '\f[]',
      '\ufeff{}',
      '{}\ufeff',
      '[\u00a01]',
      '//x\n1',
      '/**/1',
      '#x\n1',
    ],
    ...['True', 'FALSE', 'Null', 'undefined', 'nil', '(1)', '<x/>', '=1', '\\u0031', '*'],
  ];
  it.each(texts)('%j is refused, by JSON.parse too', (text) => {
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
    expect(refusal(text)).toEqual(expect.stringContaining(REFUSED));
  });
});

describe('a JSON text that two readers could understand in two ways', () => {
  type Row = [title: string, text: string, message: string];
  const rows: Row[] = [
    ['a key that stands twice', '{"a":1,"a":1}', "the key 'a' stands twice in one object."],
    [
      'a key that stands twice, first with a value like none',
      '{"a":0,"a":1}',
      "the key 'a' stands twice in one object.",
    ],
    ['a key that stands twice, first with null', '{"a":null,"a":null}', "the key 'a' stands twice in one object."],
    ['a key that stands twice, once escaped', '{"a":1,"\\u0061":2}', "the key 'a' stands twice in one object."],
    ['an empty key that stands twice', '{"":1,"":2}', "the key '' stands twice in one object."],
    ['a key that stands twice further down', '[{"b":{"a":1,"c":2,"a":3}}]', "the key 'a' stands twice in one object."],
    ['__proto__ twice', '{"__proto__":1,"__proto__":2}', "the key '__proto__' stands twice in one object."],
    ['a key with a line break twice', '{"a\\n":1,"a\\n":2}', "the key 'a\ufffd' stands twice in one object."],
    [
      'an integer beyond the doubles',
      '9007199254740993',
      'the integer 9007199254740993 is no double: send it as a string.',
    ],
    ['a negative one', '-9007199254740993', 'the integer -9007199254740993 is no double: send it as a string.'],
    [
      'one in a member',
      '{"id":12345678901234567890}',
      'the integer 12345678901234567890 is no double: send it as a string.',
    ],
    // The double is exact, but ECMAScript prints its shortest digits: 1152921504606847000.
    [
      'an integer that is printed otherwise',
      '1152921504606846976',
      'the integer 1152921504606846976 is no double: send it as a string.',
    ],
    [
      'one with an exponent when it is printed',
      '1000000000000000000001',
      'the integer 1000000000000000000001 is no double: send it as a string.',
    ],
    [
      'one with digits behind the sixteenth',
      '123456789012345678901234',
      'the integer 123456789012345678901234 is no double: send it as a string.',
    ],
    ['a number that overflows', '1e400', 'the number 1e400 overflows.'],
    ['a negative number that overflows', '[-1e309]', 'the number -1e309 overflows.'],
    ['digits that overflow', '9'.repeat(400), `the number ${'9'.repeat(32)} overflows.`],
  ];
  it.each(rows)('is refused: %s', (_title, text, message) => {
    expect(() => JSON.parse(text) as unknown).not.toThrow();
    expect(refusal(text)).toBe(REFUSED + message);
  });
});

describe('a refusal', () => {
  type Row = [title: string, text: string, message: string];
  const rows: Row[] = [
    ['says that the text ends too early', '[1,', 'the text ends too early.'],
    ['says where a character is unexpected', '[1,}', 'unexpected character at position 3.'],
    ['says where text follows the value', '{} x', 'unexpected character at position 3.'],
    ['says where a key is missing', '{"a":1,b', 'unexpected character at position 7.'],
    ['says where a byte order mark stands', '\ufeff1', 'unexpected character at position 0.'],
    ['says where a text is malformed', '["a","\\x"]', 'the string at position 5 is malformed.'],
    ['says where a text is not closed', '["a', 'the string at position 1 is malformed.'],
  ];
  it.each(rows)('%s', (_title, text, message) => {
    expect(refusal(text)).toBe(REFUSED + message);
  });
});

describe('a hostile text', () => {
  const MEGA = 1_000_000;
  type Row = [title: string, text: string, message: string];
  const rows: Row[] = [
    ['of brackets', '['.repeat(MEGA), 'more than 64 levels'],
    ['of braces', '{"a":'.repeat(MEGA / 5), 'more than 64 levels'],
    ['of digits', '1'.repeat(MEGA), 'overflows'],
    ['of digits behind an exponent', '1e' + '9'.repeat(MEGA), 'overflows'],
    ['of minus signs', '-'.repeat(MEGA), 'unexpected character'],
    ['of white space', ' '.repeat(MEGA), 'ends too early'],
    ['of backslashes', '"' + '\\'.repeat(MEGA), 'malformed'],
    ['of quotes', '"'.repeat(MEGA), 'unexpected character'],
    ['of commas', '[' + ','.repeat(MEGA), 'unexpected character'],
  ];
  it.each(rows)('%s, a megabyte long, is refused at once', (_title, text, message) => {
    const begin = performance.now();
    expect(refusal(text)).toEqual(expect.stringContaining(message));
    expect(performance.now() - begin).toBeLessThan(1000);
  });
});
