import type { AshIssuedContext } from '../core/index.js';
import { reserveContextHeader, type AnswerHead } from './context-header.js';

/**
 * The longest value of the header, in characters. The head of an answer has bounds on its way, and a proxy that finds
 * it too long answers 502 to a request that has run.
 */
const LONGEST_HEADER = 2048;

/**
 * The next context of a request that asks for one, on its way into the head of the answer. It is issued once, and is
 * shown by neither `console.log` nor `util.inspect`.
 */
export class Renewal {
  #answer: AnswerHead | undefined;
  #isIssued = false;
  #isWritten = false;
  #header: string | undefined;

  /**
   * @param isRoutine Whether the request's own context was as its route issues them. One that the application issued
   * by hand with a scope, a mode or metadata is the application's to issue again.
   * @param life The life of the request's own context, in milliseconds.
   */
  constructor(
    readonly isRoutine: boolean,
    readonly life: number,
  ) {}

  /** Keeps the header of an answer for this context, whether it comes to one or not. */
  answerIn(response: AnswerHead): void {
    if (this.#answer !== undefined) return;
    this.#answer = response;
    this.#isWritten = response.headersSent;
    reserveContextHeader(response, () => {
      this.#isWritten = true;
      return this.#header;
    });
  }

  /**
   * Issues the context, once, unless the answer has begun without it.
   *
   * @throws whatever `next` does.
   */
  async issue(next: () => Promise<AshIssuedContext>): Promise<void> {
    if (this.#isIssued || this.#answer === undefined || this.#isWritten) return;
    this.#isIssued = true;
    const header = encodeContext(await next());
    if (header.length <= LONGEST_HEADER) this.#header = header;
  }
}

/** A context as it stands in the header: base64url of its JSON in UTF-8. */
function encodeContext(context: AshIssuedContext): string {
  return Buffer.from(JSON.stringify(context), 'utf8').toString('base64url');
}
