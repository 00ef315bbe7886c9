import {
  applyDecorators,
  Body,
  Controller,
  ForbiddenException,
  Get,
  HttpCode,
  Injectable,
  Post,
  Query,
  SetMetadata,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import type { Request } from 'express';
import {
  AshChain,
  AshException,
  AshGuard,
  AshModule,
  AshProtected,
  AshRoutes,
  AshVerdicts,
  AshVerified,
  SkipAsh,
  type AshRequest,
  type AshVerifiedRequest,
  type AshVerifyResult,
} from 'nestjs-ash';
import { ADAPTERS, applications, type Setup } from './application.js';

const GLOBAL = [{ provide: APP_GUARD, useExisting: AshGuard }];

@Controller()
class Shop {
  @Post('transfer')
  @AshProtected('POST /transfer', { mode: 'minimal' })
  transfer(@AshVerified('mode') mode: string): unknown {
    return { mode };
  }

  @Post('plain')
  plain(@AshVerified('binding') binding: string): unknown {
    return { binding };
  }

  @Get('health')
  @SkipAsh()
  health(
    @AshVerified() ash: AshVerifiedRequest | undefined,
    @AshVerified('binding') binding: string | undefined,
  ): unknown {
    return { isOpen: ash === undefined && binding === undefined };
  }
}

@Controller('open')
@SkipAsh()
class Open {
  @Post('a')
  first(): unknown {
    return { isOpen: true };
  }

  @Post('b')
  @AshProtected('POST /open/b')
  second(@AshVerified('binding') binding: string): unknown {
    return { binding };
  }
}

describe.each(ADAPTERS)('On %s the guard', (adapter) => {
  const start = applications(adapter);

  it('protects the routes with the decorator and no others', async () => {
    const application = await start({ controllers: [Shop, Open] });
    await expect(application.send('POST', '/transfer', {})).resolves.toMatchObject({
      status: 403,
      body: {
        statusCode: 403,
        error: 'Forbidden',
        code: 'ASH_PROOF_MISSING',
        message: 'This route needs the headers of an ASH proof.',
      },
    });
    await expect(application.send('POST', '/plain', {})).resolves.toMatchObject({ status: 201 });
    await expect(application.send('GET', '/health')).resolves.toMatchObject({ body: { isOpen: true } });
    await expect(application.send('POST', '/open/a', {})).resolves.toMatchObject({ body: { isOpen: true } });
    await expect(application.send('POST', '/open/b', {})).resolves.toMatchObject({ status: 403 });
  });

  it('protects every route but those that are exempt where it is bound globally, each once', async () => {
    const application = await start({ controllers: [Shop, Open], providers: GLOBAL });
    await expect(application.send('POST', '/plain', {})).resolves.toMatchObject({ status: 403 });
    await expect(application.pass('POST', '/plain', {})).resolves.toStrictEqual({ binding: 'POST /plain' });
    await expect(application.pass('POST', '/transfer', {})).resolves.toStrictEqual({ mode: 'minimal' });
    await expect(application.send('GET', '/health')).resolves.toMatchObject({ body: { isOpen: true } });
    await expect(application.send('POST', '/open/a', {})).resolves.toMatchObject({ body: { isOpen: true } });
    await expect(application.pass('POST', '/open/b', {})).resolves.toStrictEqual({ binding: 'POST /open/b' });
    expect(application.log.ofAsh).toContain(
      'log [AshModule] Protected: POST /transfer (v2.3, minimal); POST /plain (v2.3, balanced); POST /open/b (v2.3, balanced)',
    );
  });

  it('protects every route where the application binds it itself', async () => {
    const application = await start({
      controllers: [Shop],
      configure: (app) => app.useGlobalGuards(app.get(AshGuard)),
    });
    await expect(application.send('POST', '/plain', {})).resolves.toMatchObject({ status: 403 });
    await expect(application.pass('POST', '/plain', {})).resolves.toStrictEqual({ binding: 'POST /plain' });
  });

  it('protects what it is bound to without the decorator', async () => {
    @Controller()
    @UseGuards(AshGuard)
    class Payments {
      @Post('transfer')
      @UseGuards(AshGuard)
      transfer(@AshVerified('binding') binding: string): unknown {
        return { binding };
      }
    }
    const application = await start({ controllers: [Payments] });
    await expect(application.send('POST', '/transfer', {})).resolves.toMatchObject({ status: 403 });
    await expect(application.pass('POST', '/transfer', {})).resolves.toStrictEqual({ binding: 'POST /transfer' });
  });

  it('verifies a request once, however often it is bound, and a second request anew', async () => {
    const onVerified: string[] = [];
    @Controller()
    @UseGuards(AshGuard)
    @AshProtected()
    class Payments {
      @Post('transfer')
      @AshProtected('POST /transfer')
      @UseGuards(AshGuard)
      transfer(): unknown {
        return { done: true };
      }
    }
    const setup: Setup = { controllers: [Payments], providers: GLOBAL };
    const application = await start({
      ...setup,
      ash: { onVerified: ({ request }) => void onVerified.push(request.contextId) },
    });
    const context = await application.client().context('POST', '/transfer');
    await expect(application.use(context, { path: '/transfer', body: {} })).resolves.toMatchObject({ status: 201 });
    await expect(application.use(context, { path: '/transfer', body: {} })).resolves.toMatchObject({ status: 409 });
    expect(onVerified).toStrictEqual([context.contextId]);
  });

  it('protects what it is bound to on a controller that is exempt', async () => {
    @Controller()
    @SkipAsh()
    class Payments {
      @Post('transfer')
      @UseGuards(AshGuard)
      transfer(@AshVerified('binding') binding: string): unknown {
        return { binding };
      }
    }
    const application = await start({ controllers: [Payments] });
    await expect(application.send('POST', '/transfer', {})).resolves.toMatchObject({ status: 403 });
    await expect(application.pass('POST', '/transfer', {})).resolves.toStrictEqual({ binding: 'POST /transfer' });
  });

  it('hands a body on once: what a guard of the application makes of it stays', async () => {
    class Enriching implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        const request = context.switchToHttp().getRequest<{ body: object }>();
        Object.assign(request, { body: { ...request.body, by: 'ada' } });
        return true;
      }
    }
    @Controller()
    class Payments {
      @Post('transfer')
      @AshProtected('POST /transfer', { scope: ['amount'], unscoped: 'strip' })
      @UseGuards(AshGuard, Enriching, AshGuard)
      transfer(@Body() body: unknown): unknown {
        return body;
      }
    }
    const application = await start({ controllers: [Payments] });
    await expect(application.pass('POST', '/transfer', { amount: 1, to: 'x' })).resolves.toStrictEqual({
      amount: 1,
      by: 'ada',
    });
  });

  it('tells of a refusal once, however often it is bound', async () => {
    const onRefused: string[] = [];
    const application = await start({
      ash: { onRefused: ({ code }) => void onRefused.push(code) },
      controllers: [Shop],
      providers: GLOBAL,
    });
    await application.send('POST', '/transfer', {});
    expect(onRefused).toStrictEqual(['ASH_PROOF_MISSING']);
  });

  it('answers the same body on every adapter, and nothing that was expected', async () => {
    const application = await start({ controllers: [Shop] });
    const context = await application.client().context('POST', '/transfer');
    const { body } = await application.use(context, {
      path: '/transfer',
      body: { a: 1 },
      headers: { 'x-ash-proof': 'c'.repeat(64) },
    });
    expect(body).toStrictEqual({
      statusCode: 403,
      error: 'Forbidden',
      code: 'ASH_INTEGRITY_FAILED',
      message: 'The request is not the one that was proven.',
    });
  });
});

describe('A middleware that puts another target in the place of the request’s', () => {
  const start = applications('express');

  /** As modules do that go by what a proxy says. */
  const originalUrl = (request: Request, _response: unknown, next: () => void): void => {
    request.url = request.get('x-original-url') ?? request.url;
    next();
  };

  @Controller()
  class Reports {
    @Get('report')
    @AshProtected()
    report(@Query('of') of: string): unknown {
      return { of };
    }
  }

  it.each([
    ['lets another path be taken', '/old/report?of=me', 200],
    ['lets no other query be taken', '/report?of=everybody', 403],
    ['lets no query be taken away', '/report', 403],
  ])('%s', async (_title, target, status) => {
    const application = await start({ controllers: [Reports], configure: (nest) => nest.use(originalUrl) });
    const context = await application.client().context('GET', '/report');
    const [path, sent] = status === 200 ? [target, '/report?of=me'] : ['/report?of=me', target];
    await expect(
      application.use(context, { path, queryString: 'of=me', headers: { 'x-original-url': sent } }),
    ).resolves.toMatchObject({ status, body: status === 200 ? { of: 'me' } : { code: 'ASH_INTEGRITY_FAILED' } });
  });
});

describe('A test of an application', () => {
  const start = applications('express');

  const off = { canActivate: () => true };

  it('switches the guard of the decorators off by overrideGuard', async () => {
    const application = await start({
      controllers: [Shop],
      override: (builder) => builder.overrideGuard(AshGuard).useValue(off),
    });
    await expect(application.send('POST', '/transfer', {})).resolves.toMatchObject({ status: 201, body: {} });
  });

  it('switches the global guard off by overrideProvider, and leaves those of the decorators', async () => {
    const application = await start({
      controllers: [Shop],
      providers: GLOBAL,
      override: (builder) => builder.overrideProvider(AshGuard).useValue(off),
    });
    await expect(application.send('POST', '/plain', {})).resolves.toMatchObject({ status: 201 });
    await expect(application.send('POST', '/transfer', {})).resolves.toMatchObject({ status: 403 });
  });
});

const Unsigned = (): MethodDecorator => applyDecorators(SetMetadata('unsigned', true));

/** A guard of the application, which changes what the library leaves open. */
@Injectable()
class OwnGuard extends AshGuard {
  protected override shouldSkip(context: ExecutionContext): boolean {
    return new Reflector().get<boolean | undefined>('unsigned', context.getHandler()) ?? super.shouldSkip(context);
  }

  protected override getRequest(context: ExecutionContext): AshRequest {
    return Object.assign(super.getRequest(context), { seen: true });
  }

  protected override toException(...[refusal, route]: Parameters<AshGuard['toException']>): AshException {
    const exception = super.toException(refusal, route);
    return new AshException({
      ...(exception.getResponse() as ConstructorParameters<typeof AshException>[0]),
      statusCode: 418,
    });
  }
}

@Controller()
class Payments {
  @Post('transfer')
  transfer(@Body() body: unknown): unknown {
    return body;
  }

  @Post('unsigned')
  @Unsigned()
  unsigned(): unknown {
    return { done: true };
  }
}

describe('A guard that extends AshGuard', () => {
  const start = applications('express');

  it.each([
    ['globally, in its own name', { providers: [OwnGuard, { provide: APP_GUARD, useExisting: OwnGuard }] }],
    ['globally, as a class', { providers: [{ provide: APP_GUARD, useClass: OwnGuard }] }],
    [
      'globally, in place of AshGuard',
      { ash: { providers: [{ provide: AshGuard, useClass: OwnGuard }] }, providers: GLOBAL },
    ],
  ] as [string, Setup][])('stands in for it %s', async (_title, setup) => {
    const application = await start({ ...setup, controllers: [Payments] });
    await expect(application.send('POST', '/transfer', {})).resolves.toMatchObject({
      status: 418,
      body: { statusCode: 418, code: 'ASH_PROOF_MISSING' },
    });
    await expect(application.send('POST', '/unsigned', {})).resolves.toMatchObject({ status: 201 });
    await expect(application.pass('POST', '/transfer', { a: 1 })).resolves.toStrictEqual({ a: 1 });
  });

  it('stands in for it on a controller', async () => {
    @Controller()
    @UseGuards(OwnGuard)
    class Guarded extends Payments {}
    const application = await start({ controllers: [Guarded] });
    await expect(application.send('POST', '/transfer', {})).resolves.toMatchObject({ status: 418 });
    await expect(application.pass('POST', '/transfer', { a: 1 })).resolves.toStrictEqual({ a: 1 });
  });
});

/** A guard of the application, which verifies an object of its own. */
@Injectable()
class CopyingGuard extends AshGuard {
  protected override getRequest(context: ExecutionContext): AshRequest {
    return Object.create(super.getRequest(context), { seen: { value: true } }) as AshRequest;
  }
}

@Controller()
class Checkout {
  @Post('cart')
  @HttpCode(200)
  @AshChain('checkout', { start: true })
  cart(@Body() body: unknown, @AshVerified('binding') binding: string): unknown {
    return { body, binding };
  }

  @Post('payment')
  @HttpCode(200)
  @AshChain('checkout', { after: 'POST /cart' })
  payment(): unknown {
    return { done: true };
  }
}

describe.each(ADAPTERS)('A guard that verifies an object of its own, on %s,', (adapter) => {
  const start = applications(adapter);
  const setup: Setup = {
    ash: { scope: ['amount'], unscoped: 'strip' },
    controllers: [Checkout],
    providers: [{ provide: APP_GUARD, useClass: CopyingGuard }],
  };

  it('hands what was verified on to the handler', async () => {
    const application = await start(setup);
    await expect(application.pass('POST', '/cart', { amount: 1, smuggled: true })).resolves.toStrictEqual({
      body: { amount: 1 },
      binding: 'POST /cart',
    });
  });

  it('lets a step of a chain be followed once', async () => {
    const application = await start(setup);
    const body = { amount: 1 };
    const cart = await application.use(await application.client().context('POST', '/cart'), { path: '/cart', body });
    const previousProof = String(cart.headers.get('x-ash-chain-proof'));
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 2; attempt++) {
      const context = await application.client().context('POST', '/payment');
      statuses.push((await application.use(context, { path: '/payment', body, previousProof })).status);
    }
    expect(statuses).toEqual([200, 403]);
  });
});

describe('AshGuard beside guards of the application:', () => {
  const start = applications('express');

  it('a guard that comes later sees the verified request, and one that refuses leaves its context spent', async () => {
    class LaterGuard implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        const { ash } = context.switchToHttp().getRequest<{ ash: AshVerifiedRequest }>();
        if (ash.binding === 'POST /transfer') throw new ForbiddenException('not today');
        return true;
      }
    }
    @Controller()
    class Guarded {
      @Post('transfer')
      @UseGuards(LaterGuard)
      @AshProtected()
      transfer(): void {
        // A guard keeps everybody out.
      }
    }
    const application = await start({ controllers: [Guarded] });
    const context = await application.client().context('POST', '/transfer');
    await expect(application.use(context, { path: '/transfer', body: {} })).resolves.toMatchObject({
      status: 403,
      body: { message: 'not today' },
    });
    await expect(application.use(context, { path: '/transfer', body: {} })).resolves.toMatchObject({ status: 409 });
  });

  it('a handler that was not there at start-up is closed', async () => {
    class Late {
      handle(): void {
        // Nothing maps it.
      }
    }
    const application = await start({});
    const context = {
      getClass: () => Late,
      getHandler: () => Late.prototype.handle,
      switchToHttp: () => ({ getRequest: () => ({ method: 'POST', headers: {} }) }),
    } as unknown as ExecutionContext;
    await expect(application.get(AshGuard).canActivate(context)).rejects.toThrow(
      'Late.handle: AshGuard knows no HTTP route of this handler; protect routes of controllers that are there at ' +
        'start-up, or exempt it with @SkipAsh().',
    );
  });

  it('the verdict over a request is the same one, whatever the framework wraps the request in', async () => {
    const application = await start({ controllers: [Shop] });
    const verdicts = application.get(AshVerdicts);
    const route = application.get(AshRoutes).find(Shop, Shop.prototype.transfer);
    const other = application.get(AshRoutes).find(Shop, Shop.prototype.health);
    const raw = {};
    const wrapped = (): AshRequest => ({ method: 'POST', headers: {}, raw });
    const verdict = Promise.resolve({ ok: true } as AshVerifyResult);
    let verified = 0;
    const verify = (): Promise<AshVerifyResult> => {
      verified += 1;
      return verdict;
    };
    if (route === undefined) throw new Error('The route is protected.');
    expect(other).toBeUndefined();
    expect(verdicts.get(wrapped(), route)).toBeUndefined();
    const first = verdicts.once(wrapped(), route, verify);
    const second = verdicts.once(wrapped(), route, verify);
    expect([first.isFirst, second.isFirst]).toStrictEqual([true, false]);
    expect(first.verdict).toBe(verdict);
    expect(second.verdict).toBe(verdict);
    expect(verdicts.get(wrapped(), route)).toBe(verdict);
    expect(verified).toBe(1);
    expect(verdicts.get({ method: 'POST', headers: {} }, route)).toBeUndefined();
    const express = { method: 'POST', headers: {}, httpVersion: '1.1', raw };
    expect(verdicts.get(express, route)).toBeUndefined();
  });

  it('the module can be there without a route of the application', async () => {
    await expect(start({ ash: () => AshModule.forRoot(), controllers: [] })).resolves.toBeDefined();
  });
});
