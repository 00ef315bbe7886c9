import { MAX_DEPTH, noJson, tooLarge } from './json-value.js';
import { writeJson } from './json-writer.js';
import { parseStrictJson } from './strict-json.js';

/** Longest canonical form unless the application says otherwise, in bytes. */
export const DEFAULT_MAX_PAYLOAD_BYTES = 1_048_576;

/**
 * Which canonical form of JSON is used.
 *
 * - `jcs`: RFC 8785, strings as they are. The default.
 * - `jcs-nfc`: the same with every string and key in Unicode's form NFC, for peers that normalise. Two keys that become
 *   equal, and a run of more than 30 combining marks, are refused.
 */
export type AshCanonicalization = 'jcs' | 'jcs-nfc';

/** How a JSON value is made canonical. */
export interface AshCanonicalizeOptions {
  /** The canonical form. Default `jcs`. */
  readonly canonicalization?: AshCanonicalization;
  /** Longest canonical form, in UTF-8 bytes. Default 1,048,576. */
  readonly maxBytes?: number;
}

/**
 * The canonical JSON of a value (RFC 8785): keys sorted by UTF-16 code units, numbers as ECMAScript prints them,
 * no white space.
 *
 * Members whose value is `undefined` are left out and `toJSON` is honoured, both as `JSON.stringify` does it, so that
 * what is signed is what is sent. Only own enumerable properties are read; `__proto__` as a key is an ordinary key.
 *
 * @throws AshError `ASH_CANONICALIZATION_ERROR` for NaN, an infinity, a bigint, a function, a symbol, a lone
 * surrogate, a cycle, an object that is neither plain nor an array, more than 64 levels, or more than `maxBytes`.
 * @example
 * ashCanonicalizeValue({ b: 1, a: [true, null] }); // '{"a":[true,null],"b":1}'
 *
 * Source: protocol, section 3; RFC 8785.
 */
export function ashCanonicalizeValue(value: unknown, options: AshCanonicalizeOptions = {}): string {
  const { canonicalization = 'jcs', maxBytes = DEFAULT_MAX_PAYLOAD_BYTES } = options;
  const canonical = writeJson(value, maxBytes, canonicalization === 'jcs-nfc');
  if (canonical === undefined) throw noJson(canonical, '');
  // A UTF-16 unit is at most three bytes: only a text near the bound needs counting.
  if (!(canonical.length * 3 <= maxBytes || new TextEncoder().encode(canonical).length <= maxBytes)) throw tooLarge();
  return canonical;
}

/**
 * The canonical JSON of a JSON text, which is parsed strictly first.
 *
 * @throws AshError `ASH_CANONICALIZATION_ERROR` for what is no JSON, for a duplicate key, a byte order mark, text after
 * the value, a number that overflows, an integer whose digits change when it is read as a double, and for all that
 * {@link ashCanonicalizeValue} refuses.
 * @example
 * ashCanonicalizeJson('{ "b": 1.0, "a": "é" }'); // '{"a":"é","b":1}'
 *
 * Source: protocol, section 3.
 */
export function ashCanonicalizeJson(text: string, options: AshCanonicalizeOptions = {}): string {
  return ashCanonicalizeValue(ashParseJson(text), options);
}

/**
 * The value of a JSON text, read strictly. Its objects have no prototype.
 *
 * @throws AshError `ASH_CANONICALIZATION_ERROR` for what is no JSON, for a duplicate key, a byte order mark, text after
 * the value, a number that overflows, an integer whose digits change when it is read as a double, and more than 64
 * levels. A lone surrogate is refused when the value is made canonical.
 */
export function ashParseJson(text: string): unknown {
  return parseStrictJson(text, MAX_DEPTH);
}
