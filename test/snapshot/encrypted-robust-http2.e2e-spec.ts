import type { Http2ServerResponse } from 'node:http2';
import { Controller, Post, Res } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply } from 'fastify';
import { AshProtected } from 'nestjs-ash';
import { AshClient } from 'nestjs-ash/client';
import { AshEncrypted, AshSnapshotModule } from 'nestjs-ash/snapshot';
import { ashEncryptedFetch, CryptoClient } from 'nestjs-ash/snapshot/client';
import { Application } from '../module/application.js';
import { http2Fetch } from './http2-fetch.js';
import { SECRET_KEY } from './vault.js';

const SECRET = 'TopSecret-4711';

/** Node's types leave out what sets one trailer. */
type Http2Answer = Http2ServerResponse & { setTrailer(name: string, value: string): void };

/** What the handler does with its reply, and with Node's own response. */
const way: { take: (reply: FastifyReply, response: Http2Answer) => unknown } = { take: () => undefined };
const refusals: unknown[] = [];

@Controller()
@AshEncrypted()
class Bank {
  @Post('own')
  @AshProtected('POST /own')
  own(@Res() reply: FastifyReply): void {
    way.take(reply, reply.raw as unknown as Http2Answer);
  }
}

/** Hands Node's own response over to a handler. */
function own(take: (response: Http2Answer) => unknown): (typeof way)['take'] {
  return (reply, response) => {
    reply.hijack();
    take(response);
  };
}

describe('Over HTTP/2 an encrypted route', () => {
  type Row = [title: string, handler: (typeof way)['take'], codes: string[]];
  const rows: Row[] = [
    [
      'no trailers of Node',
      own((response) => {
        response.addTrailers({ 'x-sum': SECRET });
        response.setTrailer('x-more', SECRET);
        response.end(SECRET);
      }),
      [],
    ],
    [
      'no trailers that are set behind the end',
      own((response) => {
        response.end(SECRET);
        response.addTrailers({ 'x-sum': SECRET });
      }),
      [],
    ],
    [
      'no trailers of Fastify',
      (reply) => {
        reply.trailer('x-sum', (_reply, payload, done) => {
          done(null, String(payload));
        });
        return reply.send(SECRET);
      },
      [],
    ],
    [
      'no pushes',
      own((response) => {
        response.createPushResponse({ ':path': `/${SECRET}` }, (error, pushed) => {
          refusals.push(error);
          if (error === null) pushed.end(SECRET);
          response.end(SECRET);
        });
      }),
      ['ERR_HTTP2_PUSH_DISABLED'],
    ],
  ];
  it.each(rows)('lets out %s', async (_title, handler, codes) => {
    way.take = handler;
    refusals.length = 0;
    const read: string[] = [];
    const fetch = http2Fetch(read);
    const { nest } = await Application.create(new FastifyAdapter({ http2: true } as object), {
      controllers: [Bank],
      imports: [AshSnapshotModule.forRoot({ secretKey: SECRET_KEY })],
    });
    await nest.listen(0, '127.0.0.1');
    const origin = await nest.getUrl();
    const crypto = new CryptoClient({ serverUrl: origin, secretKey: SECRET_KEY, fetch });
    const ash = new AshClient({ baseUrl: origin, fetch: ashEncryptedFetch(crypto, { fetch }) });
    try {
      const response = await ash.post('/own', {});
      expect([response.status, await response.text()]).toStrictEqual([201, SECRET]);
      expect(read.join()).not.toContain(SECRET);
      expect(read.join()).not.toMatch(/trailers|pushed/);
      expect(refusals).toMatchObject(codes.map((code) => ({ code })));
    } finally {
      await crypto.close();
      await nest.close();
    }
  });
});
