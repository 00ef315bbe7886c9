import type { FastifyReply, FastifyRequest } from 'fastify';
import { asError } from '../server/as-error.js';
import { isAshRefusal } from '../server/refusal-error.js';
import type { AshFastifyOptions } from './types.js';

/** A request with the answer to it, and the way on. */
export interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Goes on with an error only: a refused request that goes nowhere comes to no handler. */
  readonly done: (error: Error) => void;
}

/** Answers a request that does not go on: a refusal as the application wants it, whatever else as an error for it. */
export async function refuse(
  error: unknown,
  { request, reply, done }: Exchange,
  onError: AshFastifyOptions['onError'],
): Promise<void> {
  if (!isAshRefusal(error)) {
    done(asError(error));
    return;
  }
  // Somebody else has answered meanwhile, a time-out of the handler's for one: nothing is left to say.
  if (reply.sent) return;
  if (onError === undefined) {
    answerJson(reply.code(error.statusCode), error.body);
    return;
  }
  try {
    await onError(error, request, reply);
  } catch (thrown) {
    done(asError(thrown));
  }
}

/**
 * Answers JSON as a text: what a schema of the route leaves out, or a hook wraps around an answer, would be missed by a
 * client that reads the code of a refusal, or its context.
 */
export function answerJson(reply: FastifyReply, body: object): FastifyReply {
  return reply.type('application/json; charset=utf-8').serializer(String).send(JSON.stringify(body));
}
