import { callbackOf, OF_TRAILERS } from './answer-door.js';

type Call = (...args: unknown[]) => unknown;

interface Pusher {
  createPushResponse?: Call;
}

/**
 * Closes the ways past the body by which a handler can give more of its answer: trailers are dropped, as those headers
 * are that speak of the body, and what a handler would push over HTTP/2 is refused as where a client wants no pushes.
 */
export function closeSideWays(response: object): void {
  const methods = response as Partial<Record<(typeof OF_TRAILERS)[number], Call>>;
  for (const method of OF_TRAILERS) {
    if (methods[method] !== undefined) methods[method] = () => undefined;
  }
  refusePushes(response, 'A sealed answer pushes nothing: what is pushed would be plain text.');
}

/** Refuses what a handler would push over HTTP/2 as long as the answer that it belongs to may not go out. */
export function refusePushes(response: object, why: string, isOpen: () => boolean = () => false): void {
  const pusher: Pusher = response;
  const push = pusher.createPushResponse?.bind(response);
  if (push === undefined) return;
  pusher.createPushResponse = (...args) => {
    if (!isOpen()) refusePush(why, args);
    else push(...args);
  };
}

function refusePush(why: string, args: readonly unknown[]): void {
  const error = Object.assign(new Error(why), { code: 'ERR_HTTP2_PUSH_DISABLED' });
  const callback: Call | undefined = callbackOf(args);
  if (callback === undefined) throw error;
  process.nextTick(callback, error);
}
