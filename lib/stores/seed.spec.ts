import { checkProposal, seedOf } from './seed.js';

const LARGEST = 2 ** 30;

describe('A proposal', () => {
  it.each([
    [0, 1, 1],
    [2 ** 31 - 1, LARGEST, 0.25],
  ])('of tick %d, seed %d and %d ms is one', (tick, seed, ttlMs) => {
    expect(() => {
      checkProposal(tick, seed, ttlMs);
    }).not.toThrow();
  });

  it.each<[title: string, proposal: [tick: number, seed: number, ttlMs: number], message: string]>([
    ['a tick of a clock that gives no number', [Number.NaN, 1, 1], 'A tick is an integer from 0 to 2^31 - 1, not NaN.'],
    ['a tick that was not counted modulo 2^31', [2 ** 31, 1, 1], 'A tick is an integer from 0'],
    ['no seed', [0, 0, 1], 'A seed is an integer from 1 to 2^30, not 0.'],
    ['a seed that is too large', [0, LARGEST + 1, 1], 'A seed is an integer from 1'],
    ['half a seed', [0, 1.5, 1], 'A seed is an integer from 1'],
    ['no time', [0, 1, 0], 'A seed is kept for a positive number of milliseconds, not 0.'],
    ['a time that is no number', [0, 1, Number.NaN], 'A seed is kept for a positive number'],
    ['a time without an end', [0, 1, Number.POSITIVE_INFINITY], 'A seed is kept for a positive number'],
  ])('is refused with %s', (_title, proposal, message) => {
    expect(() => {
      checkProposal(...proposal);
    }).toThrow(new RegExp(`^${message.replace(/[.^+]/g, '\\$&')}`));
    expect(() => {
      checkProposal(...proposal);
    }).toThrow(RangeError);
  });
});

describe('What a store holds for a tick', () => {
  it.each<[held: unknown, seed: number]>([
    [1, 1],
    ['1', 1],
    [LARGEST, LARGEST],
    ['1073741824', LARGEST],
  ])('is read from %j', (held, seed) => {
    expect(seedOf(held)).toBe(seed);
  });

  it.each<[held: unknown]>([
    [0],
    ['0'],
    [LARGEST + 1],
    ['1073741825'],
    [-1],
    ['-1'],
    [1.5],
    ['1.5'],
    ['1e3'],
    [''],
    [' 1'],
    ['0x10'],
    ['seed'],
    [null],
    [undefined],
    [true],
    [[7]],
    [Number.NaN],
  ])('is no seed where it is %j, and the store cannot be used', (held) => {
    expect(() => seedOf(held)).toThrow(expect.objectContaining({ code: 'ASH_STORE_UNAVAILABLE' }));
  });
});
