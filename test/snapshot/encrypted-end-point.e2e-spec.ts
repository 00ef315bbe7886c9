import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { AshChain, AshProtected, type AshIssuedContext } from 'nestjs-ash';
import { AshClient } from 'nestjs-ash/client';
import { ashHashProof } from 'nestjs-ash/core';
import { AshEncrypted } from 'nestjs-ash/snapshot';
import { ashEncryptedFetch, type CryptoFetch } from 'nestjs-ash/snapshot/client';
import { ADAPTERS } from '../module/application.js';
import { vaults, type Vault } from './vault.js';

const runs: string[] = [];

@Controller()
@AshEncrypted()
class Bank {
  @Post('pin')
  @AshProtected('POST /pin')
  @AshChain('card', { start: true })
  pin(@Body() body: unknown): object {
    runs.push(`pin ${JSON.stringify(body)}`);
    return { ok: true };
  }

  @Post('use')
  @AshProtected('POST /use')
  @AshChain('card', { after: 'POST /pin' })
  use(@Body() body: unknown): object {
    runs.push(`use ${JSON.stringify(body)}`);
    return { ok: true };
  }

  @Post('erase/:id')
  @AshProtected('POST /erase/:id')
  erase(@Param('id') id: string): object {
    runs.push(`erase ${id}`);
    return { ok: true };
  }

  @Get('balance')
  @AshProtected('GET /balance', { mode: 'minimal' })
  balance(@Query('of') of = 'everybody'): object {
    runs.push(`balance of ${of}`);
    return { of };
  }

  @Post('handed-on')
  @AshProtected('POST /handed-on')
  handedOn(@Res({ passthrough: true }) response: { status(code: number): unknown }): object {
    runs.push('handed on');
    response.status(410);
    return { statusCode: 410, code: 'ASH_CTX_EXPIRED', message: 'the refusal of another service' };
  }
}

/** All that the end point of TLS sees, and does with it. */
class EndPoint {
  readonly requests: { readonly url: string; readonly headers: Headers; readonly answer: Headers }[] = [];
  readonly contexts: AshIssuedContext[] = [];

  /** @param meddle Answers a proven request. */
  constructor(
    private readonly meddle: CryptoFetch = fetch,
    private readonly change: (context: AshIssuedContext) => object = (context) => context,
    private readonly changeQuestion: (body: string) => string = (body) => body,
  ) {}

  readonly fetch: CryptoFetch = async (url, init) => {
    const headers = new Headers(init.headers);
    if (headers.has('x-ash-context-id')) {
      const answer = await this.meddle(url, init);
      this.requests.push({ url, headers, answer: answer.headers });
      return answer;
    }
    const question = typeof init.body === 'string' ? init.body : '';
    const answer = await fetch(url, { ...init, body: this.changeQuestion(question) });
    const context = (await answer.json()) as AshIssuedContext;
    this.contexts.push(context);
    return Response.json(this.change(context), { status: answer.status });
  };

  client({ app, crypto }: Vault): AshClient {
    const fetch = ashEncryptedFetch(crypto, { fetch: this.fetch });
    return new AshClient({ baseUrl: app.origin, fetch, renewal: false });
  }

  /** The context of a request. */
  contextOf(headers: Headers): AshIssuedContext {
    const context = this.contexts.find(({ contextId }) => contextId === headers.get('x-ash-context-id'));
    if (context === undefined) throw new Error('It has seen no such context.');
    return context;
  }

  /** The proof of a guess, with the secret that it has read. */
  guess(headers: Headers, payload: unknown, queryString = ''): string {
    const context = this.contextOf(headers);
    const timestamp = headers.get('x-ash-timestamp') ?? '';
    return AshClient.buildHeaders({ ...context, payload, timestamp, queryString })['X-ASH-Proof'] ?? '';
  }
}

/** The code of the error that a call rejects with, and of its cause; or the status of its answer. */
async function outcomeOf(call: Promise<Response>): Promise<unknown> {
  try {
    return (await call).status;
  } catch (error) {
    const { code, cause } = error as { code: unknown; cause?: { code?: unknown } };
    return [code, cause?.code];
  }
}

const LOST = 'ASH_CLIENT_RESPONSE_LOST';

beforeEach(() => {
  runs.length = 0;
});

describe.each(ADAPTERS)('The end point of TLS before %s', (adapter) => {
  const start = vaults(adapter);
  const open = () => start({ controllers: [Bank] });

  it('sees on no proof whether a guess of the plaintext is right', async () => {
    const between = new EndPoint();
    const chain = between.client(await open()).chain('card');
    await chain.post('/pin', { pin: '1234' });
    await chain.post('/use', { pin: '1234' });
    expect(runs).toStrictEqual(['pin {"pin":"1234"}', 'use {"pin":"1234"}']);
    const [first, second] = between.requests;
    if (first === undefined || second === undefined) throw new Error('It has seen less than was sent.');
    const guess = between.guess(first.headers, { pin: '1234' });
    expect(guess).toMatch(/^[0-9a-f]{64}$/);
    const seen = between.requests.flatMap(({ headers, answer }) => [...headers.values(), ...answer.values()]);
    expect(seen).toContain(first.headers.get('x-ash-proof'));
    expect(second.headers.get('x-ash-chain-hash')).toBe(ashHashProof(first.headers.get('x-ash-proof') ?? ''));
    expect(seen).not.toContain(guess);
    expect(seen).not.toContain(ashHashProof(guess));
  });

  it('gets no proof without a secret from a client', async () => {
    const between = new EndPoint(fetch, ({ clientSecret: _, ...context }) => ({ ...context, protocol: 'v1' }));
    const outcome = await outcomeOf(between.client(await open()).post('/erase/1', { pin: '1234' }));
    expect(outcome).toStrictEqual(['ASH_CRYPTO_BODY_UNSUPPORTED', 'ASH_CRYPTO_BODY_UNSUPPORTED']);
    expect([between.contexts.length, between.requests]).toStrictEqual([1, []]);
  });

  it.each(['as the client proved it', 'as it proves it itself'])('brings no body to another route, %s', async (how) => {
    const vault = await open();
    const meddle: CryptoFetch = (url, init) => {
      const headers = new Headers(init.headers);
      if (how === 'as it proves it itself') headers.set('x-ash-proof', between.guess(headers, { pin: '1' }));
      return fetch(url.replace('/erase/1', '/erase/9'), { ...init, headers });
    };
    const between = new EndPoint(
      meddle,
      (context) => ({ ...context, binding: 'POST /erase/1' }),
      (body) => body.replace('/erase/1', '/erase/9'),
    );
    expect(await outcomeOf(between.client(vault).post('/erase/1', { pin: '1' }))).toStrictEqual([
      'ASH_INTEGRITY_FAILED',
      undefined,
    ]);
    expect(between.requests.map(({ url }) => new URL(url).pathname)).toStrictEqual(['/erase/1', '/erase/1']);
    expect(runs).toStrictEqual([]);
  });

  it('makes up no request without a body', async () => {
    const { app } = await open();
    const context = await app.client().context('GET', '/balance?of=me');
    const headers = AshClient.buildHeaders({ ...context, queryString: 'of=me' });
    const answer = await fetch(`${app.origin}/balance?of=me`, { headers });
    expect([answer.status, runs]).toStrictEqual([403, []]);
  });

  it.each([
    ['another', '?of=you', (context: AshIssuedContext) => context],
    ['none', '', (context: AshIssuedContext) => context],
    // It tells the client that the proof covers no query.
    ['none, which it has told the client to leave out', '', (context: object) => ({ ...context, query: 'ignore' })],
  ])('puts in the place of a query not %s', async (_title, query, change) => {
    const meddle: CryptoFetch = (url, init) => fetch(url.replace('?of=me', query), init);
    const between = new EndPoint(meddle, change);
    expect(await outcomeOf(between.client(await open()).get('/balance?of=me'))).toStrictEqual([
      'ASH_INTEGRITY_FAILED',
      undefined,
    ]);
    expect(runs).toStrictEqual([]);
  });

  type Forged = [status: number, code: string];
  const forgeries: Forged[] = [
    [410, 'ASH_CTX_EXPIRED'],
    [404, 'ASH_CTX_NOT_FOUND'],
    [403, 'ASH_TIMESTAMP_INVALID'],
    [403, 'ASH_BINDING_MISMATCH'],
    [403, 'ASH_SUBJECT_MISMATCH'],
    [403, 'ASH_SCOPE_MISMATCH'],
    [403, 'ASH_INTEGRITY_FAILED'],
    [403, 'ASH_PROOF_INVALID'],
    [503, 'ASH_STORE_UNAVAILABLE'],
  ];
  it.each(forgeries)('lets no handler run twice by a refusal that it makes up: %i %s', async (statusCode, code) => {
    let isFirst = true;
    const between = new EndPoint(async (url, init) => {
      const answer = await fetch(url, init);
      if (!isFirst) return answer;
      isFirst = false;
      return Response.json({ statusCode, error: 'x', code, message: 'x' }, { status: statusCode });
    });
    expect(await outcomeOf(between.client(await open()).post('/erase/1', {}))).toStrictEqual([
      LOST,
      'ASH_CRYPTO_ANSWER_UNSEALED',
    ]);
    expect(runs).toStrictEqual(['erase 1']);
    // The same request was sent again.
    const [first, second] = between.requests.map(({ headers }) => headers.get('x-ash-proof'));
    expect(first).toBe(second);
  });

  it('lets no handler run twice by taking away that it has run', async () => {
    const between = new EndPoint(async (url, init) => {
      const { status, headers, body } = await fetch(url, init);
      const others = new Headers(headers);
      others.delete('x-ash-verified');
      return new Response(body, { status, headers: others });
    });
    const answer = await between.client(await open()).post('/handed-on', {});
    expect([answer.status, answer.headers.get('x-ash-verified')]).toStrictEqual([410, 'true']);
    expect(await answer.json()).toMatchObject({ code: 'ASH_CTX_EXPIRED' });
    expect(runs).toStrictEqual(['handed on']);
  });

  it('makes a sealed refusal no answer of a handler', async () => {
    const vault = await open();
    const between = new EndPoint(async (_url, init) => {
      const refusal = await fetch(`${vault.app.origin}/erase/2`, init);
      const headers = new Headers(refusal.headers);
      headers.set('x-ash-verified', 'true');
      return new Response(refusal.body, { status: refusal.status, headers });
    });
    expect(await outcomeOf(between.client(vault).post('/erase/1', {}))).toStrictEqual([
      'ASH_BINDING_MISMATCH',
      undefined,
    ]);
    expect(runs).toStrictEqual([]);
  });
});
