import { Deadline } from './deadline.js';

/** One act that waits for its answer. */
export interface Act<Request> {
  readonly request: Request;
  /** After it the act is refused. */
  readonly deadline: Deadline;
}

/** The answer to each of some acts. */
export type AnswerTo<Request, Answer> = (act: Act<Request>) => Answer | Promise<Answer>;

/** How acts of one kind are gathered. */
export interface GatheringOptions<Request, Answer> {
  /** Throws for what must not go out with others: it is refused by itself, with that error. */
  readonly check: (request: Request) => void;
  /**
   * Does all of some acts, within the deadline of the last of them, and tells what the answer to each is; one that takes
   * longer is a promise. That it rejects is the answer to all of them.
   */
  readonly send: (acts: readonly Act<Request>[]) => Promise<AnswerTo<Request, Answer>>;
  /** The longest wait of an act, in milliseconds. */
  readonly timeout: number;
  /** Whoever has waited for so long, in milliseconds, for groups to come back waits for them no longer. */
  readonly patience: number;
  /** Makes the error of an act that waited for too long. */
  readonly tooLate: () => Error;
}

/** So many acts go out together at most. */
const MOST_ACTS = 256;

/** So many groups are under way at once: while the server works at one, the process gathers and reads another. */
const MOST_UNDER_WAY = 2;

/** With so many acts under way, what waits grows to a group as large: half as many statements are worth more than two at once. */
const MANY_ACTS = 8;

type Timer = ReturnType<typeof setTimeout>;

interface WaitingAct<Request, Answer> extends Act<Request> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers acts of one kind. What is asked in one go goes out together; what comes while groups are under way goes out
 * together when one has come back. So an act alone waits for nothing, and the more acts there are the larger and the
 * fewer are the groups.
 */
export class Gathering<Request, Answer> {
  private waiting: WaitingAct<Request, Answer>[] = [];
  /** All acts without an answer, also those that were sent, the one that came first before the others. */
  private readonly unanswered = new Set<WaitingAct<Request, Answer>>();
  /** The groups that hold up the next. */
  private readonly underWay = new Set<readonly WaitingAct<Request, Answer>[]>();
  private overdue: Timer | undefined;
  private impatience: Timer | undefined;
  private isTurnAwaited = false;

  constructor(private readonly options: GatheringOptions<Request, Answer>) {}

  /** The answer to one act; whoever is refused for the time and was not sent yet is not sent any more. */
  ask(request: Request): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      this.options.check(request);
      const act = { request, deadline: new Deadline(this.options.timeout), resolve, reject };
      this.waiting.push(act);
      this.unanswered.add(act);
      this.awaitTurn();
    });
  }

  private awaitTurn(): void {
    if (this.isTurnAwaited || this.waiting.length === 0) return;
    if (this.isHeldUp()) {
      this.boundWait();
      return;
    }
    clearTimeout(this.impatience);
    this.impatience = undefined;
    this.isTurnAwaited = true;
    // While nothing is under way, not even what the event loop has at hand is waited for.
    if (this.underWay.size === 0) process.nextTick(this.takeTurn);
    else setImmediate(this.takeTurn);
  }

  private isHeldUp(): boolean {
    const [first] = this.underWay;
    if (first === undefined) return false;
    if (this.underWay.size >= MOST_UNDER_WAY) return true;
    return first.length >= MANY_ACTS && this.waiting.length < MOST_ACTS;
  }

  private readonly takeTurn = (): void => {
    this.isTurnAwaited = false;
    const acts = this.waiting.splice(0, MOST_ACTS).filter((act) => this.unanswered.has(act));
    if (acts.length > 0) void this.send(acts);
    this.awaitTurn();
  };

  /** Only who waits needs a timer: what has been sent is bounded by whoever sends it. */
  private boundWait(): void {
    const { timeout, patience } = this.options;
    this.overdue ??= this.refuseIn(timeout);
    this.impatience ??= setTimeout(() => {
      this.underWay.clear();
      this.awaitTurn();
    }, patience);
  }

  private async send(acts: readonly WaitingAct<Request, Answer>[]): Promise<void> {
    this.underWay.add(acts);
    try {
      const answerTo = await this.options.send(acts);
      for (const act of acts) this.answer(act, answerTo);
    } catch (error) {
      for (const act of acts) this.refuse(act, error);
    } finally {
      this.underWay.delete(acts);
      this.awaitTurn();
    }
  }

  private answer(act: WaitingAct<Request, Answer>, answerTo: AnswerTo<Request, Answer>): void {
    // Whoever was refused meanwhile must not be done all the same.
    if (!this.unanswered.has(act)) return;
    try {
      const answer = answerTo(act);
      if (answer instanceof Promise) void this.answerLater(act, answer);
      else this.accept(act, answer);
    } catch (error) {
      this.refuse(act, error);
    }
  }

  private async answerLater(act: WaitingAct<Request, Answer>, answer: Promise<Answer>): Promise<void> {
    try {
      this.accept(act, await answer);
    } catch (error) {
      this.refuse(act, error);
    }
  }

  private accept(act: WaitingAct<Request, Answer>, answer: Answer): void {
    act.resolve(answer);
    this.settle(act);
  }

  private refuse(act: WaitingAct<Request, Answer>, error: unknown): void {
    act.reject(error);
    this.settle(act);
  }

  private settle(act: WaitingAct<Request, Answer>): void {
    this.unanswered.delete(act);
    if (this.unanswered.size > 0) return;
    clearTimeout(this.overdue);
    this.overdue = undefined;
  }

  private refuseIn(milliseconds: number): Timer {
    return setTimeout(() => {
      this.refuseOverdue();
    }, milliseconds);
  }

  private refuseOverdue(): void {
    for (const act of this.unanswered) {
      if (!act.deadline.isOver) {
        this.overdue = this.refuseIn(act.deadline.left);
        return;
      }
      this.refuse(act, this.options.tooLate());
    }
  }
}
