import {
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  Inject,
  Injectable,
  Post,
  Req,
  UnauthorizedException,
  VersioningType,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import {
  AshMemoryStore,
  AshModule,
  AshProtected,
  AshService,
  type AshContext,
  type AshContextOptions,
  type AshControllerOptions,
  type AshIssuedContext,
  type AshRequest,
} from 'nestjs-ash';
import { ADAPTERS, applications, type Setup } from './application.js';

@Controller()
class Payments {
  @Post('transfer')
  @AshProtected('POST /transfer', { scope: ['amount'] })
  transfer(): unknown {
    return { done: true };
  }

  @Get('accounts/:id')
  @AshProtected('GET /accounts/:id', { ttl: ({ headers }) => Number(headers['x-ttl'] ?? 9) })
  account(): unknown {
    return { done: true };
  }

  @Post('open')
  open(): unknown {
    return { done: true };
  }
}

@Injectable()
class Keys {
  readonly key = 'let-me-in';
}

@Injectable()
class KeyGuard implements CanActivate {
  constructor(@Inject(Keys) private readonly keys: Keys) {}

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<AshRequest>();
    if (headers['x-key'] !== this.keys.key) throw new UnauthorizedException();
    return true;
  }
}

const ASK = { binding: 'POST /transfer' };

describe.each(ADAPTERS)('On %s the context controller', (adapter) => {
  const start = applications(adapter);

  it('answers the fields of a context with 200, and lets nobody keep them', async () => {
    const application = await start({ controllers: [Payments] });
    const { status, headers, body } = await application.send('POST', '/ash/context', ASK);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    const { issuedAt } = body as AshIssuedContext;
    expect(body).toStrictEqual({
      contextId: expect.stringMatching(/^ash_[0-9a-f]{32}$/) as string,
      binding: 'POST /transfer',
      mode: 'balanced',
      protocol: 'v2.3',
      issuedAt,
      expiresAt: issuedAt + 30_000,
      clientSecret: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      scope: ['amount'],
    });
  });

  it('issues for a concrete path of a pattern, as long as the route says for the request that asks', async () => {
    const application = await start({ controllers: [Payments] });
    const { body } = await application.send('POST', '/ash/context', { binding: 'GET /accounts/42' }, { 'x-ttl': '77' });
    const { binding, issuedAt, expiresAt } = body as AshIssuedContext;
    expect([binding, expiresAt - issuedAt]).toStrictEqual(['GET /accounts/42', 77]);
  });

  const named = 'binding: the body names no route: send { "binding": "METHOD /path" } as application/json.';
  const unknown = (binding: string): string => `binding: no protected route is declared as '${binding}'.`;
  type Row = [title: string, body: unknown, code: string, message: string];
  const rows: Row[] = [
    ['an unknown route', { binding: 'POST /nowhere' }, 'ASH_BINDING_MISMATCH', unknown('POST /nowhere')],
    ['another method of a route', { binding: 'PUT /transfer' }, 'ASH_BINDING_MISMATCH', unknown('PUT /transfer')],
    ['a route that nothing protects', { binding: 'POST /open' }, 'ASH_BINDING_MISMATCH', unknown('POST /open')],
    ['itself', { binding: 'POST /ash/context' }, 'ASH_BINDING_MISMATCH', unknown('POST /ash/context')],
    ['no binding', {}, 'ASH_CANONICALIZATION_ERROR', named],
    ['no body', undefined, 'ASH_CANONICALIZATION_ERROR', named],
    ['an empty binding', { binding: '' }, 'ASH_CANONICALIZATION_ERROR', named],
    ['a binding that is no text', { binding: ['POST /transfer'] }, 'ASH_CANONICALIZATION_ERROR', named],
    [
      'a binding without a method',
      { binding: '/transfer' },
      'ASH_CANONICALIZATION_ERROR',
      "The binding is malformed: '/transfer' is not of the form 'METHOD /path'.",
    ],
    [
      'a binding with a dot segment',
      { binding: 'POST /a/../transfer' },
      'ASH_CANONICALIZATION_ERROR',
      "The binding is malformed: the path '/a/../transfer' has a '.' or '..' segment.",
    ],
  ];
  it.each(rows)('answers 400 to %s', async (_title, body, code, message) => {
    const application = await start({ controllers: [Payments] });
    await expect(application.send('POST', '/ash/context', body)).resolves.toMatchObject({
      status: 400,
      body: { statusCode: 400, error: 'Bad Request', code, message },
    });
  });

  it('issues for the default binding where a request names none, and for no other', async () => {
    const application = await start({ ash: { defaultBinding: 'post /transfer/' }, controllers: [Payments] });
    for (const body of [undefined, {}]) {
      await expect(application.send('POST', '/ash/context', body)).resolves.toMatchObject({
        status: 200,
        body: { binding: 'POST /transfer' },
      });
    }
    await expect(application.send('POST', '/ash/context', { binding: 7 })).resolves.toMatchObject({ status: 400 });
    await expect(application.send('POST', '/ash/context', { binding: 'GET /accounts/1' })).resolves.toMatchObject({
      body: { binding: 'GET /accounts/1' },
    });
  });

  it('takes a concrete path of a pattern for its default', async () => {
    const application = await start({ ash: { defaultBinding: 'GET /accounts/42' }, controllers: [Payments] });
    await expect(application.send('POST', '/ash/context')).resolves.toMatchObject({
      body: { binding: 'GET /accounts/42' },
    });
  });

  it('is where it is told to be', async () => {
    const application = await start({ ash: { controller: { path: 'internal/contexts' } }, controllers: [Payments] });
    await expect(application.send('POST', '/internal/contexts', ASK)).resolves.toMatchObject({ status: 200 });
    await expect(application.send('POST', '/ash/context', ASK)).resolves.toMatchObject({ status: 404 });
  });

  it('is where it is told to be beside a factory too', async () => {
    const ash = () => AshModule.forRootAsync({ useFactory: () => ({}), controller: { path: 'contexts' } });
    const application = await start({ ash, controllers: [Payments] });
    await expect(application.send('POST', '/contexts', ASK)).resolves.toMatchObject({ status: 200 });
  });

  it('is there under every version', async () => {
    const configure: Setup['configure'] = (app) =>
      app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
    const application = await start({ configure });
    await expect(application.send('POST', '/ash/context', ASK)).resolves.toMatchObject({ status: 400 });
  });

  it('is not there where it is switched off, and the service issues for an endpoint of one’s own', async () => {
    @Controller()
    class Contexts {
      constructor(@Inject(AshService) private readonly ash: AshService) {}

      @Post('my/context')
      @HttpCode(200)
      @Header('Cache-Control', 'no-store')
      issue(@Body('route') route: string, @Req() request: AshRequest): Promise<AshIssuedContext> {
        return this.ash.issueFor(route, request);
      }
    }
    const application = await start({ ash: { controller: false, audit: 'off' }, controllers: [Payments, Contexts] });
    await expect(application.send('POST', '/ash/context', ASK)).resolves.toMatchObject({ status: 404 });
    const { body } = await application.send('POST', '/my/context', { route: 'POST /transfer' });
    await expect(
      application.use(body as AshIssuedContext, { path: '/transfer', body: { amount: 1 } }),
    ).resolves.toMatchObject({
      status: 201,
    });
  });

  type GuardRow = [title: string, guard: AshControllerOptions['guards']];
  const guards: GuardRow[] = [
    ['a class, which Nest constructs', [KeyGuard]],
    ['an instance', [new KeyGuard(new Keys())]],
  ];
  it.each(guards)('asks the application’s own guard first: %s', async (_title, guard) => {
    const providers = [{ provide: Keys, useClass: Keys }];
    const application = await start({
      ash: { controller: { guards: guard ?? [] }, providers },
      controllers: [Payments],
    });
    await expect(application.send('POST', '/ash/context', ASK)).resolves.toMatchObject({ status: 401 });
    await expect(application.send('POST', '/ash/context', {})).resolves.toMatchObject({ status: 401 });
    await expect(application.send('POST', '/ash/context', ASK, { 'x-key': 'let-me-in' })).resolves.toMatchObject({
      status: 200,
    });
  });

  describe('that is asked for several', () => {
    const several = (count: unknown): unknown => ({ ...ASK, count });
    const contextsOf = (body: unknown): AshIssuedContext[] => (body as { contexts: AshIssuedContext[] }).contexts;

    it('answers as many, each of its own, and lets nobody keep them', async () => {
      const application = await start({ controllers: [Payments] });
      const { status, headers, body } = await application.send('POST', '/ash/context', several(5));
      expect(status).toBe(200);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(Object.keys(body as object)).toStrictEqual(['contexts']);
      const contexts = contextsOf(body);
      expect(contexts).toHaveLength(5);
      for (const member of ['contextId', 'clientSecret'] as const) {
        expect(new Set(contexts.map((context) => context[member])).size).toBe(5);
      }
      for (const context of contexts) {
        expect(context).toMatchObject({ binding: 'POST /transfer', scope: ['amount'] });
        const answer = await application.use(context, { path: '/transfer', body: { amount: 1 } });
        expect(answer.status).toBe(201);
      }
    });

    type CountRow = [title: string, count: number, batch: number | undefined, issued: number];
    const counts: CountRow[] = [
      ['one, in a list', 1, undefined, 1],
      ['the bound', 32, undefined, 32],
      ['no more than the bound', 33, undefined, 32],
      ['no more than the bound, of any number', Number.MAX_SAFE_INTEGER, undefined, 32],
      ['no more than the bound of the application', 5, 3, 3],
      ['one, where the application gives no more', 5, 1, 1],
    ];
    it.each(counts)('answers %s', async (_title, count, batch, issued) => {
      const controller = batch === undefined ? {} : { batch };
      const application = await start({ ash: { controller }, controllers: [Payments] });
      const { body } = await application.send('POST', '/ash/context', several(count));
      expect(contextsOf(body)).toHaveLength(issued);
    });

    it.each([0, -1, 1.5, '5', null, true, [], {}, 1e308])('answers 400 to the count %j', async (count) => {
      const store = new AshMemoryStore();
      const application = await start({ ash: { store }, controllers: [Payments] });
      await expect(application.send('POST', '/ash/context', several(count))).resolves.toMatchObject({
        status: 400,
        body: {
          statusCode: 400,
          error: 'Bad Request',
          code: 'ASH_CANONICALIZATION_ERROR',
          message: 'count: it is no whole number from 1: send { "count": 5 }.',
        },
      });
      expect(store.size).toBe(0);
    });

    it('issues for the default binding where a request names none', async () => {
      const application = await start({ ash: { defaultBinding: 'POST /transfer' }, controllers: [Payments] });
      const { body } = await application.send('POST', '/ash/context', { count: 2 });
      expect(contextsOf(body).map(({ binding }) => binding)).toStrictEqual(['POST /transfer', 'POST /transfer']);
    });

    it('asks the store for all of them in one turn, and the application once who sends it and for how long', async () => {
      const asked: string[] = [];
      class LateStore extends AshMemoryStore {
        private readonly waiting: (() => void)[] = [];

        override async create(options: AshContextOptions): Promise<AshContext> {
          asked.push('create');
          await new Promise<void>((resolve) => {
            this.waiting.push(resolve);
            // Answers when the last one is there, so that one after the other never ends.
            if (this.waiting.length === 4) for (const answer of this.waiting) answer();
          });
          return super.create(options);
        }
      }
      const subject = (): string => {
        asked.push('subject');
        return 'ada';
      };
      const ttl = (): number => {
        asked.push('ttl');
        return 1_000;
      };
      const application = await start({ ash: { store: new LateStore(), subject, ttl }, controllers: [Payments] });
      const { body } = await application.send('POST', '/ash/context', several(4));
      expect(contextsOf(body)).toHaveLength(4);
      expect(asked).toStrictEqual(['subject', 'ttl', 'create', 'create', 'create', 'create']);
    });

    it('answers 503 where one of them cannot be issued', async () => {
      const application = await start({
        ash: { store: new AshMemoryStore({ maxEntries: 3 }) },
        controllers: [Payments],
      });
      const { status, body } = await application.send('POST', '/ash/context', several(4));
      expect(status).toBe(503);
      expect(JSON.stringify(body)).not.toContain('contexts');
    });

    it('issues them to whoever the application says, and to nobody else', async () => {
      const subject = ({ headers }: AshRequest): string | undefined => headers['x-user'] as string | undefined;
      const application = await start({ ash: { subject }, controllers: [Payments] });
      await expect(application.send('POST', '/ash/context', several(2))).resolves.toMatchObject({
        status: 403,
        body: { code: 'ASH_SUBJECT_MISMATCH' },
      });
      const { body } = await application.send('POST', '/ash/context', several(2), { 'x-user': 'ada' });
      for (const context of contextsOf(body)) {
        const sending = { path: '/transfer', body: { amount: 1 } };
        await expect(application.use(context, sending)).resolves.toMatchObject({ status: 403 });
        await expect(application.use(context, { ...sending, headers: { 'x-user': 'ada' } })).resolves.toMatchObject({
          status: 201,
        });
      }
    });
  });

  it('answers 503 where the store is full', async () => {
    const store = new AshMemoryStore({ maxEntries: 1 });
    const application = await start({ ash: { store }, controllers: [Payments] });
    await expect(application.send('POST', '/ash/context', ASK)).resolves.toMatchObject({ status: 200 });
    await expect(application.send('POST', '/ash/context', ASK)).resolves.toMatchObject({
      status: 503,
      body: {
        statusCode: 503,
        error: 'Service Unavailable',
        code: 'ASH_STORE_UNAVAILABLE',
        message: 'The context store did not answer.',
      },
    });
  });

  it('names the code also in strict mode, which keeps it from verifications alone', async () => {
    const application = await start({ ash: { mode: 'strict' }, controllers: [Payments] });
    await expect(application.send('POST', '/ash/context', {})).resolves.toMatchObject({
      body: { code: 'ASH_CANONICALIZATION_ERROR' },
    });
  });

  it('answers by the statuses of the module', async () => {
    const statuses = { ASH_BINDING_MISMATCH: 404, ASH_STORE_UNAVAILABLE: 500 };
    const application = await start({
      ash: { statuses, store: new AshMemoryStore({ maxEntries: 1 }) },
      controllers: [Payments],
    });
    await application.send('POST', '/ash/context', ASK);
    await expect(application.send('POST', '/ash/context', ASK)).resolves.toMatchObject({ status: 500 });
    await expect(application.send('POST', '/ash/context', { binding: 'POST /x' })).resolves.toMatchObject({
      status: 404,
      body: { error: 'Not Found', code: 'ASH_BINDING_MISMATCH' },
    });
  });

  it('issues to whoever the application says, and to nobody else', async () => {
    const subject = ({ headers }: AshRequest): string | undefined => headers['x-user'] as string | undefined;
    const application = await start({ ash: { subject }, controllers: [Payments] });
    await expect(application.send('POST', '/ash/context', ASK)).resolves.toMatchObject({
      status: 403,
      body: { code: 'ASH_SUBJECT_MISMATCH', message: 'A context is issued to a subject, and this request has none.' },
    });
    // No hexadecimal digits, which a secret could hold by chance.
    const { body } = await application.send('POST', '/ash/context', ASK, { 'x-user': 'user-7' });
    expect(JSON.stringify(body)).not.toContain('user-7');
  });

  it('answers 500 for a fault of the application, and says no more of it', async () => {
    const application = await start({ ash: { ttl: () => -1 }, controllers: [Payments] });
    await expect(application.send('POST', '/ash/context', ASK)).resolves.toMatchObject({
      status: 500,
      body: { statusCode: 500, message: 'Internal server error' },
    });
    expect(application.log.lines.join('\n')).toContain(
      "Payments.transfer: 'ttl' is a positive number of milliseconds, not -1.",
    );
  });
});
