import { jest } from '@jest/globals';

/** The time of this process, which stands still until it is moved. */
export interface Clock {
  /** Moves the time on by some milliseconds. */
  pass(milliseconds: number): void;
  /** Lets the time go on by itself. */
  release(): void;
}

/** Stops `Date.now`; timers go on. What reads the clock by that name has to be made after it. */
export function stopClock(): Clock {
  let now = Date.now();
  const stopped = jest.spyOn(Date, 'now').mockImplementation(() => now);
  return {
    pass: (milliseconds) => {
      now += milliseconds;
    },
    release: () => {
      stopped.mockRestore();
    },
  };
}
