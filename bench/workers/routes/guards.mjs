import { UseGuards } from '@nestjs/common';

/** Protects with one guard; `read` says what of the request the guard's function gets. */
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
