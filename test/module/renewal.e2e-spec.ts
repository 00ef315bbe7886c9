import {
  BadRequestException,
  Body,
  Controller,
  Get,
  Head,
  HttpCode,
  HttpException,
  Param,
  ParseIntPipe,
  Post,
  Res,
  Sse,
  StreamableFile,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type MessageEvent,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AshGuard, AshProtected, type AshIssuedContext, type AshRequest } from 'nestjs-ash';
import { map, of, type Observable } from 'rxjs';
import { ADAPTERS, applications, type Application } from './application.js';
import { issuedBy, nextOf, renew, renewed } from './renewal.js';

/** Both frameworks' response, for a handler that answers itself. */
interface AnyResponse {
  status(code: number): AnyResponse;
  send(body: unknown): unknown;
}

class Wrapping implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((value: unknown) => ({ wrapped: value })));
  }
}

/** How often a handler ran. */
const runs = { count: 0 };

@Controller()
class Bank {
  @Post('transfer')
  @HttpCode(200)
  @AshProtected('POST /transfer')
  transfer(@Body() body: unknown): unknown {
    runs.count += 1;
    return { received: body };
  }

  @Post('accounts/:id/limit')
  @AshProtected('POST /accounts/:id/limit')
  limit(@Param('id', ParseIntPipe) id: number): unknown {
    return { id };
  }

  @Post('broken')
  @AshProtected('POST /broken')
  broken(): never {
    throw new Error('The handler broke');
  }

  @Post('declined')
  @AshProtected('POST /declined')
  declined(): never {
    throw new HttpException('declined', 402);
  }

  @Post('answered')
  @AshProtected('POST /answered')
  answered(@Res() response: AnyResponse): void {
    response.status(202).send({ answered: true });
  }

  @Post('file')
  @AshProtected('POST /file')
  file(): StreamableFile {
    return new StreamableFile(Buffer.from('bytes'));
  }

  @Sse('events')
  @AshProtected('GET /events')
  events(): Observable<MessageEvent> {
    return of({ data: 'one' }, { data: 'two' });
  }

  @Post('wrapped')
  @AshProtected('POST /wrapped')
  @UseInterceptors(Wrapping)
  wrapped(): unknown {
    return 1;
  }

  @Post('nothing')
  @HttpCode(204)
  @AshProtected('POST /nothing')
  nothing(): void {
    // An answer without a body.
  }

  @Head('probe')
  @AshProtected('HEAD /probe')
  probe(): void {
    // An answer without a body.
  }

  @Get('not-modified')
  @HttpCode(304)
  @AshProtected('GET /not-modified')
  notModified(): void {
    // An answer without a body.
  }

  @Post('refusing')
  @AshProtected('POST /refusing')
  refusing(): never {
    throw new BadRequestException({ code: 'ASH_CTX_EXPIRED' });
  }
}

describe.each(ADAPTERS)('On %s a client that asks for its next context', (adapter) => {
  const start = applications(adapter);
  const contextOf = (application: Application, path: string, method = 'POST'): Promise<AshIssuedContext> =>
    application.client().context(method, path);
  const TRANSFER = { path: '/transfer', body: { amount: 100 } };

  it('gets it in the answer, as the context endpoint would have issued it', async () => {
    const application = await start({ controllers: [Bank] });
    const context = await contextOf(application, '/transfer');
    const answer = await renew(application, context, TRANSFER);
    expect(answer).toMatchObject({ status: 200, body: { received: { amount: 100 } } });
    const next = renewed(answer);
    expect(next).toStrictEqual({
      contextId: expect.stringMatching(/^ash_[0-9a-f]{32}$/) as string,
      binding: 'POST /transfer',
      mode: 'balanced',
      protocol: 'v2.3',
      issuedAt: expect.any(Number) as number,
      expiresAt: next.issuedAt + 30_000,
      clientSecret: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    expect([next.contextId, next.clientSecret]).not.toContain(context.contextId);
    expect(next.clientSecret).not.toBe(context.clientSecret);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('needs the context endpoint no more: 50 requests stand on one context', async () => {
    const asked: string[] = [];
    const configure = (nest: { use(middleware: unknown): unknown }) =>
      nest.use((request: AshRequest, _response: unknown, next: () => void) => {
        asked.push(request.originalUrl ?? '');
        next();
      });
    const application = await start({ controllers: [Bank], configure });
    runs.count = 0;
    let context = await contextOf(application, '/transfer');
    const used = new Set<string>();
    for (let round = 0; round < 50; round++) {
      used.add(context.contextId);
      const answer = await renew(application, context, TRANSFER);
      expect(answer.status).toBe(200);
      context = renewed(answer);
    }
    expect([used.size, runs.count]).toStrictEqual([50, 50]);
    expect(asked.filter((path) => path === '/ash/context')).toHaveLength(1);
  });

  it('gets one that is good once, and for this route alone', async () => {
    const application = await start({ controllers: [Bank] });
    const next = renewed(await renew(application, await contextOf(application, '/transfer'), TRANSFER));
    await expect(application.use({ ...next, binding: 'POST /broken' }, { path: '/broken' })).resolves.toMatchObject({
      status: 403,
      body: { code: 'ASH_BINDING_MISMATCH' },
    });
    await expect(application.use(next, TRANSFER)).resolves.toMatchObject({ status: 200 });
    await expect(application.use(next, TRANSFER)).resolves.toMatchObject({
      status: 409,
      body: { code: 'ASH_CTX_ALREADY_USED' },
    });
  });

  it('gets one for the concrete path of a pattern', async () => {
    const application = await start({ controllers: [Bank] });
    const path = '/accounts/42/limit';
    const answer = await renew(application, await contextOf(application, path), { path });
    expect(renewed(answer).binding).toBe('POST /accounts/42/limit');
  });

  type Row = [title: string, method: string, path: string, status: number];
  const rows: Row[] = [
    ['breaks', 'POST', '/broken', 500],
    ['declines', 'POST', '/declined', 402],
    ['refuses as ASH would', 'POST', '/refusing', 400],
    ['is never reached, since a pipe refuses', 'POST', '/accounts/x/limit', 400],
    ['answers through @Res()', 'POST', '/answered', 202],
    ['answers a stream', 'POST', '/file', 201],
    ['answers events', 'GET', '/events', 200],
    ['stands behind an interceptor', 'POST', '/wrapped', 201],
    ['answers without a body', 'POST', '/nothing', 204],
    ['answers a HEAD request', 'HEAD', '/probe', 200],
    ['answers that nothing changed', 'GET', '/not-modified', 304],
  ];
  it.each(rows)('gets it from a handler that %s', async (_title, method, path, status) => {
    const application = await start({ controllers: [Bank] });
    const answer = await renew(application, await contextOf(application, path, method), { path });
    expect(answer.status).toBe(status);
    // What keeps an event stream from being gathered stays.
    expect(answer.headers.get('cache-control')).toBe(path === '/events' ? 'no-store, no-transform' : 'no-store');
    expect(answer.headers.get('x-ash-verified')).toBe('true');
    const again = await renew(application, renewed(answer), { path });
    expect(again.status).toBe(status);
  });

  it('gets one where the guard is bound twice', async () => {
    const providers = [{ provide: APP_GUARD, useExisting: AshGuard }];
    const application = await start({ controllers: [Bank], providers });
    const context = await contextOf(application, '/transfer');
    const issued = issuedBy(application);
    const next = renewed(await renew(application, context, TRANSFER));
    expect(issued).toStrictEqual([next.contextId]);
  });

  it('gets it once of 100 identical requests at once', async () => {
    const application = await start({ controllers: [Bank] });
    const context = await contextOf(application, '/transfer');
    const answers = await Promise.all(Array.from({ length: 100 }, () => renew(application, context, TRANSFER)));
    const carrying = answers.filter((answer) => nextOf(answer) !== undefined);
    expect(carrying).toHaveLength(1);
    expect(carrying[0]?.status).toBe(200);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(99);
  });

  it('gets none without asking, and nothing else of the answer is different', async () => {
    const application = await start({ controllers: [Bank] });
    const answer = await application.use(await contextOf(application, '/transfer'), TRANSFER);
    expect(answer.status).toBe(200);
    expect(answer.headers.has('x-ash-context')).toBe(false);
    expect(answer.headers.has('cache-control')).toBe(false);
  });

  it.each(['0', 'true', '', '1 1', '1, 1', '01'])("is refused for asking with '%s'", async (value) => {
    const application = await start({ controllers: [Bank] });
    const context = await contextOf(application, '/transfer');
    const answer = await renew(application, context, { ...TRANSFER, headers: { 'x-ash-renew': value } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'ASH_HEADER_INVALID' } });
    expect(nextOf(answer)).toBeUndefined();
    await expect(renew(application, context, TRANSFER)).resolves.toMatchObject({ status: 200 });
  });
});
