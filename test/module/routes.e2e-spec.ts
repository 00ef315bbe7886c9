import {
  All,
  Body,
  Controller,
  Get,
  Injectable,
  Module,
  Param,
  Post,
  Put,
  Query,
  Req,
  Scope,
  Version,
  VersioningType,
  VERSION_NEUTRAL,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { AshProtected, AshVerified, type AshRequest, type AshVerifiedRequest } from 'nestjs-ash';
import { ADAPTERS, applications, type Setup } from './application.js';

/** A controller whose one handler answers what it got. */
function echo(path = '', binding?: string): Type<unknown> {
  @Controller(path)
  class Payments {
    @Post('transfer')
    @AshProtected(binding)
    transfer(@Body() body: unknown): unknown {
      return body;
    }
  }
  return Payments;
}

const withUriVersions = (app: INestApplication): unknown => app.enableVersioning({ type: VersioningType.URI });

@Controller('accounts')
class Accounts {
  @Put(':id/limit')
  @AshProtected('PUT /accounts/:id/limit')
  limit(@Param('id') id: string, @Body() body: unknown): unknown {
    return { id, body };
  }

  @Get(':id/statement')
  @AshProtected('GET /accounts/:id/statement')
  statement(@Param('id') id: string, @Query('year') year: string): unknown {
    return { id, year };
  }
}

@Controller()
class Several {
  @Post(['pay', 'transfer'])
  @AshProtected(['POST /pay', 'POST /transfer'])
  declared(@AshVerified('binding') binding: string): unknown {
    return { binding };
  }

  @Post(['buy', 'sell'])
  @AshProtected()
  mapped(@AshVerified('binding') binding: string): unknown {
    return { binding };
  }

  @All('any')
  @AshProtected(['GET /any', 'DELETE /any'])
  any(@AshVerified('binding') binding: string): unknown {
    return { binding };
  }

  @Get('files/*')
  @AshProtected('GET /files/*')
  files(@AshVerified('binding') binding: string): unknown {
    return { binding };
  }
}

@Controller('all')
@AshProtected(undefined, { unscoped: 'strip', ttl: 5_000 })
class Whole {
  @Post('a')
  first(@Body() body: unknown, @AshVerified() ash: AshVerifiedRequest): unknown {
    return { body, mode: ash.mode };
  }

  @Post('b')
  @AshProtected('POST /all/b', { scope: ['amount'], mode: 'minimal' })
  second(@Body() body: unknown, @AshVerified() ash: AshVerifiedRequest): unknown {
    return { body, mode: ash.mode };
  }
}

abstract class Base {
  @Post('run')
  @AshProtected()
  run(@AshVerified('binding') binding: string): unknown {
    return { binding, by: this.constructor.name };
  }
}

@Controller('one')
class One extends Base {}

@Controller('two')
class Two extends Base {}

@Injectable({ scope: Scope.REQUEST })
class Request {
  private static made = 0;
  readonly number = ++Request.made;
}

@Controller({ path: 'scoped', scope: Scope.REQUEST })
class RequestScoped {
  constructor(private readonly request: Request) {}

  @Post('run')
  @AshProtected('POST /scoped/run')
  run(@AshVerified('contextId') contextId: string): unknown {
    return { isNew: this.request.number > 0, contextId };
  }
}

describe.each(ADAPTERS)('On %s an honest request passes', (adapter) => {
  const start = applications(adapter);

  @Module({ controllers: [echo('', 'POST /admin/transfer')] })
  class AdminModule {}

  @Controller('transfer')
  class Versions {
    @Post()
    @Version('1')
    @AshProtected('POST /v1/transfer')
    first(): unknown {
      return { version: 1 };
    }

    @Post()
    @Version(['2', '3'])
    @AshProtected(['POST /v2/transfer', 'POST /v3/transfer'])
    later(): unknown {
      return { version: 'later' };
    }

    @Post()
    @Version(VERSION_NEUTRAL)
    @AshProtected('POST /transfer')
    neutral(): unknown {
      return { version: 'neutral' };
    }
  }

  const body = { amount: 100 };
  type Row = [title: string, setup: Setup, method: string, path: string, answer: unknown];
  const rows: Row[] = [
    ['without a prefix', { controllers: [echo('', 'POST /transfer')] }, 'POST', '/transfer', body],
    ['without a declared binding', { controllers: [echo()] }, 'POST', '/transfer', body],
    [
      'under the prefix of a controller',
      { controllers: [echo('bank/v1', 'POST /bank/v1/transfer')] },
      'POST',
      '/bank/v1/transfer',
      body,
    ],
    [
      'under the path of a module',
      { imports: [AdminModule, RouterModule.register([{ path: 'admin', module: AdminModule }])] },
      'POST',
      '/admin/transfer',
      body,
    ],
    ['of one version', { controllers: [Versions], configure: withUriVersions }, 'POST', '/v1/transfer', { version: 1 }],
    [
      'of the first of several versions',
      { controllers: [Versions], configure: withUriVersions },
      'POST',
      '/v2/transfer',
      { version: 'later' },
    ],
    [
      'of the last of several versions',
      { controllers: [Versions], configure: withUriVersions },
      'POST',
      '/v3/transfer',
      { version: 'later' },
    ],
    [
      'of no version',
      { controllers: [Versions], configure: withUriVersions },
      'POST',
      '/transfer',
      { version: 'neutral' },
    ],
    ['with a parameter', { controllers: [Accounts] }, 'PUT', '/accounts/42/limit', { id: '42', body }],
    [
      'with a parameter that is escaped',
      { controllers: [Accounts] },
      'PUT',
      '/accounts/a%20b%C3%A9/limit',
      { id: 'a bé', body },
    ],
    [
      'with a parameter and a query',
      { controllers: [Accounts] },
      'GET',
      '/accounts/7/statement?year=2026&x=%2B',
      { id: '7', year: '2026' },
    ],
    ['by the first of two declared paths', { controllers: [Several] }, 'POST', '/pay', { binding: 'POST /pay' }],
    [
      'by the second of two declared paths',
      { controllers: [Several] },
      'POST',
      '/transfer',
      { binding: 'POST /transfer' },
    ],
    ['by the first of two mapped paths', { controllers: [Several] }, 'POST', '/buy', { binding: 'POST /buy' }],
    ['by the second of two mapped paths', { controllers: [Several] }, 'POST', '/sell', { binding: 'POST /sell' }],
    ['by one method of all', { controllers: [Several] }, 'GET', '/any', { binding: 'GET /any' }],
    ['by another method of all', { controllers: [Several] }, 'DELETE', '/any', { binding: 'DELETE /any' }],
    ['below a wildcard', { controllers: [Several] }, 'GET', '/files/a/b%20c', { binding: 'GET /files/a/b%20c' }],
    ['below a wildcard, with nothing more', { controllers: [Several] }, 'GET', '/files/', { binding: 'GET /files' }],
    ['of a protected controller', { controllers: [Whole] }, 'POST', '/all/a', { body, mode: 'balanced' }],
    [
      'of a route that says more than its controller',
      { controllers: [Whole] },
      'POST',
      '/all/b',
      { body, mode: 'minimal' },
    ],
    [
      'of a handler that was inherited',
      { controllers: [One, Two] },
      'POST',
      '/one/run',
      { binding: 'POST /one/run', by: 'One' },
    ],
    [
      'of the same handler elsewhere',
      { controllers: [One, Two] },
      'POST',
      '/two/run',
      { binding: 'POST /two/run', by: 'Two' },
    ],
  ];
  it.each(rows)('%s', async (_title, setup, method, path, answer) => {
    const application = await start(setup);
    await expect(application.pass(method, path, method === 'GET' ? undefined : body)).resolves.toStrictEqual(answer);
  });

  it('under the global prefix, where the context controller is too', async () => {
    const application = await start({ controllers: [echo('', 'POST /api/transfer')], prefix: 'api' });
    const client = application.client({}, '/api/ash/context');
    expect((await client.post('/api/transfer', body)).status).toBe(201);
    expect((await application.send('POST', '/ash/context', { binding: 'POST /api/transfer' })).status).toBe(404);
  });

  it('under the global prefix, and where a route is exempt from it', async () => {
    const application = await start({
      controllers: [echo('', 'POST /transfer')],
      configure: (app) => app.setGlobalPrefix('api', { exclude: ['transfer', 'ash/context'] }),
    });
    await expect(application.pass('POST', '/transfer', body)).resolves.toStrictEqual(body);
  });

  it('by a request-scoped controller, in each request anew', async () => {
    const application = await start({ controllers: [RequestScoped], providers: [Request] });
    const [first, second] = [
      await application.pass('POST', '/scoped/run', {}),
      await application.pass('POST', '/scoped/run', {}),
    ];
    expect(first).toStrictEqual({ isNew: true, contextId: expect.stringMatching(/^ash_/) as string });
    expect(first).not.toStrictEqual(second);
  });

  it('through a proxy that strips a prefix which the module names', async () => {
    const application = await start({
      ash: { publicPrefix: '/public/' },
      controllers: [echo('', 'POST /public/transfer')],
    });
    const context = await application.client().context('POST', '/public/transfer');
    // What the client signed as /public/transfer arrives as /transfer.
    await expect(application.use(context, { path: '/transfer', body })).resolves.toMatchObject({ status: 201, body });
  });

  it('in a controller that stands in two modules, under the path of each', async () => {
    const shared = echo();
    @Module({ controllers: [shared] })
    class FirstModule {}
    @Module({ controllers: [shared] })
    class SecondModule {}
    const modules = RouterModule.register([
      { path: 'first', module: FirstModule },
      { path: 'second', module: SecondModule },
    ]);
    const application = await start({ imports: [FirstModule, SecondModule, modules] });
    await expect(application.pass('POST', '/first/transfer', body)).resolves.toStrictEqual(body);
    await expect(application.pass('POST', '/second/transfer', body)).resolves.toStrictEqual(body);
  });
});

describe.each(ADAPTERS)('On %s a context opens', (adapter) => {
  const start = applications(adapter);

  it('no account but its own', async () => {
    const application = await start({ controllers: [Accounts] });
    const context = await application.client().context('PUT', '/accounts/42/limit');
    const sent = { body: {}, path: '/accounts/43/limit' };
    await expect(application.use(context, sent)).resolves.toMatchObject({ body: { code: 'ASH_BINDING_MISMATCH' } });
    await expect(application.use(context, { ...sent, path: '/accounts/42/limit' })).resolves.toMatchObject({
      status: 200,
    });
  });

  it('no file but its own, however its slashes are written', async () => {
    const application = await start({ controllers: [Several] });
    const context = await application.client().context('GET', '/files/a/b');
    await expect(application.use(context, { path: '/files/a/c' })).resolves.toMatchObject({ status: 403 });
    await expect(application.use(context, { path: '/files/a//b' })).resolves.toMatchObject({ status: 403 });
    await expect(application.use(context, { path: '/files/a/b' })).resolves.toMatchObject({ status: 200 });
  });

  it('no other version of its route', async () => {
    @Controller('transfer')
    class Versions {
      @Post()
      @Version('1')
      @AshProtected()
      first(): void {
        // It is reached or not.
      }

      @Post()
      @Version('2')
      @AshProtected()
      second(): void {
        // It is reached or not.
      }
    }
    const application = await start({ controllers: [Versions], configure: withUriVersions });
    const context = await application.client().context('POST', '/v1/transfer');
    await expect(application.use(context, { path: '/v2/transfer', body: {} })).resolves.toMatchObject({ status: 403 });
    await expect(application.use(context, { path: '/v1/transfer', body: {} })).resolves.toMatchObject({ status: 201 });
  });

  it('no method but its own on a route of every method', async () => {
    const application = await start({ controllers: [Several] });
    const context = await application.client().context('DELETE', '/any');
    const headers = { 'x-http-method-override': 'GET' };
    const tampered = await application.use({ ...context, binding: 'GET /any' }, { path: '/any', headers });
    expect(tampered).toMatchObject({ status: 403, body: { code: 'ASH_BINDING_MISMATCH' } });
    await expect(application.send('POST', '/any')).resolves.toMatchObject({ status: 403 });
    await expect(application.use(context, { path: '/any' })).resolves.toMatchObject({ status: 200 });
  });

  it('nothing by HEAD, which a router hands to the handler of GET', async () => {
    const application = await start({ controllers: [Accounts] });
    await expect(application.send('HEAD', '/accounts/7/statement')).resolves.toMatchObject({ status: 403 });
  });
});

describe('On Express, whose wildcards are lists,', () => {
  const start = applications('express');

  it('an escaped slash is another value for the handler, and refused', async () => {
    @Controller()
    class Files {
      @Get('files/*path')
      @AshProtected()
      files(@Req() { params }: AshRequest): unknown {
        return params;
      }
    }
    const application = await start({ controllers: [Files] });
    const context = await application.client().context('GET', '/files/a/b');
    await expect(application.use(context, { path: '/files/a%2Fb' })).resolves.toMatchObject({
      body: { code: 'ASH_BINDING_MISMATCH' },
    });
    await expect(application.use(context, { path: '/files/a/b' })).resolves.toMatchObject({
      body: { path: ['a', 'b'] },
    });
  });

  it('a wildcard that may be empty may be so in a binding', async () => {
    @Controller()
    class Files {
      @Get('files/{*path}')
      @AshProtected()
      files(@AshVerified('binding') binding: string): unknown {
        return { binding };
      }
    }
    const application = await start({ controllers: [Files] });
    await expect(application.pass('GET', '/files/')).resolves.toStrictEqual({ binding: 'GET /files' });
    await expect(application.pass('GET', '/files/a')).resolves.toStrictEqual({ binding: 'GET /files/a' });
  });
});
