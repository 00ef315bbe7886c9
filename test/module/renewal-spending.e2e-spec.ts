import { BadRequestException, Body, Controller, HttpCode, Post, Res } from '@nestjs/common';
import { AshChain, AshProtected, AshVerified, type AshIssuedContext, type AshVerifiedRequest } from 'nestjs-ash';
import { from, ignoreElements, type Observable } from 'rxjs';
import { ADAPTERS, applications, type Answer, type Application } from './application.js';
import { issuedBy, nextOf, renew, renewed } from './renewal.js';

interface AnyResponse {
  status(code: number): AnyResponse;
  header(name: string, value: string): AnyResponse;
  send(body: unknown): unknown;
}

/** What a handler has seen of the contexts that were issued by the time that it had spent its own. */
const seen: { issued: readonly string[]; atSpending: number } = { issued: [], atSpending: -1 };

@Controller()
class Bank {
  @Post('transfer')
  @HttpCode(200)
  @AshProtected('POST /transfer', { spend: 'handler' })
  async transfer(@Body() body: { fail?: string }, @AshVerified() ash: AshVerifiedRequest): Promise<unknown> {
    if (body.fail === 'before') throw new BadRequestException('before');
    await ash.spend();
    seen.atSpending = seen.issued.length;
    if (body.fail === 'after') throw new BadRequestException('after');
    return { done: true };
  }

  @Post('forgetful')
  @AshProtected('POST /forgetful', { spend: 'handler' })
  forgetful(): unknown {
    return {};
  }

  @Post('declined')
  @AshProtected('POST /declined', { spend: 'handler' })
  async declined(
    @Res({ passthrough: true }) response: AnyResponse,
    @AshVerified() ash: AshVerifiedRequest,
  ): Promise<unknown> {
    await ash.spend();
    response.status(402);
    return { declined: true };
  }

  @Post('silent')
  @AshProtected('POST /silent', { spend: 'handler' })
  silent(@AshVerified() ash: AshVerifiedRequest): Observable<unknown> {
    return from(ash.spend()).pipe(ignoreElements());
  }

  @Post('answered')
  @AshProtected('POST /answered', { spend: 'handler' })
  async answered(@Res() response: AnyResponse, @AshVerified() ash: AshVerifiedRequest): Promise<void> {
    await ash.spend();
    response.status(202).send({ answered: true });
  }

  @Post('claimed')
  @AshProtected('POST /claimed', { spend: 'handler' })
  claimed(@Res({ passthrough: true }) response: AnyResponse): never {
    response.header('x-ash-context', 'Zm9yZWlnbg');
    throw new BadRequestException();
  }

  @Post('payment')
  @HttpCode(200)
  @AshProtected('POST /payment', { spend: 'handler' })
  @AshChain('checkout', { start: true })
  async payment(@AshVerified() ash: AshVerifiedRequest): Promise<unknown> {
    await ash.spend();
    return {};
  }
}

describe.each(ADAPTERS)('On %s, of a handler that spends its context itself, a client that asks', (adapter) => {
  const start = applications(adapter);
  let application: Application;

  beforeEach(async () => {
    application = await start({ controllers: [Bank] });
  });

  const contextOf = (path: string): Promise<AshIssuedContext> => application.client().context('POST', path);
  const ask = async (path: string, body: unknown = {}): Promise<{ answer: Answer; issued: string[] }> => {
    const context = await contextOf(path);
    const issued = issuedBy(application);
    seen.issued = issued;
    return { answer: await renew(application, context, { path, body }), issued };
  };

  it('gets its next context when the handler has succeeded, and never before', async () => {
    const { answer, issued } = await ask('/transfer');
    const next = renewed(answer);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect([seen.atSpending, issued]).toStrictEqual([0, [next.contextId]]);
    const again = await renew(application, next, { path: '/transfer', body: {} });
    expect(again.status).toBe(200);
    expect(renewed(again).contextId).not.toBe(next.contextId);
  });

  it('gets it from a handler that completes without a value', async () => {
    expect(renewed((await ask('/silent')).answer).binding).toBe('POST /silent');
  });

  it('gets it from a handler that answers by itself', async () => {
    const { answer } = await ask('/answered');
    expect(answer.status).toBe(202);
    expect(renewed(answer).binding).toBe('POST /answered');
  });

  it('gets one of a step of a chain, beside its proof', async () => {
    const { answer, issued } = await ask('/payment');
    expect(answer.headers.get('x-ash-chain-proof')).toMatch(/^[0-9a-f]{64}$/);
    expect(issued).toStrictEqual([renewed(answer).contextId]);
  });

  type Row = [title: string, path: string, body: unknown, status: number];
  const rows: Row[] = [
    ['fails before', '/transfer', { fail: 'before' }, 400],
    ['fails after', '/transfer', { fail: 'after' }, 400],
    ['forgets to spend', '/forgetful', {}, 500],
    ['answers that it failed', '/declined', {}, 402],
    ['names a context of its own', '/claimed', {}, 400],
  ];
  it.each(rows)('gets none where the handler %s, and none is issued', async (_title, path, body, status) => {
    const { answer, issued } = await ask(path, body);
    expect(answer.status).toBe(status);
    expect(nextOf(answer)).toBeUndefined();
    expect(issued).toStrictEqual([]);
  });

  it('gets it once of 50 identical requests at once', async () => {
    const context = await contextOf('/transfer');
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => renew(application, context, { path: '/transfer', body: {} })),
    );
    expect(answers.filter((answer) => nextOf(answer) !== undefined).map(({ status }) => status)).toStrictEqual([200]);
  });
});
