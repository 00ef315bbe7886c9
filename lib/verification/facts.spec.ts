import { ashFactsOf, type AshRequestFacts, type AshRequestLike } from './facts.js';

const HEADERS = { 'content-type': 'application/json', 'content-length': '7' };

function factsOf(request: Partial<AshRequestLike>, subject?: string): AshRequestFacts {
  return ashFactsOf({ method: 'POST', headers: HEADERS, ...request }, subject);
}

describe('ashFactsOf', () => {
  it('reads a request of Express', () => {
    const request = {
      method: 'POST',
      url: '/?page=1',
      originalUrl: '/api/transfer?page=1&q=%20',
      headers: HEADERS,
      params: { id: '42' },
      body: { a: 1 },
      rawBody: Buffer.from('{"a":1}'),
      baseUrl: '/api',
      route: { path: '/transfer' },
      httpVersionMajor: 1,
    };
    expect(ashFactsOf(request, 'user-7')).toStrictEqual({
      method: 'POST',
      path: expect.any(Function) as AshRequestFacts['path'],
      query: 'page=1&q=%20',
      queryMark: '?',
      isQueryReplaced: expect.any(Function) as AshRequestFacts['isQueryReplaced'],
      params: { id: '42' },
      headers: HEADERS,
      route: expect.any(Function) as AshRequestFacts['route'],
      body: { present: true, value: { a: 1 }, raw: request.rawBody, unread: false, mediaType: 'application/json' },
      subject: 'user-7',
    });
  });

  it('reads a request of Fastify', () => {
    const raw = { url: '/transfer?page=1', httpVersionMajor: 1 };
    const routeOptions = { url: '/files/*' };
    const params = { '*': 'a/b' };
    const request = { method: 'POST', url: '/x?y=1', headers: HEADERS, params, routeOptions, body: { a: 1 }, raw };
    expect(ashFactsOf(request)).toStrictEqual({
      method: 'POST',
      path: expect.any(Function) as AshRequestFacts['path'],
      query: 'page=1',
      queryMark: '?',
      isQueryReplaced: expect.any(Function) as AshRequestFacts['isQueryReplaced'],
      params: { '*': 'a/b' },
      headers: HEADERS,
      route: expect.any(Function) as AshRequestFacts['route'],
      body: { present: true, value: { a: 1 }, raw: undefined, unread: false, mediaType: 'application/json' },
      subject: undefined,
    });
  });

  it.each([
    ['of no URL at all', {}, ''],
    ['of a URL without one', { url: '/a' }, ''],
    ['that is empty', { url: '/a?' }, ''],
    ['behind a fragment’s mark', { url: '/a#b?c' }, 'b?c'],
    ['with question marks of its own', { url: '/a?b?c' }, 'b?c'],
    ['byte for byte', { url: '/a?b=%2B+%20&b=1#c' }, 'b=%2B+%20&b=1#c'],
    [
      'of the request line, before a router shortened it',
      { originalUrl: '/a?x', raw: { url: '/b?y' }, url: '/c?z' },
      'x',
    ],
    ['of Node’s request, before a framework changed it', { raw: { url: '/b?y' }, url: '/c?z' }, 'y'],
  ] as [string, Partial<AshRequestLike>, string][])('takes the query %s', (_title, request, query) => {
    expect(factsOf(request).query).toBe(query);
  });

  it.each([
    ['by the application, below a router too', { originalUrl: '/a/b?c', baseUrl: '/a', url: '/b?d' }, true],
    ['by none', { originalUrl: '/a?c', url: '/a' }, true],
    ['where there was none', { originalUrl: '/a', url: '/a?c' }, true],
    ['by the server', { originalUrl: '/a?c', raw: { url: '/a?d' }, url: '/a?d' }, true],
    ['by nothing', { originalUrl: '/a?c', url: '/a?c' }, false],
    ['by nothing where a router shortened the path', { originalUrl: '/a/b?c', baseUrl: '/a', url: '/b?c' }, false],
    ['by nothing where a router has nothing left', { originalUrl: '/a?c', baseUrl: '/a', url: '/?c' }, false],
    ['by nothing where no URL is known', {}, false],
  ] as [string, Partial<AshRequestLike>, boolean][])('tells of a query replaced %s', (_title, request, isReplaced) => {
    expect(factsOf(request).isQueryReplaced?.()).toBe(isReplaced);
  });

  it.each([
    ['of a query', { url: '/a?b#c' }, '?'],
    ['of a fragment', { url: '/a#b?c' }, '#'],
    ['of neither', { url: '/a' }, '?'],
  ] as [string, Partial<AshRequestLike>, string][])('takes the mark %s', (_title, request, mark) => {
    expect(factsOf(request).queryMark).toBe(mark);
  });

  it.each([
    ['as it stands', { url: '/a/%20?b#c' }, '/a/%20'],
    ['of a whole URL', { url: 'http://shop.example/a?b' }, '/a'],
    ['of a whole URL without one', { url: 'http://shop.example?b' }, ''],
    ['of the request line, below a router', { originalUrl: '/api/a?b', baseUrl: '/api', url: '/a?b' }, '/api/a'],
    ['of a router itself', { originalUrl: '/api?b', baseUrl: '/api', url: '/?b' }, '/api'],
    ['but none that the application replaced', { originalUrl: '/cheap', baseUrl: '', url: '/transfer' }, undefined],
    ['of a whole URL below a router', { originalUrl: 'http://a/api/b', baseUrl: '/api', url: 'http://a/b' }, '/api/b'],
    ['but none whose query it replaced', { originalUrl: '/a?b=1', baseUrl: '', url: '/a?b=2' }, undefined],
    ['but none whose query it took away', { originalUrl: '/a?b=1', baseUrl: '', url: '/a' }, undefined],
    ['but none that it replaced below a router', { originalUrl: '/a/b', baseUrl: '/a', url: '/c' }, undefined],
    ['of a whole URL with a port', { url: 'HTTPS://[::1]:8443/a' }, '/a'],
    ['and takes for none what is no authority', { url: 'http://:b/a' }, 'http://:b/a'],
    ['and takes for none what only begins as one', { url: "http://shop.example'b/a" }, "http://shop.example'b/a"],
    ['and takes for none what has no authority', { url: 'javascript://shop.example/a' }, 'javascript://shop.example/a'],
    ['of Node’s request', { raw: { url: '/b?y' }, url: '/c?z' }, '/b'],
    ['of no URL', {}, ''],
  ] as [string, Partial<AshRequestLike>, string | undefined][])('takes the path %s', (_title, request, path) => {
    expect(factsOf(request).path?.()).toBe(path);
  });

  it.each([
    ['a stream that nobody read', { readableDidRead: false }, true],
    ['a stream that somebody read', { readableDidRead: true }, false],
    ['a stream that nobody read to its end', { readableDidRead: false, readableEnded: false }, true],
    ['a stream that somebody read, and that had nothing', { readableDidRead: false, readableEnded: true }, false],
    ['Node’s stream beneath', { raw: { readableDidRead: false } }, true],
    ['Node’s stream, whatever an application calls raw', { readableDidRead: false, raw: {} }, true],
    ['what is no stream', {}, false],
  ] as [string, Partial<AshRequestLike>, boolean][])('tells of %s whether it is unread', (_title, request, unread) => {
    expect(factsOf(request).body.unread).toBe(unread);
  });

  it.each([
    ['Express', { route: { path: '/accounts/:id' } }, '/accounts/:id'],
    ['Express below a router', { route: { path: '/:id' }, baseUrl: '/accounts' }, '/accounts/:id'],
    ['Express, of a pattern that is no text', { route: { path: /a/ } }, undefined],
    ['Fastify', { routeOptions: { url: '/accounts/:id' } }, '/accounts/:id'],
    ['Fastify, of no route', { routeOptions: {} }, undefined],
    ['nothing', {}, undefined],
    ['something else', { route: '/accounts/:id', routeOptions: null }, undefined],
  ] as [string, Partial<AshRequestLike>, string | undefined][])(
    'takes the matched route from %s',
    (_title, request, route) => {
      expect(factsOf(request).route?.()).toBe(route);
    },
  );

  it('hands on whoever finds out the subject, without asking', () => {
    const subject = (): never => {
      throw new Error('asked too early');
    };
    expect(ashFactsOf({ method: 'GET', headers: {} }, subject).subject).toBe(subject);
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a text', 'id=42'],
  ])('has no parameters where the router gives %s', (_title, params) => {
    expect(factsOf({ params }).params).toStrictEqual({});
  });

  type Row = [title: string, headers: Record<string, string>, more: Partial<AshRequestLike>, expected: boolean];
  const rows: Row[] = [
    ['a length', { 'content-length': '7' }, {}, true],
    ['a length of nothing', { 'content-length': '0' }, {}, false],
    ['chunks', { 'transfer-encoding': 'chunked' }, {}, true],
    ['chunks and a length of nothing', { 'transfer-encoding': 'chunked', 'content-length': '0' }, {}, true],
    ['neither', {}, {}, false],
    ['neither, whatever the parser says', {}, { body: { a: 1 } }, false],
    ['neither in HTTP/1.1', {}, { httpVersionMajor: 1 }, false],
    ['neither in HTTP/2, with frames to come', {}, { httpVersionMajor: 2, stream: { endAfterHeaders: false } }, true],
    ['neither in HTTP/2, with nothing to come', {}, { httpVersionMajor: 2, stream: { endAfterHeaders: true } }, false],
    ['neither in HTTP/2, of which no more is known', {}, { httpVersionMajor: 2 }, true],
    ['neither in HTTP/3', {}, { httpVersionMajor: 3 }, true],
    ['neither in HTTP/2 under Fastify', {}, { raw: { httpVersionMajor: 2, stream: { endAfterHeaders: false } } }, true],
    [
      'neither in HTTP/2 under Fastify, with nothing to come',
      {},
      { raw: { httpVersionMajor: 2, stream: { endAfterHeaders: true } } },
      false,
    ],
    ['a length of nothing in HTTP/2', { 'content-length': '0' }, { httpVersionMajor: 2 }, false],
  ];
  it.each(rows)('knows whether there is a body by %s', (_title, headers, more, expected) => {
    expect(factsOf({ headers, ...more }).body.present).toBe(expected);
  });

  it.each([
    ['application/json', 'application/json'],
    ['Application/JSON; charset=utf-8', 'application/json'],
    [' text/plain ;a=b', 'text/plain'],
    [undefined, ''],
    [['application/json', 'text/plain'], 'application/json,text/plain'],
  ])('reads the media type of %j as %j', (header, expected) => {
    expect(factsOf({ headers: { 'content-type': header } }).body.mediaType).toBe(expected);
  });

  it.each([
    ['a buffer', Buffer.from('a'), true],
    ['bytes', Uint8Array.of(1), true],
    ['a text', 'a', false],
    ['nothing', undefined, false],
  ])('keeps a raw body that is %s: %p', (_title, rawBody, isKept) => {
    expect(factsOf({ rawBody }).body.raw).toBe(isKept ? rawBody : undefined);
  });
});
