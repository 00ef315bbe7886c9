import { setTimeout as pause } from 'node:timers/promises';

/** How often it is looked whether all is answered, in milliseconds. */
const PAUSE = 2;

/** Counts the questions that have no answer yet, so that what they are asked on is not ended beneath them. */
export class UnderWay {
  private unanswered = 0;

  async during<T>(question: () => Promise<T>): Promise<T> {
    this.unanswered++;
    try {
      return await question();
    } finally {
      this.unanswered--;
    }
  }

  /** Waits until all is answered, what an answer leads to as well, or the time in milliseconds is over. */
  async end(timeout: number): Promise<void> {
    const end = performance.now() + timeout;
    while (this.unanswered > 0 && performance.now() < end) await pause(PAUSE);
  }
}
