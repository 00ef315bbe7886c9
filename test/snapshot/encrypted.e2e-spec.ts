import {
  BadRequestException,
  Body,
  Catch,
  Controller,
  Get,
  HttpCode,
  Inject,
  Injectable,
  Post,
  Query,
  Req,
  UseFilters,
  UsePipes,
  type ArgumentsHost,
  type ExceptionFilter,
  type PipeTransform,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AshChain, AshProtected, AshVerified, type AshVerifiedRequest } from 'nestjs-ash';
import { AshClient } from 'nestjs-ash/client';
import { AshEncrypted } from 'nestjs-ash/snapshot';
import { ashEncryptedFetch, CryptoClient, type CryptoFetch } from 'nestjs-ash/snapshot/client';
import { ADAPTERS } from '../module/application.js';
import { SECRET_KEY, tickOf, vaults } from './vault.js';

const SECRET = 'TopSecret-4711';
const ANSWERED = 'Answered-0815';

@Injectable()
class AmountPipe implements PipeTransform {
  transform(value: unknown): unknown {
    const { amount } = value as { amount?: unknown };
    if (typeof amount !== 'number') throw new BadRequestException(`${ANSWERED}: amount is no number`);
    return { ...(value as object), amount: amount + 1 };
  }
}

class TeapotError extends Error {}

@Catch(TeapotError)
class TeapotFilter implements ExceptionFilter {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  catch(_error: TeapotError, host: ArgumentsHost): void {
    this.host.httpAdapter.reply(host.switchToHttp().getResponse(), { brewed: ANSWERED }, 418);
  }
}

@Controller()
class Bank {
  @Post('transfer')
  @AshProtected('POST /transfer')
  @AshEncrypted()
  transfer(
    @Body() body: unknown,
    @AshVerified('payload') payload: unknown,
    @Req() request: { body: unknown; rawBody?: Buffer },
  ): object {
    return { answer: ANSWERED, body, payload, same: request.body === body, raw: request.rawBody?.toString() };
  }

  @Post('piped')
  @AshProtected('POST /piped')
  @AshEncrypted()
  @UsePipes(AmountPipe)
  piped(@Body() body: unknown): object {
    return { answer: ANSWERED, body };
  }

  @Post('scoped')
  @AshProtected('POST /scoped', { scope: ['amount'], unscoped: 'strip' })
  @AshEncrypted()
  scoped(@Body() body: unknown, @Req() request: { rawBody?: Buffer }): object {
    return { answer: ANSWERED, body, raw: request.rawBody?.toString() };
  }

  @Post('strict')
  @AshProtected('POST /strict', { mode: 'strict' })
  @AshEncrypted()
  strict(@Body() body: unknown): object {
    return { answer: ANSWERED, body };
  }

  @Post('spent')
  @AshProtected('POST /spent', { spend: 'handler' })
  @AshEncrypted()
  async spent(@Body() body: { forgets?: boolean }, @AshVerified() ash: AshVerifiedRequest): Promise<object> {
    if (body.forgets !== true) await ash.spend();
    return { answer: ANSWERED, body };
  }

  @Get('balance')
  @AshProtected('GET /balance')
  @AshEncrypted()
  balance(@Query('of') of: string, @Body() body: unknown): object {
    return { answer: ANSWERED, of, body: body ?? null };
  }

  @Post('failing')
  @AshProtected('POST /failing')
  @AshEncrypted()
  failing(@Body() { how }: { how: string }): never {
    if (how === 'exception') throw new BadRequestException(ANSWERED);
    throw new Error('a fault of the handler');
  }

  @Post('teapot')
  @AshProtected('POST /teapot')
  @AshEncrypted()
  @UseFilters(TeapotFilter)
  teapot(): never {
    throw new TeapotError();
  }
}

@Controller()
@AshEncrypted()
class Shop {
  @Post('cart')
  @HttpCode(200)
  @AshProtected('POST /cart')
  @AshChain('checkout', { start: true })
  cart(@Body() body: unknown): object {
    return { answer: ANSWERED, body };
  }

  @Post('payment')
  @AshProtected('POST /payment')
  @AshChain('checkout', { after: 'POST /cart' })
  payment(@Body() body: unknown): object {
    return { answer: ANSWERED, body };
  }
}

describe.each(ADAPTERS)('@AshEncrypted() on %s', (adapter) => {
  const start = vaults(adapter);
  const openBank = () => start({ controllers: [Bank, Shop], providers: [TeapotFilter] });

  it('lets the handler see what was sealed, and the client what the handler answered', async () => {
    const { client } = await openBank();
    const body = { amount: 100, memo: SECRET, nested: [{ ä: '日本語 🗝️' }, null, 1.5] };
    const response = await client().post('/transfer', body);
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(response.url).toMatch(/\/transfer$/);
    const canonical = JSON.stringify({ amount: 100, memo: SECRET, nested: body.nested });
    expect(await response.json()).toStrictEqual({ answer: ANSWERED, body, payload: body, same: true, raw: canonical });
  });

  it('seals a body that was given as a text of JSON', async () => {
    const { client } = await openBank();
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{ "memo": "é" }' };
    expect(await (await client().fetch('/transfer', init)).json()).toMatchObject({ body: { memo: 'é' } });
  });

  it('shows nobody on the way a byte of either', async () => {
    const { client, tap } = await openBank();
    const ash = client();
    await ash.post('/transfer', { memo: SECRET });
    await ash.post('/failing', { how: 'exception', memo: SECRET }).catch(() => undefined);
    await ash.post('/teapot', { memo: SECRET });
    await ash.get('/balance?of=me');
    expect(tap.text).toContain('application/vnd.ash.sealed+json');
    expect(tap.text).toMatch(/\r\n\r\n\{"sealed":"[\w-]+"\}/);
    for (const plain of [SECRET, ANSWERED, 'memo', 'brewed']) expect(tap.text).not.toContain(plain);
  });

  it('lets pipes see the plaintext, and seals what they refuse', async () => {
    const { client, tap } = await openBank();
    const ash = client();
    expect(await (await ash.post('/piped', { amount: 1 })).json()).toMatchObject({ body: { amount: 2 } });
    const refused = await ash.post('/piped', { amount: 'x' });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ message: `${ANSWERED}: amount is no number` });
    expect(tap.text).not.toContain(ANSWERED);
  });

  it('verifies a scope within what was sealed, and strips what is outside', async () => {
    const { client } = await openBank();
    const response = await client().post('/scoped', { amount: 5, memo: SECRET });
    expect(await response.json()).toStrictEqual({ answer: ANSWERED, body: { amount: 5 } });
  });

  it('works in strict mode', async () => {
    const { client } = await openBank();
    const response = await client().post('/strict', { amount: 5 });
    expect(await response.json()).toStrictEqual({ answer: ANSWERED, body: { amount: 5 } });
  });

  it('seals the answer to a request without a body', async () => {
    const { client } = await openBank();
    const response = await client().get('/balance?of=me');
    expect(await response.json()).toMatchObject({ answer: ANSWERED, of: 'me' });
  });

  it.each([
    ['an exception of the handler', '/failing', { how: 'exception' }, 400, { message: ANSWERED }],
    ['a fault of the handler', '/failing', { how: 'fault' }, 500, { message: 'Internal server error' }],
    ['what an exception filter answers', '/teapot', {}, 418, { brewed: ANSWERED }],
  ])('seals %s', async (_title, path, body, status, answer) => {
    const { client, tap } = await openBank();
    const response = await client().post(path, body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject(answer);
    for (const text of Object.values(answer)) expect(tap.text).not.toContain(text);
  });

  it('lets a handler spend its context, and answers 500 for one that does not', async () => {
    const { client } = await openBank();
    const ash = client();
    expect(await (await ash.post('/spent', { amount: 1 })).json()).toMatchObject({ body: { amount: 1 } });
    const forgotten = await ash.post('/spent', { forgets: true });
    expect(forgotten.status).toBe(500);
    expect(await forgotten.text()).not.toContain(ANSWERED);
  });

  it('brings the context of the next request in the head of a sealed answer', async () => {
    const { client, tap } = await openBank();
    const ash = client();
    for (let round = 0; round < 3; round++) {
      expect(await (await ash.post('/transfer', { round })).json()).toMatchObject({ body: { round } });
    }
    expect(tap.text.match(/POST \/ash\/context HTTP/g)).toHaveLength(1);
    expect(tap.text.match(/POST \/transfer HTTP/g)).toHaveLength(3);
  });

  it('keeps apart what is under way at once', async () => {
    const { client } = await openBank();
    const ash = client();
    const rounds = Array.from({ length: 20 }, (_, round) => round);
    const responses = await Promise.all(rounds.map((round) => ash.post('/transfer', { round })));
    const answers = (await Promise.all(responses.map((response) => response.json()))) as { body: unknown }[];
    expect(answers.map(({ body }) => body)).toStrictEqual(rounds.map((round) => ({ round })));
  });

  it.each([
    ['runs once where its answer was lost', true, 'ASH_CLIENT_RESPONSE_LOST'],
    ['passes with the second sending where the first one was lost', false, 201],
  ])('seals a request that is sent twice, which %s', async (_title, arrives, outcome) => {
    const { client } = await openBank();
    const bodies: unknown[] = [];
    const send: CryptoFetch = async (url, init) => {
      if (!url.endsWith('/transfer')) return fetch(url, init);
      bodies.push(init.body);
      if (bodies.length > 1) return fetch(url, init);
      if (arrives) await fetch(url, init);
      throw new TypeError('the connection broke');
    };
    const sending = client({ send }).post('/transfer', { memo: SECRET });
    const found = await sending.then(
      ({ status }) => status,
      (error: unknown) => (error as { code: string }).code,
    );
    expect(found).toBe(outcome);
    expect(bodies).toHaveLength(2);
    expect(bodies[0]).not.toBe(bodies[1]);
  });

  it('goes on with a chain, whose steps a class encrypts', async () => {
    const { client, tap } = await openBank();
    const chain = client().chain('checkout');
    expect(await (await chain.post('/cart', { sku: SECRET })).json()).toMatchObject({ body: { sku: SECRET } });
    expect(await (await chain.post('/payment', { card: 'c' })).json()).toMatchObject({ body: { card: 'c' } });
    expect(tap.text.match(/x-ash-chain-proof/gi)).toHaveLength(2);
    expect(tap.text).not.toContain(SECRET);
  });

  it('opens with the snapshot of the sealing though the tick has moved, and answers with the same', async () => {
    let now = 1_700_000_000_000;
    const clock = (): number => now;
    const { app } = await start({ controllers: [Bank], ash: { clock } }, { clock, tickInterval: 1, maxDrift: 60 });
    const crypto = new CryptoClient({ serverUrl: app.origin, secretKey: SECRET_KEY, clock });
    const ticks: unknown[] = [];
    const send: CryptoFetch = async (url, init) => {
      if (url.endsWith('/transfer')) now += 5_000;
      const response = await fetch(url, init);
      for (const text of [init.body, await response.clone().text()]) ticks.push(tickOf(text));
      return response;
    };
    const ash = new AshClient({ baseUrl: app.origin, clock, fetch: ashEncryptedFetch(crypto, { fetch: send }) });
    expect(await (await ash.post('/transfer', { a: 1 })).json()).toMatchObject({ body: { a: 1 } });
    expect(ticks.filter((tick) => tick !== undefined)).toStrictEqual([1_700_000_000, 1_700_000_000]);
    await crypto.close();
  });
});
