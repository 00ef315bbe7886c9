import { LARGEST_SEED } from '../../core/snapshot-numbers.js';
import { derivedSeeds } from './seeds.js';
import { Ticks, type Tick } from './ticks.js';

const KEY = Uint8Array.from({ length: 32 }, (_, index) => index);
const ticks = new Ticks(1_000, 60_000);
const TICK = ticks.at(1_740_904_491_250);

function seedOf(key: Uint8Array, tick: Tick): number {
  return Number(derivedSeeds(key).current(tick, 1));
}

describe('The seeds that follow from the key and the time', () => {
  it('are the same in every version of the library, or servers of two versions disagree', () => {
    expect(seedOf(KEY, TICK)).toBe(914_985_973);
  });

  it('are the same for the tick of this moment and for one that is looked for', () => {
    expect(derivedSeeds(KEY).find(TICK)).toBe(seedOf(KEY, TICK));
  });

  it('differ by the key, by the tick, by its length, and where the name of a tick comes again', () => {
    const otherKey = KEY.slice().fill(9, 31);
    const again = { ...TICK, begin: TICK.begin + 2 ** 31 * 1_000, end: TICK.end + 2 ** 31 * 1_000 };
    const longer = { ...TICK, end: TICK.end + 1 };
    const seeds = [
      seedOf(KEY, TICK),
      seedOf(otherKey, TICK),
      seedOf(KEY, ticks.at(TICK.end)),
      seedOf(KEY, again),
      seedOf(KEY, longer),
    ];
    expect(new Set(seeds).size).toBe(seeds.length);
  });

  it('are from 1 to 2^30, each as likely as any other', () => {
    const counts = new Array<number>(16).fill(0);
    for (let index = 0; index < 16_000; index++) {
      const seed = seedOf(KEY, ticks.at(index * 1_000));
      expect(Number.isInteger(seed) && seed >= 1 && seed <= LARGEST_SEED).toBe(true);
      const sixteenth = Math.floor(((seed - 1) / LARGEST_SEED) * 16);
      counts[sixteenth] = (counts[sixteenth] ?? 0) + 1;
    }
    // Five standard deviations of 1,000 on both sides; the seeds are the same at every run.
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(155);
  });
});
