import type { KeyOrder } from './key-order.js';

/**
 * What makes writing canonical JSON faster and changes nothing of what is written: the exports of the package's
 * `#json-shortcuts` import, which is `json-shortcuts.node.ts` under Node, Deno and Bun. Browsers, which write little and
 * load every byte, have `json-shortcuts.portable.ts`.
 */
export interface JsonShortcuts {
  /** As `sortKeys`, with a memory. */
  readonly keyOrder: (names: readonly string[]) => KeyOrder;
  /** Whether a text is known, after a short look, to stand for itself in a JSON string. Where not, it may do so all the same. */
  readonly isPlain: (text: string) => boolean;
}
