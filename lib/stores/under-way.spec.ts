import { UnderWay } from './under-way.js';

const LONG = 60_000;

/** A promise that the test keeps. */
function promised<T>(): { promise: Promise<T>; keep: (value: T) => void } {
  let keep: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => (keep = resolve));
  return { promise, keep };
}

describe('UnderWay', () => {
  it('ends at once where nothing is asked', async () => {
    await expect(new UnderWay().end(LONG)).resolves.toBeUndefined();
  });

  it('ends when all is answered, also what an answer led to, and what was refused', async () => {
    const underWay = new UnderWay();
    const [first, second] = [promised<string>(), promised<string>()];
    const answers: string[] = [];
    const asking = (async () => {
      answers.push(await underWay.during(() => first.promise));
      answers.push(await underWay.during(() => second.promise));
    })();
    const refused = underWay.during(() => Promise.reject(new Error('refused'))).catch(String);
    const ending = underWay.end(LONG).then(() => answers.push('ended'));
    first.keep('first');
    setTimeout(() => {
      second.keep('second');
    }, 10);
    await Promise.all([asking, ending]);
    expect(answers).toStrictEqual(['first', 'second', 'ended']);
    await expect(refused).resolves.toBe('Error: refused');
  });

  it('does not wait for what is not answered in time', async () => {
    const underWay = new UnderWay();
    void underWay.during(() => promised().promise);
    await expect(underWay.end(5)).resolves.toBeUndefined();
  });
});
