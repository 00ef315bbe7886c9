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
});
