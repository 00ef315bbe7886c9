import { ashCanonicalizeFormFields, ashCanonicalizeUrlencoded, type AshFormFields } from './canonical-form.js';

const CODE = 'ASH_CANONICALIZATION_ERROR';

describe('a form', () => {
  type Row = [title: string, text: string, canonical: string];
  const rows: Row[] = [
    // Parts
    ['without fields is empty', '', ''],
    ['of separators only is empty', '&&&', ''],
    ['has its empty parts skipped', '&a=1&&b=2&', 'a=1&b=2'],
    ['has an empty value for a key without =', 'a', 'a='],
    ['has an empty value for a key before =', 'a=', 'a='],
    ['may have an empty key', '=1', '=1'],
    ['may have an empty key and an empty value', '=', '='],
    ['has its key end at the first =', 'a=b=c', 'a=b%3Dc'],
    ['keeps what repeats', 'a=1&a=1', 'a=1&a=1'],
    // Order
    ['is sorted by key', 'b=2&a=1', 'a=1&b=2'],
    ['keeps equal keys in their order', 'a=2&b=0&a=1&a=3', 'a=2&a=1&a=3&b=0'],
    ['is not sorted by value', 'a=2&a=1', 'a=2&a=1'],
    ['finds keys equal that are written differently', 'b=1&%61=2&a=3', 'a=2&a=3&b=1'],
    ['is sorted by what the keys mean, not by how they are written', '%62=1&a=2&C=3', 'C=3&a=2&b=1'],
    // Encoded, `|` is `%7C` and would come before `z`.
    ['is sorted by decoded characters', '~=1&%7C=2&z=3', 'z=3&%7C=2&~=1'],
    ['is sorted by code points, not by UTF-16', '%F0%9F%98%80=1&%EF%AC%B3=2', '%EF%AC%B3=2&%F0%9F%98%80=1'],
    ['has a key before those that it begins', 'ab=1&a=2', 'a=2&ab=1'],
    ['has an empty key first', 'a=1&=2', '=2&a=1'],
    // Encoding
    ['reads + as a space', 'a+b=c+d', 'a%20b=c%20d'],
    ['reads %20 as a space', 'a%20b=c%20d', 'a%20b=c%20d'],
    ['reads %2B as a plus', 'a=1%2B1', 'a=1%2B1'],
    ['writes hex in upper case', 'a=%c3%a9', 'a=%C3%A9'],
    ['decodes what needs no encoding', '%61%2D%5f%2E%7e=%30', 'a-_.~=0'],
    ['encodes what it is given raw', "é=a b|'", '%C3%A9=a%20b%7C%27'],
    ['encodes all that RFC 3986 reserves', "a=:/?#[]@!$'()*,;", 'a=%3A%2F%3F%23%5B%5D%40%21%24%27%28%29%2A%2C%3B'],
    ['encodes separators in keys and values', '%26=%3D&%3D=%26', '%26=%3D&%3D=%26'],
    ['decodes once only', 'a=%2541', 'a=%2541'],
    ['keeps a NUL and line breaks', 'a=%00%0D%0A', 'a=%00%0D%0A'],
    ['keeps a byte order mark', '%EF%BB%BFa=1', '%EF%BB%BFa=1'],
    ['is not normalised', 'a=e%CC%81&a=%C3%A9', 'a=e%CC%81&a=%C3%A9'],
    ['may be named as the prototype chain is', '__proto__=1&constructor=2', '__proto__=1&constructor=2'],
  ];
  it.each(rows)('%s', (_title, text, canonical) => {
    expect(ashCanonicalizeUrlencoded(text)).toBe(canonical);
    expect(ashCanonicalizeUrlencoded(canonical)).toBe(canonical);
  });

  type RefusedRow = [title: string, text: string];
  const refused: RefusedRow[] = [
    ['a lone percent sign', 'a=%'],
    ['a percent sign with one digit', 'a=%4'],
    ['a percent sign without hex', 'a=%zz'],
    ['a percent sign with one hex digit', '%4g=1'],
    ['a byte that begins nothing', 'a=%ff'],
    ['a continuation without a beginning', 'a=%80'],
    ['a character that is cut', 'a=%e2%82'],
    ['a character that is cut by another', '%c3%28=1'],
    ['a character that is cut by raw text', 'a=%c3b'],
    ['an overlong slash', 'a=%c0%af'],
    ['an overlong NUL', 'a=%e0%80%80'],
    ['a surrogate', 'a=%ed%a0%80'],
    ['a surrogate pair in two', 'a=%ed%a0%bd%ed%b8%80'],
    ['a code point above the last', 'a=%f4%90%80%80'],
    ['five bytes', 'a=%f8%88%80%80%80'],
    ['a raw lone surrogate', 'a=\ud800'],
    ['a raw lone surrogate in a key', '\udc00=1'],
  ];
  it.each(refused)('is refused for %s', (_title, text) => {
    expect(() => ashCanonicalizeUrlencoded(text)).toThrow(expect.objectContaining({ name: 'AshError', code: CODE }));
  });
});

describe('a parsed form', () => {
  const bare = Object.assign(Object.create(null) as Record<string, string>, { b: '2', a: '1' });

  type Row = [title: string, fields: AshFormFields, canonical: string];
  const rows: Row[] = [
    ['without fields is empty', {}, ''],
    ['is sorted by key', { b: '2', a: '1' }, 'a=1&b=2'],
    ['may have no prototype', bare, 'a=1&b=2'],
    ['has a pair for each text of a list, in their order', { b: '0', a: ['2', '1', '2'] }, 'a=2&a=1&a=2&b=0'],
    ['has no pair for an empty list', { a: [], b: '1' }, 'b=1'],
    ['has numeric keys sorted as texts', { '10': 'a', '9': 'b' }, '10=a&9=b'],
    ['is encoded as a text is', { 'a b': "é+&='" }, 'a%20b=%C3%A9%2B%26%3D%27'],
    ['is not decoded', { a: '%41+' }, 'a=%2541%2B'],
    ['may have a field that is named __proto__', JSON.parse('{"__proto__":"1"}') as AshFormFields, '__proto__=1'],
  ];
  it.each(rows)('%s', (_title, fields, canonical) => {
    expect(ashCanonicalizeFormFields(fields)).toBe(canonical);
  });

  it('is not changed', () => {
    const fields = { b: ['2', '1'], a: '3' };
    ashCanonicalizeFormFields(fields);
    expect(fields).toEqual({ b: ['2', '1'], a: '3' });
  });

  // What a parser of bracketed keys, or a careless caller, hands on.
  type RefusedRow = [title: string, json: string, field: string];
  const refused: RefusedRow[] = [
    ['a number, which another text could stand for', '{"a":5}', 'a'],
    ['a list with a number', '{"a":["1",5]}', 'a'],
    ['a nested list', '{"a":[["1"]]}', 'a'],
    ['a nested object', '{"b":"1","a":{"c":"1"}}', 'a'],
    ['an object with a length', '{"a":{"length":1,"0":"x"}}', 'a'],
    ['null', '{"a":null}', 'a'],
    ['a boolean', '{"a\\n":true}', 'a\ufffd'],
  ];
  it.each(refused)('is refused where a field is %s', (_title, json, field) => {
    expect(() => ashCanonicalizeFormFields(JSON.parse(json) as AshFormFields)).toThrow(
      expect.objectContaining({
        code: CODE,
        message: `The form's field '${field}' is neither a text nor a list of texts.`,
      }),
    );
  });

  it.each([[{ a: '\ud800' }], [{ '\udc00': '1' }], [{ a: ['1', '\ud800'] }]])(
    'is refused for a lone surrogate: %j',
    (fields) => {
      expect(() => ashCanonicalizeFormFields(fields)).toThrow(
        expect.objectContaining({ code: CODE, message: 'The form has a lone surrogate.' }),
      );
    },
  );
});
