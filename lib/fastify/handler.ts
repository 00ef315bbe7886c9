import type { FastifyReply, RouteHandlerMethod } from 'fastify';
import { isGone } from '../verification/node-answer.js';

/**
 * A handler whose end is known also where its client is gone: Fastify answers nothing there to what an asynchronous
 * handler gives, and a step of a chain that ran would neither count nor be freed.
 */
export function concludedHandler(handler: RouteHandlerMethod, isHeld: () => boolean): RouteHandlerMethod {
  return function (request, reply) {
    if (!isHeld()) return handler.call(this, request, reply);
    const isAwaited = watchAwaiting(reply);
    const result: unknown = handler.call(this, request, reply);
    if (result === reply || !isThenable(result)) return result;
    // Asked once, since some begin their work when they are asked.
    return Promise.resolve(result).then((answer: unknown) => {
      // Whoever waits for the answer gives it in another place, where a failure can still come of it.
      if (!isAwaited()) endWhenGone(reply);
      return answer;
    });
  };
}

/** Says whether anybody has waited for an answer, as `return reply` does in an asynchronous handler. */
function watchAwaiting(reply: FastifyReply): () => boolean {
  const then = reply.then.bind(reply);
  let isAwaited = false;
  Object.defineProperty(reply, 'then', {
    configurable: true,
    value: (...listeners: Parameters<FastifyReply['then']>) => {
      isAwaited = true;
      then(...listeners);
    },
  });
  return () => isAwaited;
}

/** Ends an answer that nobody will get, with the status that it has. One that was ended is left as it is. */
function endWhenGone(reply: FastifyReply): void {
  const { raw } = reply;
  const end = (): void => {
    // Behind what Fastify makes of the handler's end.
    setImmediate(() => {
      if (!reply.sent) raw.end();
    });
  };
  if (isGone(raw)) end();
  else raw.once('close', end);
}

function isThenable(result: unknown): result is PromiseLike<unknown> {
  return typeof result === 'object' && result !== null && 'then' in result && typeof result.then === 'function';
}
