import { setImmediate as nextTurn } from 'node:timers/promises';
import { Turn } from './turn.js';

describe('Turn', () => {
  it('begins with nothing before all that arrives in the turn has joined, and then with each in its order', async () => {
    const turn = new Turn();
    const said: string[] = [];
    const join = (name: string): Promise<number> => turn.join(() => said.push(name));
    const joined = [join('a'), join('b')];
    await Promise.resolve();
    joined.push(join('c'));
    process.nextTick(() => joined.push(join('d')));
    expect(said).toStrictEqual([]);
    await nextTurn();
    expect(said).toStrictEqual(['a', 'b', 'c', 'd']);
    await expect(Promise.all(joined)).resolves.toStrictEqual([1, 2, 3, 4]);
  });

  it('leaves what comes while it works to the next one', async () => {
    const turn = new Turn();
    const said: string[] = [];
    let later: Promise<number> | undefined;
    await turn.join(() => {
      said.push('first');
      later = turn.join(() => said.push('second'));
    });
    expect(said).toStrictEqual(['first']);
    await expect(later).resolves.toBe(2);
  });

  it('fails for the one that fails, at once or later', async () => {
    const turn = new Turn();
    const thrown = new Error('thrown');
    const joined = [
      turn.join(() => {
        throw thrown;
      }),
      turn.join(() => Promise.reject(thrown)),
      turn.join(() => Promise.resolve('later')),
      turn.join(() => 'at once'),
    ];
    await expect(Promise.allSettled(joined)).resolves.toStrictEqual([
      { status: 'rejected', reason: thrown },
      { status: 'rejected', reason: thrown },
      { status: 'fulfilled', value: 'later' },
      { status: 'fulfilled', value: 'at once' },
    ]);
  });

  it('keeps nobody waiting where one comes at a time, until several come in one turn', async () => {
    const turn = new Turn();
    const said: string[] = [];
    const join = (name: string): Promise<number> => turn.join(() => said.push(name));
    const isAtOnce = async (): Promise<boolean> => {
      const joined = join('one');
      const { length } = said;
      await joined;
      await nextTurn();
      return length > 0;
    };
    let turns = 0;
    do {
      said.length = 0;
      turns += 1;
    } while (!(await isAtOnce()) && turns < 1_000);
    expect(turns).toBeGreaterThan(10);
    expect(turns).toBeLessThan(1_000);

    said.length = 0;
    await Promise.all([join('a'), join('b')]);
    await nextTurn();
    expect(said).toStrictEqual(['a', 'b']);
    said.length = 0;
    expect(await isAtOnce()).toBe(false);
  });

  it('fails where it keeps nobody waiting for the one that fails, and for no other', async () => {
    const turn = new Turn();
    for (let quiet = 0; quiet < 100; quiet++) {
      await turn.join(() => undefined);
      await nextTurn();
    }
    const thrown = new Error('thrown');
    await expect(
      turn.join(() => {
        throw thrown;
      }),
    ).rejects.toBe(thrown);
    await expect(turn.join(() => Promise.reject(thrown))).rejects.toBe(thrown);
    await expect(turn.join(() => 'at once')).resolves.toBe('at once');
  });
});
