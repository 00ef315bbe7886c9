import { Body, Controller, Post } from '@nestjs/common';
import { AshProtected, type AshIssuedContext } from 'nestjs-ash';
import { AshEncrypted } from 'nestjs-ash/snapshot';
import { ashArrayEncrypt, CryptoClient, isCryptoError, type CryptoFetch } from 'nestjs-ash/snapshot/client';
import { ADAPTERS } from '../module/application.js';
import { opened, proofHeaders, SECRET_KEY, sealedBody, vaults, withTick, type Vault } from './vault.js';

const HONEST = { amount: 100, to: 'acct-7' };
const FORGED = { amount: 100_000, to: 'acct-666' };
const runs: unknown[] = [];

@Controller()
class Bank {
  @Post('transfer')
  @AshProtected('POST /transfer')
  @AshEncrypted()
  transfer(@Body() body: unknown): object {
    runs.push(body);
    return { done: body };
  }

  @Post('open')
  @AshProtected('POST /open')
  open(@Body() body: unknown): object {
    return { done: body };
  }
}

/** Sends a text that is proven as another value, as whoever has the key can, and opens its answer. */
async function send(
  { app, crypto }: Vault,
  context: AshIssuedContext,
  { text, proven, type = 'application/json' }: { text: string; proven: unknown; type?: string },
): Promise<{ status: number; text: string }> {
  const response = await fetch(`${app.origin}/transfer`, {
    method: 'POST',
    headers: { ...proofHeaders(crypto, context, { payload: proven }), 'content-type': type },
    body: text,
  });
  // Who does not seal is told so in plain text.
  if (response.status === 415) return { status: 415, text: await response.text() };
  expect(response.headers.get('content-type')).toBe('application/vnd.ash.sealed+json');
  const answer = await opened(crypto, context.contextId, response);
  return { status: answer.status, text: await answer.text() };
}

function messageOf(text: string): Buffer {
  return Buffer.from((JSON.parse(text) as { sealed: string }).sealed, 'base64url');
}

function textOf(message: Uint8Array): string {
  return JSON.stringify({ sealed: Buffer.from(message).toString('base64url') });
}

/** A message of the cipher `array-crypto`, which does not happen to begin as one of the other cipher does. */
function arrayMessage(seed: number): Uint8Array {
  for (let first = 0; ; first++) {
    const salt = Uint8Array.from({ length: 16 }, (_, index) => first + index);
    const message = ashArrayEncrypt(new TextEncoder().encode(JSON.stringify(FORGED)), seed, salt);
    if (message[0] !== 1) return message;
  }
}

beforeEach(() => {
  runs.length = 0;
});

describe.each(ADAPTERS)('Who stands at the end point of TLS before %s', (adapter) => {
  const start = vaults(adapter);

  type Forgery = (
    vault: Vault,
    context: AshIssuedContext,
    honest: string,
  ) => Promise<{ text: string; proven: unknown; type?: string }> | { text: string; proven: unknown; type?: string };
  type Row = [title: string, forge: Forgery, status: number, code: string];
  const rows: Row[] = [
    [
      'a body that is not sealed',
      () => ({ text: JSON.stringify(FORGED), proven: FORGED }),
      415,
      'ASH_UNSUPPORTED_CONTENT_TYPE',
    ],
    [
      'a form',
      () => ({
        text: 'sealed=AQ',
        proven: new URLSearchParams('sealed=AQ'),
        type: 'application/x-www-form-urlencoded',
      }),
      415,
      'ASH_UNSUPPORTED_CONTENT_TYPE',
    ],
    [
      'a member beside what is sealed',
      (_vault, _context, honest) => ({ text: honest.replace('{', '{"amount":1,'), proven: HONEST }),
      415,
      'ASH_UNSUPPORTED_CONTENT_TYPE',
    ],
    [
      'what is sealed with a key of one’s own',
      async ({ app }, { contextId }) => {
        const own = new CryptoClient({ serverUrl: app.origin, secretKey: SECRET_KEY.map((byte) => byte ^ 1) });
        const { seed, tick, timestamp } = (await app.send('GET', '/snapshot')).body as Record<string, number>;
        const snapshot = { seed: Number(seed), tick: Number(tick), timestamp: Number(timestamp) };
        const message = await own.sealFor(`ash-request|${contextId}`, JSON.stringify(FORGED), snapshot);
        return { text: textOf(message), proven: FORGED };
      },
      403,
      'ASH_INTEGRITY_FAILED',
    ],
    [
      'a proof of another payload than the sealed one',
      (_vault, _context, honest) => ({ text: honest, proven: FORGED }),
      403,
      'ASH_INTEGRITY_FAILED',
    ],
    [
      'a sealed body of another context',
      async ({ app, crypto }) => {
        const other = await app.client().context('POST', '/transfer');
        return { text: await sealedBody(crypto, other.contextId, FORGED), proven: FORGED };
      },
      403,
      'ASH_INTEGRITY_FAILED',
    ],
    [
      'a sealed answer as a body',
      async ({ crypto }, { contextId }) => ({
        text: textOf(await crypto.sealFor(`ash-answer|${contextId}|201`, JSON.stringify(FORGED))),
        proven: FORGED,
      }),
      403,
      'ASH_INTEGRITY_FAILED',
    ],
    [
      'a message that is cut',
      (_vault, _context, honest) => ({ text: textOf(messageOf(honest).subarray(0, -1)), proven: HONEST }),
      403,
      'ASH_INTEGRITY_FAILED',
    ],
    [
      'a message of the cipher array-crypto',
      async ({ app }) => {
        const { seed } = (await app.send('GET', '/snapshot')).body as { seed: number };
        return { text: textOf(arrayMessage(seed)), proven: FORGED };
      },
      403,
      'ASH_INTEGRITY_FAILED',
    ],
    [
      'a tick that is not kept',
      (_vault, _context, honest) => ({ text: withTick(honest, (tick) => tick - 1_000), proven: HONEST }),
      403,
      'ASH_TIMESTAMP_INVALID',
    ],
    [
      'a sealed text that has a key twice',
      async ({ crypto }, { contextId }) => ({
        text: textOf(await crypto.sealFor(`ash-request|${contextId}`, '{"amount":1,"amount":2}')),
        proven: { amount: 2 },
      }),
      400,
      'ASH_CANONICALIZATION_ERROR',
    ],
    [
      'a sealed text that has a prototype in it',
      async ({ crypto }, { contextId }) => ({
        text: textOf(await crypto.sealFor(`ash-request|${contextId}`, '{"a":[{"__proto__":{"admin":true}}]}')),
        proven: JSON.parse('{"a":[{"__proto__":{"admin":true}}]}') as unknown,
      }),
      400,
      'ASH_CANONICALIZATION_ERROR',
    ],
  ];
  it.each(rows)('comes nowhere with %s, and leaves the context unspent', async (_title, forge, status, code) => {
    const vault = await start({ controllers: [Bank] });
    const context = await vault.app.client().context('POST', '/transfer');
    const honest = await sealedBody(vault.crypto, context.contextId, HONEST);
    const attack = await send(vault, context, await forge(vault, context, honest));
    expect(attack).toMatchObject({ status, text: expect.stringContaining(`"${code}"`) });
    expect(attack.text).not.toMatch(/amount|acct|proto/);
    expect(runs).toStrictEqual([]);
    expect(await send(vault, context, { text: honest, proven: HONEST })).toMatchObject({ status: 201 });
    expect(runs).toStrictEqual([HONEST]);
  });

  it('comes nowhere with any changed byte of a sealed body', async () => {
    const vault = await start({ controllers: [Bank] });
    const context = await vault.app.client().context('POST', '/transfer');
    const honest = messageOf(await sealedBody(vault.crypto, context.contextId, HONEST));
    for (const index of honest.keys()) {
      const changed = Buffer.from(honest);
      changed[index] = (changed[index] ?? 0) ^ 1;
      const { status } = await send(vault, context, { text: textOf(changed), proven: HONEST });
      expect(`${String(index)}: ${String(status)}`).toBe(`${String(index)}: 403`);
    }
    expect(runs).toStrictEqual([]);
    expect(await send(vault, context, { text: textOf(honest), proven: HONEST })).toMatchObject({ status: 201 });
  });

  it('comes nowhere with the same request again', async () => {
    const vault = await start({ controllers: [Bank] });
    const context = await vault.app.client().context('POST', '/transfer');
    const honest = { text: await sealedBody(vault.crypto, context.contextId, HONEST), proven: HONEST };
    expect(await send(vault, context, honest)).toMatchObject({ status: 201 });
    expect(await send(vault, context, honest)).toMatchObject({ status: 409 });
    expect(runs).toStrictEqual([HONEST]);
  });

  type Meddling = [title: string, meddle: (answer: Response, earlier: Response) => Promise<Response>, code: string];
  const remade = (body: string, { status, headers }: Response): Response => new Response(body, { status, headers });
  const answers: Meddling[] = [
    [
      'an answer in plain text',
      (answer) =>
        Promise.resolve(
          new Response('{"done":"forged"}', { status: answer.status, headers: { 'content-type': 'application/json' } }),
        ),
      'ASH_CRYPTO_ANSWER_UNSEALED',
    ],
    ['an answer of another request', (_answer, earlier) => Promise.resolve(earlier), 'ASH_CRYPTO_MESSAGE_INVALID'],
    [
      'an answer with another status',
      async (answer) => new Response(await answer.text(), { status: 200, headers: answer.headers }),
      'ASH_CRYPTO_MESSAGE_INVALID',
    ],
    [
      'an answer of which a byte was changed',
      async (answer) => {
        const message = messageOf(await answer.text());
        message[40] = (message[40] ?? 0) ^ 1;
        return remade(textOf(message), answer);
      },
      'ASH_CRYPTO_MESSAGE_INVALID',
    ],
    [
      'an answer of another form',
      (answer) => Promise.resolve(remade('{"sealed":["AQ"]}', answer)),
      'ASH_CRYPTO_MESSAGE_INVALID',
    ],
    ['an answer that is no JSON', (answer) => Promise.resolve(remade('AQ', answer)), 'ASH_CRYPTO_MESSAGE_INVALID'],
  ];
  it.each(answers)('makes no client believe %s', async (_title, meddle, code) => {
    const { client } = await start({ controllers: [Bank] });
    const kept: Response[] = [];
    let meddles = false;
    const through: CryptoFetch = async (url, init) => {
      const response = await fetch(url, init);
      if (!url.endsWith('/transfer')) return response;
      kept.push(response.clone());
      const [earlier] = kept;
      return meddles && earlier !== undefined ? meddle(response, earlier.clone()) : response;
    };
    const ash = client({ send: through });
    expect((await ash.post('/transfer', HONEST)).status).toBe(201);
    meddles = true;
    const error: unknown = await ash.post('/transfer', HONEST).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST', mayHaveRun: true });
    const { cause } = error as Error;
    expect(isCryptoError(cause) && cause.code).toBe(code);
    expect(runs).toHaveLength(2);
  });
});

describe.each(ADAPTERS)('A client of encrypted routes on %s', (adapter) => {
  const start = vaults(adapter);

  it('sends nothing of what is not JSON', async () => {
    const { client } = await start({ controllers: [Bank] });
    const error: unknown = await client()
      .post('/transfer', new TextEncoder().encode('bytes'))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ cause: { code: 'ASH_CRYPTO_BODY_UNSUPPORTED' } });
    expect(runs).toStrictEqual([]);
  });

  it('believes no route that is not encrypted, which other clients call as ever', async () => {
    const { app, client } = await start({ controllers: [Bank] });
    expect(await app.pass('POST', '/open', HONEST)).toStrictEqual({ done: HONEST });
    const error: unknown = await client()
      .post('/open', HONEST)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ cause: { code: 'ASH_CRYPTO_ANSWER_UNSEALED' } });
  });
});
