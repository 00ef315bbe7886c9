import { refused, type Key } from './json-value.js';
import { hasLoneSurrogate } from './text.js';

// Control characters, `"` and `\`; and lone surrogates, since with the `u` flag a pair is one code point.
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const NOT_PLAIN = /[\u0000-\u001f"\\\ud800-\udfff]/u;

/** Up to here a look at each unit is faster than a regular expression. */
const SHORT = 16;

/**
 * A text as a JSON string, byte for byte as `JSON.stringify` writes it.
 *
 * @throws AshError `ASH_CANONICALIZATION_ERROR` for a lone surrogate.
 */
export function quote(text: string, key: Key): string {
  if (isPlain(text)) return '"' + text + '"';
  if (hasLoneSurrogate(text)) throw refused('a lone surrogate is no Unicode text', key);
  return JSON.stringify(text);
}

/** Whether a text stands for itself in a JSON string, as most do. */
function isPlain(text: string): boolean {
  if (text.length > SHORT) return !NOT_PLAIN.test(text);
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || unit >= 0xd800) return !NOT_PLAIN.test(text);
  }
  return true;
}
