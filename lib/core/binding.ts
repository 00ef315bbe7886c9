import { type AshError, uncanonical } from './errors.js';
import { hasLoneSurrogate, shown } from './text.js';

// HTTP's token characters without `|`, which separates the parts of a proof's message.
const METHOD = /^[!#$%&'*+.^_`~0-9A-Za-z-]+$/;
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const FORBIDDEN_CHARACTER = /[\u0000-\u0020\u007f-\u009f|\\]/;
const DOT_SEGMENT = /(?:^|\/)\.\.?(?:\/|$)/;
const AMBIGUOUS_ESCAPE = /%(?:2f|5c|2e)/i;

/** A binding in its two parts. */
export interface AshBinding {
  /** The HTTP method, upper-case. */
  readonly method: string;
  /** The path, without query and fragment. */
  readonly path: string;
}

/**
 * The binding of a method and a path: `METHOD SP PATH`. The method is trimmed and upper-cased, query and fragment are
 * dropped, slashes are made single, a trailing one is dropped except for the root. Nothing is percent-decoded.
 *
 * @throws AshError `ASH_CANONICALIZATION_ERROR` for a method that is no HTTP token or has `|`, and for a path with a
 * control character, a space, `|`, `\`, a lone surrogate, a `.` or `..` segment, or `%2F`, `%5C`, `%2E` in any case.
 * @example
 * ashNormalizeBinding('post', 'api//transfer/?x=1'); // 'POST /api/transfer'
 *
 * Source: protocol, section 2.
 */
export function ashNormalizeBinding(method: string, path: string): string {
  const token = method.trim();
  // Before it is upper-cased, which makes ASCII of some other letters: `ſ` becomes `S`.
  if (!METHOD.test(token)) throw refused(`the method '${shown(method)}' is no HTTP token, or has '|'`);
  return `${token.toUpperCase()} ${normalizePath(path)}`;
}

/**
 * Reads a binding as it is written, `POST /transfer`, and normalises it.
 *
 * @throws AshError `ASH_CANONICALIZATION_ERROR` where it has no method, or as {@link ashNormalizeBinding} does.
 * @example
 * ashParseBinding('post /transfer/'); // { method: 'POST', path: '/transfer' }
 */
export function ashParseBinding(text: string): AshBinding {
  const written = text.trim();
  const space = written.indexOf(' ');
  if (space === -1) throw refused(`'${shown(text)}' is not of the form 'METHOD /path'`);
  const binding = ashNormalizeBinding(written.slice(0, space), written.slice(space + 1));
  const end = binding.indexOf(' ');
  return { method: binding.slice(0, end), path: binding.slice(end + 1) };
}

function normalizePath(text: string): string {
  const end = text.search(/[?#]/);
  const path = end === -1 ? text : text.slice(0, end);
  const named = `the path '${shown(path)}'`;
  if (FORBIDDEN_CHARACTER.test(path)) throw refused(`${named} has a space, a control character, '|' or '\\'`);
  if (DOT_SEGMENT.test(path)) throw refused(`${named} has a '.' or '..' segment`);
  if (AMBIGUOUS_ESCAPE.test(path)) throw refused(`${named} has an escaped '/', '\\' or '.'`);
  if (hasLoneSurrogate(path)) throw refused(`${named} has a lone surrogate`);
  return `/${path.split('/').filter(Boolean).join('/')}`;
}

function refused(what: string): AshError {
  return uncanonical(`The binding is malformed: ${what}.`);
}
