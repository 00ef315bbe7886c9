import { keyOrder, writeNatively } from '#json-shortcuts';
import { quote } from './json-string.js';
import {
  checkContainer,
  checkNumber,
  MAX_DEPTH,
  noJson,
  refused,
  replacedByToJson,
  tooLarge,
  type Key,
  type Members,
} from './json-value.js';
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

// Normalising takes quadratic time in a run of combining marks. Unicode's Stream-Safe Text Format (UAX #15) bounds a run
// at 30, which is more than any language needs.
const LONG_RUN_OF_MARKS = /(?:^|\P{M})\p{M}{31}/u;

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
  const canonical = write(value, '', 0, maxBytes, canonicalization === 'jcs-nfc');
  if (canonical === undefined) throw refused('a value of type undefined is no JSON', '');
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

/**
 * The canonical text of a value, or `undefined` for what JSON leaves out.
 *
 * @param room How many UTF-16 units may still be written. It ends a small value that unfolds without end because its
 * parts are shared; the exact bound in bytes is counted on the whole text.
 */
function write(value: unknown, key: Key, level: number, room: number, isNfc: boolean): string | undefined {
  switch (typeof value) {
    case 'string':
      return quote(isNfc ? normalized(value, key) : value, key);
    case 'number':
      checkNumber(value, key);
      return String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'undefined':
      return undefined;
    case 'object':
      return value === null ? 'null' : writeContainer(value, key, level, room, isNfc);
    default:
      throw noJson(value, key);
  }
}

function writeContainer(value: object, key: Key, level: number, room: number, isNfc: boolean): string | undefined {
  const replaced = replacedByToJson(value, key);
  if (typeof replaced !== 'object' || replaced === null) return write(replaced, key, level, room, isNfc);
  checkContainer(replaced, key, level);
  if (Array.isArray(replaced)) return writeArray(replaced, level + 1, room, isNfc);
  return writeObject(isNfc ? withNormalizedKeys(replaced) : replaced, level + 1, room, isNfc);
}

function writeArray(array: readonly unknown[], level: number, room: number, isNfc: boolean): string {
  const native = isNfc ? undefined : writeNatively(array, array.length, level, room);
  if (native !== undefined) return native;
  let text = '[';
  for (let index = 0; index < array.length; index++) {
    if (index > 0) text += ',';
    // JSON.stringify writes `null` for an item that is undefined, since leaving it out would move the others.
    text += write(array[index], index, level, room - text.length, isNfc) ?? 'null';
    if (!(text.length <= room)) throw tooLarge();
  }
  return text + ']';
}

function writeObject(members: Members, level: number, room: number, isNfc: boolean): string {
  const given = Object.keys(members);
  const native = isNfc ? undefined : writeNatively(members, given.length, level, room);
  if (native !== undefined) return native;
  const { names, heads, tails } = keyOrder(given);
  let text = '{';
  for (let index = 0; index < names.length; index++) {
    const name = names[index] ?? '';
    const member = write(members[name], name, level, room - text.length, isNfc);
    if (member === undefined) continue;
    text += ((text.length === 1 ? heads : tails)[index] ?? '') + member;
    if (!(text.length <= room)) throw tooLarge();
  }
  return text + '}';
}

function withNormalizedKeys(members: Members): Members {
  const renamed = Object.create(null) as Record<string, unknown>;
  for (const [key, member] of Object.entries(members)) {
    if (member === undefined) continue;
    const name = normalized(key, key);
    if (Object.hasOwn(renamed, name)) throw refused('two keys are equal once they are in form NFC', name);
    renamed[name] = member;
  }
  return renamed;
}

function normalized(text: string, key: Key): string {
  if (LONG_RUN_OF_MARKS.test(text)) throw refused('more than 30 combining marks in a row', key);
  return text.normalize('NFC');
}
