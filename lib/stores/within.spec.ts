import { jest } from '@jest/globals';
import { within } from './within.js';

const LATE = new Error('too late');
const late = () => LATE;

describe('within', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('gives what comes in time, and leaves no timer behind', async () => {
    await expect(within(Promise.resolve('answer'), 100, late)).resolves.toBe('answer');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('fails with what fails in time, and leaves no timer behind', async () => {
    const failure = new Error('down');
    await expect(within(Promise.reject(failure), 100, late)).rejects.toBe(failure);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('refuses what does not come in time, and not before', async () => {
    const ends = jest.fn();
    within(new Promise(() => undefined), 100, late).catch(ends);
    await jest.advanceTimersByTimeAsync(99);
    expect(ends).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    expect(ends).toHaveBeenCalledWith(LATE);
  });

  it('ends many waits each in its time, whatever their order, and one that was answered not at all', async () => {
    const ended: string[] = [];
    const wait = (name: string, milliseconds: number, awaited: Promise<unknown> = new Promise(() => undefined)) => {
      within(awaited, milliseconds, late).catch(() => ended.push(name));
    };
    wait('long', 300);
    wait('short', 100);
    wait('answered', 200, Promise.resolve());
    wait('as short', 100);
    await jest.advanceTimersByTimeAsync(100);
    expect(ended).toStrictEqual(['short', 'as short']);
    await jest.advanceTimersByTimeAsync(200);
    expect(ended).toStrictEqual(['short', 'as short', 'long']);
  });

  it('drops what comes too late, a rejection too', async () => {
    let fail: (error: Error) => void = () => undefined;
    const awaited = new Promise<never>((_resolve, reject) => {
      fail = reject;
    });
    const ends = jest.fn();
    within(awaited, 100, late).catch(ends);
    await jest.advanceTimersByTimeAsync(100);
    expect(ends).toHaveBeenCalledWith(LATE);
    // An unhandled rejection would end the run.
    fail(new Error('later still'));
    await jest.advanceTimersByTimeAsync(1);
  });
});
