import { bind, numbered, positional } from './statement.js';

const TEXT = 'UPDATE t SET a = :now\n  WHERE id = :id AND b > :now';

describe('a statement', () => {
  it('has each name once for PostgreSQL, and as often as it stands there for the others', () => {
    expect(numbered(TEXT)).toMatchObject({
      text: 'UPDATE t SET a = $1 WHERE id = $2 AND b > $1',
      parameters: ['now', 'id'],
    });
    expect(positional(TEXT)).toMatchObject({
      text: 'UPDATE t SET a = ? WHERE id = ? AND b > ?',
      parameters: ['now', 'id', 'now'],
    });
  });

  it('has a name of its own, which fits into those of PostgreSQL', () => {
    expect(numbered(TEXT).name).toMatch(/^ash_[0-9a-f]{16}$/);
    expect(numbered(TEXT).name).toBe(numbered(TEXT).name);
    expect(numbered(`${TEXT} + 1`).name).not.toBe(numbered(TEXT).name);
  });

  it('takes its values in its order', () => {
    expect(bind(positional(TEXT), { id: 'a', now: 1, more: 2 })).toStrictEqual([1, 'a', 1]);
    expect(bind(numbered('SELECT :id'), { id: null })).toStrictEqual([null]);
  });

  it.each([[undefined], [Number.NaN], [Number.POSITIVE_INFINITY], [0.5], [2 ** 53]])('takes no %p', (now) => {
    const values = now === undefined ? { id: 'a' } : { id: 'a', now };
    expect(() => bind(numbered(TEXT), values)).toThrow(`'now' is no value for a statement: ${String(now)}.`);
  });
});
