import { AnswerDoor, headersSent, OF_TRAILERS, type HeldAnswer, type Said } from './answer-door.js';
import { refusePushes } from './answer-side-ways.js';

/** The head of an answer that waits, which is still open to who makes it wait. */
export interface OpenHead {
  readonly headersSent: boolean;
  setHeader(name: string, value: string): unknown;
}

type Settle = (status: number, head: OpenHead) => Promise<void>;

/**
 * Answers instead of the handler, or breaks the answer off where its head is out.
 *
 * @param end Ends the answer behind whatever the application has wrapped around it meanwhile, which may take it for ended.
 */
type Replace = (error: unknown, end: (text: string) => void) => void;

/**
 * Holds an answer back, from its first byte on, until `settle` is done: what the handler says of it waits in order.
 * Meanwhile the answer looks as begun, and as ended once the handler has ended it, so that nobody gives a second one.
 *
 * @param settle What has to be done before the answer goes out, by the status that it has. What it throws is an answer
 * that must not go out.
 * @param replace Answers instead of the handler then, and where Node refuses what the handler has said.
 */
export function holdAnswer(response: HeldAnswer, settle: Settle, replace: Replace): void {
  new Hold(response, settle, replace);
}

class Hold {
  private readonly said: Said[] = [];
  private readonly door: AnswerDoor;
  private state: 'silent' | 'settling' | 'released' | 'replaced' = 'silent';
  private hasEnded = false;

  constructor(
    private readonly response: HeldAnswer,
    private readonly settle: Settle,
    private readonly replace: Replace,
  ) {
    this.door = new AnswerDoor(response, (said) => this.say(said));
    const why = 'The answer is held back, and what would be pushed with it too.';
    refusePushes(response, why, () => this.state === 'released');
  }

  private say(said: Said): unknown {
    const { method } = said;
    if (this.state === 'released') return this.door.pass(said);
    if (this.state === 'replaced') return this.drop(said);
    if (this.state === 'settling' && method === 'writeHead') throw headersSent();
    if (!this.hasEnded) this.said.push(said);
    if (method === 'end') {
      this.hasEnded = true;
      this.door.takeEnd();
    }
    if (this.state === 'silent' && !isTrailer(said)) void this.run(statusOf(said, this.response));
    return method === 'write' ? false : this.response;
  }

  /** Takes what comes after an answer that another has replaced: nothing but the head of that one goes out. */
  private drop(said: Said): unknown {
    if (said.method === 'writeHead' && !this.response.headersSent) return this.door.passHead(said);
    return this.door.drop(said);
  }

  private async run(status: number): Promise<void> {
    this.state = 'settling';
    this.door.takeHead();
    try {
      await this.settle(status, {
        headersSent: false,
        setHeader: (name, value) => {
          this.door.setHeader(name, value);
        },
      });
      this.release();
      this.response.statusCode = status;
      this.replay();
    } catch (error) {
      this.release();
      this.answerInstead(error);
    }
  }

  /** Lets the answer go out, and shows it as it is. */
  private release(): void {
    this.state = 'released';
    this.door.open();
  }

  private replay(): void {
    let isFull = true;
    for (const said of this.said) {
      const result = this.door.pass(said);
      if (said.method === 'write') isFull = result === false;
    }
    if (isFull) return;
    // Whoever was told that the stream is full waits to hear that it is not.
    this.door.drain();
  }

  private answerInstead(error: unknown): void {
    try {
      this.replace(error, (text) => this.door.pass({ method: 'end', args: [text] }));
    } catch {
      // Nobody waits for this that could be told. The client sees that the answer broke off.
      this.response.destroy();
    }
    this.state = 'replaced';
    // What is still to come is let through to nowhere, so that its source comes to its end.
    this.door.drainSoon();
  }
}

/** Whether it goes behind the body, and so begins no answer. */
function isTrailer({ method }: Said): boolean {
  return OF_TRAILERS.some((name) => name === method);
}

function statusOf({ method, args: [status] }: Said, { statusCode }: HeldAnswer): number {
  return method === 'writeHead' && status !== undefined ? Number(status) : statusCode;
}
