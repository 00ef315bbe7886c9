import { type AshError, uncanonical } from './errors.js';
import { parseStrictJson } from './strict-json.js';
import { hasLoneSurrogate, shown } from './text.js';

/** Deepest nesting of arrays and objects that has a canonical form. Source: protocol, section 3. */
const MAX_DEPTH = 64;

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

/** How one canonical form writes strings and names members. */
interface Form {
  readonly quote: (text: string, key: Key) => string;
  readonly membersOf: (object: Members, key: Key) => Members;
}

type Members = Readonly<Record<string, unknown>>;

/** The name or index at which a value stands; empty for the whole payload. */
type Key = string | number;

const FORMS: Readonly<Record<AshCanonicalization, Form>> = {
  jcs: { quote, membersOf: (object) => object },
  'jcs-nfc': { quote: (text, key) => quote(normalized(text, key), key), membersOf: withNormalizedKeys },
};

// 1 for each UTF-16 unit that stands for itself in a JSON string: all but control characters, `"`, `\` and surrogates.
// Most texts hold nothing else, and for a short one a table is faster than a regular expression.
const PLAIN_UNITS = new Uint8Array(0x10000)
  .fill(1, 0x20)
  .fill(0, 0x22, 0x23)
  .fill(0, 0x5c, 0x5d)
  .fill(0, 0xd800, 0xe000);

// Normalising takes quadratic time in a run of combining marks. Unicode's Stream-Safe Text Format (UAX #15) bounds a run
// at 30, which is more than any language needs.
const LONG_RUN_OF_MARKS = /(?:^|\P{M})\p{M}{31}/u;

// Up to here an insertion sort is faster than the engine's.
const FEW_KEYS = 16;

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
  const canonical = write(value, '', 0, maxBytes, FORMS[canonicalization]);
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

/** The value that JSON has in the place of one with a `toJSON` method, which is asked once, as `JSON.stringify` does. */
export function replacedByToJson(value: unknown, key: Key): unknown {
  if (typeof value !== 'object' || value === null || !('toJSON' in value)) return value;
  return typeof value.toJSON === 'function' ? (value.toJSON.call(value, String(key)) as unknown) : value;
}

/**
 * The canonical text of a value, or `undefined` for what JSON leaves out.
 *
 * @param room How many UTF-16 units may still be written. It ends a small value that unfolds without end because its
 * parts are shared; the exact bound in bytes is counted on the whole text.
 */
function write(value: unknown, key: Key, level: number, room: number, form: Form): string | undefined {
  switch (typeof value) {
    case 'string':
      return form.quote(value, key);
    case 'number':
      if (!Number.isFinite(value)) throw refused(`${String(value)} is no JSON number`, key);
      return String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'undefined':
      return undefined;
    case 'object':
      return value === null ? 'null' : writeContainer(value, key, level, room, form);
    default:
      throw refused(`a value of type ${typeof value} is no JSON`, key);
  }
}

function writeContainer(value: object, key: Key, level: number, room: number, form: Form): string | undefined {
  const replaced = replacedByToJson(value, key);
  if (typeof replaced !== 'object' || replaced === null) return write(replaced, key, level, room, form);
  // A cycle ends here too: it has more levels than any bound.
  if (level === MAX_DEPTH) throw refused(`more than ${MAX_DEPTH} levels, or a cycle`, key);
  if (Array.isArray(replaced)) return writeArray(replaced, level + 1, room, form);
  if (isPlain(replaced)) return writeObject(form.membersOf(replaced, key), level + 1, room, form);
  throw refused(`${tagOf(replaced)} is neither an array nor a plain object`, key);
}

function writeArray(array: readonly unknown[], level: number, room: number, form: Form): string {
  let text = '[';
  for (let index = 0; index < array.length; index++) {
    if (index > 0) text += ',';
    // JSON.stringify writes `null` for an item that is undefined, since leaving it out would move the others.
    text += write(array[index], index, level, room - text.length, form) ?? 'null';
    if (!(text.length <= room)) throw tooLarge();
  }
  return text + ']';
}

function writeObject(members: Members, level: number, room: number, form: Form): string {
  let text = '{';
  for (const name of sorted(Object.keys(members))) {
    const member = write(members[name], name, level, room - text.length, form);
    if (member === undefined) continue;
    if (text.length > 1) text += ',';
    text += quote(name, name) + ':' + member;
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

/** Sorts in place by UTF-16 code units, which is what ECMAScript's comparison of strings does. */
function sorted(keys: string[]): string[] {
  if (keys.length > FEW_KEYS) return keys.sort();
  for (let index = 1; index < keys.length; index++) {
    const key = keys[index] ?? '';
    let place = index;
    for (; place > 0 && (keys[place - 1] ?? '') > key; place--) keys[place] = keys[place - 1] ?? '';
    keys[place] = key;
  }
  return keys;
}

function quote(text: string, key: Key): string {
  if (isPlainText(text)) return '"' + text + '"';
  if (hasLoneSurrogate(text)) throw refused('a lone surrogate is no Unicode text', key);
  return JSON.stringify(text);
}

function isPlainText(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (PLAIN_UNITS[text.charCodeAt(index)] === 0) return false;
  }
  return true;
}

function isPlain(object: object): object is Members {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === Object.prototype || prototype === null || tagOf(object) === '[object Object]';
}

function tagOf(object: object): string {
  return Object.prototype.toString.call(object);
}

function refused(what: string, key: Key): AshError {
  const where = key === '' ? '' : ` (at '${shown(String(key))}')`;
  return uncanonical(`The payload has no canonical form: ${what}${where}.`);
}

function tooLarge(): AshError {
  return refused('it is larger than allowed', '');
}
