import { refused, type Key } from './json-value.js';
import { hasLoneSurrogate } from './text.js';

// Control characters, `"` and `\`; and lone surrogates, since with the `u` flag a pair is one code point.
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const NOT_PLAIN = /[\u0000-\u001f"\\\ud800-\udfff]/u;

/**
 * What is written already with a text behind it as a JSON string, byte for byte as `JSON.stringify` writes it.
 *
 * @throws AshError `ASH_CANONICALIZATION_ERROR` for a lone surrogate.
 */
export function withString(written: string, text: string, key: Key): string {
  if (!NOT_PLAIN.test(text)) return written + '"' + text + '"';
  if (hasLoneSurrogate(text)) throw refused('a lone surrogate is no Unicode text', key);
  return written + JSON.stringify(text);
}
