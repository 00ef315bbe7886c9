import { Ticks } from './ticks.js';

const SECOND = 1_000;

describe('The ticks of a server', () => {
  type Row = [title: string, interval: number, time: number, tick: number, begin: number, end: number];
  const rows: Row[] = [
    ['the epoch', 1_000, 0, 0, 0, 1_000],
    ['the last millisecond of a tick', 1_000, 999, 0, 0, 1_000],
    ['the first millisecond of the next', 1_000, 1_000, 1, 1_000, 2_000],
    ['our days', 1_000, 1_740_904_491_250, 1_740_904_491, 1_740_904_491_000, 1_740_904_492_000],
    ['a tick of many seconds', 30_000, 1_740_904_491_250, 58_030_149, 1_740_904_470_000, 1_740_904_500_000],
    ['a tick of a part of a second', 290, 579, 1, 290, 580],
    ['and the one after it', 290, 580, 2, 580, 870],
    ['the last name there is', 10, 21_474_836_470, 2 ** 31 - 1, 21_474_836_470, 21_474_836_480],
    ['the first name again', 10, 21_474_836_480, 0, 21_474_836_480, 21_474_836_490],
    ['the time before the epoch', 1_000, -1, 2 ** 31 - 1, -1_000, 0],
  ];
  it.each(rows)('are counted from the epoch: %s', (_title, interval, time, tick, begin, end) => {
    expect(new Ticks(interval, 0).at(time)).toStrictEqual({ tick, begin, end });
  });

  it('follow each other without a gap, also in the years to come', () => {
    for (const interval of [10, 290, 999, 1_001, 3_600_000]) {
      const ticks = new Ticks(interval, 0);
      const first = ticks.at(4_102_444_800_123);
      const next = ticks.at(first.end);
      expect([ticks.at(first.begin), ticks.at(first.end - 1)]).toStrictEqual([first, first]);
      expect([next.begin, next.tick]).toStrictEqual([first.end, (first.tick + 1) % 2 ** 31]);
    }
  });

  const NOW = 1_740_904_491_250;
  const KEPT = 60 * SECOND;
  type KeptRow = [title: string, after: number, isKept: boolean];
  const kept: KeptRow[] = [
    ['this moment', 0, true],
    ['the end of the tick', 750, true],
    ['the last moment of the window', 750 + KEPT, true],
    ['the moment after', 750 + KEPT + 1, false],
    ['a second before it begins, for clocks that are behind', -1_250, true],
    ['more than a second before', -1_251, false],
  ];
  it.each(kept)('are kept for a while after their end, and have a lead: %s', (_title, after, isKept) => {
    const ticks = new Ticks(SECOND, KEPT);
    const tick = ticks.at(NOW);
    const found = isKept ? tick : undefined;
    expect(ticks.ifKept(tick, NOW + after)).toBe(found);
    expect(ticks.named(tick.tick, NOW + after)).toStrictEqual(found);
  });

  it('are found by their names across the last name there is', () => {
    const ticks = new Ticks(10, KEPT);
    const turn = 10 * 2 ** 31;
    expect(ticks.named(2 ** 31 - 1, turn + 5)).toStrictEqual(ticks.at(turn - 1));
    expect(ticks.named(0, turn - 5)).toStrictEqual(ticks.at(turn));
    expect(ticks.named(2 ** 30, turn)).toBeUndefined();
  });

  type SecondRow = [title: string, interval: number, second: number, tick: number | undefined];
  const seconds: SecondRow[] = [
    ['one of a tick of one', 1_000, 7, 7],
    ['the first of a tick of two', 2_000, 6, 3],
    ['the last of a tick of two', 2_000, 7, 3],
    ['one within a tick of one and a half', 1_500, 3, 2],
    ['one in which a tick ends', 1_500, 4, undefined],
    ['one of several ticks', 500, 7, undefined],
  ];
  it.each(seconds)('are found by a second of theirs alone: %s', (_title, interval, second, tick) => {
    expect(new Ticks(interval, KEPT).atSecond(second)?.tick).toBe(tick);
  });

  it('are to be kept until the last who looks for them has stopped, whose clock is behind', () => {
    const ticks = new Ticks(SECOND, KEPT);
    expect(ticks.keptFor(ticks.at(NOW), NOW)).toBe(750 + KEPT + SECOND);
  });
});
