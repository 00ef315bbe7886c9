import { once } from 'node:events';
import { connect } from 'node:http2';
import { Readable } from 'node:stream';
import { Body, Controller, HttpCode, Post, Res, StreamableFile } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AshProtected } from 'nestjs-ash';
import { AshClient } from 'nestjs-ash/client';
import { AshEncrypted, AshSnapshotModule } from 'nestjs-ash/snapshot';
import { ashEncryptedFetch, CryptoClient } from 'nestjs-ash/snapshot/client';
import { Application } from '../module/application.js';
import { http2Fetch } from './http2-fetch.js';
import { SECRET_KEY } from './vault.js';

const SECRET = 'TopSecret-4711';

/** Where a handler waits, and says that it does. */
const gate = { isEntered: (): void => undefined, open: (): void => undefined, opened: Promise.resolve() };

interface Http2Reply {
  hijack(): void;
  readonly raw: {
    writeHead(status: number, headers: object): unknown;
    write(text: string): unknown;
    end(text?: string): unknown;
  };
}

@Controller()
@AshEncrypted()
class Bank {
  @Post('json')
  @HttpCode(200)
  @AshProtected('POST /json')
  json(@Body() body: unknown): object {
    return { secret: SECRET, body };
  }

  @Post('file')
  @HttpCode(200)
  @AshProtected('POST /file')
  file(): StreamableFile {
    return new StreamableFile(Readable.from([Buffer.from(SECRET), Buffer.from(SECRET)]));
  }

  @Post('own')
  @AshProtected('POST /own')
  own(@Res() reply: Http2Reply): void {
    reply.hijack();
    reply.raw.writeHead(202, { 'content-type': 'text/plain', etag: '"e"' });
    reply.raw.write(SECRET);
    reply.raw.end('end');
  }

  @Post('slow')
  @AshProtected('POST /slow')
  async slow(): Promise<object> {
    gate.isEntered();
    await gate.opened;
    return { secret: SECRET };
  }

  @Post('events')
  @AshProtected('POST /events')
  events(@Res() reply: Http2Reply): void {
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' });
    reply.raw.write(SECRET);
  }
}

/** An application that speaks HTTP/2 alone, and a client of it. */
async function start(read: string[]): Promise<{ origin: string; ash: AshClient; close: () => Promise<void> }> {
  const http = new FastifyAdapter({ http2: true } as object);
  const imports = [AshSnapshotModule.forRoot({ secretKey: SECRET_KEY })];
  const { nest } = await Application.create(http, { controllers: [Bank], imports });
  await nest.listen(0, '127.0.0.1');
  const origin = await nest.getUrl();
  const fetch = http2Fetch(read);
  const crypto = new CryptoClient({ serverUrl: origin, secretKey: SECRET_KEY, fetch });
  const close = async (): Promise<void> => {
    await crypto.close();
    await nest.close();
  };
  return { origin, ash: new AshClient({ baseUrl: origin, fetch: ashEncryptedFetch(crypto, { fetch }) }), close };
}

describe('Over HTTP/2 the payloads of an encrypted route', () => {
  type Row = [title: string, path: string, status: number, body: string];
  const rows: Row[] = [
    ['a value', '/json', 200, JSON.stringify({ secret: SECRET, body: { a: SECRET } })],
    ['a file', '/file', 200, `${SECRET}${SECRET}`],
    ['what the handler gives to Node itself', '/own', 202, `${SECRET}end`],
    [
      'a fault in the place of a stream of events',
      '/events',
      500,
      '{"statusCode":500,"error":"Internal Server Error","message":"Internal server error"}',
    ],
  ];
  it.each(rows)('are read at both ends and nowhere else: %s', async (_title, path, status, body) => {
    const read: string[] = [];
    const { ash, close } = await start(read);
    try {
      const response = await ash.post(path, { a: SECRET });
      expect([response.status, await response.text()]).toStrictEqual([status, body]);
      expect(read.join()).not.toContain(SECRET);
      expect(read.join()).not.toContain('etag":"\\"e');
    } finally {
      await close();
    }
  });

  it('are nobody’s where the client has gone before the answer', async () => {
    const read: string[] = [];
    const { origin, ash, close } = await start(read);
    const entered = new Promise<void>((resolve) => (gate.isEntered = resolve));
    gate.opened = new Promise<void>((resolve) => (gate.open = resolve));
    try {
      const context = await ash.context('POST', '/slow');
      const session = connect(origin).on('error', () => undefined);
      // The client has completed its secret.
      const headers = AshClient.buildHeaders({ ...context });
      const request = session.request({ ':method': 'POST', ':path': '/slow', ...headers }, { endStream: true });
      request.on('error', () => undefined);
      await entered;
      const gone = once(session, 'close');
      session.destroy();
      await gone;
      gate.open();
      const response = await ash.post('/json', { a: 1 });
      expect(await response.json()).toStrictEqual({ secret: SECRET, body: { a: 1 } });
      expect(read.join()).not.toContain(SECRET);
    } finally {
      await close();
    }
  });
});
