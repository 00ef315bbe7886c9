import { TICKS } from '../../core/snapshot-numbers.js';

/** By how much another process may be ahead of this one, in milliseconds. */
export const LEAD = 1_000;
const SECOND = 1_000;

/** One tick: how it is named on the wire, and the time that it covers, in milliseconds since the epoch. */
export interface Tick {
  readonly tick: number;
  readonly begin: number;
  /** The first moment that is the next tick's. */
  readonly end: number;
}

/**
 * Counts ticks by the clock, from the epoch on, so that processes whose clocks agree count alike.
 *
 * Source: protocol, section 10.
 */
export class Ticks {
  /**
   * @param interval The length of a tick, in whole milliseconds.
   * @param kept How long a tick is kept after its end, in milliseconds.
   */
  constructor(
    private readonly interval: number,
    private readonly kept: number,
  ) {}

  /** The tick of a moment, in milliseconds since the epoch. */
  at(time: number): Tick {
    return this.numbered(Math.floor(time / this.interval));
  }

  /** The tick of a second since the epoch; `undefined` where the second is not of one tick alone. */
  atSecond(second: number): Tick | undefined {
    const tick = this.at(second * SECOND);
    return tick.end >= (second + 1) * SECOND ? tick : undefined;
  }

  /** The tick of a name, as the one of that name that is nearest to `now`; `undefined` where it is not kept. */
  named(tick: number, now: number): Tick | undefined {
    const count = Math.floor(now / this.interval);
    const ahead = modulo(tick - modulo(count, TICKS), TICKS);
    return this.ifKept(this.numbered(count + (ahead >= TICKS / 2 ? ahead - TICKS : ahead)), now);
  }

  /** A tick that is still kept, or has begun where clocks differ a little; `undefined` for another. */
  ifKept(tick: Tick, now: number): Tick | undefined {
    return tick.end + this.kept >= now && tick.begin <= now + LEAD ? tick : undefined;
  }

  /** How long a tick has to be kept from now on, in milliseconds: for processes that are a little behind, too. */
  keptFor({ end }: Tick, now: number): number {
    return end + this.kept + LEAD - now;
  }

  private numbered(count: number): Tick {
    return { tick: modulo(count, TICKS), begin: count * this.interval, end: (count + 1) * this.interval };
  }
}

function modulo(count: number, divisor: number): number {
  return ((count % divisor) + divisor) % divisor;
}
