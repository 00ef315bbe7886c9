import { AshConfigurationError, isAshError, type AshError } from '../core/index.js';
import { answerInstead, SERVER_FAULT, type ReplaceableAnswer } from './answer-instead.js';
import { sealAnswer, type SealableAnswer, type Sealing } from './answer-seal.js';
import { isAnswerHead } from './context-header.js';
import type { AshEnvelope, OpenedRequest } from './envelope.js';
import type { AshRequestLike } from './facts.js';
import { isGone, type NodeAnswer } from './node-answer.js';
import type { AshLog } from './protected-route.js';
import { ashErrorBody, type AshErrorBody } from './refusal.js';

/** A request on a route whose payloads are encrypted. */
export interface SealedPassage {
  readonly route: { readonly name: string };
  readonly request: Pick<AshRequestLike, 'method' | 'headers'>;
  /** Node's own response. */
  readonly response: NodeAnswer;
}

/**
 * What asks for another form of an answer than the whole of it. A sealed one has no other; and the answer to an
 * `If-None-Match` that was added on the way would tell whether a guess of the plaintext is right.
 */
const OF_ANOTHER_FORM = [
  'accept-encoding',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
];

/** What stays of an answer that is withheld: that the handler has run, and who may read that. */
const KEPT = /^(?:x-ash-verified|vary|access-control-.*)$/;

/**
 * Seals whatever answers a request that passed: its handler, or what answers for it.
 *
 * @throws AshConfigurationError for a response that is none of Node's: what it says could go out as plain text.
 */
export function sealPassed(opened: OpenedRequest, passage: SealedPassage, log: AshLog): void {
  sealWhole((answer) => opened.seal(answer), passage, log);
}

/**
 * Seals whatever answers a request that was refused, so that its client believes no refusal that somebody on the way
 * made up. One that was given to a spoiled copy of the request is genuine, and can be delivered in the place of an answer.
 *
 * @param contextId The context that the request names.
 * @throws AshConfigurationError as {@link sealPassed} does.
 */
export function sealRefused(envelope: AshEnvelope, contextId: string, passage: SealedPassage, log: AshLog): void {
  sealWhole((answer) => envelope.sealRefusal(answer, contextId), passage, log);
}

function sealWhole(seal: Sealing['seal'], { route, request, response }: SealedPassage, log: AshLog): void {
  if (!isSealable(response)) {
    throw new AshConfigurationError(`${route.name}: @AshEncrypted() seals answers of Node's own, and this is none.`);
  }
  for (const name of OF_ANOTHER_FORM) Reflect.deleteProperty(request.headers, name);
  sealAnswer(response, {
    seal,
    isHead: request.method === 'HEAD',
    replace: (error, end) => {
      if (isGone(response)) return;
      log('error', `${route.name}: the answer was withheld, since it could not be sealed.`, error);
      answerInstead(response, isAshError(error) ? withheldBody(error) : SERVER_FAULT, { end, keeps: KEPT });
    },
  });
}

/** Without its code, which would tell the client that the handler has not run. */
function withheldBody(error: AshError): Omit<AshErrorBody, 'code'> {
  const { code: _code, ...body } = ashErrorBody(error);
  return body;
}

function isSealable(response: unknown): response is SealableAnswer & ReplaceableAnswer & NodeAnswer {
  return isAnswerHead(response) && 'write' in response && 'end' in response;
}
