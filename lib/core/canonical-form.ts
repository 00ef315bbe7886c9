import { orUncanonical, uncanonical } from './errors.js';
import { compareCodePoints, shown } from './text.js';

/** The fields of a form as a body parser hands them on: a text, or the texts of a repeated key in their order. */
export type AshFormFields = Readonly<Record<string, string | readonly string[]>>;

type Pair = readonly [key: string, value: string];

/**
 * The canonical form of an `application/x-www-form-urlencoded` text: decoded, sorted by key in code-point order with
 * equal keys in their order, encoded again with RFC 3986's unreserved set.
 *
 * @throws AshError `ASH_CANONICALIZATION_ERROR` for a malformed percent sequence or one that is not UTF-8.
 * @example
 * ashCanonicalizeUrlencoded('to=a+b&amount=1'); // 'amount=1&to=a%20b'
 *
 * Source: protocol, section 3.
 */
export function ashCanonicalizeUrlencoded(text: string): string {
  return writePairs(
    text
      .split('&')
      .filter((part) => part !== '')
      .map(readPair),
  );
}

/**
 * The canonical form of a form that was parsed already. It is the one of {@link ashCanonicalizeUrlencoded} for the
 * text that these fields stand for.
 *
 * @throws AshError `ASH_CANONICALIZATION_ERROR` for a lone surrogate, and for a field that is neither a text nor a list
 * of texts, as a parser that reads brackets as structure makes them.
 */
export function ashCanonicalizeFormFields(fields: AshFormFields): string {
  return writePairs(Object.entries(fields).flatMap(([key, field]) => pairsOf(key, field)));
}

/** The pairs of one field, whose type is checked because it is a parser's word only. */
function pairsOf(key: string, field: unknown): Pair[] {
  const values: readonly unknown[] = Array.isArray(field) ? field : [field];
  return values.map((value): Pair => {
    if (typeof value === 'string') return [key, value];
    throw uncanonical(`The form's field '${shown(key)}' is neither a text nor a list of texts.`);
  });
}

function readPair(part: string): Pair {
  const equals = part.indexOf('=');
  return equals === -1 ? [decode(part), ''] : [decode(part.slice(0, equals)), decode(part.slice(equals + 1))];
}

function writePairs(pairs: Pair[]): string {
  return pairs
    .sort(([a], [b]) => compareCodePoints(a, b))
    .map(([key, value]) => `${encode(key)}=${encode(value)}`)
    .join('&');
}

function decode(text: string): string {
  return orUncanonical(
    () => decodeURIComponent(text.replaceAll('+', ' ')),
    'The form has a percent sequence that is not UTF-8.',
  );
}

/** `encodeURIComponent` leaves five reserved characters of RFC 3986 as they are. */
function encode(text: string): string {
  const encoded = orUncanonical(() => encodeURIComponent(text), 'The form has a lone surrogate.');
  return encoded.replace(/[!'()*]/g, (character) => '%' + character.charCodeAt(0).toString(16).toUpperCase());
}
