import { callbackOf } from './answer-door.js';

type Call = (...args: unknown[]) => unknown;

const OF_TRAILERS = ['addTrailers', 'setTrailer'] as const;

/**
 * Closes the ways past the body by which a handler can give more of its answer: trailers are dropped, as those headers
 * are that speak of the body, and what a handler would push over HTTP/2 is refused as where a client wants no pushes.
 */
export function closeSideWays(response: object): void {
  const methods = response as Partial<Record<(typeof OF_TRAILERS)[number] | 'createPushResponse', Call>>;
  for (const method of OF_TRAILERS) {
    if (methods[method] !== undefined) methods[method] = () => undefined;
  }
  if (methods.createPushResponse !== undefined) methods.createPushResponse = refusePush;
}

function refusePush(...args: unknown[]): void {
  const error = Object.assign(new Error('A sealed answer pushes nothing: what is pushed would be plain text.'), {
    code: 'ERR_HTTP2_PUSH_DISABLED',
  });
  const callback: Call | undefined = callbackOf(args);
  if (callback === undefined) throw error;
  process.nextTick(callback, error);
}
