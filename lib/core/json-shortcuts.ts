import type { KeyOrder } from './key-order.js';

/**
 * What makes writing canonical JSON faster and changes nothing of what is written: the exports of the package's
 * `#json-shortcuts` import, which is `json-shortcuts.node.ts` under Node, Deno and Bun. Browsers, which write little and
 * load every byte, have `json-shortcuts.portable.ts`.
 */
export interface JsonShortcuts {
  /** As `sortKeys`, with a memory. */
  readonly keyOrder: (names: readonly string[]) => KeyOrder;
  /**
   * The canonical form of a large container by the platform's own `JSON.stringify`; `undefined` for a small one, and where
   * that would write another text.
   *
   * @param members How many it has.
   * @param level How many containers its members stand in.
   * @param room How many UTF-16 units may be written.
   * @throws AshError `ASH_CANONICALIZATION_ERROR` for what has no canonical form.
   */
  readonly writeNatively: (container: object, members: number, level: number, room: number) => string | undefined;
}
