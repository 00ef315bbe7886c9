import fc from 'fast-check';
import { ashCanonicalizeValue } from './canonical-json.js';
import type { AshError } from './errors.js';
import * as node from './json-shortcuts.node.js';
import * as portable from './json-shortcuts.portable.js';

/** The canonical form as its definition reads, without a shortcut. */
function written(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => (item === undefined ? 'null' : written(item))).join(',')}]`;
  const members = value as Record<string, unknown>;
  const names = Object.keys(members)
    .filter((name) => members[name] !== undefined)
    .sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${written(members[name])}`).join(',')}}`;
}

const many = <T>(count: number, item: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => item(index));
const keyed = (count: number, value: unknown): Record<string, unknown> =>
  Object.fromEntries(many(count, (index) => [`k${String((index * 7919) % count)}`, value]));
const refusal = (value: unknown, maxBytes?: number): unknown => {
  try {
    return ashCanonicalizeValue(value, maxBytes === undefined ? {} : { maxBytes });
  } catch (error) {
    return (error as AshError).code;
  }
};

// So that the text is put together of several pieces, whatever the members are.
const MANY = 20_000;
const UNBOUNDED = { maxBytes: Number.POSITIVE_INFINITY };

describe('a container with many members', () => {
  const item = { b: 'Zoë "x" \n', a: [1, -0, 1e21, null, true, { d: '🚚', c: undefined }] };

  it.each<[string, unknown]>([
    ['an array', many(MANY, () => item)],
    ['an object', keyed(MANY, item)],
    [
      'an array in which nothing follows a long text',
      many(9, (index) => (index % 2 === 0 ? 'long '.repeat(20_000) : undefined)),
    ],
    ['an object in which nothing follows a long text', { a: 'long '.repeat(20_000), b: undefined, c: 1, d: undefined }],
    ['a long name', { ['long '.repeat(20_000)]: [1, { b: [], a: {} }], a: [[[]]] }],
    ['an array with nothing in some places', many(MANY, (index) => (index % 2 === 0 ? undefined : index))],
    ['an object within others', [{ z: 1, a: { b: keyed(MANY, item) } }]],
    ['names that look like indexes', many(MANY, (index) => ({ 10: index, 9: 'nine', x: 1 }))],
    ['an object with indexes for names', Object.fromEntries(many(MANY, (index) => [String(index), index]))],
    ['a member that is called __proto__', many(MANY, () => JSON.parse('{"b":1,"__proto__":{"x":1}}') as unknown)],
    ['a text that spells a surrogate out', many(MANY, () => ({ b: '\\ud800', a: '\ud83d\ude00' }))],
    [
      'members that are objects without a prototype',
      many(MANY, () => Object.assign(Object.create(null) as object, item)),
    ],
  ])('is written as every other: %s', (_title, value) => {
    expect(ashCanonicalizeValue(value, UNBOUNDED)).toBe(written(value));
    expect(ashCanonicalizeValue(value, { ...UNBOUNDED, canonicalization: 'jcs-nfc' })).toBe(written(value));
  });

  it('asks for the JSON of what has a toJSON', () => {
    const date = new Date(0);
    const own = { toJSON: (key: string) => ({ key, b: 1, a: undefined }) };
    const value = many(MANY, (index) => (index % 2 === 0 ? date : own));
    expect(ashCanonicalizeValue(value, UNBOUNDED)).toBe(
      `[${many(MANY, (index) => (index % 2 === 0 ? '"1970-01-01T00:00:00.000Z"' : `{"b":1,"key":"${String(index)}"}`)).join(',')}]`,
    );
  });

  it('is written in the order of the canonical form where a prototype has a toJSON', () => {
    const value = many(MANY, () => ({ b: 1, a: 2 }));
    const expected = written(value);
    const prototype = Array.prototype as { toJSON?: () => unknown };
    // As an old library does it to all arrays.
    Object.defineProperty(prototype, 'toJSON', {
      configurable: true,
      value(this: unknown[]): unknown[] {
        return [...this];
      },
    });
    try {
      expect(ashCanonicalizeValue(value, UNBOUNDED)).toBe(expected);
    } finally {
      delete prototype.toJSON;
    }
  });

  it.each<[string, unknown]>([
    ['a lone surrogate', ['x', '\ud800']],
    ['a lone surrogate in a name', [{ '\udc00': 1 }]],
    ['NaN', [NaN]],
    ['a bigint', [1n]],
    ['a function', [() => 1]],
    ['a map', [new Map()]],
    ['too many levels', [JSON.parse('['.repeat(64) + ']'.repeat(64))]],
  ])('is refused for %s', (_title, parts) => {
    expect(refusal([...many(MANY, () => 1), ...(parts as unknown[])])).toBe('ASH_CANONICALIZATION_ERROR');
  });

  it('is refused at the bound, and passes below it', () => {
    const value = many(MANY, () => 'é');
    const bytes = Buffer.byteLength(written(value));
    expect(refusal(value, bytes)).toBe(written(value));
    expect(refusal(value, bytes - 1)).toBe('ASH_CANONICALIZATION_ERROR');
  });

  it('ends where shared parts unfold without end', () => {
    let value: unknown = many(MANY, () => 1);
    for (let level = 0; level < 20; level++) value = many(MANY, () => value);
    expect(refusal(value)).toBe('ASH_CANONICALIZATION_ERROR');
  });

  it('is written as every other where it stands deep', () => {
    let value: unknown = { 1: 'index' };
    for (let level = 0; level < 8; level++) value = [...many(MANY, () => ({})), value, undefined, level];
    expect(ashCanonicalizeValue(value, UNBOUNDED)).toBe(written(value));
  });

  it('takes names that objects inherit for names, also where nobody may write over them', () => {
    const value = many(MANY, () => ({ toString: 1, constructor: 2, b: 3 }));
    expect(ashCanonicalizeValue(value, UNBOUNDED)).toBe(written(value));
  });

  it('is written while what is in it is asked for its JSON, which is written in between', () => {
    const inner = many(MANY, (index) => index);
    const value = many(9, () => ({ b: inner, a: { toJSON: () => ashCanonicalizeValue(inner) } }));
    expect(ashCanonicalizeValue(value, UNBOUNDED)).toBe(written(many(9, () => ({ b: inner, a: written(inner) }))));
  });

  it('is no larger for members that are left out', () => {
    expect(refusal(keyed(2 * MANY, undefined), 2)).toBe('{}');
  });
});

describe.each([
  ['node', node],
  ['portable', portable],
])('a text that is known to be plain, %s', (_name, { isPlain }) => {
  it('stands for itself in a JSON string', () => {
    const units = fc.constantFrom(
      'a',
      'é',
      '"',
      '\\',
      '\n',
      '\u001f',
      '\u007f',
      '\ud7ff',
      '\ud800',
      '\udfff',
      '🚚',
      '\uffff',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(units, { maxLength: 20 }).map((all) => all.join('')),
          fc.string(),
        ),
        (text) => {
          expect(!isPlain(text) || JSON.stringify(text) === `"${text}"`).toBe(true);
        },
      ),
    );
  });
});

describe.each([
  ['node', node],
  ['portable', portable],
])('the order of names, %s', (_name, { keyOrder }) => {
  it('is the same however often it is asked for, and whatever was asked for before', () => {
    fc.assert(
      fc.property(fc.array(fc.uniqueArray(fc.string({ maxLength: 3 }), { maxLength: 6 })), (lists) => {
        for (const names of [...lists, ...lists]) {
          const sorted = [...names].sort();
          const { names: own, heads } = keyOrder(names);
          expect(own).toEqual(sorted);
          expect(heads).toEqual(sorted.map((name) => `${JSON.stringify(name)}:`));
        }
      }),
    );
  });

  it('tells lists apart that begin or end alike', () => {
    const lists = [['a', 'b'], ['a', 'c'], ['a', 'b', 'c'], ['a'], ['b', 'a'], ['a', 'c', 'b']];
    const orders = (): string[][] => lists.map((names) => [...keyOrder(names).names]);
    expect(orders()).toEqual(orders());
    expect(orders()).toEqual(lists.map((names) => [...names].sort()));
  });

  it('is right for more lists than it keeps', () => {
    const lists = many(1_000, (index) => ['z', `n${String(index)}`, 'a']);
    for (const names of [...lists, ...lists]) expect(keyOrder(names).names).toEqual([...names].sort());
  });
});
