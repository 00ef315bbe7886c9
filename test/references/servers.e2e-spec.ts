import { once } from 'node:events';
import { connect } from 'node:net';
import { jest } from '@jest/globals';
import { AshClient } from 'nestjs-ash/client';
import { ashBuildProof, type AshIssuedContext } from 'nestjs-ash/core';
import { SAMPLES } from '../../sample/03-references/samples.js';
import type { Served } from '../../sample/03-references/serve.js';
import { send, type Answer, type Draft } from '../support/http.js';
import { sign } from '../support/proof.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const CONTEXT_ID = expect.stringMatching(/^ash_[0-9a-f]{32}$/);

/** How a request is refused; without a code it is the sample itself that refuses it. */
type Refusal = readonly [status: number, code?: string];

/** The server of a sample, asked by hand. */
class Server {
  private constructor(private readonly served: Served) {}

  static async start(name: string): Promise<Server> {
    const served = await SAMPLES.get(name)?.startServer?.();
    if (served === undefined) throw new Error(`The sample '${name}' has no server.`);
    return new Server(served);
  }

  get url(): string {
    return this.served.url;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Posts a body of JSON, or one that is to pass for it. */
  post(path: string, body?: object | string | Uint8Array, headers: Draft['headers'] = {}): Promise<Answer> {
    const isText = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    return this.send({
      method: 'POST',
      path,
      headers: { ...(body === undefined ? {} : JSON_TYPE), ...headers },
      body: isText ? body : JSON.stringify(body),
    });
  }

  send(draft: Draft): Promise<Answer> {
    return send(this.port, draft);
  }

  close(): Promise<void> {
    return this.served.close();
  }
}

beforeAll(() => {
  // The quick start is warned of.
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});

afterEach(() => {
  jest.restoreAllMocks();
});

describe('the server of the quick start', () => {
  let server: Server;

  beforeAll(async () => {
    server = await Server.start('quick-start');
  });

  afterAll(() => server.close());

  it('answers of a context its identifier and its mode, and no secret', async () => {
    const { status, headers, body } = await server.post('/ash/context');

    expect({ status, body }).toEqual({ status: 200, body: { contextId: CONTEXT_ID, mode: 'balanced' } });
    expect(headers['cache-control']).toBe('no-store');
  });

  it('refuses a request without a proof', async () => {
    await expect(server.post('/api/transfer', { amount: 1 })).resolves.toMatchObject({
      status: 403,
      code: 'ASH_PROOF_MISSING',
    });
  });

  it('lets one of ten identical requests through', async () => {
    const { contextId } = (await server.post('/ash/context')).body as AshIssuedContext;
    const proof = ashBuildProof('balanced', 'POST /api/transfer', contextId, null, '{"amount":1}');
    const headers = { 'x-ash-context-id': contextId, 'x-ash-proof': proof };

    const answers = await Promise.all(
      Array.from({ length: 10 }, () => server.post('/api/transfer', { amount: 1 }, headers)),
    );

    expect(answers.filter(({ status }) => status === 200).map(({ body }) => body)).toEqual([{ success: true }]);
    expect(answers.filter(({ code }) => code === 'ASH_CTX_ALREADY_USED')).toHaveLength(9);
  });
});

describe('the server of the Python package', () => {
  let server: Server;

  beforeAll(async () => {
    server = await Server.start('python-style');
  });

  afterAll(() => server.close());

  it('answers of a context what the Python server does, and the secret that its client needs', async () => {
    const before = Date.now();
    const { status, headers, body } = await server.post('/ash/context');
    const after = Date.now();

    expect({ status, body }).toEqual({
      status: 200,
      body: {
        contextId: CONTEXT_ID,
        expiresAt: expect.any(Number),
        mode: 'balanced',
        clientSecret: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
    const { expiresAt } = body as AshIssuedContext;
    expect(expiresAt).toBeGreaterThanOrEqual(before + 30_000);
    expect(expiresAt).toBeLessThanOrEqual(after + 30_000);
    expect(headers['cache-control']).toBe('no-store');
  });
});

describe.each([
  ['request-chaining', '/api/cart', '/api/checkout'],
  ['unified-proof-http', '/api/basic', '/api/chained'],
])('the chain of %s', (name, start, next) => {
  let server: Server;

  beforeAll(async () => {
    server = await Server.start(name);
  });

  afterAll(() => server.close());

  async function step(path: string, customer: string, previousProof?: string): Promise<[Answer, proof: string]> {
    const draft: Draft = {
      method: 'POST',
      path,
      headers: { ...JSON_TYPE, 'x-customer': customer },
      body: '{"amount":1}',
    };
    const context = await server.post('/ash/context', { binding: `POST ${path}` }, { 'x-customer': customer });
    const proof = sign(context.body as AshIssuedContext, draft, { previousProof });
    return [await server.send(draft), proof];
  }

  it('is good for the customer who began it, and for nobody else', async () => {
    const [{ status }, proof] = await step(start, 'customer-1');
    const [stolen] = await step(next, 'customer-2', proof);
    const [own] = await step(next, 'customer-1', proof);

    expect(status).toBe(200);
    expect(stolen).toMatchObject({ status: 403, code: 'ASH_CHAIN_BROKEN' });
    expect(own.status).toBe(200);
  });

  it('is not begun by nobody', async () => {
    await expect(server.post('/ash/context', { binding: `POST ${start}` })).resolves.toMatchObject({
      status: 403,
      code: 'ASH_SUBJECT_MISMATCH',
    });
  });
});

describe('the bare server', () => {
  let server: Server;

  beforeAll(async () => {
    server = await Server.start('bare-http');
  });

  afterAll(() => server.close());

  /** An honest request, proven as the client of the library proves it. */
  async function proven(body: object, path = '/transfer'): Promise<Draft> {
    const draft: Draft = { method: 'POST', path, headers: { ...JSON_TYPE }, body: JSON.stringify(body) };
    const context = await server.post('/ash/context', { binding: 'POST /transfer' });
    sign(context.body as AshIssuedContext, draft);
    return draft;
  }

  it('answers a whole context, which nobody keeps', async () => {
    const { status, headers, body } = await server.post('/ash/context', { binding: 'POST /transfer' });

    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('no-store');
    expect(body).toMatchObject({
      contextId: CONTEXT_ID,
      binding: 'POST /transfer',
      protocol: 'v2.3',
      mode: 'balanced',
    });
    expect(body).not.toHaveProperty('nonce');
  });

  it('lets one of ten identical requests through', async () => {
    const draft = await proven({ amount: 3, to: 'a' });
    const answers = await Promise.all(Array.from({ length: 10 }, () => server.send(draft)));

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ code }) => code === 'ASH_CTX_ALREADY_USED')).toHaveLength(9);
  });

  it('covers the query', async () => {
    const draft = await proven({ amount: 3, to: 'a' }, '/transfer?notify=yes');
    const moved = await server.send({ ...draft, path: '/transfer?notify=no' });
    const bare = await server.send({ ...draft, path: '/transfer' });
    const honest = await server.send(draft);

    expect([moved, bare, honest].map(({ status, code }) => code ?? status)).toEqual([
      'ASH_INTEGRITY_FAILED',
      'ASH_INTEGRITY_FAILED',
      200,
    ]);
  });

  it('says that a request was verified, also where its handler wants another one', async () => {
    const { status, code, headers } = await server.send(await proven({ amount: 0, to: 'a' }));

    expect({ status, code }).toEqual({ status: 400, code: undefined });
    expect(headers['x-ash-verified']).toBe('true');
  });

  const twice = '{"amount":1,"amount":1000000,"to":"a"}';
  type Row = [title: string, path: string, body: string | Uint8Array | undefined, refusal: Refusal];
  const refused: Row[] = [
    ['a request without a proof', '/transfer', '{}', [403, 'ASH_PROOF_MISSING']],
    ['a key that stands twice', '/transfer', twice, [400, 'ASH_CANONICALIZATION_ERROR']],
    ['what is no JSON', '/transfer', '{amount: 1}', [400, 'ASH_CANONICALIZATION_ERROR']],
    ['what is no UTF-8', '/transfer', Uint8Array.of(0x22, 0xff, 0x22), [400, 'ASH_CANONICALIZATION_ERROR']],
    ['a mark of the byte order', '/transfer', '\ufeff{}', [400, 'ASH_CANONICALIZATION_ERROR']],
    ['a body that is too long by a byte', '/transfer', `"${'x'.repeat(65_535)}"`, [413]],
    ['a body that is much too long', '/transfer', `"${'x'.repeat(5_000_000)}"`, [413]],
    ['a context for a route that is not there', '/ash/context', '{"binding":"POST /x"}', [400, 'ASH_BINDING_MISMATCH']],
    ['a context for no binding', '/ash/context', '{"binding":"x"}', [400, 'ASH_CANONICALIZATION_ERROR']],
    ['a context that names no route', '/ash/context', '{}', [400]],
    ['a context without a body', '/ash/context', undefined, [400]],
    ['a context for null', '/ash/context', 'null', [400]],
    ['a route that is not there', '/other', '{}', [404]],
  ];
  it.each(refused)('refuses %s', async (_title, path, body, [status, code]) => {
    const error = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const answer = await server.post(path, body);

    expect({ status: answer.status, code: answer.code }).toEqual({ status, code });
    expect(answer.body).toMatchObject({ statusCode: status, message: expect.any(String) });
    expect(answer.headers['x-ash-verified']).toBeUndefined();
    expect(error).not.toHaveBeenCalled();
  });

  it('takes a body that is as long as can be', async () => {
    const empty = { amount: 1, to: '' };
    const to = 'x'.repeat(65_536 - JSON.stringify(empty).length);

    await expect(server.send(await proven({ ...empty, to }))).resolves.toMatchObject({ status: 200 });
  });

  it('refuses another content type', async () => {
    const draft = await proven({ amount: 3, to: 'a' });
    const headers = { ...draft.headers, 'content-type': 'text/plain' };

    await expect(server.send({ ...draft, headers })).resolves.toMatchObject({
      status: 415,
      code: 'ASH_UNSUPPORTED_CONTENT_TYPE',
    });
  });

  it('minds no client that goes away while it sends', async () => {
    const error = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    await hangUpMidway(server.port);
    const honest = await new AshClient({ baseUrl: server.url }).post('/transfer', { amount: 1, to: 'a' });

    expect(honest.status).toBe(200);
    expect(error).not.toHaveBeenCalled();
  });
});

/** Sends a part of a body, and waits until the server has seen that no more comes. */
async function hangUpMidway(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.resume();
  socket.end('POST /transfer HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{"amount"');
  await once(socket, 'close');
}
