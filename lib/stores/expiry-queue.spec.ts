import fc from 'fast-check';
import { ExpiryQueue } from './expiry-queue.js';

function takeAll(queue: ExpiryQueue, now: number): string[] {
  const taken: string[] = [];
  for (let key = queue.takeDue(now); key !== undefined; key = queue.takeDue(now)) taken.push(key);
  return taken;
}

describe('ExpiryQueue', () => {
  it('has nothing due while it is empty', () => {
    expect(new ExpiryQueue().takeDue(Number.MAX_SAFE_INTEGER)).toBeUndefined();
  });

  it('gives a key when it is due, not before and not twice', () => {
    const queue = new ExpiryQueue();
    queue.add('a', 10);
    expect(queue.takeDue(9)).toBeUndefined();
    expect(queue.takeDue(10)).toBe('a');
    expect(queue.takeDue(10)).toBeUndefined();
  });

  it('gives nothing at a time that is no number', () => {
    const queue = new ExpiryQueue();
    queue.add('a', 10);
    expect(queue.takeDue(Number.NaN)).toBeUndefined();
    expect(queue.takeDue(10)).toBe('a');
  });

  it('gives every key once, in the order in which they fall due, whenever it is asked', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(50), fc.boolean()), { maxLength: 60 }), (entries) => {
        const queue = new ExpiryQueue();
        const open = new Map<string, number>();
        for (const [index, [due, asks]] of entries.entries()) {
          queue.add(String(index), due);
          open.set(String(index), due);
          if (!asks) continue;
          const expected = Math.min(...open.values());
          expect(queue.takeDue(expected - 1)).toBeUndefined();
          const key = queue.takeDue(expected) ?? '';
          expect(open.get(key)).toBe(expected);
          open.delete(key);
        }
        const rest = takeAll(queue, 50);
        expect(rest.map((key) => open.get(key))).toStrictEqual([...open.values()].sort((a, b) => a - b));
        expect(new Set(rest).size).toBe(open.size);
      }),
    );
  });
});
