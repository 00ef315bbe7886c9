import { forgetPhrase, type HeldAnswer } from './answer-door.js';
import type { NodeAnswer } from './node-answer.js';

/** Node's own response, whose head can be cleared. */
export type ReplaceableAnswer = HeldAnswer & { getHeaderNames(): string[] };

/** Node's own response, as all that ends a verified request needs it. */
export type NodeResponse = NodeAnswer & ReplaceableAnswer;

/** What a client is told of a fault of the server: nothing. */
export const SERVER_FAULT = { statusCode: 500, error: 'Internal Server Error', message: 'Internal server error' };

/** How an answer is given instead of another. */
export interface Replacement {
  /** Ends the answer; default Node's own way. */
  readonly end?: (text: string) => unknown;
  /** The headers that stay, by their names in lower case; default none. */
  readonly keeps?: RegExp;
}

const NONE = /(?!)/;

/** Answers a body of JSON instead of what must not go out, or breaks the answer off where its head is out. */
export function answerInstead(
  response: ReplaceableAnswer,
  body: { readonly statusCode: number },
  { end, keeps = NONE }: Replacement = {},
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) {
    if (!keeps.test(name)) response.removeHeader(name);
  }
  forgetPhrase(response);
  answerJson(response, body, end);
}

/** Answers a body of JSON with its status, through Node alone. */
export function answerJson(
  response: Pick<HeldAnswer, 'statusCode' | 'setHeader' | 'end'>,
  body: { readonly statusCode: number },
  end: (text: string) => unknown = (text) => response.end(text),
): void {
  response.statusCode = body.statusCode;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  end(JSON.stringify(body));
}
