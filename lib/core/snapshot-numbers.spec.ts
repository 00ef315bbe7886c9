import { isSeed, isTick } from './snapshot-numbers.js';

describe('A tick', () => {
  it.each([0, 1, 2 ** 31 - 1])('is %d', (tick) => {
    expect(isTick(tick)).toBe(true);
  });

  it.each([-1, 2 ** 31, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('is not %d', (tick) => {
    expect(isTick(tick)).toBe(false);
  });
});

describe('A seed', () => {
  it.each([1, 2, 2 ** 30])('is %d', (seed) => {
    expect(isSeed(seed)).toBe(true);
  });

  it.each([0, -1, 2 ** 30 + 1, 1.5, Number.NaN, '7', null, undefined])('is not %p', (seed) => {
    expect(isSeed(seed)).toBe(false);
  });
});
