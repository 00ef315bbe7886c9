import type { Awaitable } from './after.js';

// As it was before a test put a clock of its own in its place.
const startTurn = setImmediate;

/**
 * One turn of the event loop: what joins it begins together, once all that arrived in the turn has joined.
 *
 * A loaded server reads many requests in one turn. Verified one after another, in the midst of parsing and answering,
 * each of them finds the processor's caches full of something else, and its question to a store goes out alone. At rest
 * the wait is no longer than what is left of the turn.
 */
export class Turn {
  private begin: Promise<void> | undefined;

  /** Runs something when the turn's requests have arrived. */
  join<T>(act: () => Awaitable<T>): Promise<T> {
    this.begin ??= new Promise((resolve) => {
      startTurn(() => {
        this.begin = undefined;
        resolve();
      });
    });
    return this.begin.then(act);
  }
}
