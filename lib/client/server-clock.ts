/** What tells of the server's clock: a context came between two readings of the client's. */
export interface ClockReading {
  /** When the server issued it, by its own clock, in milliseconds since the epoch. */
  readonly issuedAt: number;
  /** The client's clock before it asked, in milliseconds since the epoch. */
  readonly before: number;
  /** The client's clock when the answer was there. */
  readonly after: number;
}

/** The server's clock, as well as the contexts tell it. */
export class ServerClock {
  /** How far the server's clock is ahead of the client's, in milliseconds. */
  #offset = 0;
  readonly #own: () => number;

  constructor(own: () => number) {
    this.#own = own;
  }

  /** Milliseconds since the epoch by the server's clock. */
  now(): number {
    return this.#own() + this.#offset;
  }

  /** Learns from a context that was asked for by itself: half of the way lies before its issue, half of it after. */
  learn({ issuedAt, before, after }: ClockReading): void {
    this.#offset = issuedAt - (before + after) / 2;
  }

  /**
   * Learns from a context that came with an answer, only where what was known cannot be true, and no more than it has to:
   * the handler took its time, and nobody knows how much of it.
   */
  check({ issuedAt, before, after }: ClockReading): void {
    this.#offset = Math.min(Math.max(this.#offset, issuedAt - after), issuedAt - before);
  }
}
