import type { OpenedContext } from './sealed-context.js';

/** A request spends its context at once or never: as many as a process verifies at a time. */
const MOST_OPENED = 1_024;

/**
 * The contexts that were opened for a request which has not spent them yet, by their whole identifiers, so that
 * spending one does not open it again: that is a third of what a sealed request costs.
 */
export class OpenedContexts {
  // Private to the language too: an inspection of the store shows no nonce.
  readonly #contexts = new Map<string, OpenedContext>();

  /**
   * @param now Milliseconds since the epoch. What has expired by then is forgotten, the oldest first.
   */
  keep(opened: OpenedContext, now: number): void {
    for (const [oldest, { context }] of this.#contexts) {
      if (context.expiresAt > now) break;
      this.#contexts.delete(oldest);
    }
    // Whoever has it opened and does not spend it is forgotten with all others, who are opened once more then.
    if (this.#contexts.size === MOST_OPENED) this.#contexts.clear();
    this.#contexts.set(opened.context.id, opened);
  }

  /** What was kept for an identifier, which is forgotten with it. */
  take(id: string): OpenedContext | undefined {
    const opened = this.#contexts.get(id);
    if (opened !== undefined) this.#contexts.delete(id);
    return opened;
  }
}
