/** What a schedule of cleanups works with. */
export interface CleanupScheduleOptions {
  /** How often it runs, in milliseconds. */
  readonly interval: number;
  /** Whether it is this instance's turn. */
  readonly takeLease: () => Promise<boolean>;
  readonly cleanup: () => Promise<unknown>;
  readonly onError: (error: unknown) => void;
}

/** Each wait is up to this part longer or shorter, so that instances that started together do not go on together. */
const JITTER = 0.1;

/** Cleans up again and again, on the one instance of many that has the lease. Its timer keeps no process alive. */
export class CleanupSchedule {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running: Promise<void> = Promise.resolve();
  private ended = false;

  constructor(private readonly options: CleanupScheduleOptions) {}

  get isEnded(): boolean {
    return this.ended;
  }

  begin(): void {
    const { interval } = this.options;
    this.timer = setTimeout(
      () => {
        this.running = this.run();
      },
      interval * (1 - JITTER + 2 * JITTER * Math.random()),
    );
    this.timer.unref();
  }

  /** Ends it, and waits for what is under way. */
  async end(): Promise<void> {
    this.ended = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async run(): Promise<void> {
    const { takeLease, cleanup } = this.options;
    try {
      if (await takeLease()) await cleanup();
    } catch (error) {
      this.tell(error);
    } finally {
      if (!this.ended) this.begin();
    }
  }

  /** Nobody awaits a run: what is thrown here would end the process, or be thrown at whoever closes the store. */
  private tell(error: unknown): void {
    try {
      this.options.onError(error);
    } catch (failure) {
      process.emitWarning(`The cleanup failed, and so did 'onCleanupError': ${String(failure)}`, 'AshSqlStore');
    }
  }
}
