import { jest } from '@jest/globals';
import { ShardEpoch } from './shard-epoch.js';

const DOWN = new Error('down');

/** An epoch whose set answers what a test says, when it says so. */
function setUp() {
  const clock = { now: 1_700_000_000_000 };
  const ask = jest.fn<() => Promise<string>>().mockResolvedValue('first');
  return { clock, ask, epoch: new ShardEpoch(ask, () => clock.now) };
}

/** Lets the answers that were given come through. */
const settled = (): Promise<void> => new Promise(setImmediate);

describe('ShardEpoch', () => {
  it('is asked for once by all who wait for it', async () => {
    const { ask, epoch } = setUp();
    await expect(Promise.all([epoch.current(), epoch.current(), epoch.current()])).resolves.toStrictEqual(
      Array.from({ length: 3 }, () => 'first'),
    );
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('is given without asking for a second, then without waiting, while it is asked for again', async () => {
    const { clock, ask, epoch } = setUp();
    await epoch.current();
    clock.now += 999;
    expect(epoch.current()).toBe('first');
    expect(ask).toHaveBeenCalledTimes(1);
    clock.now += 1;
    ask.mockResolvedValue('second');
    expect(epoch.current()).toBe('first');
    expect(epoch.current()).toBe('first');
    expect(ask).toHaveBeenCalledTimes(2);
    await settled();
    expect(epoch.current()).toBe('second');
  });

  it('bears a set that does not answer for ten seconds, asks it once a second, and then fails as the set does', async () => {
    const { clock, ask, epoch } = setUp();
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    await epoch.current();
    ask.mockImplementation(() => Promise.reject(DOWN));
    for (let passed = 100; passed < 10_000; passed += 100) {
      clock.now += 100;
      expect(epoch.current()).toBe('first');
      await settled();
    }
    expect(ask).toHaveBeenCalledTimes(1 + 9);
    clock.now += 100;
    await expect(epoch.current()).rejects.toBe(DOWN);
    ask.mockResolvedValue('second');
    await expect(epoch.current()).resolves.toBe('second');
    process.removeListener('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it('fails as the set does where it was never known', async () => {
    const { ask, epoch } = setUp();
    ask.mockRejectedValueOnce(DOWN);
    await expect(epoch.current()).rejects.toBe(DOWN);
    await expect(epoch.current()).resolves.toBe('first');
  });

  it('gives up a question that was never answered', async () => {
    const { clock, ask, epoch } = setUp();
    ask.mockReturnValueOnce(new Promise(() => undefined));
    const lost = jest.fn();
    void Promise.resolve(epoch.current()).then(lost);
    clock.now += 10_000;
    await expect(epoch.current()).resolves.toBe('first');
    expect(lost).not.toHaveBeenCalled();
  });

  it('needs no question while marks confirm it', async () => {
    const { clock, ask, epoch } = setUp();
    await epoch.current();
    for (let second = 0; second < 30; second++) {
      clock.now += 900;
      epoch.confirm('first', clock.now);
      expect(epoch.current()).toBe('first');
    }
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('learns another epoch from a mark that was taken, unless the set was asked later', async () => {
    const { clock, epoch } = setUp();
    await epoch.current();
    epoch.confirm('older', clock.now - 1);
    expect(epoch.current()).toBe('first');
    epoch.confirm('newer', clock.now + 1);
    clock.now += 1;
    expect(epoch.current()).toBe('newer');
  });

  it('is not used any more when a mark of it is refused, nor is an answer to a question from before', async () => {
    const { clock, ask, epoch } = setUp();
    await epoch.current();
    clock.now += 1_000;
    let answer: (epoch: string) => void = () => undefined;
    ask.mockReturnValueOnce(
      new Promise((resolve) => {
        answer = resolve;
      }),
    );
    void epoch.current();
    epoch.refuse('first');
    answer('first');
    await settled();
    ask.mockResolvedValueOnce('second');
    await expect(epoch.current()).resolves.toBe('second');
  });

  it('stays when a mark of another epoch is refused', async () => {
    const { epoch } = setUp();
    await epoch.current();
    epoch.refuse('older');
    expect(epoch.current()).toBe('first');
  });

  it('is asked for anew when the clock was set back, and known again from then on', async () => {
    const { clock, ask, epoch } = setUp();
    await epoch.current();
    clock.now -= 3_600_000;
    await expect(epoch.current()).resolves.toBe('first');
    expect(epoch.current()).toBe('first');
    expect(ask).toHaveBeenCalledTimes(2);
  });
});
