import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { Controller, Post, Res, StreamableFile } from '@nestjs/common';
import { AshProtected } from 'nestjs-ash';
import { AshEncrypted } from 'nestjs-ash/snapshot';
import { ADAPTERS } from '../module/application.js';
import { vaults } from './vault.js';

const SECRET = 'TopSecret-4711';
const UNSAYABLE = 'order of Łódź';
const MEBIBYTE = 1_048_576;
const MANY = 200;
const FAULT = { statusCode: 500, error: 'Internal Server Error', message: 'Internal server error' };

type Reply = ServerResponse & { readonly raw?: ServerResponse; hijack?(): void };
type Handler = (response: ServerResponse) => unknown;

/** What the handler does with Node's own response. */
const way: { take: Handler } = { take: () => undefined };
/** How many parts a source has given that has all of them at hand. */
const source = { given: 0 };

function parts(): Readable {
  source.given = 0;
  return new Readable({
    read() {
      source.given += 1;
      this.push(source.given > MANY ? null : Buffer.alloc(MEBIBYTE));
    },
  });
}

@Controller()
@AshEncrypted()
class Bank {
  @Post('own')
  @AshProtected('POST /own')
  own(@Res() reply: Reply): void {
    reply.hijack?.();
    way.take(reply.raw ?? reply);
  }

  @Post('file')
  @AshProtected('POST /file')
  file(): StreamableFile {
    return new StreamableFile(parts());
  }
}

/** Says a phrase in the status line, and then something else. */
function saying(phrase: string, then: Handler): Handler {
  return (response) => {
    response.statusMessage = phrase;
    then(response);
  };
}

const ended: Handler = (response) => response.end(SECRET);
const packed: Handler = (response) => response.writeHead(200, { 'Content-Encoding': 'br' }).end(SECRET);

describe.each(ADAPTERS)('An encrypted route on %s', (adapter) => {
  const start = vaults(adapter);

  type Row = [title: string, handler: Handler, status: number, text: string];
  const rows: Row[] = [
    ['a phrase', saying(SECRET, ended), 201, SECRET],
    ['a phrase that no head can hold', saying(UNSAYABLE, ended), 201, SECRET],
    ['a phrase for an answer without a body', saying(SECRET, (response) => response.writeHead(204).end()), 204, ''],
    ['a phrase for an answer that cannot be sealed', saying(SECRET, packed), 500, JSON.stringify(FAULT)],
    ['such a phrase that no head can hold', saying(UNSAYABLE, packed), 500, JSON.stringify(FAULT)],
    [
      'a status that there is none of',
      (response) => {
        response.statusCode = 4711;
        response.end(SECRET);
      },
      500,
      JSON.stringify(FAULT),
    ],
    [
      'trailers',
      (response) => {
        response.addTrailers({ 'x-sum': SECRET });
        response.end(SECRET);
      },
      201,
      SECRET,
    ],
    [
      'trailers of an answer that cannot be sealed',
      (response) => {
        response.setHeader('Content-Length', '4711');
        response.addTrailers({ 'x-sum': SECRET });
        response.end(SECRET);
      },
      500,
      JSON.stringify(FAULT),
    ],
  ];
  it.each(rows)('lets nothing out, and lives on, where the handler sets %s', async (_title, handler, status, text) => {
    way.take = handler;
    const { client, tap } = await start({ controllers: [Bank] });
    const ash = client({ timeout: 2_000 });
    const response = await ash.post('/own', {});
    expect([response.status, await response.text()]).toStrictEqual([status, text]);
    expect(tap.text).not.toContain(SECRET);
    way.take = ended;
    expect(await (await ash.post('/own', {})).text()).toBe(SECRET);
  });

  type SourceRow = [title: string, path: string, handler: Handler];
  const sources: SourceRow[] = [
    ['a file', '/file', () => undefined],
    ['a stream', '/own', (response) => parts().pipe(response)],
    [
      'a stream behind the end',
      '/own',
      (response) => {
        response.writeHead(500).end(JSON.stringify(FAULT));
        parts().pipe(response);
      },
    ],
  ];
  it.each(sources)('stands still for no source that has all at hand: %s', async (_title, path, handler) => {
    way.take = handler;
    const { client } = await start({ controllers: [Bank] });
    const response = await client().post(path, {});
    expect([response.status, await response.json()]).toStrictEqual([500, FAULT]);
    // As many as an answer holds, and a few until the client has it.
    expect(source.given).toBeLessThan(MANY / 2);
  });
});
