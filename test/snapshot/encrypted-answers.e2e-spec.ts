import { PassThrough, Readable } from 'node:stream';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { Body, Controller, Get, Head, Header, HttpCode, Post, Res, StreamableFile } from '@nestjs/common';
import { AshProtected } from 'nestjs-ash';
import { AshEncrypted } from 'nestjs-ash/snapshot';
import { ADAPTERS } from '../module/application.js';
import { vaults, type Vault } from './vault.js';

const SECRET = 'TopSecret-4711';
const LARGEST = 16_777_216;

type Reply = ServerResponse & { readonly raw?: ServerResponse; hijack?(): void; send(body: unknown): unknown };

/** Node's own response. */
function nodeOf(reply: Reply): ServerResponse {
  reply.hijack?.();
  return reply.raw ?? reply;
}

/** What handlers do with Node's response themselves. */
const WAYS: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
  pieces: (response) => {
    response.writeHead(202, { 'Content-Type': 'text/x-pieces', ETag: '"e"', 'Accept-Ranges': 'bytes' });
    response.write(SECRET, () => {
      response.write(Buffer.from(SECRET).toString('hex'), 'hex', () => response.end('end'));
    });
  },
  flushed: (response) => {
    response.statusCode = 203;
    response.setHeader('Content-Type', 'text/plain');
    response.flushHeaders();
    response.end(Buffer.from(SECRET), () => response.end('again'));
  },
  trailing: (response) => {
    response.writeHead(200, ['Content-Type', 'text/plain', 'Transfer-Encoding', 'chunked', 'Trailer', 'x-sum']);
    response.end(SECRET);
  },
  piped: (response) => Readable.from([SECRET, '-', SECRET]).pipe(response),
  events: (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(`data: ${SECRET}\n\n`);
  },
  packed: (response) => {
    response.writeHead(200, { 'Content-Encoding': 'gzip' });
    response.end(gzipSync(SECRET));
  },
  short: (response) => {
    response.writeHead(200, { 'Content-Length': String(2 * SECRET.length) });
    response.end(SECRET);
  },
  largest: (response) => response.end(Buffer.alloc(LARGEST, 'x')),
  tooLarge: (response) => {
    response.write(SECRET);
    for (let piece = 0; piece < 17; piece++) response.write(Buffer.alloc(LARGEST / 16, SECRET));
    response.end(SECRET);
  },
  unsayable: (response) => {
    response.statusCode = 200;
    response.write(SECRET);
    response.write(5);
  },
  broken: (response) => {
    const source = new PassThrough();
    source.pipe(response);
    source.write(SECRET);
    setImmediate(() => response.destroy());
  },
};

@Controller()
@AshEncrypted()
class Archive {
  @Post('own')
  @AshProtected('POST /own')
  own(@Body() { way }: { way: string }, @Res() reply: Reply): void {
    const response = nodeOf(reply);
    try {
      WAYS[way]?.(response);
    } catch (error) {
      response.end((error as Error).message);
    }
  }

  @Post('sent')
  @AshProtected('POST /sent')
  sent(@Res() reply: Reply): void {
    reply.send({ secret: SECRET });
  }

  @Post('file')
  @Header('ETag', '"of-the-plaintext"')
  @Header('Last-Modified', 'Sat, 01 Jan 2000 00:00:00 GMT')
  @AshProtected('POST /file')
  file(): StreamableFile {
    return new StreamableFile(Readable.from([Buffer.from([0, 255, 10, 13]), Buffer.from(SECRET)]), { type: 'x/y' });
  }

  @Post('text')
  @AshProtected('POST /text')
  text(): string {
    return SECRET;
  }

  @Post('nothing')
  @AshProtected('POST /nothing')
  nothing(): void {
    // An answer without a body.
  }

  @Post('no-content')
  @HttpCode(204)
  @Header('ETag', '"of-the-plaintext"')
  @AshProtected('POST /no-content')
  noContent(): void {
    // An answer without a body by its status.
  }

  @Get('state')
  @AshProtected('GET /state')
  state(): object {
    return { secret: SECRET };
  }

  @Head('headless')
  @AshProtected('HEAD /headless')
  headless(): string {
    return SECRET;
  }
}

describe.each(ADAPTERS)('The answer of an encrypted route on %s', (adapter) => {
  const start = vaults(adapter);
  const own = ({ client }: Vault, way: string): Promise<Response> => client().post('/own', { way });

  type Row = [title: string, path: string, type: RegExp, body: string];
  const rows: Row[] = [
    ['a text', '/text', /^text\/(?:html|plain); charset=utf-8$/, SECRET],
    ['what the handler sends itself', '/sent', /^application\/json/, JSON.stringify({ secret: SECRET })],
    ['a file of bytes', '/file', /^x\/y$/, `\0\u00ff\n\r${SECRET}`],
    ['nothing at all', '/nothing', /^$/, ''],
  ];
  it.each(rows)('is sealed where it is %s', async (_title, path, type, body) => {
    const { client, tap } = await start({ controllers: [Archive] });
    const response = await client().post(path, {});
    expect(response.status).toBe(201);
    expect(Buffer.from(await response.arrayBuffer()).toString('latin1')).toBe(body);
    expect(response.headers.get('content-type') ?? '').toMatch(type);
    expect(response.headers.get('etag') ?? response.headers.get('last-modified')).toBeNull();
    expect(tap.text).not.toContain(SECRET);
    expect(tap.text).not.toContain('of-the-plaintext');
  });

  type OwnRow = [way: string, status: number, body: string];
  const ways: OwnRow[] = [
    ['pieces', 202, `${SECRET}${SECRET}end`],
    ['flushed', 203, SECRET],
    ['trailing', 200, SECRET],
    ['piped', 201, `${SECRET}-${SECRET}`],
  ];
  it.each(ways)('is sealed where the handler gives it to Node itself: %s', async (way, status, body) => {
    const vault = await start({ controllers: [Archive] });
    const response = await own(vault, way);
    expect(response.status).toBe(status);
    expect(await response.text()).toBe(body);
    expect(vault.tap.text).not.toContain(SECRET);
    expect(vault.tap.text).not.toMatch(/"e"|x-sum|transfer-encoding/i);
  });

  it('has the status of nothing where it has no body by that, and no hash of one', async () => {
    const { client, tap } = await start({ controllers: [Archive] });
    const response = await client().post('/no-content', {});
    expect(response.status).toBe(204);
    expect(tap.text).not.toContain('of-the-plaintext');
  });

  it('has no length and no hash where the request asks for its head alone', async () => {
    const { client } = await start({ controllers: [Archive] });
    const response = await client().fetch('/headless', { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-ash-verified')).toBe('true');
    expect(['content-length', 'etag', 'content-type'].filter((name) => response.headers.has(name))).toStrictEqual([]);
  });

  it.each([
    ['if-none-match', '*'],
    ['range', 'bytes=0-3'],
    ['accept-encoding', 'gzip'],
  ])('is the whole of it whoever adds %s on the way', async (name, value) => {
    const { client } = await start({ controllers: [Archive] });
    const response = await client().get('/state', { headers: { [name]: value } });
    expect(response.status).toBe(200);
    expect(await response.json()).toStrictEqual({ secret: SECRET });
  });

  it('is sealed as large as 16 MiB', async () => {
    const vault = await start({ controllers: [Archive] });
    const response = await own(vault, 'largest');
    expect((await response.arrayBuffer()).byteLength).toBe(LARGEST);
  });

  it.each([
    ['a stream of events', 'events', 'a stream of events has no end'],
    ['compressed already', 'packed', "it is encoded as 'gzip' already"],
    ['shorter than it says', 'short', 'it ended before its declared length'],
    ['larger than 16 MiB', 'tooLarge', 'it is larger than 16777216 bytes'],
  ])('is a fault without content where it is %s', async (_title, way, reason) => {
    const vault = await start({ controllers: [Archive] });
    const errors: unknown[] = [];
    vault.app.log.error = (...given) => void errors.push(given.join(' '));
    const response = await own(vault, way);
    expect(response.status).toBe(500);
    expect(response.headers.get('x-ash-verified')).toBe('true');
    expect(await response.json()).toStrictEqual({
      statusCode: 500,
      error: 'Internal Server Error',
      message: 'Internal server error',
    });
    expect(errors.join('\n')).toContain(reason);
    expect(vault.tap.text).not.toContain(SECRET);
    expect((await own(vault, 'flushed')).status).toBe(203);
  });

  it('is refused to a handler that gives what is no part of one, as Node does', async () => {
    const vault = await start({ controllers: [Archive] });
    expect(await (await own(vault, 'unsayable')).text()).toMatch(new RegExp(`^${SECRET}.*number`));
  });

  it('is none where the handler breaks it off', async () => {
    const vault = await start({ controllers: [Archive] });
    const error: unknown = await own(vault, 'broken').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST' });
    expect(vault.tap.text).not.toContain(SECRET);
  });
});
