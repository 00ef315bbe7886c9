import { connect, type IncomingHttpHeaders } from 'node:http2';
import { Controller, Header, Post } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AshProtected, AshService, type AshIssuedContext } from 'nestjs-ash';
import { AshClient } from 'nestjs-ash/client';
import { Application } from './application.js';
import { contextIn, RENEW } from './renewal.js';

@Controller()
class Bank {
  @Post('transfer')
  @Header('Cache-Control', 'public, max-age=60')
  @AshProtected('POST /transfer')
  transfer(): unknown {
    return { done: true };
  }
}

/** Sends an empty request that is proven with a context, and gives the head of its answer. */
function send(origin: string, context: AshIssuedContext): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    const session = connect(origin).once('error', reject);
    let head: IncomingHttpHeaders = {};
    const headers = AshClient.buildHeaders({ ...context });
    session
      .request({ ':method': 'POST', ':path': '/transfer', ...headers, ...RENEW }, { endStream: true })
      .once('response', (received) => (head = received))
      .once('end', () => {
        session.close(() => {
          resolve(head);
        });
      })
      .resume();
  });
}

describe('Over HTTP/2 a client that asks for its next context', () => {
  it('gets it in the answer, which no cache keeps', async () => {
    const http = new FastifyAdapter({ http2: true } as object);
    const { nest } = await Application.create(http, { controllers: [Bank] });
    await nest.listen(0, '127.0.0.1');
    try {
      const origin = await nest.getUrl();
      let context = await nest.get(AshService).issue({ binding: 'POST /transfer' });
      for (let round = 0; round < 3; round++) {
        const head = await send(origin, context);
        expect(head).toMatchObject({ ':status': 201, 'x-ash-verified': 'true', 'cache-control': 'no-store' });
        context = contextIn(String(head['x-ash-context']));
      }
    } finally {
      await nest.close();
    }
  });
});
