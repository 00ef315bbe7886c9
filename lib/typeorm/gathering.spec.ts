import { jest } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { Gathering, type Act } from './gathering.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const ALL_SENT = 3;
const LONG = 60_000;

/** A gathering whose groups are answered when the test says so: each act by itself doubled. */
function gatheringOf({ timeout = LONG, patience = LONG } = {}) {
  const groups: { requests: number[]; answer: () => void; fail: (error: Error) => void }[] = [];
  const gathering = new Gathering<number, number>({
    check: () => undefined,
    send: (acts) =>
      new Promise((resolve, reject) => {
        groups.push({
          requests: acts.map(({ request }) => request),
          answer: () => {
            resolve(({ request }: Act<number>) => request * 2);
          },
          fail: reject,
        });
      }),
    timeout,
    patience,
    tooLate: () => new Error('too late'),
  });
  const group = (index: number) => {
    const found = groups[index];
    if (found === undefined) throw new Error(`There is no group ${String(index)}.`);
    return found;
  };
  return { ask: (request: number) => gathering.ask(request), groups, group };
}

describe('Gathering', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  /** Time passes only where the test says so; turns of the event loop go on. */
  const stopTime = () => jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });

  it('sends an act alone in the same turn of the event loop', async () => {
    const { ask, groups, group } = gatheringOf();
    const answer = ask(1);
    await turn();
    expect(groups.map(({ requests }) => requests)).toStrictEqual([[1]]);
    group(0).answer();
    await expect(answer).resolves.toBe(2);
  });

  it('sends what comes in one turn together, and answers each', async () => {
    const { ask, group } = gatheringOf();
    const answers = Promise.all([ask(1), ask(2), Promise.resolve().then(() => ask(3))]);
    await turn();
    expect(group(0).requests).toStrictEqual([1, 2, 3]);
    group(0).answer();
    await expect(answers).resolves.toStrictEqual([2, 4, 6]);
  });

  it('gathers what comes while two groups are under way, and sends it when one has come back', async () => {
    const { ask, groups, group } = gatheringOf();
    const answers: Promise<number>[] = [];
    for (const request of [1, 2, 3, 4]) {
      answers.push(ask(request));
      await turn();
    }
    expect(groups.map(({ requests }) => requests)).toStrictEqual([[1], [2]]);
    group(0).answer();
    await answers[0];
    await turn();
    expect(groups.map(({ requests }) => requests)).toStrictEqual([[1], [2], [3, 4]]);
    group(1).answer();
    group(2).answer();
    await expect(Promise.all(answers)).resolves.toStrictEqual([2, 4, 6, 8]);
  });

  it('sends beside a group of many no other, until it has come back or what waits is as large as may be', async () => {
    const { ask, groups, group } = gatheringOf();
    const sizes = () => groups.map(({ requests }) => requests.length);
    const answers: Promise<number>[] = [];
    const askTimes = async (count: number) => {
      for (let index = 0; index < count; index++) answers.push(ask(index));
      await turn();
    };
    await askTimes(8);
    await askTimes(10);
    expect(sizes()).toStrictEqual([8]);
    group(0).answer();
    await answers[0];
    await turn();
    expect(sizes()).toStrictEqual([8, 10]);
    await askTimes(255);
    expect(sizes()).toStrictEqual([8, 10]);
    await askTimes(1);
    expect(sizes()).toStrictEqual([8, 10, 256]);
    group(1).answer();
    group(2).answer();
    await expect(Promise.all(answers)).resolves.toHaveLength(274);
  });

  it('sends no more than 256 together', async () => {
    const { ask, groups } = gatheringOf();
    const answers = Promise.all(Array.from({ length: 600 }, (_, index) => ask(index)));
    while (groups.length < ALL_SENT) {
      await turn();
      for (const { answer } of groups) answer();
    }
    await expect(answers).resolves.toHaveLength(600);
    expect(groups.map(({ requests }) => requests.length)).toStrictEqual([256, 256, 88]);
  });

  it('does not wait for long for groups that do not come back', async () => {
    const { ask, groups, group } = gatheringOf({ patience: 1 });
    const stuck = [ask(1)];
    await turn();
    stuck.push(ask(2));
    await turn();
    const answer = ask(3);
    while (groups.length < ALL_SENT) await pause(1);
    group(2).answer();
    await expect(answer).resolves.toBe(6);
    group(0).answer();
    group(1).answer();
    await expect(Promise.all(stuck)).resolves.toStrictEqual([2, 4]);
  });

  it('answers with the error of a group all of its acts, and no other', async () => {
    const { ask, group } = gatheringOf();
    const failed = Promise.allSettled([ask(1), ask(2)]);
    await turn();
    const other = ask(3);
    await turn();
    group(0).fail(new Error('gone'));
    group(1).answer();
    const reason = new Error('gone');
    await expect(failed).resolves.toStrictEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ]);
    await expect(other).resolves.toBe(6);
  });

  it('answers each act when its own answer is there', async () => {
    let isHeld = true;
    const gathering = new Gathering<string, string>({
      check: () => undefined,
      send: () =>
        Promise.resolve(({ request }) =>
          request === 'held' ? pause(1).then(() => ((isHeld = false), request)) : request,
        ),
      timeout: LONG,
      patience: LONG,
      tooLate: () => new Error('too late'),
    });
    const held = gathering.ask('held');
    await expect(gathering.ask('free')).resolves.toBe('free');
    expect(isHeld).toBe(true);
    await expect(held).resolves.toBe('held');
  });

  it('refuses an act that waited for too long, and does not send it any more', async () => {
    stopTime();
    const { ask, groups, group } = gatheringOf({ timeout: 15 });
    const answers = [ask(1)];
    await turn();
    answers.push(ask(2));
    await turn();
    answers.push(ask(3));
    const settled = Promise.allSettled(answers);
    await jest.advanceTimersByTimeAsync(15);
    const outcomes = await settled;
    expect(outcomes.map(({ status }) => status)).toStrictEqual(['rejected', 'rejected', 'rejected']);
    expect(outcomes[2]).toStrictEqual({ status: 'rejected', reason: new Error('too late') });
    const last = ask(4);
    group(0).answer();
    await turn();
    await turn();
    expect(groups.map(({ requests }) => requests)).toStrictEqual([[1], [2], [4]]);
    group(1).answer();
    group(2).answer();
    await expect(last).resolves.toBe(8);
  });

  it('does nothing more for an act that was refused while its group was under way', async () => {
    const asked: number[] = [];
    const finish: (() => void)[] = [];
    const gathering = new Gathering<number, number>({
      check: () => undefined,
      send: () =>
        new Promise((resolve) => {
          finish.push(() => {
            resolve(({ request }) => asked.push(request));
          });
        }),
      timeout: 15,
      patience: LONG,
      tooLate: () => new Error('too late'),
    });
    const answers = [];
    for (const request of [1, 2, 3]) {
      answers.push(gathering.ask(request));
      await turn();
    }
    const outcomes = await Promise.allSettled(answers);
    expect(outcomes.map(({ status }) => status)).toStrictEqual(['rejected', 'rejected', 'rejected']);
    for (const each of finish) each();
    await pause(1);
    expect(asked).toStrictEqual([]);
  });

  it('keeps no process alive when all is answered', async () => {
    const started = jest.spyOn(globalThis, 'setTimeout');
    const ended = jest.spyOn(globalThis, 'clearTimeout');
    // None of them comes to its end in this test.
    const running = () => {
      const timers = new Set<unknown>(started.mock.results.map(({ value }): unknown => value));
      for (const [timer] of ended.mock.calls) timers.delete(timer);
      return timers.size;
    };
    try {
      const { ask, groups } = gatheringOf();
      const answers: Promise<number>[] = [];
      for (const request of [1, 2, 3]) {
        answers.push(ask(request));
        await turn();
      }
      expect(running()).toBeGreaterThan(0);
      for (let index = 0; index < ALL_SENT; index++) {
        groups[index]?.answer();
        await turn();
        await turn();
      }
      await Promise.all(answers);
      expect(running()).toBe(0);
    } finally {
      started.mockRestore();
      ended.mockRestore();
    }
  });
});
