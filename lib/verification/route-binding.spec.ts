import { configurationError } from '../../test/verification/configuration-error.js';
import { RouteBinding } from './route-binding.js';

describe('RouteBinding.parse', () => {
  it.each([
    ['POST /transfer', 'POST /transfer', 'POST', true],
    ['post transfer/', 'POST /transfer', 'POST', true],
    ['GET /', 'GET /', 'GET', true],
    ['GET //a///b', 'GET /a/b', 'GET', true],
    ['PUT /accounts/:id/limit', 'PUT /accounts/:id/limit', 'PUT', false],
    ['GET /files/*path', 'GET /files/*path', 'GET', false],
    ['GET /files/{*path}', 'GET /files/{*path}', 'GET', false],
    ['GET /files/*', 'GET /files/*', 'GET', false],
    ['GET /caf%C3%A9', 'GET /caf%C3%A9', 'GET', true],
  ])('reads %j as %j', (text, normal, method, isStatic) => {
    expect(RouteBinding.parse(text)).toMatchObject({ text: normal, method, isStatic });
  });

  const shape = (segment: string): string =>
    `The segment '${segment}' is more than a binding can hold: use static text, a parameter of a whole segment (':id'), ` +
    `or a wildcard at the end ('*path')`;
  it.each([
    ['GET /a?b=1', "The binding 'GET /a?b=1' has a query or a fragment: leave it out"],
    ['GET /a#b', "The binding 'GET /a#b' has a query or a fragment: leave it out"],
    ['GET /:id.json', shape(':id.json')],
    ['GET /:id?', "The binding 'GET /:id?' has an optional parameter: declare the path with it and the one without it"],
    ['GET /:a-:b', shape(':a-:b')],
    ['GET /{:id}', shape('{:id}')],
    ['GET /files/*path/tail', shape('*path')],
    ['GET /a+', shape('a+')],
    ['GET /a(b)', shape('a(b)')],
    ['GET /a!', shape('a!')],
    ['GET /:1', shape(':1')],
    ['/transfer', "The binding is malformed: '/transfer' is not of the form 'METHOD /path'."],
    ['GET /a/../b', "The binding is malformed: the path '/a/../b' has a '.' or '..' segment."],
  ])('refuses %j', (text, sentence) => {
    expect(() => RouteBinding.parse(text)).toThrow(configurationError(sentence));
  });
});

describe('RouteBinding.matches', () => {
  type Row = [declared: string, concrete: string, expected: boolean];
  const rows: Row[] = [
    ['POST /transfer', 'POST /transfer', true],
    ['POST /transfer', 'PUT /transfer', false],
    ['POST /transfer', 'POST /transfer/1', false],
    ['POST /transfer', 'POST /Transfer', false],
    ['POST /a/b', 'POST /a', false],
    ['GET /', 'GET /', true],
    ['GET /', 'GET /a', false],
    ['GET /:id', 'GET /', false],
    ['GET /:id', 'GET /42', true],
    ['GET /:id', 'GET /4%322', true],
    ['GET /:id', 'GET /%zz', false],
    ['GET /:id', 'GET /a/b', false],
    ['GET /a/:id/b', 'GET /a/1/b', true],
    ['GET /a/:id/b', 'GET /a/1/c', false],
    ['GET /a/:id/b', 'GET /a/1', false],
    ['GET /files/*path', 'GET /files/a', true],
    ['GET /files/*path', 'GET /files/a/b/c', true],
    ['GET /files/*path', 'GET /files', true],
    ['GET /files/*path', 'GET /file', false],
    ['GET /files/*path', 'GET /files/%ff', false],
    ['GET /:dir/*', 'GET /a/b/c', true],
    ['GET /:id', 'GETX /42', false],
  ];
  it.each(rows)('%s for %s: %p', (declared, concrete, expected) => {
    expect(RouteBinding.parse(declared).matches(concrete)).toBe(expected);
  });
});

describe('RouteBinding.matchesRequest', () => {
  type Row = [title: string, declared: string, concrete: string, params: Record<string, unknown>, expected: boolean];
  const rows: Row[] = [
    ['a static path', 'GET /a', 'GET /a', {}, true],
    ['another static path', 'GET /a', 'GET /b', {}, false],
    ['a parameter', 'GET /:id', 'GET /42', { id: '42' }, true],
    ['another value', 'GET /:id', 'GET /42', { id: '43' }, false],
    ['a missing value', 'GET /:id', 'GET /42', {}, false],
    ['a value of the prototype', 'GET /:toString', 'GET /42', {}, false],
    ['a value that is no text', 'GET /:id', 'GET /42', { id: 42 }, false],
    ['a value that the router decoded', 'GET /:id', 'GET /a%20b', { id: 'a b' }, true],
    ['a value in another spelling', 'GET /:id', 'GET /4%32', { id: '42' }, true],
    ['a slash that the router decoded', 'GET /:id', 'GET /a', { id: 'a/b' }, false],
    ['two parameters', 'GET /:a/:b', 'GET /1/2', { a: '1', b: '2' }, true],
    ['two parameters the wrong way round', 'GET /:a/:b', 'GET /1/2', { a: '2', b: '1' }, false],
    ['one wrong parameter of two', 'GET /:a/:b', 'GET /1/2', { a: '1', b: '3' }, false],
    ['a parameter is not the rest of a path', 'GET /:id', 'GET /42', { '*': '42' }, false],
    ['a wildcard on Express', 'GET /f/*path', 'GET /f/a/b', { path: ['a', 'b'] }, true],
    ['another rest on Express', 'GET /f/*path', 'GET /f/a/b', { path: ['a', 'c'] }, false],
    ['a longer rest on Express', 'GET /f/*path', 'GET /f/a', { path: ['a', 'b'] }, false],
    [
      'an escaped slash on Express, which is another value for the handler',
      'GET /f/*path',
      'GET /f/a/b',
      { path: ['a/b'] },
      false,
    ],
    ['an empty segment on Express', 'GET /f/*path', 'GET /f/a/b', { path: ['a', '', 'b'] }, false],
    ['no rest on Express', 'GET /f/{*path}', 'GET /f', {}, true],
    ['no rest where the context has one', 'GET /f/{*path}', 'GET /f/a', {}, false],
    ['a rest where the context has none', 'GET /f/{*path}', 'GET /f', { path: ['a'] }, false],
    ['a wildcard without a name, as Nest maps it on Express', 'GET /f/*', 'GET /f/a/b', { path: ['a', 'b'] }, true],
    ['another rest of a wildcard without a name', 'GET /f/*', 'GET /f/a/b', { path: ['a', 'x'] }, false],
    ['a wildcard on Fastify', 'GET /f/*', 'GET /f/a/b', { '*': 'a/b' }, true],
    ['a named wildcard on Fastify', 'GET /f/*path', 'GET /f/a/b', { '*': 'a/b' }, true],
    ['another rest on Fastify', 'GET /f/*', 'GET /f/a/b', { '*': 'a/c' }, false],
    ['no rest on Fastify', 'GET /f/*', 'GET /f', { '*': '' }, true],
    ['a rest that is no text', 'GET /f/*', 'GET /f', { '*': 0 }, false],
    ['a parameter and a wildcard', 'GET /:dir/*', 'GET /a/b/c', { dir: 'a', '*': 'b/c' }, true],
    ['a concrete path that is none of the route', 'GET /:id', 'GET /a/b', { id: 'a' }, false],
  ];
  it.each(rows)('%s', (_title, declared, concrete, params, expected) => {
    expect(RouteBinding.parse(declared).matchesRequest(concrete, 'GET', params)).toBe(expected);
  });

  it.each([
    ['GET /a', 'GET /a', 'HEAD'],
    ['GET /:id', 'GET /42', 'POST'],
    ['GET /a', 'POST /a', 'POST'],
  ])('refuses %s for a context of %s in a %s', (declared, concrete, method) => {
    expect(RouteBinding.parse(declared).matchesRequest(concrete, method, { id: '42' })).toBe(false);
  });
});

describe('RouteBinding.isLike', () => {
  it.each([
    ['POST /transfer', 'POST /transfer', true],
    ['POST /transfer', 'POST /TRANSFER', true],
    ['POST /transfer', 'POST /%74ransfer', true],
    ['POST /a/:id', 'POST /A/7', true],
    ['POST /a/*rest', 'POST /A/b/c', true],
    ['POST /transfer', 'PUT /transfer', false],
    ['POST /transfer', 'POST /transfers', false],
    ['POST /transfer', 'POST /transfer/7', false],
    ['POST /a/:id', 'POST /a', false],
    ['POST /a', 'POST /%ff', false],
  ])('of %s and %s', (declared, binding, isLike) => {
    expect(RouteBinding.parse(declared).isLike(binding)).toBe(isLike);
  });
});

describe('RouteBinding.isServedAt', () => {
  type Row = [text: string, served: string | undefined, pattern: string | undefined, expected: boolean];
  const rows: Row[] = [
    ['GET /a', undefined, '/a', true],
    ['GET /a', undefined, '/a/', true],
    ['GET /a', undefined, '/b', false],
    ['GET /a', undefined, undefined, false],
    ['GET /', undefined, '/', true],
    ['GET /', undefined, '', true],
    ['GET /:id', undefined, '/:key', true],
    ['GET /:id', undefined, '/id', false],
    ['GET /:id', undefined, '/*', false],
    ['GET /f/*', undefined, '/f/{*path}', true],
    ['GET /public/a', '/a', '/a', true],
    ['GET /public/a', '/a', '/public/a', false],
  ];
  it.each(rows)('%s, served as %p, by the route %p: %p', (text, served, pattern, expected) => {
    expect(RouteBinding.parse(text, served).isServedAt(pattern)).toBe(expected);
  });
});

describe('RouteBinding.shape', () => {
  it.each([
    ['GET /:id', 'GET /:name', true],
    ['GET /f/*a', 'GET /f/{*b}', true],
    ['GET /:id', 'POST /:id', false],
    ['GET /:id', 'GET /*id', false],
    ['GET /:id', 'GET /id', false],
    ['GET /a/:id', 'GET /:id/a', false],
    ['GET /', 'GET /:id', false],
  ])('of %s and %s is the same: %p', (a, b, expected) => {
    expect(RouteBinding.parse(a).shape === RouteBinding.parse(b).shape).toBe(expected);
  });
});

describe('RouteBinding.compare', () => {
  it('puts the one first that a router would choose', () => {
    const texts = [
      'GET /*',
      'GET /:a',
      'GET /:a/:b',
      'GET /:a/b',
      'GET /a/*',
      'GET /a/:b',
      'GET /a/:b/c',
      'GET /a/:b/*',
    ];
    const sorted = texts.map((text) => RouteBinding.parse(text)).sort((a, b) => RouteBinding.compare(a, b));
    expect(sorted.map(({ text }) => text)).toStrictEqual([
      'GET /a/:b/c',
      'GET /a/:b/*',
      'GET /a/:b',
      'GET /a/*',
      'GET /:a/b',
      'GET /:a/:b',
      'GET /:a',
      'GET /*',
    ]);
  });

  it('makes no difference between alike ones', () => {
    expect(RouteBinding.compare(RouteBinding.parse('GET /:a'), RouteBinding.parse('GET /:b'))).toBe(0);
  });
});
