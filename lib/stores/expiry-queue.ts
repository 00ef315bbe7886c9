/** Keys in the order in which they fall due: a binary heap, so that mixed lifetimes cost O(log n) and no timers. */
export class ExpiryQueue {
  // Two lists instead of one of pairs: a pair is an object and a boxed number, which cost 40 bytes a key.
  private keys: string[] = [];
  private dues: number[] = [];
  private longest = 0;

  /** @param due Milliseconds since the epoch. */
  add(key: string, due: number): void {
    const { dues } = this;
    let index = dues.length;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parentDue = dues[parentIndex];
      if (parentDue === undefined || parentDue <= due) break;
      this.move(parentIndex, index);
      index = parentIndex;
    }
    this.put(index, key, due);
  }

  /** Takes out the key that is due first, if it is due before `now`. */
  takeDue(now: number): string | undefined {
    const [key] = this.keys;
    const [due] = this.dues;
    if (key === undefined || due === undefined || !(due <= now)) return undefined;
    this.longest = Math.max(this.longest, this.keys.length);
    const lastKey = this.keys.pop();
    const lastDue = this.dues.pop();
    if (lastKey !== undefined && lastDue !== undefined && this.keys.length > 0) this.sink(lastKey, lastDue);
    if (2 * this.keys.length < this.longest) this.trim();
    return key;
  }

  /** A list keeps the memory of its longest time: a copy needs what is left. */
  private trim(): void {
    this.keys = this.keys.slice();
    this.dues = this.dues.slice();
    this.longest = this.keys.length;
  }

  private sink(key: string, due: number): void {
    const { dues } = this;
    const { length } = dues;
    let index = 0;
    for (let child = 1; child < length; child = 2 * index + 1) {
      const left = dues[child];
      const right = dues[child + 1];
      if (left === undefined) break;
      const isRight = right !== undefined && right < left;
      if ((isRight ? right : left) >= due) break;
      if (isRight) child++;
      this.move(child, index);
      index = child;
    }
    this.put(index, key, due);
  }

  private move(from: number, to: number): void {
    const key = this.keys[from];
    const due = this.dues[from];
    if (key !== undefined && due !== undefined) this.put(to, key, due);
  }

  private put(index: number, key: string, due: number): void {
    this.keys[index] = key;
    this.dues[index] = due;
  }
}
