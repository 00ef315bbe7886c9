interface Entry {
  readonly key: string;
  readonly due: number;
}

/** Keys in the order in which they fall due: a binary heap, so that mixed lifetimes cost O(log n) and no timers. */
export class ExpiryQueue {
  private readonly heap: Entry[] = [];

  /** @param due Milliseconds since the epoch. */
  add(key: string, due: number): void {
    const entry = { key, due };
    const { heap } = this;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || parent.due <= due) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = entry;
  }

  /** Takes out the key that is due first, if it is due before `now`. */
  takeDue(now: number): string | undefined {
    const { heap } = this;
    const first = heap[0];
    if (first === undefined || first.due > now) return undefined;
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) this.sink(last);
    return first.key;
  }

  private sink(entry: Entry): void {
    const { heap } = this;
    let index = 0;
    for (;;) {
      const left = heap[2 * index + 1];
      const right = heap[2 * index + 2];
      if (left === undefined) break;
      const isRight = right !== undefined && right.due < left.due;
      const child = isRight ? right : left;
      if (child.due >= entry.due) break;
      heap[index] = child;
      index = 2 * index + (isRight ? 2 : 1);
    }
    heap[index] = entry;
  }
}
