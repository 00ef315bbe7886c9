import type { AshSpentSet } from './spent-set.js';

/** An epoch that is known for less than this, in milliseconds, is used without asking. */
const FRESH = 1_000;

/** An epoch that is known for longer than this, in milliseconds, is not used any more. */
const TRUSTED = 10_000;

const EPOCH = /^[A-Za-z0-9_:.-]{16,128}$/;

interface Known {
  readonly epoch: string;
  /** When the set was asked, in milliseconds since the epoch of clocks: before it answered. */
  readonly since: number;
}

/**
 * The epoch of one shard, as this process knows it: asked for once, and again in the background while contexts are
 * issued, so that issuing waits for nothing.
 */
export class ShardEpoch {
  private known: Known | undefined;
  private question: { readonly answer: Promise<string>; readonly since: number } | undefined;
  private askedAt = Number.NEGATIVE_INFINITY;

  /**
   * @param ask Asks the spent set.
   * @param clock Milliseconds since the epoch.
   */
  constructor(
    private readonly ask: () => Promise<string>,
    private readonly clock: () => number,
  ) {}

  /**
   * The epoch to issue in. A set that does not answer is borne for ten seconds: then its failure is the caller's.
   */
  current(): string | Promise<string> {
    const now = this.clock();
    const { known } = this;
    if (known === undefined || !isWithin(TRUSTED, known.since, now)) return this.asked(now);
    if (!isWithin(FRESH, known.since, now) && !isWithin(FRESH, this.askedAt, now)) {
      // Nobody waits for it. A failure leaves what is known to grow old, and is told when that is too old.
      void this.asked(now);
    }
    return known.epoch;
  }

  /**
   * Says that the set took a mark of this epoch, which needs no question then.
   *
   * @param since When the mark was sent, in milliseconds since the epoch of clocks.
   */
  confirm(epoch: string, since: number): void {
    if (this.known === undefined || this.known.since <= since) this.known = { epoch, since };
  }

  /** Says that the set refused a mark of this epoch: whatever was asked before is not to be believed. */
  refuse(epoch: string): void {
    if (this.known?.epoch !== epoch) return;
    this.known = undefined;
    this.question = undefined;
  }

  /** Asks, once for all who wait. A question that was never answered does not stand in the way for ever. */
  private asked(now: number): Promise<string> {
    if (this.question !== undefined && isWithin(TRUSTED, this.question.since, now)) return this.question.answer;
    const answer = this.ask();
    const question = { answer, since: now };
    this.question = question;
    this.askedAt = now;
    const settle = (known: Known | undefined): void => {
      if (this.question !== question) return;
      this.question = undefined;
      this.known = known ?? this.known;
    };
    answer.then(
      (epoch) => {
        settle({ epoch, since: now });
      },
      () => {
        settle(undefined);
      },
    );
    return answer;
  }
}

/** Whether a moment is less than `limit` milliseconds ago; one that is to come, by a clock that was set back, is not. */
function isWithin(limit: number, moment: number, now: number): boolean {
  return moment <= now && now - moment < limit;
}

/** The epoch of each shard, from the first time that one is needed. */
export function epochsOf(spent: AshSpentSet, clock: () => number): (shard: number) => ShardEpoch {
  const epochs = new Map<number, ShardEpoch>();
  return (shard) => {
    const known = epochs.get(shard);
    if (known !== undefined) return known;
    const epoch = new ShardEpoch(() => askEpoch(spent, shard), clock);
    epochs.set(shard, epoch);
    return epoch;
  };
}

async function askEpoch(spent: AshSpentSet, shard: number): Promise<string> {
  const epoch: unknown = await spent.epoch(shard);
  if (typeof epoch === 'string' && EPOCH.test(epoch)) return epoch;
  throw new TypeError(`The spent set's epoch of shard ${shard} is no text of 16 to 128 characters of A-Za-z0-9_:.-`);
}
