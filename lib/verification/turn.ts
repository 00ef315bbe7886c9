import type { Awaitable } from './after.js';

// As it was before a test put a clock of its own in its place.
const startTurn = setImmediate;

/** After so many turns in which one came alone, the next one is not kept waiting for others. */
const QUIET_TURNS = 32;

/**
 * One turn of the event loop: what joins it begins together, once all that arrived in the turn has joined.
 *
 * A loaded server reads many requests in one turn. Verified one after another, in the midst of parsing and answering,
 * each of them finds the processor's caches full of something else, and its question to a store goes out alone. At rest
 * nothing waits.
 */
export class Turn {
  private begin: Promise<void> | undefined;
  private joined = 0;
  private quietTurns = 0;

  /** Runs something when the turn's requests have arrived; at once where for some time there was one in each turn. */
  join<T>(act: () => Awaitable<T>): Promise<T> {
    this.joined += 1;
    this.begin ??= this.gather();
    return this.quietTurns < QUIET_TURNS ? this.begin.then(act) : begun(act);
  }

  private gather(): Promise<void> {
    return new Promise((resolve) => {
      startTurn(() => {
        this.quietTurns = this.joined > 1 ? 0 : this.quietTurns + 1;
        this.joined = 0;
        this.begin = undefined;
        resolve();
      });
    });
  }
}

function begun<T>(act: () => Awaitable<T>): Promise<T> {
  return new Promise((resolve) => {
    resolve(act());
  });
}
