import { once } from 'node:events';
import { connect, createServer, type Http2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import { prove } from '../../test/verification/route-under-test.js';
import { ashHashProof } from '../core/index.js';
import { AshMemoryStore } from '../stores/memory.store.js';
import { SERVER_OPTION_KEYS, type AshServerOptions } from './options.js';
import { Passage } from './passage.js';
import { AshServer } from './server.js';
import { ashIssue } from './verify.js';

describe('An answer of HTTP/2 is held', () => {
  const store = new AshMemoryStore();
  const log = jest.fn();
  let server: Http2Server;
  let handler: (response: Http2ServerResponse) => void;

  const options: AshServerOptions<Http2ServerRequest & { method: string; url: string }> = {
    bindings: { 'GET /cart': { chain: { name: 'c', start: true } }, 'GET /spends': { spend: 'handler' } },
    log,
  };

  beforeAll(async () => {
    const ash = new AshServer('test', store, options, SERVER_OPTION_KEYS);
    const passage = new Passage(ash.protection);
    server = createServer((request, response) => {
      const known = request as Http2ServerRequest & { method: string; url: string };
      passage.enter(known, response, ash.routeOf(known)).then(
        () => {
          handler(response);
        },
        (error: unknown) => {
          response.statusCode = 403;
          response.end(String(error));
        },
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterAll(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
      }),
  );

  async function get(path: string): Promise<{ status: unknown; proof: unknown; text: string; mine: string }> {
    const context = await ashIssue(store, { binding: `GET ${path}` }, options);
    const { headers } = prove(context, { timestamp: Date.now(), value: undefined });
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const stream = client.request({ ':path': path, ...(headers as Record<string, string>) });
    const [head] = (await once(stream, 'response')) as [Record<string, unknown>];
    let text = '';
    for await (const chunk of stream.setEncoding('utf8')) text += String(chunk);
    client.close();
    return { status: head[':status'], proof: head['x-ash-chain-proof'], text, mine: String(headers['x-ash-proof']) };
  }

  it.each([
    ['at once', (response: Http2ServerResponse) => response.end('done')],
    [
      'in parts',
      (response: Http2ServerResponse) => {
        response.writeHead(200, { 'x-own': '1' });
        response.write('do');
        response.end('ne');
      },
    ],
  ])('until its link is written, given %s', async (_title, answer) => {
    handler = answer;
    const { status, proof, text, mine } = await get('/cart');
    expect({ status, proof, text }).toStrictEqual({ status: 200, proof: mine, text: 'done' });
    await expect(store.getLink(ashHashProof(mine))).resolves.toMatchObject({ step: 'GET /cart' });
  });

  it('and replaced where the handler has not spent', async () => {
    handler = (response) => response.end('done');
    await expect(get('/spends')).resolves.toMatchObject({
      status: 500,
      text: '{"statusCode":500,"error":"Internal Server Error","message":"Internal server error"}',
    });
  });
});
