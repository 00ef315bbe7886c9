import { ExpiryQueue } from './expiry-queue.js';

/**
 * How many parts the records are kept in. A map that grows or shrinks moves all that it holds at once: with a million
 * entries that takes a tenth of a second, with a 256th of them less than a millisecond.
 */
const PARTS = 256;

/** Records by their key, each kept until it falls due and is forgotten. */
export class ExpiringRecords<T> {
  private readonly parts = new Array<Part<T> | undefined>(PARTS).fill(undefined);
  private next = 0;
  private kept = 0;

  /** How many records are kept now. */
  get size(): number {
    return this.kept;
  }

  get(key: string): T | undefined {
    return this.parts[partOf(key)]?.records.get(key);
  }

  /**
   * Keeps a new record.
   *
   * @param due When it may be forgotten, in milliseconds since the epoch.
   * @throws RangeError for what is no time: a record that never falls due would stay for ever.
   */
  add(key: string, record: T, due: number): void {
    if (!Number.isFinite(due)) throw new RangeError(`A time is a number of milliseconds, not ${String(due)}.`);
    const { records, queue } = (this.parts[partOf(key)] ??= { records: new Map(), queue: new ExpiryQueue() });
    const { size } = records;
    records.set(key, record);
    this.kept += records.size - size;
    queue.add(key, due);
  }

  /**
   * Forgets records that are due, part after part: `most` of them, or all that there are.
   *
   * @param now Milliseconds since the epoch.
   * @returns How many it forgot: fewer than `most` where nothing else is due.
   */
  forgetDue(now: number, most: number): number {
    let forgotten = 0;
    for (let visited = 0; visited < PARTS; visited++) {
      const part = this.parts[this.next];
      if (part !== undefined) forgotten += this.forgetIn(part, now, most - forgotten);
      if (forgotten === most) break;
      this.next = (this.next + 1) % PARTS;
    }
    return forgotten;
  }

  private forgetIn({ records, queue }: Part<T>, now: number, most: number): number {
    let forgotten = 0;
    while (forgotten < most) {
      const key = queue.takeDue(now);
      if (key === undefined) break;
      if (records.delete(key)) forgotten++;
    }
    this.kept -= forgotten;
    return forgotten;
  }
}

interface Part<T> {
  readonly records: Map<string, T>;
  readonly queue: ExpiryQueue;
}

/** The part of a key: its last two characters, which are random hexadecimal digits in whatever a store keeps. */
function partOf(key: string): number {
  const { length } = key;
  return 16 * hexDigit(key.charCodeAt(length - 2)) + hexDigit(key.charCodeAt(length - 1));
}

/** What a hexadecimal digit stands for, and some number from 0 to 15 for whatever else. */
function hexDigit(code: number): number {
  return (code + 9 * (code >> 6)) & 15;
}
