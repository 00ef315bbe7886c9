import { once } from 'node:events';
import { connect, constants, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { fastify } from 'fastify';
import {
  ashFastifyContext,
  ashFastifyPlugin,
  ashHashProof,
  AshMemoryStore,
  type AshIssuedContext,
} from 'nestjs-ash/fastify';
import { closeFastify, handler, json, JSON_TYPE, startFastify, Turnstile } from '../support/fastify-app.js';
import { sign } from '../support/proof.js';
import { draftOf, type Plan } from '../support/test-app.js';

afterEach(closeFastify);

describe('On HTTP/2', () => {
  const store = new AshMemoryStore();
  const app = fastify({ http2: true, logger: false });
  const ran: string[] = [];
  const running = { pass: (): void => undefined };
  let session: ClientHttp2Session;

  beforeAll(async () => {
    await app.register(ashFastifyPlugin, { store, audit: 'off' });
    await app.register(ashFastifyContext);
    app.post('/a', { config: { ash: true } }, ({ body }) => {
      ran.push('a');
      return { received: body };
    });
    app.post('/start', { config: { ash: { chain: { name: 'c', start: true } } } }, () => ({ started: true }));
    app.post('/slow', { config: { ash: { chain: { name: 'c', start: true } } } }, async (_request, { raw }) => {
      ran.push('slow');
      const closed = once(raw, 'close');
      running.pass();
      await closed;
      // Behind the turn in which all hear of it.
      await turn();
    });
    app.post('/end', { config: { ash: { chain: { name: 'c', after: 'POST /start' } } } }, (_request, reply) =>
      reply.code(402).send({}),
    );
    app.post<{ Body: { spends: boolean } }>(
      '/trailed',
      { config: { ash: { spend: 'handler' } } },
      async (request, reply) => {
        reply.hijack();
        if (request.body.spends) await request.ash?.spend();
        reply.raw.addTrailers({ 'x-sum': 'of the body' });
        reply.raw.end('{}');
      },
    );
    await app.listen({ port: 0, host: '127.0.0.1' });
    session = connect(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
  });

  afterAll(async () => {
    session.close();
    await app.close();
  });

  async function post(
    path: string,
    headers: Record<string, string | string[]>,
    body?: string | Uint8Array,
    onTrailers: (trailers: IncomingHttpHeaders) => void = () => undefined,
  ) {
    const stream = session.request({ ':method': 'POST', ':path': path, ...headers }, { endStream: body === undefined });
    if (body !== undefined) stream.end(body);
    const answered = new Promise<IncomingHttpHeaders>((resolve) => stream.once('response', resolve));
    stream.once('trailers', onTrailers);
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const { ':status': status, ...rest } = (await answered) as IncomingHttpHeaders & { ':status'?: number };
    return { status, headers: rest, body: JSON.parse(Buffer.concat(chunks).toString()) as unknown };
  }

  async function prepare(plan: Plan, previousProof?: string) {
    const { body } = await post('/ash/context', JSON_TYPE, JSON.stringify({ binding: plan.binding }));
    const draft = draftOf(plan);
    const proof = sign(body as AshIssuedContext, draft, { previousProof });
    return { draft, proof };
  }

  it.each([
    [true, 200, 'of the body'],
    [false, 500, undefined],
  ])('a handler that spends (%s) is answered %i, with its trailer %s', async (spends, status, trailer) => {
    const trailers: IncomingHttpHeaders[] = [];
    const { draft } = await prepare({ ...json('POST /trailed'), body: JSON.stringify({ spends }) });
    const answer = await post('/trailed', draft.headers, draft.body, (headers) => trailers.push(headers));
    expect(answer.status).toBe(status);
    expect(trailers.map((headers) => headers['x-sum'])).toStrictEqual(trailer === undefined ? [] : [trailer]);
  });

  it('a request passes once', async () => {
    const { draft } = await prepare(json('POST /a'));
    expect(await post('/a', draft.headers, draft.body)).toMatchObject({
      status: 200,
      body: { received: { amount: 100 } },
    });
    expect(await post('/a', draft.headers, draft.body)).toMatchObject({ status: 409 });
  });

  it.each([
    ['of another body', JSON_TYPE, '{"amount":1000000}', 403, 'ASH_INTEGRITY_FAILED'],
    // HTTP/2 has no framing headers by which Fastify would know of a body without a type.
    ['of a body without a type', {}, '{"amount":1000000}', 415, 'ASH_UNSUPPORTED_CONTENT_TYPE'],
    ['of no body', {}, undefined, 403, 'ASH_INTEGRITY_FAILED'],
  ])('a request %s is refused, and the honest one still passes', async (_title, type, body, status, code) => {
    const { draft } = await prepare(json('POST /a'));
    const { 'content-type': _type, ...proof } = draft.headers;
    const before = ran.length;
    expect(await post('/a', { ...proof, ...type }, body)).toMatchObject({ status, body: { code } });
    expect(ran.length).toBe(before);
    expect(await post('/a', draft.headers, draft.body)).toMatchObject({ status: 200 });
  });

  /** Sends a request, and gives it up when `isTime`. */
  async function giveUp(path: string, headers: Record<string, string | string[]>, isTime: Promise<unknown>) {
    const stream = session.request({ ':method': 'POST', ':path': path, ...headers }, { endStream: true });
    await isTime;
    const closed = once(stream, 'close');
    stream.close(constants.NGHTTP2_CANCEL);
    await closed;
  }

  it('a client that hangs up while the handler runs has taken its step', async () => {
    const { draft, proof } = await prepare({ binding: 'POST /slow', runs: 'slow' });
    const isRunning = new Promise<void>((resolve) => {
      running.pass = resolve;
    });
    const writeLink = store.writeLink.bind(store);
    const written = new Promise<void>((resolve) => {
      store.writeLink = (link) => writeLink(link).finally(resolve);
    });
    await giveUp('/slow', draft.headers, isRunning);
    await written;
    expect(await store.getLink(ashHashProof(proof))).toMatchObject({ step: 'POST /slow' });
  });

  it('a client that hangs up before its request was verified has taken none, and the handler does not run', async () => {
    const { draft } = await prepare({ binding: 'POST /slow', runs: 'slow' });
    const before = ran.length;
    const verifying = new Turnstile();
    const consume = store.consume.bind(store);
    const consumed = new Promise<void>((resolve) => {
      store.consume = async (id) => {
        store.consume = consume;
        await verifying.pass();
        return consume(id).finally(resolve);
      };
    });
    const closed = new Promise((resolve) => {
      app.server.once('request', (_request, response) => response.once('close', resolve));
    });
    await giveUp('/slow', draft.headers, verifying.entered);
    await closed;
    verifying.release();
    await consumed;
    await turn();
    expect(ran.length).toBe(before);
  });

  it('a step counts when its answer is there, and is freed before an answer that says it failed', async () => {
    const first = await prepare({ binding: 'POST /start', runs: 'start' });
    const answer = await post('/start', first.draft.headers);
    expect(answer).toMatchObject({ status: 200, headers: { 'x-ash-chain-proof': first.proof } });
    const second = await prepare({ binding: 'POST /end', runs: 'end' }, first.proof);
    expect(await post('/end', second.draft.headers)).toMatchObject({ status: 402, body: {} });
    expect((await store.getLink(ashHashProof(first.proof)))?.holder).toBeUndefined();
  });
});

describe('26: the log holds no secret', () => {
  it('neither of what passed nor of what was refused, at any level', async () => {
    const app = await startFastify({
      ash: { subject: ({ headers }) => headers['x-user']?.toString() },
      routes: (instance, ran) => instance.post('/a', { config: { ash: true } }, handler(ran, 'a')),
    });
    const plan = { ...json('POST /a'), headers: { ...JSON_TYPE, 'x-user': 'ann' } };
    const honest = await app.prepare(plan);
    const { nonce } = (await app.store.get(honest.context.contextId)) ?? {};
    const changed = { ...honest.draft, body: '{"amount":7}' };
    for (const draft of [changed, honest.draft, honest.draft]) await app.send(draft);
    const stolen = await app.prepare(plan);
    await app.send({ ...stolen.draft, headers: { ...stolen.draft.headers, 'x-user': 'bob' } });
    const text = JSON.stringify(app.lines);
    expect(app.logged('debug').length).toBe(3);
    for (const secret of [
      honest.context.clientSecret,
      nonce,
      honest.proof,
      stolen.context.clientSecret,
      stolen.proof,
    ]) {
      expect(typeof secret).toBe('string');
      expect(text).not.toContain(secret);
    }
    expect(text).toContain(honest.context.contextId);
  });
});
