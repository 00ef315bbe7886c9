import { connect } from 'node:http2';
import type { CryptoFetch } from 'nestjs-ash/snapshot/client';

/** A `fetch` over HTTP/2 that takes pushes too, and notes all that it reads: heads, bodies, trailers. */
export function http2Fetch(read: string[]): CryptoFetch {
  return (url, init) =>
    new Promise((resolve, reject) => {
      const { origin, pathname, search } = new URL(url);
      const session = connect(origin).once('error', reject);
      session.on('stream', (pushed, headers) => {
        read.push(`pushed ${JSON.stringify(headers)}`);
        pushed.on('data', (chunk: Buffer) => read.push(chunk.toString('latin1')));
      });
      const headers = Object.fromEntries(new Headers(init.headers));
      const request = session.request({ ':method': init.method ?? 'GET', ':path': pathname + search, ...headers });
      const chunks: Buffer[] = [];
      let head = new Response();
      request.once('response', ({ ':status': status = 0, ...received }) => {
        const pairs = Object.entries(received).map(([name, value]) => [name, String(value)] as [string, string]);
        read.push(JSON.stringify(received));
        head = new Response(null, { status, headers: pairs });
      });
      request.on('trailers', (trailers) => read.push(`trailers ${JSON.stringify(trailers)}`));
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.once('error', reject).once('close', () => {
        const body = Buffer.concat(chunks);
        read.push(body.toString('latin1'));
        session.close(() => {
          resolve(new Response(body, { status: head.status, headers: head.headers }));
        });
      });
      request.end(init.body ?? undefined);
    });
}
