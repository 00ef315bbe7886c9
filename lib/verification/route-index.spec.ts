import { jest } from '@jest/globals';
import fc from 'fast-check';
import { RouteBinding } from './route-binding.js';
import { RouteTable, type TableRoute } from './route-table.js';

const method = fc.constantFrom('GET', 'GET', 'POST');

// Few enough that routes overlap, with other cases, escapes, and an escape of nothing.
const staticText = fc.constantFrom('a', 'A', 'b', '%61', 'é', 'É', '%C3%A9', 'Σ', 'ς', '%2561', '%ff', '%FF', '%25ff');
const inner = fc.oneof(
  { weight: 3, arbitrary: staticText },
  { weight: 2, arbitrary: fc.constantFrom(':x', ':y') },
  { weight: 1, arbitrary: fc.constant('') },
);
const wildcard = fc.constantFrom('*', '*rest', '{*rest}');
const declared = fc
  .tuple(method, fc.array(inner, { maxLength: 4 }), fc.option(wildcard, { freq: 4, nil: '' }))
  .map(([verb, segments, last]) => RouteBinding.parse(`${verb} /${[...segments, last].join('/')}`));
const routes = fc.uniqueArray(declared, { minLength: 1, maxLength: 20, selector: ({ shape }) => shape });

const value = fc.constantFrom('a', 'A', 'b', '%62', '7', '', 'é', '%c3%a9', 'σ', '%zz', '%ff', '%2561', '%25FF', '%2F');
const spelled = (text: string): fc.Arbitrary<string> => {
  const escaped = text.replace(/^[a-z]/i, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
  return fc.constantFrom(text, text, text.toUpperCase(), text.toLowerCase(), escaped);
};

/** A binding that one of the routes may be good for. */
function bindingOf({ method: verb, segments }: RouteBinding): fc.Arbitrary<string> {
  const texts = segments.map((segment) => {
    if (segment.kind === 'static') return spelled(segment.text).map((text) => [text]);
    return segment.kind === 'parameter' ? value.map((text) => [text]) : fc.array(value, { maxLength: 3 });
  });
  return fc.tuple(...texts).map((path) => `${verb} /${path.flat().join('/')}`);
}

const anyBinding = fc.oneof(
  fc.tuple(method, fc.array(value, { maxLength: 5 })).map(([verb, path]) => `${verb} /${path.join('/')}`),
  fc.constantFrom(
    '',
    'GET',
    'GET ',
    'GET/',
    ' /',
    'get /a',
    'GETX /a',
    'GET  /a',
    'GET a',
    'GET /a /b',
    'GET //',
    'GET /a/',
  ),
);

/** A table of routes, and bindings to look for in it. */
const tables = routes.chain((bindings) =>
  fc.record({
    bindings: fc.constant(bindings),
    hasOther: fc.boolean(),
    asked: fc.array(fc.oneof(anyBinding, ...bindings.map(bindingOf)), { minLength: 1, maxLength: 20 }),
  }),
);

function tableOf(bindings: readonly RouteBinding[]): RouteTable<TableRoute> {
  const table = new RouteTable<TableRoute>();
  for (const binding of bindings) table.add({ name: binding.text, bindings: [binding] });
  return table;
}

describe('RouteTable, however its routes overlap', () => {
  it('finds what trying all routes in their order would find', () => {
    fc.assert(
      fc.property(tables, ({ bindings, hasOther, asked }) => {
        const table = tableOf(bindings);
        if (hasOther) table.add({ name: 'other', bindings: [] });
        const other = hasOther ? 'other' : undefined;
        const ordered = [...bindings].sort((a, b) => RouteBinding.compare(a, b));
        for (const text of asked) {
          const same = bindings.find((binding) => binding.isStatic && binding.text === text);
          const match = same ?? ordered.find((binding) => binding.matches(text));
          const alike = same ?? ordered.find((binding) => binding.isLike(text));
          expect([text, table.find(text)?.name]).toStrictEqual([text, match?.text ?? other]);
          expect([text, table.findAlike(text)?.name]).toStrictEqual([text, alike?.text ?? other]);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('tells routes apart whose static segments are the same when they are run together', () => {
    const table = tableOf(['GET /ab/c/:id', 'GET /a/bc/:id'].map((text) => RouteBinding.parse(text)));
    expect(table.find('GET /ab/c/1')?.name).toBe('GET /ab/c/:id');
    expect(table.find('GET /a/bc/1')?.name).toBe('GET /a/bc/:id');
  });

  it('knows a route that is added after one was looked for', () => {
    const table = tableOf([RouteBinding.parse('GET /*')]);
    expect(table.find('GET /a/1')?.name).toBe('GET /*');
    expect(table.findAlike('GET /A/1')?.name).toBe('GET /*');
    table.add({ name: 'account', bindings: [RouteBinding.parse('GET /a/:id')] });
    expect(table.find('GET /a/1')?.name).toBe('account');
    expect(table.findAlike('GET /A/1')?.name).toBe('account');
  });
});

describe('RouteTable of many routes', () => {
  const layouts = ['GET /api/v1/#/:id', 'PUT /api/v1/#/:id', 'GET /:tenant/#/items/:id', 'GET /api/#/*'];
  const texts = Array.from({ length: 500 }, (_, index) => layouts.map((text) => text.replace('#', `r${index}`)));
  const table = tableOf(texts.flat().map((text) => RouteBinding.parse(text)));

  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each([
    ['GET /api/v1/r250/7', 'GET /api/v1/r250/:id'],
    ['GET /acme/r499/items/7', 'GET /:tenant/r499/items/:id'],
    ['GET /api/r7/7', 'GET /api/r7/*'],
    ['GET /api/v1/none/7', undefined],
    ['GET /api/v1/r250/7/8', undefined],
    ['POST /api/v1/r250/7', undefined],
  ])('tries no other one for %s', (binding, name) => {
    const matches = jest.spyOn(RouteBinding.prototype, 'matches');
    const isLike = jest.spyOn(RouteBinding.prototype, 'isLike');
    const tried = name === undefined ? 0 : 1;
    expect(table.find(binding)?.name).toBe(name);
    expect(matches).toHaveBeenCalledTimes(tried);
    expect(table.findAlike(binding.replace('/r', '/R'))?.name).toBe(name);
    expect(isLike).toHaveBeenCalledTimes(tried);
  });
});
