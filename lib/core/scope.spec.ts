import { createHash } from 'node:crypto';
import { ashExtractScopedFields, ashHashScopedBody } from './scope-paths.js';
import { ashCompileScope } from './scope.js';

const CODE = 'ASH_CANONICALIZATION_ERROR';

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

describe('the part of a payload that a scope covers', () => {
  const user = { id: 7, name: 'x', address: { city: 'Bonn', zip: '53111' } };
  const PROTO = JSON.parse('{"__proto__":{"a":1},"b":2}') as unknown;

  type Row = [title: string, payload: unknown, scope: string[], covered: unknown];
  const rows: Row[] = [
    // One path
    ['is a member', { amount: 1, note: 'x' }, ['amount'], { amount: 1 }],
    ['is a member with all that is in it', { user, note: 'x' }, ['user'], { user }],
    ['is a nested member under its keys', { user }, ['user.address.city'], { user: { address: { city: 'Bonn' } } }],
    ['holds a member that is null', { a: null, b: 1 }, ['a'], { a: null }],
    [
      'holds a member that is false, zero or empty',
      { a: false, b: 0, c: '' },
      ['a', 'b', 'c'],
      { a: false, b: 0, c: '' },
    ],
    ['holds an empty object or array at a path', { a: {}, b: [] }, ['a', 'b'], { a: {}, b: [] }],
    // What is missing
    ['has nothing for a missing member', { a: 1 }, ['b'], {}],
    ['has nothing for a missing nested member', { user: { id: 7 } }, ['user.name'], {}],
    ['has nothing below a scalar', { user: 'x' }, ['user.length'], {}],
    ['has nothing below null', { user: null }, ['user.id'], {}],
    ['has nothing below an empty object', { user: {} }, ['user.id'], {}],
    ['has nothing of an empty payload', {}, ['a', 'b.c'], {}],
    ['has nothing for a member that is undefined', { a: undefined, b: 1 }, ['a'], {}],
    [
      'keeps what exists beside what is missing',
      { user: { id: 7 } },
      ['user.id', 'user.name', 'nope'],
      { user: { id: 7 } },
    ],
    // Paths that meet
    [
      'joins paths under one key',
      { user },
      ['user.id', 'user.address.zip'],
      { user: { id: 7, address: { zip: '53111' } } },
    ],
    ['is whole where a path stands above another', { user }, ['user', 'user.id'], { user }],
    ['is whole where a path stands above one before it', { user }, ['user.id', 'user'], { user }],
    [
      'is whole in the middle too',
      { user },
      ['user.address.zip', 'user.address', 'user.id'],
      { user: { id: 7, address: user.address } },
    ],
    ['tells names apart that begin alike', { user: 1, username: 2, 'user.id': 3 }, ['user'], { user: 1 }],
    ['has no name with a dot in it', { 'a.b': 1, a: { b: 2 } }, ['a.b'], { a: { b: 2 } }],
    // Arrays
    ['is an item of an array, under its index', { items: [5, 6] }, ['items.1'], { items: { 1: 6 } }],
    ['is a member of an item', { items: [{ id: 1, q: 2 }, { id: 3 }] }, ['items.0.id'], { items: { 0: { id: 1 } } }],
    ['is an array with all its items', { items: [1, 2] }, ['items'], { items: [1, 2] }],
    [
      'is an item of an item',
      {
        m: [
          [1, 2],
          [3, 4],
        ],
      },
      ['m.1.0'],
      { m: { 1: { 0: 3 } } },
    ],
    ['has nothing beyond an array', { items: [1] }, ['items.1', 'items.9'], {}],
    ['has nothing of an empty array', { items: [] }, ['items.0'], {}],
    ['has no length of an array', { items: [1] }, ['items.length'], {}],
    ['has no method of an array', { items: [1] }, ['items.map'], {}],
    ['has no item at a negative index', { items: [1] }, ['items.-1'], {}],
    [
      'has no item at an index that is written otherwise',
      { items: [1, 2] },
      ['items.01', 'items.1e0', 'items.+1', 'items. 1'],
      {},
    ],
    // Otherwise an array and an object in its place would be the same payload.
    ['has no member of an object whose name is a number', { 0: 'a', b: { 0: 'c' } }, ['0', 'b.0'], {}],
    [
      'is a member whose name is no index',
      { '01': 1, a: { '0x': 2, '1e0': 3 } },
      ['01', 'a.0x', 'a.1e0'],
      { '01': 1, a: { '0x': 2, '1e0': 3 } },
    ],
    ['keeps such a member inside a covered one', { a: { 0: 'b' } }, ['a'], { a: { 0: 'b' } }],
    // Names of the prototype chain
    ['has nothing inherited', { a: 1 }, ['toString', 'hasOwnProperty', 'valueOf.name'], {}],
    ['is an own member that is named as an inherited one', { toString: 1, a: 2 }, ['toString'], { toString: 1 }],
    ['has nothing below the methods of a text', { a: 'x' }, ['a.at', 'a.0'], {}],
    ['has no __proto__ of the payload', PROTO, ['b', 'a'], { b: 2 }],
    ['keeps what is inside a covered member', { a: PROTO }, ['a'], { a: PROTO }],
    // Values that are more than JSON, as JSON.stringify reads them
    ['goes through what toJSON gives', { a: { x: 0, toJSON: () => ({ id: 1, x: 2 }) } }, ['a.id'], { a: { id: 1 } }],
    ['is read from what toJSON gives for the whole', { toJSON: () => ({ id: 1, x: 2 }) }, ['id'], { id: 1 }],
    ['goes through a toJSON in an array', { a: [{ toJSON: () => ({ id: 1 }) }] }, ['a.0.id'], { a: { 0: { id: 1 } } }],
    ['has null for an item that is undefined', { a: [undefined, 1] }, ['a.0'], { a: { 0: null } }],
    // eslint-disable-next-line no-sparse-arrays -- the hole is what is tested
    ['has null for a hole', { a: [, 1] }, ['a.0'], { a: { 0: null } }],
  ];
  it.each(rows)('%s', (_title, payload, scope, covered) => {
    expect(ashExtractScopedFields(payload, scope)).toEqual(covered);
    expect(ashExtractScopedFields(payload, [...scope].reverse())).toEqual(covered);
  });

  it('is the whole payload for an empty scope, whatever it is', () => {
    const payload = { a: 1 };
    expect(ashExtractScopedFields(payload, [])).toBe(payload);
    for (const whole of [[1, 2], 'x', 0, null]) expect(ashExtractScopedFields(whole, [])).toBe(whole);
  });

  it('leaves the payload as it was', () => {
    const payload = { user: { id: 1, name: 'x' }, items: [1, 2] };
    const before = structuredClone(payload);
    ashExtractScopedFields(payload, ['user.id', 'items.0', 'nope.nope']);
    expect(payload).toEqual(before);
  });

  it('pollutes nothing, whatever the payload holds', () => {
    const payload = JSON.parse('{"a":{"__proto__":{"polluted":1}},"__proto__":{"polluted":1}}') as unknown;
    ashExtractScopedFields(payload, ['a.polluted', 'a.b', 'polluted']);
    expect({}).not.toHaveProperty('polluted');
    expect(ashExtractScopedFields(payload, ['a.polluted', 'polluted'])).toEqual({});
  });

  type RefusedRow = [title: string, payload: unknown];
  const refused: RefusedRow[] = [
    ['an array', [1]],
    ['a text', 'x'],
    ['a number', 1],
    ['null', null],
    ['undefined', undefined],
    ['what toJSON makes a text', new Date(0)],
    ['what toJSON makes an array', { toJSON: () => [] }],
  ];
  it.each(refused)('is none of a payload that is %s', (_title, payload) => {
    const expected = expect.objectContaining({ code: CODE, message: 'A scope needs a payload that is a JSON object.' });
    expect(() => ashExtractScopedFields(payload, ['a'])).toThrow(expected);
    expect(() => ashHashScopedBody(payload, ['a'])).toThrow(expected);
    expect(() => ashCompileScope(['a']).hasUncovered(payload)).toThrow(expected);
  });
});

describe('a payload has a member outside the scope', () => {
  type Row = [title: string, payload: unknown, scope: string[], expected: boolean];
  const rows: Row[] = [
    ['not where it is empty', {}, ['a'], false],
    ['not where all members are covered', { a: 1, b: 2 }, ['a', 'b'], false],
    ['not where fewer than the covered ones are there', { a: 1 }, ['a', 'b.c'], false],
    ['where one member is not named', { a: 1, b: 2 }, ['a'], true],
    ['where a member that is null is not named', { a: 1, b: null }, ['a'], true],
    ['where an empty member is not named', { a: 1, b: {} }, ['a'], true],
    ['not for a member that is undefined', { a: 1, b: undefined }, ['a'], false],
    ['not below a path', { a: { b: { c: 1 } } }, ['a'], false],
    ['not beside the end of a path', { a: { b: 1 } }, ['a.b'], false],
    ['where a nested member is not named', { a: { b: 1, c: 2 } }, ['a.b'], true],
    ['where a scalar stands in the way of a path', { a: 1 }, ['a.b'], true],
    ['where a text stands in the way of a path', { a: 'x' }, ['a.length', 'a.0'], true],
    ['where null stands in the way of a path', { a: null }, ['a.b'], true],
    ['where an empty object stands in the way of a path', { a: {} }, ['a.b'], true],
    ['where an object without values stands in the way', { a: { b: undefined } }, ['a.b'], true],
    ['where an empty array stands in the way of a path', { a: [] }, ['a.0'], true],
    ['not where all items are named', { a: [1, 2] }, ['a.0', 'a.1'], false],
    ['where an item is not named', { a: [1, 2] }, ['a.0'], true],
    ['where an item that is undefined, null in JSON, is not named', { a: [1, undefined] }, ['a.0'], true],
    ['where a member is named as an inherited one', { toString: 1 }, ['a'], true],
    ['where it is named __proto__', JSON.parse('{"__proto__":1,"a":1}'), ['a'], true],
    ['where it is named constructor', JSON.parse('{"constructor":1,"a":1}'), ['a'], true],
    ['where only its name with a dot is a path', { 'a.b': 1 }, ['a.b'], true],
    ['where toJSON gives one', { a: { toJSON: () => ({ b: 1, c: 2 }) } }, ['a.b'], true],
    ['not where toJSON gives none', { a: { c: 1, toJSON: () => ({ b: 1 }) } }, ['a.b'], false],
  ];
  it.each(rows)('%s', (_title, payload, scope, expected) => {
    expect(ashCompileScope(scope).hasUncovered(payload)).toBe(expected);
  });
});

describe('a scope', () => {
  it('has its paths, their text and its hash', () => {
    const paths = ['user.id', 'amount'];
    const scope = ashCompileScope(paths);
    expect(scope).toMatchObject({ paths, text: 'user.id,amount', hash: sha256('user.id,amount') });
    paths.push('later');
    expect(scope.paths).toEqual(['user.id', 'amount']);
    expect(scope.extract({ later: 1, amount: 2 })).toEqual({ amount: 2 });
  });

  it('keeps the order of its paths in its hash', () => {
    expect(ashCompileScope(['a', 'b']).hash).not.toBe(ashCompileScope(['b', 'a']).hash);
  });

  type Row = [title: string, paths: string[]];
  const rows: Row[] = [
    ['100 paths', Array.from({ length: 100 }, (_, index) => `p${index}`)],
    ['32 levels', [Array.from({ length: 32 }, () => 'a').join('.')]],
    ['names that are not ASCII', ['größe', '金額.😀', 'e\u0301', '\u00e9']],
    ['names with spaces and signs', ['a b', 'a-b', '$a', 'a[0]', '*', 'a/b', '__proto', 'proto__', 'Constructor']],
    ['numbers', ['0', '1.2', '00']],
  ];
  it.each(rows)('may have %s', (_title, paths) => {
    expect(ashCompileScope(paths).paths).toEqual(paths);
  });

  type RefusedRow = [title: string, paths: string[], message: string];
  const refused: RefusedRow[] = [
    ['no path', [], 'it names no path'],
    ['an empty path', [''], "the path '' has an empty segment"],
    ['an empty path among others', ['a', '', 'b'], "the path '' has an empty segment"],
    ['an empty first segment', ['.a'], "the path '.a' has an empty segment"],
    ['an empty last segment', ['a.'], "the path 'a.' has an empty segment"],
    ['an empty segment in the middle', ['a..b'], "the path 'a..b' has an empty segment"],
    ['a comma', ['a,b'], "the path 'a,b' has ',', '|' or a control character"],
    ['the separator of messages', ['a|b'], "the path 'a|b' has ',', '|' or a control character"],
    ['a line break', ['a\nb'], "the path 'a\ufffdb' has ',', '|' or a control character"],
    ['a NUL', ['a\u0000'], "the path 'a\ufffd' has ',', '|' or a control character"],
    ['DEL', ['a\u007f'], "the path 'a\ufffd' has ',', '|' or a control character"],
    ['a C1 control', ['a\u009f'], "the path 'a\ufffd' has ',', '|' or a control character"],
    ['a lone surrogate', ['a\ud800'], "the path 'a\ufffd' has a lone surrogate"],
    ['__proto__', ['__proto__'], "the path '__proto__' names '__proto__'"],
    ['__proto__ further down', ['a.__proto__.b'], "the path 'a.__proto__.b' names '__proto__'"],
    ['constructor', ['constructor.prototype.x'], "the path 'constructor.prototype.x' names 'constructor'"],
    ['prototype at the end', ['a.prototype'], "the path 'a.prototype' names 'prototype'"],
    ['a path twice', ['a', 'b', 'a'], 'a path stands twice in it'],
    ['33 levels', [Array.from({ length: 33 }, () => 'a').join('.')], 'has more than 32 levels'],
    ['101 paths', Array.from({ length: 101 }, (_, index) => `p${index}`), 'it has more than 100 paths'],
  ];
  it.each(refused)('may not have %s', (_title, paths, message) => {
    expect(() => ashCompileScope(paths)).toThrow(
      expect.objectContaining({ name: 'AshError', code: CODE, message: expect.stringContaining(message) }),
    );
  });

  it.each(['__proto__.x', 'a,b', '.'])('is refused by every function that takes one: %s', (path) => {
    expect(() => ashExtractScopedFields({ a: 1 }, [path])).toThrow('The scope is unsafe');
    expect(() => ashHashScopedBody({ a: 1 }, [path])).toThrow('The scope is unsafe');
  });
});

describe('the hash of a scoped body', () => {
  it('is the one of the canonical text of the covered part', () => {
    expect(ashHashScopedBody({ b: { d: 1, c: 2 }, a: 1 }, ['b'])).toBe(sha256('{"b":{"c":2,"d":1}}'));
    expect(ashHashScopedBody({ items: [5, 6] }, ['items.1'])).toBe(sha256('{"items":{"1":6}}'));
    expect(ashHashScopedBody({ a: 1 }, ['nope'])).toBe(sha256('{}'));
  });

  it('is the one of the whole payload for an empty scope', () => {
    expect(ashHashScopedBody([2, 1], [])).toBe(sha256('[2,1]'));
  });

  it('takes the options of the canonical form', () => {
    expect(ashHashScopedBody({ a: 'e\u0301' }, ['a'], { canonicalization: 'jcs-nfc' })).toBe(sha256('{"a":"\u00e9"}'));
    expect(() => ashHashScopedBody({ a: 'xxxx' }, ['a'], { maxBytes: 11 })).toThrow('larger than allowed');
    expect(ashHashScopedBody({ a: 'xxxx', b: 'not counted' }, ['a'], { maxBytes: 12 })).toBe(sha256('{"a":"xxxx"}'));
  });
});
