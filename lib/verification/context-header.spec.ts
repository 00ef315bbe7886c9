import { createServer as createHttp1, get, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { connect, createServer as createHttp2, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { isAnswerHead, reserveContextHeader, type AnswerHead } from './context-header.js';

type Response = ServerResponse | Http2ServerResponse;

/** Answers a request whose response has the header reserved. */
type Handle = (response: AnswerHead & { end(): unknown; write(text: string): unknown; flushHeaders(): void }) => void;

const PUBLIC = 'public, max-age=60';
const FOREIGN = 'Zm9yZWlnbg';
const OURS = 'b3Vycw';

const PROTOCOLS = ['HTTP/1.1', 'HTTP/2'] as const;
type Protocol = (typeof PROTOCOLS)[number];

/** The head that a client gets of one answer. */
async function headOf(protocol: Protocol, answer: (response: Response) => void): Promise<IncomingHttpHeaders> {
  const server: Server =
    protocol === 'HTTP/2'
      ? createHttp2((_, response) => {
          answer(response);
        })
      : createHttp1((_, response) => {
          answer(response);
        });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await (protocol === 'HTTP/2' ? overHttp2(port) : overHttp1(port));
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

function overHttp1(port: number): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', agent: false }, (message) => {
      message.resume().once('end', () => {
        resolve(message.headers);
      });
    }).once('error', reject);
  });
}

function overHttp2(port: number): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    const session = connect(`http://127.0.0.1:${port}`).once('error', reject);
    let head: IncomingHttpHeaders = {};
    session
      .request({ ':path': '/' })
      .once('response', (headers) => (head = headers))
      .once('end', () => {
        session.close(() => {
          resolve(head);
        });
      })
      .resume();
  });
}

const CACHING: [name: string, value: string][] = [
  ['Cache-Control', PUBLIC],
  ['cdn-cache-control', 'max-age=600'],
  ['Cloudflare-CDN-Cache-Control', 'max-age=600'],
  ['Surrogate-Control', 'max-age=600'],
  ['Edge-Control', 'max-age=600'],
  ['X-Accel-Expires', '600'],
  ['Expires', 'Thu, 01 Jan 2099 00:00:00 GMT'],
];
const SAID: [name: string, value: string][] = [...CACHING, ['X-ASH-Context', FOREIGN], ['X-Kept', 'kept']];

type Row = [title: string, handle: Handle];
const HANDLES: Row[] = [
  [
    'header by header',
    (response) => {
      for (const [name, value] of SAID) response.setHeader(name, value);
      response.end();
    },
  ],
  [
    'header by header, twice each',
    (response) => {
      for (const [name, value] of SAID) response.setHeader(name, value);
      for (const [name, value] of SAID.slice(0, -1)) response.appendHeader(name, value);
      response.end();
    },
  ],
  [
    'with an object',
    (response) => {
      response.writeHead(200, Object.fromEntries(SAID));
      response.end();
    },
  ],
  [
    'with a list',
    (response) => {
      response.writeHead(200, SAID.flat());
      response.end();
    },
  ],
  [
    'with a list of pairs',
    (response) => {
      response.writeHead(200, SAID);
      response.end();
    },
  ],
  [
    'before its body',
    (response) => {
      for (const [name, value] of SAID) response.setHeader(name, value);
      response.flushHeaders();
      response.write('body');
      response.end();
    },
  ],
  [
    'with its body',
    (response) => {
      for (const [name, value] of SAID) response.setHeader(name, value);
      response.write('body');
      response.end();
    },
  ],
  [
    'through another wrapper',
    (response) => {
      const writeHead = response.writeHead.bind(response);
      response.writeHead = (status) => writeHead(status, Object.fromEntries(SAID));
      response.end();
    },
  ],
];

describe.each(PROTOCOLS)('Over %s an answer', (protocol) => {
  const answered = (value: string | undefined, handle: Handle, before?: Handle): Promise<IncomingHttpHeaders> =>
    headOf(protocol, (response) => {
      before?.(response as unknown as Parameters<Handle>[0]);
      reserveContextHeader(response as unknown as AnswerHead, () => value);
      handle(response as unknown as Parameters<Handle>[0]);
    });
  const cachingOf = (headers: IncomingHttpHeaders): unknown[] =>
    CACHING.map(([name]) => headers[name.toLowerCase()]).filter((value) => value !== undefined);

  it.each(HANDLES)('that is begun %s carries our context, for no cache', async (_title, handle) => {
    const headers = await answered(OURS, handle);
    expect(headers).toMatchObject({ 'x-ash-context': OURS, 'x-kept': 'kept' });
    expect(cachingOf(headers)).toStrictEqual(['no-store']);
  });

  it.each(HANDLES.filter((_, index) => index !== 1))(
    'that is begun %s carries no context but ours, and is cached as it says',
    async (_title, handle) => {
      const headers = await answered(undefined, handle);
      expect(headers).not.toHaveProperty('x-ash-context');
      expect(headers).toHaveProperty('x-kept', 'kept');
      expect(cachingOf(headers)).toStrictEqual(CACHING.map(([, value]) => value));
    },
  );

  it.each<[string, 'setHeader' | 'appendHeader' | 'removeHeader']>([
    ['sets', 'setHeader'],
    ['adds to', 'appendHeader'],
    ['removes', 'removeHeader'],
  ])('carries our context where what wrapped it before %s the headers last', async (_title, method) => {
    const wrapped: Handle = (response) => {
      const writeHead = response.writeHead.bind(response);
      response.writeHead = (status, ...rest) => {
        for (const [name, value] of SAID) response[method](name, value);
        response.setHeader('X-Kept', 'kept');
        return writeHead(status, ...rest);
      };
    };
    const headers = await answered(OURS, (response) => void response.end(), wrapped);
    expect(headers).toMatchObject({ 'x-ash-context': OURS, 'x-kept': 'kept' });
    expect(cachingOf(headers)).toStrictEqual(['no-store']);
  });

  it('keeps headers that a list repeats', async () => {
    const headers = await answered(OURS, (response) => {
      response.writeHead(200, ['set-cookie', 'a=1', 'Set-Cookie', ['b=2', 'c=3'], 'set-cookie', 'd=4']);
      response.end();
    });
    expect([...(headers['set-cookie'] ?? [])].sort()).toStrictEqual(['a=1', 'b=2', 'c=3', 'd=4']);
  });

  it('begins once, and says so to whoever begins it again', async () => {
    const messages: string[] = [];
    await answered(OURS, (response) => {
      response.writeHead(200);
      try {
        response.writeHead(500, { 'x-late': '1' });
      } catch (error) {
        messages.push((error as Error).message);
      }
      response.end();
    });
    expect(messages).toStrictEqual([
      protocol === 'HTTP/1.1'
        ? 'Cannot write headers after they are sent to the client'
        : 'Response has already been initiated.',
    ]);
  });

  it('carries our context also where its first head was none', async () => {
    const codes: unknown[] = [];
    const headers = await answered(OURS, (response) => {
      try {
        response.writeHead(99_999);
      } catch (error) {
        codes.push((error as { code?: unknown }).code);
      }
      response.writeHead(200, { 'cache-control': PUBLIC, 'x-ash-context': FOREIGN });
      response.end();
    });
    expect(codes).toHaveLength(1);
    expect([headers['x-ash-context'], headers['cache-control']]).toStrictEqual([OURS, 'no-store']);
  });
});

describe('Over HTTP/1.1 an answer', () => {
  it('keeps the message of its status', async () => {
    const message = await new Promise<string | undefined>((resolve) => {
      const server = createHttp1((_request, response) => {
        reserveContextHeader(response as unknown as AnswerHead, () => OURS);
        response.writeHead(200, 'Fine', { 'x-kept': 'kept' }).end();
      });
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        get({ port, host: '127.0.0.1', agent: false }, (answer) => {
          answer.resume();
          server.close();
          resolve(answer.statusMessage);
        });
      });
    });
    expect(message).toBe('Fine');
  });
});

describe('isAnswerHead', () => {
  it.each([undefined, null, 'response', {}, { writeHead: () => undefined }])(
    'knows that %j is none of Node’s',
    (response) => {
      expect(isAnswerHead(response)).toBe(false);
    },
  );
});
