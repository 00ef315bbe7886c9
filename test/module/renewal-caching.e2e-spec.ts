import { Controller, Get, Header, HttpCode, Post, Res, StreamableFile } from '@nestjs/common';
import { AshProtected, type AshIssuedContext } from 'nestjs-ash';
import { ADAPTERS, applications, type Answer, type Application, type Setup } from './application.js';
import { nextOf, renew, renewed } from './renewal.js';

/** Node's own response. */
interface NodeResponse {
  statusCode: number;
  setHeader(name: string, value: string | string[]): void;
  writeHead(status: number, ...rest: unknown[]): NodeResponse;
  end(text?: string): void;
}

/** Express's response, which is Node's own, or Fastify's reply, which holds it. */
interface AnyResponse extends NodeResponse {
  set?(name: string, value: string): unknown;
  header(name: string, value: string): AnyResponse;
  hijack?(): unknown;
  send(body: unknown): unknown;
  readonly raw?: NodeResponse;
}

/** What the application says of an answer, and what a cache would go by. */
const CACHING = {
  'cache-control': 'public, max-age=60',
  'CDN-Cache-Control': 'max-age=600',
  'Surrogate-Control': 'max-age=600',
  'X-Accel-Expires': '600',
  Expires: 'Thu, 01 Jan 2099 00:00:00 GMT',
};
/** No context of ours. */
const FOREIGN = 'Zm9yZWlnbg';

/** Node's own response, for a handler that takes over the whole answer. */
function nodeOf(response: AnyResponse): NodeResponse {
  response.hijack?.();
  return response.raw ?? response;
}

@Controller()
class Pages {
  @Get('declared')
  @Header('Cache-Control', 'public, max-age=60')
  @Header('X-ASH-Context', FOREIGN)
  @AshProtected('GET /declared')
  declared(): unknown {
    return {};
  }

  @Get('passed-through')
  @AshProtected('GET /passed-through')
  passedThrough(@Res({ passthrough: true }) response: AnyResponse): unknown {
    for (const [name, value] of Object.entries({ ...CACHING, 'X-Ash-Context': FOREIGN })) response.header(name, value);
    return {};
  }

  @Get('sent')
  @AshProtected('GET /sent')
  sent(@Res() response: AnyResponse): void {
    for (const [name, value] of Object.entries({ ...CACHING, 'X-Ash-Context': FOREIGN })) response.header(name, value);
    response.send({});
  }

  @Get('file')
  @Header('Cache-Control', 'public, max-age=60')
  @AshProtected('GET /file')
  file(): StreamableFile {
    return new StreamableFile(Buffer.from('bytes'));
  }

  @Get('not-modified')
  @HttpCode(304)
  @Header('Cache-Control', 'public, max-age=60')
  @AshProtected('GET /not-modified')
  notModified(): void {
    // An answer without a body.
  }

  @Get('head-of-object')
  @AshProtected('GET /head-of-object')
  headOfObject(@Res() response: AnyResponse): void {
    nodeOf(response)
      .writeHead(202, { ...CACHING, 'x-ash-context': FOREIGN, 'set-cookie': ['a=1', 'b=2'] })
      .end('{}');
  }

  @Get('head-with-message')
  @AshProtected('GET /head-with-message')
  headWithMessage(@Res() response: AnyResponse): void {
    nodeOf(response)
      .writeHead(202, 'Fine', { ...CACHING, 'x-ash-context': FOREIGN, 'set-cookie': ['a=1', 'b=2'] })
      .end('{}');
  }

  @Get('head-of-list')
  @AshProtected('GET /head-of-list')
  headOfList(@Res() response: AnyResponse): void {
    const cookies = ['set-cookie', 'a=1', 'set-cookie', 'b=2'];
    nodeOf(response)
      .writeHead(202, [...Object.entries(CACHING).flat(), 'X-ASH-CONTEXT', FOREIGN, ...cookies])
      .end('{}');
  }

  @Get('set-on-node')
  @AshProtected('GET /set-on-node')
  setOnNode(@Res() response: AnyResponse): void {
    const node = nodeOf(response);
    node.statusCode = 202;
    node.setHeader('Cache-Control', ['public', 'max-age=60']);
    node.setHeader('x-ash-context', FOREIGN);
    node.setHeader('set-cookie', ['a=1', 'b=2']);
    node.end('{}');
  }

  @Get('open')
  @Header('Cache-Control', 'public, max-age=60')
  @Header('X-ASH-Context', FOREIGN)
  @AshProtected('GET /open', { renewal: false })
  open(): unknown {
    return {};
  }

  @Post('slow')
  @AshProtected('POST /slow')
  async slow(@Res() response: AnyResponse): Promise<void> {
    const node = nodeOf(response);
    node.writeHead(200, { 'content-type': 'text/plain' });
    await Promise.resolve();
    node.end('done');
  }
}

/** A middleware that says of every answer, as its head is written, that caches may keep it. */
function cachedByMiddleware(nest: Parameters<NonNullable<Setup['configure']>>[0]): void {
  nest.use((_request: unknown, response: NodeResponse, next: () => void) => {
    const writeHead = response.writeHead.bind(response);
    response.writeHead = (status, ...rest) => {
      response.setHeader('Cache-Control', 'public, max-age=60');
      response.setHeader('X-ASH-Context', FOREIGN);
      return writeHead(status, ...rest);
    };
    next();
  });
}

describe.each(ADAPTERS)('On %s an answer that carries the next context', (adapter) => {
  const start = applications(adapter);
  const ask = async (application: Application, path: string): Promise<Answer> => {
    const method = path === '/slow' ? 'POST' : 'GET';
    return renew(application, await application.client().context(method, path), { path });
  };
  /** What an answer tells caches. */
  const cachingOf = ({ headers }: Answer): Record<string, string | null> =>
    Object.fromEntries(Object.keys(CACHING).map((name) => [name, headers.get(name)]));
  const NO_STORE = {
    'cache-control': 'no-store',
    'CDN-Cache-Control': null,
    'Surrogate-Control': null,
    'X-Accel-Expires': null,
    Expires: null,
  };

  type Row = [title: string, path: string, status: number];
  const rows: Row[] = [
    ['a decorator', '/declared', 200],
    ['the framework’s response', '/passed-through', 200],
    ['a handler that sends its answer itself', '/sent', 200],
    ['a stream', '/file', 200],
    ['an answer that nothing changed', '/not-modified', 304],
    ['a head that is an object', '/head-of-object', 202],
    ['a head with a message', '/head-with-message', 202],
    ['a head that is a list', '/head-of-list', 202],
    ['Node’s own response', '/set-on-node', 202],
  ];
  it.each(rows)('is kept by no cache, whatever is said by %s', async (_title, path, status) => {
    const answer = await ask(await start({ controllers: [Pages] }), path);
    expect(answer.status).toBe(status);
    expect(renewed(answer).binding).toBe(`GET ${path}`);
    expect(cachingOf(answer)).toStrictEqual(NO_STORE);
    expect(answer.headers.getSetCookie()).toStrictEqual(status === 202 ? ['a=1', 'b=2'] : []);
  });

  it('is kept by no cache, whatever a middleware says as the head is written', async () => {
    const answer = await ask(await start({ controllers: [Pages], configure: cachedByMiddleware }), '/sent');
    expect(renewed(answer).binding).toBe('GET /sent');
    expect(cachingOf(answer)).toStrictEqual(NO_STORE);
  });

  it('goes out with a head that is written before the body', async () => {
    const answer = await ask(await start({ controllers: [Pages] }), '/slow');
    expect(answer.body).toBe('done');
    expect(renewed(answer).binding).toBe('POST /slow');
    expect(cachingOf(answer)).toStrictEqual(NO_STORE);
  });

  it('leaves what the application says as it is where nobody asks', async () => {
    const application = await start({ controllers: [Pages] });
    const context: AshIssuedContext = await application.client().context('GET', '/passed-through');
    const answer = await application.use(context, { path: '/passed-through' });
    expect(cachingOf(answer)).toStrictEqual(CACHING);
  });

  it('carries none of the application’s own where the route renews none, and is cached as the application says', async () => {
    const answer = await ask(await start({ controllers: [Pages] }), '/open');
    expect(nextOf(answer)).toBeUndefined();
    expect(answer.headers.get('cache-control')).toBe('public, max-age=60');
  });
});
