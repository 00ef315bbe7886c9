import { Body, Controller, Injectable, Post, UseInterceptors, type NestInterceptor } from '@nestjs/common';
import type { CallHandler, ExecutionContext, INestApplication } from '@nestjs/common';
import type { RequestHandler } from 'express';
import { AshProtected } from 'nestjs-ash';
import { AshEncrypted } from 'nestjs-ash/snapshot';
import type { Observable } from 'rxjs';
import { compressing, HEADERS_SENT, NODES_MARK, storing } from '../express/wrappers.js';
import { vaults } from './vault.js';

const SECRET = 'TopSecret-4711';

/** What an interceptor puts around the answer, behind the guard. */
const inner: { middleware: RequestHandler | undefined } = { middleware: undefined };

@Injectable()
class Wrapping implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    inner.middleware?.(http.getRequest(), http.getResponse(), () => undefined);
    return next.handle();
  }
}

@Controller()
@UseInterceptors(Wrapping)
class Bank {
  @Post('transfer')
  @AshProtected('POST /transfer')
  @AshEncrypted()
  transfer(@Body() body: unknown): object {
    return { secret: SECRET, body };
  }
}

/** Middleware of an application, before every guard. */
function outer(...middlewares: RequestHandler[]): { configure: (app: INestApplication) => void } {
  return { configure: (app) => void app.use(...middlewares) };
}

describe('An encrypted answer that middlewares wrap', () => {
  const start = vaults('express');
  const later = storing(() => new Promise(setImmediate));

  afterEach(() => {
    inner.middleware = undefined;
  });

  it.each<[title: string, middlewares: RequestHandler[]]>([
    ['compressed, by the documented mark of a head', [compressing(HEADERS_SENT)]],
    ['compressed, by Node’s own mark of a head', [compressing(NODES_MARK)]],
    ['kept until something is stored', [later]],
    ['kept and compressed', [later, compressing(HEADERS_SENT)]],
    ['compressed and kept', [compressing(NODES_MARK), later]],
  ])('comes sealed where it is %s outside of it', async (_title, middlewares) => {
    const { client, tap } = await start({ controllers: [Bank], ...outer(...middlewares) });
    const response = await client().post('/transfer', { a: 1 });
    expect(await response.json()).toStrictEqual({ secret: SECRET, body: { a: 1 } });
    expect(tap.text).not.toContain(SECRET);
  });

  it('comes sealed where it is kept inside of it', async () => {
    inner.middleware = later;
    const { client, tap } = await start({ controllers: [Bank] });
    expect(await (await client().post('/transfer', {})).json()).toMatchObject({ secret: SECRET });
    expect(tap.text).not.toContain(SECRET);
  });

  it('is withheld where it is compressed inside of it, whoever asks for that', async () => {
    inner.middleware = compressing(HEADERS_SENT);
    const { app, client } = await start({ controllers: [Bank] });
    expect((await client().post('/transfer', {})).status).toBe(500);
    expect(app.log.ofAsh.join('\n')).toContain('the answer was withheld');
  });
});
