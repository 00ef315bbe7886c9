import { UseGuards } from '@nestjs/common';

/**
 * Protects with one guard of Nest.
 *
 * @param canActivate Gets the request of Express or Fastify.
 * @param rawBody Whether it needs the bytes of the body, as `request.rawBody`.
 */
export function guardedBy(canActivate, { rawBody = false } = {}) {
  const guard = { canActivate: (context) => canActivate(context.switchToHttp().getRequest()) };
  return { decorators: [UseGuards(guard)], rawBody };
}

/** What a client sends that proves nothing. */
const proveNothing = ({ count }) => Array.from({ length: count }, () => ({}));

export const bare = { refuses: [], protect: () => ({}), proveAll: proveNothing };

export const nothing = { refuses: [], protect: () => guardedBy(() => true), proveAll: proveNothing };

/** Lets all requests of a turn go on together, as one that verified them together would. */
export const gathers = {
  refuses: [],
  protect() {
    let gathered;
    return guardedBy(() => (gathered ??= nextTurn().finally(() => (gathered = undefined))));
  },
  proveAll: proveNothing,
};

function nextTurn() {
  return new Promise((resolve) => setImmediate(resolve, true));
}
