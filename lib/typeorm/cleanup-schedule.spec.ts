import { jest } from '@jest/globals';
import { CleanupSchedule } from './cleanup-schedule.js';

const INTERVAL = 1_000;
const LONGEST = 1.1 * INTERVAL;

describe('CleanupSchedule', () => {
  let isMine: boolean;
  let runs: number;
  let finish: (() => void) | undefined;
  let schedule: CleanupSchedule;
  const errors: unknown[] = [];

  beforeEach(() => {
    jest.useFakeTimers();
    isMine = true;
    runs = 0;
    finish = undefined;
    schedule = new CleanupSchedule({
      interval: INTERVAL,
      takeLease: () => Promise.resolve(isMine),
      cleanup: () => {
        runs++;
        return new Promise<void>((resolve) => (finish = resolve));
      },
      onError: (error) => errors.push(error),
    });
    schedule.begin();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const pass = () => jest.advanceTimersByTimeAsync(LONGEST);

  it('runs after the interval, and again only when it has ended', async () => {
    await jest.advanceTimersByTimeAsync(0.9 * INTERVAL - 1);
    expect(runs).toBe(0);
    await pass();
    await pass();
    expect(runs).toBe(1);
    finish?.();
    await pass();
    expect(runs).toBe(2);
  });

  it('does nothing while it is somebody else’s turn, and asks again', async () => {
    isMine = false;
    await pass();
    await pass();
    expect(runs).toBe(0);
    isMine = true;
    await pass();
    expect(runs).toBe(1);
  });

  it('ends after what is under way, and begins no more', async () => {
    await pass();
    let hasEnded = false;
    const ending = schedule.end().then(() => (hasEnded = true));
    await jest.advanceTimersByTimeAsync(0);
    expect([hasEnded, schedule.isEnded]).toStrictEqual([false, true]);
    finish?.();
    await ending;
    expect(jest.getTimerCount()).toBe(0);
  });

  it('goes on, and ends in good order, where even the one who is told of a failure fails', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    let asked = 0;
    const failing = new CleanupSchedule({
      interval: INTERVAL,
      takeLease: () => Promise.reject(new Error(`away ${String(++asked)}`)),
      cleanup: () => Promise.resolve(),
      onError: () => {
        throw new Error('the log is full');
      },
    });
    failing.begin();
    await pass();
    await pass();
    expect(asked).toBe(2);
    await expect(failing.end()).resolves.toBeUndefined();
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('the log is full'), 'AshSqlStore');
    warn.mockRestore();
  });

  it('ends before its first run', async () => {
    await schedule.end();
    await pass();
    expect([runs, jest.getTimerCount()]).toStrictEqual([0, 0]);
  });
});
