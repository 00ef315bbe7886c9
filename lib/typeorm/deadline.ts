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

  /**
   * What is awaited, if it comes in time. Whoever asked for it sees to it if it comes late.
   *
   * @param title What did not come, for the message.
   * @throws TooLateError
   */
  async within<T>(awaited: Promise<T>, title: string): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLate = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(
        () => {
          reject(new TooLateError(`${title} did not come within ${String(this.timeout)} ms.`));
        },
        Math.max(0, this.end - performance.now()),
      );
    });
    try {
      return await Promise.race([awaited, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }
}
