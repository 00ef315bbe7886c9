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
  if (onError === undefined) {
    void reply.code(error.statusCode).send(error.body);
    return;
  }
  try {
    await onError(error, request, reply);
  } catch (thrown) {
    done(asError(thrown));
  }
}
