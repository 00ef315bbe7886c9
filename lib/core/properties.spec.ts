import fc from 'fast-check';
import { parse as parseQuery } from 'node:querystring';
import { ashNormalizeBinding, ashParseBinding } from './binding.js';
import { ashCanonicalizeFormFields, ashCanonicalizeUrlencoded, type AshFormFields } from './canonical-form.js';
import { ashCanonicalizeJson, ashCanonicalizeValue, ashParseJson } from './canonical-json.js';
import { ASH_MODES, type AshProtocol } from './context.js';
import { AshError, isAshError } from './errors.js';
import { ASH_PROTOCOLS, type AshProofParts } from './formulas.js';
import { ashProtocolRules } from './protocols.js';
import { ashHashScopedBody } from './scope-paths.js';
import { ashCompileScope } from './scope.js';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const RUNS = { numRuns: 400 };

const character = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    '0',
    ' ',
    '"',
    '\\',
    '/',
    '\n',
    '\u0000',
    '\u001f',
    '\u007f',
    'é',
    'e\u0301',
    '\u2028',
    '\ufeff',
  ),
  fc.constantFrom('\u{1f600}', '\u{10ffff}', '\ud7ff', '\ue000', '\ufb33', '\uffff'),
  fc.oneof(fc.nat(0xd7ff), fc.integer({ min: 0xe000, max: 0x10ffff })).map((point) => String.fromCodePoint(point)),
);
const text = fc.array(character, { maxLength: 6 }).map((characters) => characters.join(''));
const key = fc.oneof(
  fc.constantFrom('a', 'b', '10', '9', '', '__proto__', 'constructor', 'toJSON', '\u00e9', '\ufb33'),
  text,
);
const number = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 0.1, 1e21, 1e-7, 999999999999999900000, 5e-324, Number.MAX_VALUE, 2 ** 53, 2 ** 60),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** JSON values in which every kind of leaf and key can stand. */
const json = jsonOf(fc.oneof(fc.constantFrom<Json>(null, true, false), number, text), key, 5);

/** So few of them that two that are drawn are often equal, and often nearly so. */
const fewJson = jsonOf(
  fc.constantFrom<Json>(null, true, 0, -0, 1, '', '0', 'null', '[]', '"', '\\'),
  fc.constantFrom('a', 'b', '0', '__proto__'),
  2,
);

/** What a property may choose freely: numbers that are used up one after the other, again and again. */
const choices = fc.array(fc.nat(0xffff), { minLength: 1, maxLength: 20 }).map((numbers) => {
  let next = 0;
  return (bound: number): number => (numbers[next++ % numbers.length] ?? 0) % bound;
});
type Choose = (bound: number) => number;

function jsonOf(leaf: fc.Arbitrary<Json>, name: fc.Arbitrary<string>, width: number): fc.Arbitrary<Json> {
  const { value } = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('value'), { maxLength: width }),
      fc
        .uniqueArray(fc.tuple(name, tie('value')), { selector: ([own]) => own, maxLength: width })
        .map(Object.fromEntries<Json>),
    ),
  }));
  return value;
}

/** Whether two JSON values are the same to RFC 8785, which knows one zero. */
function sameJson(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const membersOfB = new Map(Object.entries(b) as [string, unknown][]);
  const entries = Object.entries(a) as [string, unknown][];
  return (
    entries.length === membersOfB.size &&
    entries.every(([name, value]) => membersOfB.has(name) && sameJson(value, membersOfB.get(name)))
  );
}

/** A JSON text of a value: white space, escapes, number formats and the order of keys as they are chosen. */
function render(value: Json, choose: Choose): string {
  const space = (): string => ['', ' ', '\n\t', '\r\n  '][choose(4)] ?? '';
  const list = (items: string[]): string => items.map((item) => space() + item + space()).join(',') || space();
  if (typeof value === 'number') return renderNumber(value, choose);
  if (typeof value === 'string') return renderText(value, choose);
  if (Array.isArray(value)) return `[${list(value.map((item) => render(item, choose)))}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Object.entries(value).map(([name, member]) => ({
    text: `${renderText(name, choose)}${space()}:${space()}${render(member, choose)}`,
    place: choose(100),
  }));
  return `{${list(members.sort((a, b) => a.place - b.place).map((member) => member.text))}}`;
}

function renderNumber(value: number, choose: Choose): string {
  const shortest = Object.is(value, -0) ? '-0' : String(value);
  const exponential = Object.is(value, -0) ? '-0e+0' : value.toExponential();
  const isInteger = /^-?\d+$/.test(shortest);
  const forms = [
    shortest,
    exponential,
    exponential.replace('e', 'E'),
    isInteger ? `${shortest}.0` : shortest,
    isInteger ? `${shortest}e0` : shortest,
  ];
  return forms[choose(forms.length)] ?? shortest;
}

function renderText(value: string, choose: Choose): string {
  const units = Array.from({ length: value.length }, (_, index) => {
    const hex = value.charCodeAt(index).toString(16).padStart(4, '0');
    const forms = [JSON.stringify(value.charAt(index)).slice(1, -1), `\\u${hex}`, `\\u${hex.toUpperCase()}`];
    return value.charAt(index) === '/' ? '\\/' : (forms[choose(forms.length)] ?? '');
  });
  return `"${units.join('')}"`;
}

/** RFC 8785 as it reads, without a thought for speed. */
function canonicalByTheBook(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalByTheBook).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const unitsOf = (name: string): number[] => Array.from({ length: name.length }, (_, index) => name.charCodeAt(index));
  const names = Object.keys(value).sort((a, b) => {
    const [left, right] = [unitsOf(a), unitsOf(b)];
    const at = left.findIndex((unit, index) => unit !== right[index]);
    return at === -1 ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? -1);
  });
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalByTheBook(value[name] ?? null)}`).join(',')}}`;
}

/** The result of a function, or the code with which it refused. */
function outcome<T>(run: () => T): T | AshError {
  try {
    return run();
  } catch (error) {
    if (isAshError(error)) return error;
    throw error;
  }
}

describe('the canonical form of JSON', () => {
  it('is the one that RFC 8785 describes', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(ashCanonicalizeValue(value)).toBe(canonicalByTheBook(value));
      }),
      RUNS,
    );
  });

  it('is the one that RFC 8785 describes for objects with many keys', () => {
    fc.assert(
      fc.property(fc.uniqueArray(key, { minLength: 10, maxLength: 40 }), (names) => {
        const value = Object.fromEntries(names.map((name) => [name, 1]));
        expect(ashCanonicalizeValue(value)).toBe(canonicalByTheBook(value));
      }),
    );
  });

  it('is the same for two values exactly where they are the same', () => {
    const seen = { same: 0, different: 0 };
    fc.assert(
      fc.property(fewJson, fewJson, (a, b) => {
        const isSame = sameJson(a, b);
        seen[isSame ? 'same' : 'different']++;
        expect(ashCanonicalizeValue(a) === ashCanonicalizeValue(b)).toBe(isSame);
      }),
      { numRuns: 3000 },
    );
    expect(Math.min(seen.same, seen.different)).toBeGreaterThan(50);
  });

  it('is a JSON text of the value', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(sameJson(JSON.parse(ashCanonicalizeValue(value)), value)).toBe(true);
      }),
      RUNS,
    );
  });

  it('is its own canonical form', () => {
    fc.assert(
      fc.property(json, (value) => {
        const canonical = ashCanonicalizeValue(value);
        expect(ashCanonicalizeJson(canonical)).toBe(canonical);
      }),
      RUNS,
    );
  });

  it('is the same for every JSON text of a value', () => {
    fc.assert(
      fc.property(json, choices, (value, choose) => {
        const canonical = ashCanonicalizeValue(value);
        for (const rendered of [render(value, choose), JSON.stringify(value), JSON.stringify(value, null, 2)]) {
          expect(ashCanonicalizeJson(rendered)).toBe(canonical);
          expect(ashCanonicalizeValue(JSON.parse(rendered))).toBe(canonical);
        }
      }),
      RUNS,
    );
  });

  it('is bounded to the byte', () => {
    fc.assert(
      fc.property(json, (value) => {
        const canonical = ashCanonicalizeValue(value);
        const bytes = Buffer.byteLength(canonical);
        expect(ashCanonicalizeValue(value, { maxBytes: bytes })).toBe(canonical);
        expect(() => ashCanonicalizeValue(value, { maxBytes: bytes - 1 })).toThrow('larger than allowed');
      }),
      RUNS,
    );
  });

  it('is the same for a value in any normal form where it normalises', () => {
    const nfc = { canonicalization: 'jcs-nfc' } as const;
    const inForm = (value: Json, form: 'NFC' | 'NFD'): Json =>
      JSON.parse(JSON.stringify(value).normalize(form)) as Json;
    fc.assert(
      fc.property(json, (value) => {
        const composed = outcome(() => ashCanonicalizeValue(inForm(value, 'NFC'), nfc));
        const decomposed = outcome(() => ashCanonicalizeValue(inForm(value, 'NFD'), nfc));
        expect(decomposed).toEqual(composed);
        expect(composed).toBe(ashCanonicalizeValue(inForm(value, 'NFC')));
      }),
      RUNS,
    );
  });
});

describe('the strict parser', () => {
  const scrap = fc.constantFrom(
    ...['{', '}', '[', ']', ',', ':', '"', '\\', '-', '+', '.', 'e', '0', '1', '9', 'u00e9', ' ', '\n', '\ufeff'],
    ...['true', 'null', '/', '\u0000', '"a":1', '1e999', '9007199254740993'],
  );
  const scraps = fc.array(scrap, { maxLength: 8 }).map((parts) => parts.join(''));
  const rendered = fc.tuple(json, choices).map(([value, choose]) => render(value, choose));
  const nearlyJson = fc.tuple(rendered, fc.nat(), fc.nat(3), scraps).map(([written, at, length, insert]) => {
    const start = at % (written.length + 1);
    return written.slice(0, start) + insert + written.slice(start + length);
  });
  const members = fc.array(fc.constantFrom('"a":1', '"\\u0061":2', '"b":{"a":1}', '"c":1e999'), { maxLength: 3 });
  const doubtful = members.map((all) => `{${all.join(',')}}`);
  const ambiguous = /stands twice|overflows|is no double/;

  function readBy(parse: (input: string) => unknown, input: string): string | undefined {
    try {
      return JSON.stringify(parse(input));
    } catch {
      return undefined;
    }
  }

  it('refuses what JSON.parse refuses, and reads the same otherwise', () => {
    const seen = { read: 0, refused: 0, ambiguous: 0 };
    fc.assert(
      fc.property(fc.oneof(scraps, rendered, nearlyJson, doubtful), (input) => {
        const strict = outcome(() => ashParseJson(input));
        const native = readBy(JSON.parse, input);
        const isAmbiguous = strict instanceof AshError && native !== undefined;
        seen[isAmbiguous ? 'ambiguous' : native === undefined ? 'refused' : 'read']++;
        // Nothing is refused beyond what is no JSON but what two readers could understand in two ways.
        expect(isAmbiguous ? ambiguous.test(strict.message) : readBy(ashParseJson, input) === native).toBe(true);
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(50);
  });

  it('reads the number that JSON.parse reads, to the sign of its zero', () => {
    fc.assert(
      fc.property(number, choices, (value, choose) => {
        const rendered = renderNumber(value, choose);
        expect(Object.is(ashParseJson(rendered), JSON.parse(rendered))).toBe(true);
        expect(Object.is(ashParseJson(rendered), value)).toBe(true);
      }),
      RUNS,
    );
  });

  it('reads an integer exactly where its digits come out again', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), (integer) => {
        const isKept = integer === integerOfDigits(Number(integer));
        expect(outcome(() => ashParseJson(String(integer))) instanceof AshError).toBe(!isKept);
      }),
      RUNS,
    );
  });
});

/** The integer that ECMAScript's digits of a double stand for, which is not always the double itself. */
function integerOfDigits(value: number): bigint {
  const [mantissa = '', exponent = '0'] = String(value).split('e+');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return BigInt(whole + fraction) * 10n ** BigInt(Number(exponent) - fraction.length);
}

describe('the canonical form of a form', () => {
  type Pair = [key: string, value: string];
  const fewTexts = fc.constantFrom(
    '',
    'a',
    'b',
    'a=',
    '&',
    '+',
    ' ',
    '%',
    '%41',
    'A',
    '\u00e9',
    'e\u0301',
    '\u{1f600}',
    '\ufb33',
    "'",
  );
  const fewPairs = fc.array(fc.tuple(fewTexts, fewTexts), { maxLength: 3 });
  const pairs = fc.array(fc.tuple(fc.oneof(fewTexts, text), fc.oneof(fewTexts, text)), { maxLength: 8 });

  /** One of the texts that a field can be written as. */
  function encoded(value: string, choose: Choose): string {
    return Array.from(value, (point) => {
      const escaped = Array.from(Buffer.from(point), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
      const forms = [
        escaped,
        escaped.toUpperCase(),
        point === ' ' ? '+' : escaped,
        /[&=+% ]/.test(point) ? escaped : point,
      ];
      return forms[choose(forms.length)] ?? escaped;
    }).join('');
  }

  /** A text of these pairs: different keys in any order, equal ones in theirs. */
  function urlencoded(fields: Pair[], choose: Choose): string {
    const places = new Map(fields.map(([name]) => [name, choose(100)]));
    return [...fields]
      .sort(([a], [b]) => (places.get(a) ?? 0) - (places.get(b) ?? 0))
      .map(([name, value]) => {
        const written = encoded(name, choose);
        return (
          (value === '' && written !== '' && choose(2) === 0 ? written : `${written}=${encoded(value, choose)}`) +
          '&'.repeat(choose(2))
        );
      })
      .join('&');
  }

  function multimap(fields: Pair[]): string {
    const texts = new Map<string, string[]>();
    for (const [name, value] of fields) texts.set(name, [...(texts.get(name) ?? []), value]);
    return JSON.stringify([...texts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  it('is the same for every text of the same fields', () => {
    fc.assert(
      fc.property(pairs, choices, choices, (fields, one, other) => {
        expect(ashCanonicalizeUrlencoded(urlencoded(fields, one))).toBe(
          ashCanonicalizeUrlencoded(urlencoded(fields, other)),
        );
      }),
      RUNS,
    );
  });

  it('is its own canonical form, and stands for the same fields', () => {
    fc.assert(
      fc.property(pairs, choices, (fields, choose) => {
        const canonical = ashCanonicalizeUrlencoded(urlencoded(fields, choose));
        expect(ashCanonicalizeUrlencoded(canonical)).toBe(canonical);
        expect(canonical).toMatch(/^(?:[A-Za-z0-9._~&=-]|%[0-9A-F]{2})*$/);
        expect(multimap([...new URLSearchParams(canonical)])).toBe(multimap(fields));
      }),
      RUNS,
    );
  });

  it('is the same for two lists of fields exactly where each key has the same texts', () => {
    const seen = { same: 0, different: 0 };
    fc.assert(
      fc.property(fewPairs, fewPairs, choices, (a, b, choose) => {
        const isSame = multimap(a) === multimap(b);
        seen[isSame ? 'same' : 'different']++;
        const [ofA, ofB] = [a, b].map((fields) => ashCanonicalizeUrlencoded(urlencoded(fields, choose)));
        expect(ofA === ofB).toBe(isSame);
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(seen.same, seen.different)).toBeGreaterThan(50);
  });

  it('is the same for a text and for what a parser makes of it', () => {
    fc.assert(
      fc.property(pairs, choices, (fields, choose) => {
        const written = urlencoded(fields, choose);
        const parsed = parseQuery(written, '&', '=', { maxKeys: 0 }) as AshFormFields;
        expect(ashCanonicalizeFormFields(parsed)).toBe(ashCanonicalizeUrlencoded(written));
      }),
      RUNS,
    );
  });

  it('is refused or well-formed for whatever text there is', () => {
    const wild = fc.array(
      fc.constantFrom('%', '%4', '%c3', '%a9', '%41', '%zz', '&', '=', '+', 'a', '\ud800', '\u{1f600}'),
      { maxLength: 8 },
    );
    let wellFormed = 0;
    fc.assert(
      fc.property(wild, (parts) => {
        const canonical = outcome(() => ashCanonicalizeUrlencoded(parts.join('')));
        if (canonical instanceof AshError) return;
        wellFormed++;
        expect(ashCanonicalizeUrlencoded(canonical)).toBe(canonical);
      }),
      RUNS,
    );
    expect(wellFormed).toBeGreaterThan(20);
  });
});

describe('a normalised binding', () => {
  const method = fc.constantFrom('get', ' POST ', 'M-SEARCH', 'po\u017ft', 'a|b', '', 'PATCH\n');
  const piece = fc.constantFrom(
    '/',
    '/',
    '//',
    'a',
    'B',
    '.',
    '..',
    '.a',
    '%41',
    '%2f',
    '%5C',
    '?',
    '#',
    'é',
    ':id',
    '*',
    '|',
    ' ',
    '\\',
    '\n',
    '\ud800',
  );
  const path = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));

  it('is normal already, and reads back in its two parts', () => {
    let normalised = 0;
    fc.assert(
      fc.property(method, path, (verb, target) => {
        const binding = outcome(() => ashNormalizeBinding(verb, target));
        if (binding instanceof AshError) return;
        normalised++;
        expect(binding).toMatch(/^[!-{}~]+ (?:\/|(?:\/[^/?#|\\\s]+)+)$/);
        const parts = ashParseBinding(binding);
        expect(`${parts.method} ${parts.path}`).toBe(binding);
        expect(ashNormalizeBinding(parts.method, parts.path)).toBe(binding);
      }),
      { numRuns: 2000 },
    );
    expect(normalised).toBeGreaterThan(200);
  });

  it('does not depend on the query, the fragment and the slashes around it', () => {
    fc.assert(
      fc.property(method, path, path, (verb, target, rest) => {
        const bare = target.replace(/[?#].*$/s, '');
        const [binding, ...same] = [
          bare,
          `/${bare}`,
          `${bare}/`,
          `//${bare}//`,
          `${bare}?${rest}`,
          `${bare}#${rest}`,
        ].map((written) => {
          const normalised = outcome(() => ashNormalizeBinding(verb, written));
          return normalised instanceof AshError ? normalised.code : normalised;
        });
        expect(new Set(same)).toEqual(new Set([binding]));
      }),
      RUNS,
    );
  });
});

describe('a proof', () => {
  const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
  const optionalHash = fc.oneof(fc.constant(''), hash);
  const parts: fc.Arbitrary<AshProofParts> = fc.record({
    mode: fc.constantFrom(...ASH_MODES),
    contextId: fc.stringMatching(/^ash_[0-9a-f]{32}$/),
    binding: fc.stringMatching(/^POST \/[a-z0-9]{1,8}(\?[a-z=&%]{1,8})?$/),
    clientSecret: hash,
    nonce: hash,
    timestamp: fc.stringMatching(/^[1-9][0-9]{12}$/),
    canonical: fewJson.map((value) => ashCanonicalizeValue(value)),
    bodyHash: hash,
    scopeHash: optionalHash,
    chained: fc.boolean(),
    chainHash: optionalHash,
  });

  /** What the formula of a protocol covers of these parts, as the page says. */
  function covered(protocol: AshProtocol, all: AshProofParts): unknown[] {
    const {
      mode,
      contextId,
      binding,
      clientSecret,
      nonce,
      timestamp,
      canonical,
      bodyHash,
      scopeHash,
      chained,
      chainHash,
    } = all;
    const keyed = [clientSecret, timestamp, binding, bodyHash];
    switch (protocol) {
      case 'v2.3':
        return [...keyed, scopeHash, chainHash];
      case 'v2.2':
        return [...keyed, scopeHash];
      case 'v2.1':
        return [...keyed, chained, chained ? chainHash : ''];
      case 'v1':
        return [mode, binding, contextId, mode === 'strict' ? nonce : '', canonical];
    }
  }

  it.each(ASH_PROTOCOLS)('of %s is the same for two requests exactly where all that it covers is', (protocol) => {
    const { prove } = ashProtocolRules(protocol);
    const some = parts.chain((all) =>
      fc
        .subarray(Object.keys(all))
        .map((names) => Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)))),
    );
    fc.assert(
      fc.property(parts, some, (all, change) => {
        const changed: AshProofParts = { ...all, ...change };
        const isSame = JSON.stringify(covered(protocol, all)) === JSON.stringify(covered(protocol, changed));
        expect(prove(changed) === prove(all)).toBe(isSame);
      }),
      RUNS,
    );
  });

  it.each(ASH_PROTOCOLS)('of %s is another one when any character of what it covers is another', (protocol) => {
    const { prove } = ashProtocolRules(protocol);
    const texts = [
      'contextId',
      'binding',
      'clientSecret',
      'nonce',
      'timestamp',
      'canonical',
      'bodyHash',
      'scopeHash',
      'chainHash',
    ] as const;
    fc.assert(
      fc.property(parts, fc.constantFrom(...texts), fc.nat(), (all, name, at) => {
        const value = all[name] ?? '';
        const index = at % (value.length || 1);
        // Another digit of the same kind, so that the component stays one that may stand in a message.
        const changed = {
          ...all,
          [name]: value.slice(0, index) + (value[index] === '7' ? '8' : '7') + value.slice(index + 1),
        };
        fc.pre(value !== '' && !(name === 'binding' && index < 6));
        const isCovered = JSON.stringify(covered(protocol, all)) !== JSON.stringify(covered(protocol, changed));
        expect(prove(changed) !== prove(all)).toBe(isCovered);
      }),
      RUNS,
    );
  });

  const A = 'a'.repeat(64);
  const B = 'b'.repeat(64);
  const HMAC_PARTS = {
    timestamp: ['1', '11', '1|', '1|1', ''],
    binding: ['POST /a', 'POST /a|', `POST /a|${A}`, '1|POST /a', 'POST /a\n', ''],
    bodyHash: [A, B, `${A}|`, `|${A}`, `${A}|${B}`, ''],
    scopeHash: ['', '|', A, B, `${A}|`, `|${A}`, `${A}|${B}`],
    chainHash: ['', '|', A, B, `${A}|`, `|${A}`],
  };
  const V1_PARTS = {
    mode: ['strict', 'strict\nPOST /a', 'balanced', ''],
    binding: ['POST /a', 'POST /a\nc', 'POST /a\n', ''],
    contextId: ['c', 'c\nc', `c\n${A}`, 'c\n', ''],
    nonce: [A, B, `${A}\n`, `${A}${B}`, `${A}\n${B}`],
    canonical: ['', '1', A, `${A}\n`, `${A}\n1`, '\n', '\n1'],
  };
  type Row = [protocol: AshProtocol, choicesOfParts: Record<string, string[]>];
  const rows: Row[] = [
    ['v2.3', HMAC_PARTS],
    ['v2.2', HMAC_PARTS],
    ['v2.1', HMAC_PARTS],
    ['v1', V1_PARTS],
  ];
  it.each(rows)(
    'of %s is another one however its parts are shifted across the separators',
    (protocol, choicesOfParts) => {
      const { prove } = ashProtocolRules(protocol);
      const base = {
        mode: 'balanced',
        clientSecret: A,
        nonce: A,
        contextId: 'c',
        canonical: '',
        chained: true,
        timestamp: '',
        bodyHash: '',
        scopeHash: '',
        chainHash: '',
      };
      const provenBy = new Map<string, string>();
      for (const combination of combinations(choicesOfParts)) {
        const all = { ...base, ...combination } as unknown as AshProofParts;
        const proof = outcome(() => prove(all));
        if (proof instanceof AshError) continue;
        const meaning = JSON.stringify(covered(protocol, all));
        expect(provenBy.get(proof) ?? meaning).toBe(meaning);
        provenBy.set(proof, meaning);
      }
      expect(provenBy.size).toBeGreaterThan(10);
    },
  );

  function combinations(choicesOfParts: Record<string, string[]>): Record<string, string>[] {
    return Object.entries(choicesOfParts).reduce<Record<string, string>[]>(
      (all, [name, values]) => all.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
      [{}],
    );
  }
});

describe('a scope', () => {
  type Leaf = [path: string[], value: unknown];
  const name = fc.constantFrom('a', 'b', '0', '1', 'toString', '__proto__');
  const member = jsonOf(fc.constantFrom<Json>(null, 0, 'x', false), name, 3);
  const payload = fc.dictionary(name, member, { maxKeys: 4, noNullPrototype: true });
  const path = fc.array(fc.constantFrom('a', 'b', '0', '1', 'toString', 'missing'), { minLength: 1, maxLength: 3 });
  const scope = fc.uniqueArray(
    path.map((segments) => segments.join('.')),
    { minLength: 1, maxLength: 5 },
  );

  /** The scalars and the empty containers of a value, with where they stand. */
  function leavesOf(value: unknown, at: string[] = []): Leaf[] {
    const entries = typeof value === 'object' && value !== null ? (Object.entries(value) as [string, unknown][]) : [];
    if (entries.length === 0) return at.length === 0 ? [] : [[at, value]];
    return entries.flatMap(([own, inner]) => leavesOf(inner, [...at, placeOf(value, own)]));
  }

  /** A number is the place of an item in an array; as the name of a member it is one that no path has. */
  function placeOf(container: unknown, own: string): string {
    return !Array.isArray(container) && /^\d+$/.test(own) ? `.${own}` : own;
  }

  function isCovered(at: string[], paths: string[]): boolean {
    return paths.some((one) => one.split('.').every((segment, index) => segment === at[index]));
  }

  /** The value with each leaf replaced that a rule names. */
  function withLeaves(value: Json, replace: (at: string[], leaf: Json) => Json, at: string[] = []): Json {
    if (Array.isArray(value) && value.length > 0)
      return value.map((item, index) => withLeaves(item, replace, [...at, String(index)]));
    if (typeof value !== 'object' || value === null || Object.keys(value).length === 0)
      return at.length === 0 ? value : replace(at, value);
    return Object.fromEntries(
      Object.entries(value).map(([own, inner]) => [own, withLeaves(inner, replace, [...at, placeOf(value, own)])]),
    );
  }

  function textOf(leaves: Leaf[]): string[] {
    // What is extracted has the items of an array as members: the names are compared without the difference.
    return leaves.map(([at, value]) => JSON.stringify([at.map((own) => own.replace('.', '')), value])).sort();
  }

  it('extracts what it covers, all of it and nothing else', () => {
    fc.assert(
      fc.property(payload, scope, (value, paths) => {
        const covered = leavesOf(value).filter(([at]) => isCovered(at, paths));
        expect(textOf(leavesOf(ashCompileScope(paths).extract(value)))).toEqual(textOf(covered));
      }),
      { numRuns: 1000 },
    );
  });

  it('finds nothing uncovered exactly where what it covers is the whole payload', () => {
    const seen = { whole: 0, part: 0 };
    fc.assert(
      fc.property(payload, scope, (value, paths) => {
        const compiled = ashCompileScope(paths);
        const isWhole = leavesOf(value).every(([at]) => isCovered(at, paths));
        seen[isWhole ? 'whole' : 'part']++;
        expect(compiled.hasUncovered(value)).toBe(!isWhole);
        expect(
          JSON.stringify(textOf(leavesOf(compiled.extract(value)))) === JSON.stringify(textOf(leavesOf(value))),
        ).toBe(isWhole);
      }),
      { numRuns: 1000 },
    );
    expect(Math.min(seen.whole, seen.part)).toBeGreaterThan(50);
  });

  it('has the same hash whatever stands outside of it, and another one for any change inside', () => {
    fc.assert(
      fc.property(payload, scope, fc.nat(), (value, paths, at) => {
        const hash = ashHashScopedBody(value, paths);
        const outside = withLeaves(value, (where, leaf) => (isCovered(where, paths) ? leaf : 'changed'));
        expect(ashHashScopedBody({ ...(outside as object), unnamed: 1 }, paths)).toBe(hash);

        const covered = leavesOf(value).filter(([where]) => isCovered(where, paths));
        const target = JSON.stringify(covered[at % (covered.length || 1)]?.[0]);
        const inside = withLeaves(value, (where, leaf) => (JSON.stringify(where) === target ? 'changed' : leaf));
        expect(ashHashScopedBody(inside, paths) === hash).toBe(covered.length === 0);
      }),
      { numRuns: 1000 },
    );
  });

  it('extracts the same in whatever order its paths and the members stand', () => {
    fc.assert(
      fc.property(payload, scope, (value, paths) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(ashCanonicalizeValue(ashCompileScope([...paths].reverse()).extract(reversed))).toBe(
          ashCanonicalizeValue(ashCompileScope(paths).extract(value)),
        );
      }),
      RUNS,
    );
  });

  it('pollutes nothing', () => {
    const before = Object.getOwnPropertyNames(Object.prototype).join();
    fc.assert(
      fc.property(payload, scope, (value, paths) => {
        ashCompileScope(paths).extract(value);
        expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(before);
      }),
    );
  });
});
