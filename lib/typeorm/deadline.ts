import { within } from '../stores/within.js';

/** Something did not come in time. */
export class TooLateError extends Error {
  override readonly name = 'TooLateError';
}

/** One wait for several things after another, so that their waits do not add up. */
export class Deadline {
  private readonly end: number;

  /** @param timeout How long the whole wait is, in milliseconds. */
  constructor(private readonly timeout: number) {
    this.end = performance.now() + timeout;
  }

  get isOver(): boolean {
    return performance.now() >= this.end;
  }

  /** How much of the wait is left, in milliseconds. */
  get left(): number {
    return Math.max(0, this.end - performance.now());
  }

  /**
   * What is awaited, if it comes in time. Whoever asked for it sees to it if it comes late.
   *
   * @param title Names what did not come, for the message.
   * @throws TooLateError
   */
  within<T>(awaited: Promise<T>, title: () => string): Promise<T> {
    return within(
      awaited,
      this.left,
      () => new TooLateError(`${title()} did not come within ${String(this.timeout)} ms.`),
    );
  }
}
