import type { AshContextStore } from '../stores/context-store.js';
import type { AshLog } from '../verification/protected-route.js';

const said = new WeakMap<AshContextStore, Set<string>>();

/** A log that says each sentence once for a store, however many middlewares have cause to. */
export function warnOnce(store: AshContextStore, log: AshLog): AshLog {
  const known = said.get(store) ?? new Set<string>();
  said.set(store, known);
  return (level, message, cause) => {
    if (known.has(message)) return;
    known.add(message);
    log(level, message, cause);
  };
}
