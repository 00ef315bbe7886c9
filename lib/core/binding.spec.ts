import { ashNormalizeBinding, ashParseBinding } from './binding.js';

const CODE = 'ASH_CANONICALIZATION_ERROR';

describe('a binding', () => {
  type Row = [title: string, method: string, path: string, binding: string];
  const rows: Row[] = [
    // Method
    ['has its method in upper case', 'pOsT', '/x', 'POST /x'],
    ['has its method trimmed', ' \tPOST\r\n', '/x', 'POST /x'],
    ['takes every character of an HTTP token but the separator', "M!#$%&'*+-.^_`~09", '/x', "M!#$%&'*+-.^_`~09 /x"],
    // Query and fragment
    ['has no query', 'GET', '/x?a=1', 'GET /x'],
    ['has no fragment', 'GET', '/x#a', 'GET /x'],
    ['has neither, whichever comes first', 'GET', '/x#a?b', 'GET /x'],
    ['has nothing of a query, whatever is in it', 'GET', '/x?a=../|\\%2F \n#', 'GET /x'],
    ['of a query alone is the root', 'GET', '?a=1', 'GET /'],
    // Slashes
    ['of an empty path is the root', 'GET', '', 'GET /'],
    ['of the root is the root', 'GET', '/', 'GET /'],
    ['of slashes is the root', 'GET', '////', 'GET /'],
    ['has a leading slash', 'GET', 'a/b', 'GET /a/b'],
    ['has no trailing slash', 'GET', '/a/b/', 'GET /a/b'],
    ['has no trailing slash before a query', 'GET', '/a/?b', 'GET /a'],
    ['has its slashes single', 'GET', '//a///b//', 'GET /a/b'],
    // What stays as it is
    ['keeps the case of the path', 'GET', '/Users/A', 'GET /Users/A'],
    ['is not percent-decoded', 'GET', '/%41%7e%C3%a9', 'GET /%41%7e%C3%a9'],
    ['may hold an escaped percent sign', 'GET', '/%252F', 'GET /%252F'],
    ['may hold characters that are not ASCII', 'GET', '/é/😀', 'GET /é/😀'],
    ['may hold segments with dots', 'GET', '/.a/b./..c/d../...', 'GET /.a/b./..c/d../...'],
    ['may hold parameters and matrix parameters', 'GET', '/:id/a;b=c/*', 'GET /:id/a;b=c/*'],
  ];
  it.each(rows)('%s', (_title, method, path, binding) => {
    expect(ashNormalizeBinding(method, path)).toBe(binding);
    const parsed = ashParseBinding(binding);
    expect(`${parsed.method} ${parsed.path}`).toBe(binding);
    expect(ashNormalizeBinding(parsed.method, parsed.path)).toBe(binding);
  });

  type RefusedRow = [title: string, method: string, path: string, message: string];
  const METHOD = 'is no HTTP token';
  const CHARACTER = "has a space, a control character, '|' or '\\'";
  const DOTS = "has a '.' or '..' segment";
  const ESCAPE = "has an escaped '/', '\\' or '.'";
  const refused: RefusedRow[] = [
    ['an empty method', '', '/', METHOD],
    ['a method of white space', ' \n', '/', METHOD],
    ['a method of two words', 'PO ST', '/', METHOD],
    ['a method with the separator', 'POST|', '/', METHOD],
    ['a method with a slash', 'POST/', '/', METHOD],
    ['a method with a control character', 'PO\u0000ST', '/', METHOD],
    ['a method with a line break', 'PO\nST', '/', METHOD],
    ['a method that is not ASCII', 'PÖST', '/', METHOD],
    // Both are ASCII in upper case.
    ['a method with a long s, which would become POST', 'po\u017ft', '/', METHOD],
    ['a method with a dotless i, which would become LIST', 'l\u0131st', '/', METHOD],
    ['a method with a sharp s, which would become PASS', 'pa\u00df', '/', METHOD],
    ['a space', 'GET', '/a b', CHARACTER],
    ['a leading space', 'GET', ' /a', CHARACTER],
    ['a trailing space', 'GET', '/a ', CHARACTER],
    ['a tab', 'GET', '/a\tb', CHARACTER],
    ['a line break', 'GET', '/a\nb', CHARACTER],
    ['a trailing line break', 'GET', '/a\n', CHARACTER],
    ['a NUL', 'GET', '/a\u0000', CHARACTER],
    ['DEL', 'GET', '/a\u007f', CHARACTER],
    ['a C1 control', 'GET', '/a\u0085b', CHARACTER],
    ['the separator of messages', 'GET', '/a|b', CHARACTER],
    ['a backslash', 'GET', '/a\\b', CHARACTER],
    ['a dot segment', 'GET', '/a/./b', DOTS],
    ['two dots', 'GET', '/a/../b', DOTS],
    ['dots at the start', 'GET', '../a', DOTS],
    ['a dot at the end', 'GET', '/a/.', DOTS],
    ['two dots before a query', 'GET', '/a/..?b', DOTS],
    ['a dot alone', 'GET', '.', DOTS],
    ['dots between many slashes', 'GET', '/a//..//b', DOTS],
    ['an escaped slash', 'GET', '/a%2Fb', ESCAPE],
    ['an escaped slash in lower case', 'GET', '/a%2fb', ESCAPE],
    ['an escaped backslash', 'GET', '/a%5Cb', ESCAPE],
    ['an escaped backslash in lower case', 'GET', '/a%5cb', ESCAPE],
    ['an escaped dot', 'GET', '/%2E%2E/b', ESCAPE],
    ['an escaped dot in lower case', 'GET', '/a.%2e', ESCAPE],
    ['a lone surrogate', 'GET', '/a\ud800', 'has a lone surrogate'],
  ];
  it.each(refused)('is refused for %s', (_title, method, path, message) => {
    expect(() => ashNormalizeBinding(method, path)).toThrow(
      expect.objectContaining({ name: 'AshError', code: CODE, message: expect.stringContaining(message) }),
    );
  });

  it('is shown in a message without characters that a log obeys, and not at any length', () => {
    const path = `/a\n\u001b[31m|${'x'.repeat(1000)}`;
    expect(() => ashNormalizeBinding('GET', path)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/^The binding is malformed: the path '\/a\ufffd\ufffd\[31m\|x{91}' has/),
      }),
    );
  });
});

describe('a binding as it is written', () => {
  type Row = [title: string, text: string, method: string, path: string];
  const rows: Row[] = [
    ['is read in its two parts', 'POST /transfer', 'POST', '/transfer'],
    ['is normalised', ' post transfer//x/?y ', 'POST', '/transfer/x'],
    ['ends its method at the first space', 'GET /?a b', 'GET', '/'],
    ['may have a path of parameters', 'GET /users/:id', 'GET', '/users/:id'],
  ];
  it.each(rows)('%s', (_title, text, method, path) => {
    expect(ashParseBinding(text)).toEqual({ method, path });
  });

  type RefusedRow = [title: string, text: string, message: string];
  const refused: RefusedRow[] = [
    ['nothing', '', "'' is not of the form 'METHOD /path'"],
    ['a method alone', 'POST', "'POST' is not of the form 'METHOD /path'"],
    ['a path alone', '/transfer', "'/transfer' is not of the form 'METHOD /path'"],
    ['a tab between its parts', 'POST\t/transfer', "'POST\ufffd/transfer' is not of the form 'METHOD /path'"],
    ['two spaces between its parts', 'POST  /transfer', 'has a space'],
    ['a third part', 'POST /transfer HTTP/1.1', 'has a space'],
    ['its parts the wrong way round', '/transfer POST', "the method '/transfer' is no HTTP token"],
    ['a path with dots', 'POST /a/../b', "has a '.' or '..' segment"],
  ];
  it.each(refused)('is refused for %s', (_title, text, message) => {
    expect(() => ashParseBinding(text)).toThrow(
      expect.objectContaining({ code: CODE, message: expect.stringContaining(message) }),
    );
  });
});
