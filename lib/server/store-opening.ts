import type { AshContextStore } from '../stores/context-store.js';
import type { AshLog } from '../verification/protected-route.js';

interface Opening {
  isOpen: boolean;
  attempt: Promise<void> | undefined;
}

// One for each store, however many middlewares stand on it.
const openings = new WeakMap<AshContextStore, Opening>();

/**
 * Begins to make a store ready, and gives what waits for that before the store is asked. What fails is logged and tried
 * again with the next request, which is refused meanwhile.
 */
export function openStore(store: AshContextStore, log: AshLog): () => Promise<void> | undefined {
  const opening = openings.get(store) ?? { isOpen: false, attempt: undefined };
  openings.set(store, opening);
  const ready = (): Promise<void> | undefined => {
    if (opening.isOpen) return undefined;
    opening.attempt ??= attempt(store, opening);
    return opening.attempt;
  };
  ready()?.catch((error: unknown) => {
    log('error', 'The store is not ready: every request is refused until it is.', error);
  });
  return ready;
}

async function attempt(store: AshContextStore, opening: Opening): Promise<void> {
  try {
    await store.open();
    opening.isOpen = true;
  } finally {
    opening.attempt = undefined;
  }
}
