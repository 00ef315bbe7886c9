// With the `u` flag a paired surrogate is one code point, so the class matches lone ones only.
const LONE_SURROGATE = /[\uD800-\uDFFF]/u;

/** Whether a string is no Unicode text, because half of a surrogate pair stands in it alone. */
export function hasLoneSurrogate(text: string): boolean {
  return LONE_SURROGATE.test(text);
}

/** How many bytes a text has in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    // Each half of a surrogate pair stands for two of the pair's four bytes.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}

/** Orders two texts by code points, which differs from ECMAScript's order where surrogates meet U+E000 to U+FFFF. */
export function compareCodePoints(a: string, b: string): number {
  for (let index = 0; index < a.length; index++) {
    // At the first unit that differs, or within the pair that differs in its second.
    const difference = (a.codePointAt(index) ?? -1) - (b.codePointAt(index) ?? -1);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** A text of a request as a message may show it: its beginning, without characters that a log or a terminal obeys. */
export function shown(text: string): string {
  return text.slice(0, 100).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd');
}
