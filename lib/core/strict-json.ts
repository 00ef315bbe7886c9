import { type AshError, uncanonical } from './errors.js';
import { shown } from './text.js';

const WHITE_SPACE = new Set([' ', '\t', '\n', '\r']);
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const LITERALS: readonly (readonly [string, unknown])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/** Reads a JSON text in one pass (RFC 8259), refusing whatever two readers could understand in two ways. */
class StrictJsonReader {
  private position = 0;
  private depth = 0;

  constructor(
    private readonly text: string,
    private readonly maxDepth: number,
  ) {}

  readText(): unknown {
    const value = this.readValue();
    if (this.position < this.text.length) throw this.unexpected();
    return value;
  }

  /** Reads a value and the white space on both sides of it. */
  private readValue(): unknown {
    this.skipWhiteSpace();
    const value = this.readToken();
    this.skipWhiteSpace();
    return value;
  }

  private readToken(): unknown {
    switch (this.text[this.position]) {
      case '{':
        return this.nested(() => this.readObject());
      case '[':
        return this.nested(() => this.readArray());
      case '"':
        return this.readString();
      default:
        return this.readScalar();
    }
  }

  private nested<T>(read: () => T): T {
    if (++this.depth > this.maxDepth) throw refused(`more than ${String(this.maxDepth)} levels`);
    const value = read();
    this.depth--;
    return value;
  }

  private readObject(): Record<string, unknown> {
    // Without a prototype, so that `__proto__` is a key like any other.
    const object = Object.create(null) as Record<string, unknown>;
    this.position++;
    this.skipWhiteSpace();
    if (this.take('}')) return object;
    do {
      this.skipWhiteSpace();
      const key = this.readString();
      if (Object.hasOwn(object, key)) throw refused(`the key '${shown(key)}' stands twice in one object`);
      this.skipWhiteSpace();
      this.expect(':');
      object[key] = this.readValue();
    } while (this.take(','));
    this.expect('}');
    return object;
  }

  private readArray(): unknown[] {
    const array: unknown[] = [];
    this.position++;
    this.skipWhiteSpace();
    if (this.take(']')) return array;
    do array.push(this.readValue());
    while (this.take(','));
    this.expect(']');
    return array;
  }

  private readString(): string {
    const start = this.position;
    if (this.text[start] !== '"') throw this.unexpected();
    let end = start + 1;
    while (end < this.text.length && this.text[end] !== '"') end += this.text[end] === '\\' ? 2 : 1;
    this.position = end + 1;
    try {
      // The platform's parser knows the escapes, and refuses control characters and an open string.
      return JSON.parse(this.text.slice(start, end + 1)) as string;
    } catch (error) {
      throw refused(`the string at position ${String(start)} is malformed`, error);
    }
  }

  private readScalar(): unknown {
    for (const [word, value] of LITERALS) {
      if (this.take(word)) return value;
    }
    NUMBER.lastIndex = this.position;
    const match = NUMBER.exec(this.text);
    if (match === null) throw this.unexpected();
    this.position += match[0].length;
    return readNumber(match[0], match[1] === undefined && match[2] === undefined);
  }

  private skipWhiteSpace(): void {
    while (WHITE_SPACE.has(this.text.charAt(this.position))) this.position++;
  }

  private take(token: string): boolean {
    if (!this.text.startsWith(token, this.position)) return false;
    this.position += token.length;
    return true;
  }

  private expect(token: string): void {
    if (!this.take(token)) throw this.unexpected();
  }

  private unexpected(): AshError {
    if (this.position >= this.text.length) return refused('the text ends too early');
    return refused(`unexpected character at position ${String(this.position)}`);
  }
}

/**
 * The value of a JSON text.
 *
 * @throws AshError `ASH_CANONICALIZATION_ERROR`
 */
export function parseStrictJson(text: string, maxDepth: number): unknown {
  return new StrictJsonReader(text, maxDepth).readText();
}

function readNumber(digits: string, isInteger: boolean): number {
  const value = Number(digits);
  if (!Number.isFinite(value)) throw refused(`the number ${digits.slice(0, 32)} overflows`);
  if (isInteger && value !== 0 && integerDigits(value) !== digits) {
    throw refused(`the integer ${digits.slice(0, 32)} is no double: send it as a string`);
  }
  return value;
}

/** The digits of an integer as ECMAScript prints it, with the exponent of a large one written out. */
function integerDigits(value: number): string {
  const [mantissa = '', exponent] = String(value).split('e+');
  if (exponent === undefined) return mantissa;
  const [whole = '', fraction = ''] = mantissa.split('.');
  return whole + fraction.padEnd(Number(exponent), '0');
}

function refused(what: string, cause?: unknown): AshError {
  return uncanonical(`The text is not strict JSON: ${what}.`, cause);
}
