import { jest } from '@jest/globals';
import fc from 'fast-check';
import { ExpiringRecords } from './expiring-records.js';

/** A key as stores have them: it ends with hexadecimal digits that differ from key to key. */
const keyOf = (index: number): string => `ash_${index.toString(16).padStart(8, '0')}`;

function recordsUpTo(count: number, due: (index: number) => number): ExpiringRecords<number> {
  const records = new ExpiringRecords<number>();
  for (let index = 0; index < count; index++) records.add(keyOf(index), index, due(index));
  return records;
}

describe('ExpiringRecords', () => {
  it('gives a record back by its key, and nothing for a key that it does not have', () => {
    const records = recordsUpTo(1_000, () => 10);
    expect(records.size).toBe(1_000);
    expect(records.get(keyOf(0))).toBe(0);
    expect(records.get(keyOf(999))).toBe(999);
    expect(records.get(keyOf(1_000))).toBeUndefined();
  });

  it.each(['', 'a', '__proto__', 'constructor', 'é', '日本', '\u0000', '😀'])(
    'takes whatever text as a key: %j',
    (key) => {
      const records = new ExpiringRecords<string>();
      expect(records.get(key)).toBeUndefined();
      records.add(key, 'kept', 10);
      expect(records.get(key)).toBe('kept');
      expect(records.forgetDue(10, 5)).toBe(1);
      expect(records.get(key)).toBeUndefined();
    },
  );

  it('spreads its records over many maps, so that none of them is large', () => {
    const set = jest.spyOn(Map.prototype, 'set');
    recordsUpTo(1_024, () => 10);
    const recordsOfMap = new Map<unknown, number>();
    const maps = set.mock.contexts.slice();
    set.mockRestore();
    for (const map of maps) recordsOfMap.set(map, (recordsOfMap.get(map) ?? 0) + 1);
    expect([...recordsOfMap.values()]).toStrictEqual(new Array<number>(256).fill(4));
  });

  it('forgets exactly what is due, whatever it is asked in whatever order', () => {
    const entries = fc.array(fc.tuple(fc.nat(50), fc.nat(60)), { maxLength: 300 });
    fc.assert(
      fc.property(entries, (all) => {
        const records = new ExpiringRecords<number>();
        const open = new Map<string, number>();
        for (const [index, [due, now]] of all.entries()) {
          records.add(keyOf(index), due, due);
          open.set(keyOf(index), due);
          if (index % 9 !== 0) continue;
          const over = [...open].filter(([, time]) => time <= now);
          expect(records.forgetDue(now, 1_000)).toBe(over.length);
          for (const [key] of over) open.delete(key);
        }
        expect(records.size).toBe(open.size);
        for (const index of all.keys()) expect(records.get(keyOf(index))).toBe(open.get(keyOf(index)));
      }),
    );
  });

  it('forgets no more at once than it is told, and comes round to all', () => {
    const records = recordsUpTo(1_000, (index) => (index < 950 ? 10 : 20));
    const slices = Array.from({ length: 11 }, () => records.forgetDue(10, 100));
    expect(slices).toStrictEqual([100, 100, 100, 100, 100, 100, 100, 100, 100, 50, 0]);
    expect(records.size).toBe(50);
    expect(records.forgetDue(20, 100)).toBe(50);
    expect(records.size).toBe(0);
  });

  it('forgets nothing where there is no time to go by', () => {
    const records = recordsUpTo(10, () => 10);
    expect(records.forgetDue(Number.NaN, 100)).toBe(0);
    expect(records.size).toBe(10);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses a record that would be due at %d, and does not keep it',
    (due) => {
      const records = new ExpiringRecords<number>();
      expect(() => {
        records.add('a', 1, due);
      }).toThrow(new RangeError(`A time is a number of milliseconds, not ${due}.`));
      expect(records.get('a')).toBeUndefined();
      expect(records.size).toBe(0);
    },
  );

  it('counts a record once whose key was written again', () => {
    const records = new ExpiringRecords<string>();
    records.add('a', 'first', 10);
    records.add('a', 'second', 10);
    expect(records.size).toBe(1);
    expect(records.get('a')).toBe('second');
    expect(records.forgetDue(10, 5)).toBe(1);
    expect(records.size).toBe(0);
  });
});
