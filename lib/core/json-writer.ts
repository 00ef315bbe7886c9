import { isPlain, keyOrder } from '#json-shortcuts';
import { withString } from './json-string.js';
import {
  checkContainer,
  checkNumber,
  noJson,
  refused,
  replacedByToJson,
  tooLarge,
  type Key,
  type Members,
} from './json-value.js';

// Normalising takes quadratic time in a run of combining marks. Unicode's Stream-Safe Text Format (UAX #15) bounds a run
// at 30, which is more than any language needs.
const LONG_RUN_OF_MARKS = /(?:^|\P{M})\p{M}{31}/u;

/** From so many UTF-16 units on, a text is put together in pieces, which fit in a processor's cache. */
const LONG_TEXT = 65_536;
const PIECE = 32_768;

/** What there is to know while one value is written. */
interface Writing {
  readonly room: number;
  readonly isNfc: boolean;
  /** The pieces that are finished. */
  finished: string;
  pieceLength: number;
}

/**
 * The canonical text of a value, or `undefined` for what JSON leaves out.
 *
 * @param room How many UTF-16 units may be written. It ends a small value that unfolds without end because its parts are
 * shared, and is looked at where a piece is finished; the exact bound in bytes is counted on the whole text.
 */
export function writeJson(value: unknown, room: number, isNfc: boolean): string | undefined {
  const writing: Writing = { room, isNfc, finished: '', pieceLength: LONG_TEXT };
  const text = withValue('', '', value, '', 0, writing);
  return text === undefined ? undefined : writing.finished + text;
}

/**
 * A text with a value behind it, or `undefined` for what JSON leaves out. Each part is added to all that stands before it:
 * a text of its own for each would be made only to be copied.
 *
 * @param head What stands between the two.
 * @param level How many containers the value stands in.
 */
function withValue(
  text: string,
  head: string,
  value: unknown,
  key: Key,
  level: number,
  writing: Writing,
): string | undefined {
  const json = replacedByToJson(value, key);
  // One type after another, since a `switch` over them makes a text of the type first.
  if (typeof json === 'string') {
    const unicode = writing.isNfc ? normalized(json, key) : json;
    // Part by part: to add to a long text makes no copy, and to put a short one together does.
    return isPlain(unicode) ? text + head + '"' + unicode + '"' : withString(text + head, unicode, key);
  }
  if (typeof json === 'number') {
    checkNumber(json, key);
    return text + head + String(json);
  }
  if (json === null || typeof json === 'boolean') return text + head + String(json);
  if (json === undefined) return undefined;
  if (typeof json !== 'object') throw noJson(json, key);
  checkContainer(json, key, level);
  return Array.isArray(json)
    ? withArray(text + head, json, level + 1, writing)
    : withObject(text + head, writing.isNfc ? withNormalizedKeys(json) : json, level + 1, writing);
}

function withArray(before: string, array: readonly unknown[], level: number, writing: Writing): string {
  let text = before + '[';
  for (let index = 0; index < array.length; index++) {
    const head = index > 0 ? ',' : '';
    // JSON.stringify writes `null` for an item that is undefined, since leaving it out would move the others.
    text = withValue(text, head, array[index], index, level, writing) ?? text + head + 'null';
    if (text.length > writing.pieceLength) text = afterPiece(text, writing);
  }
  return text + ']';
}

function withObject(before: string, members: Members, level: number, writing: Writing): string {
  const { names, heads, tails } = keyOrder(Object.keys(members));
  let text = before + '{';
  let separators = heads;
  for (let index = 0; index < names.length; index++) {
    const name = names[index] ?? '';
    const longer = withValue(text, separators[index] ?? '', members[name], name, level, writing);
    if (longer === undefined) continue;
    text = longer.length > writing.pieceLength ? afterPiece(longer, writing) : longer;
    separators = tails;
  }
  return text + '}';
}

/**
 * Finishes a piece.
 *
 * @returns The text behind it: none yet.
 */
function afterPiece(piece: string, writing: Writing): string {
  // An engine keeps a text that grows as a tree of its parts until it is searched. While a piece is small, its tree is
  // garbage that has cost little; those of a long text would outlive several collections, each of which copies them.
  piece.search(/^/);
  writing.finished += piece;
  if (!(writing.finished.length <= writing.room)) throw tooLarge();
  writing.pieceLength = PIECE;
  return '';
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
