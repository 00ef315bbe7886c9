import { Controller, HttpCode, Inject, Post, Get, Req } from '@nestjs/common';
import {
  ashGenerateKey,
  AshChain,
  AshMemoryStore,
  AshModule,
  AshProtected,
  AshSealedStore,
  AshService,
  type AshIssuedContext,
  type AshIssueOptions,
  type AshRequest,
} from 'nestjs-ash';
import { ADAPTERS, applications, type Answer, type Application, type Setup } from './application.js';
import { issuedBy, nextOf, renew, renewed, type Sending } from './renewal.js';

@Controller()
class Bank {
  constructor(@Inject(AshService) private readonly ash: AshService) {}

  @Post('transfer')
  @AshProtected('POST /transfer')
  transfer(): unknown {
    return {};
  }

  @Post('strict')
  @AshProtected('POST /strict', { mode: 'strict' })
  strict(): unknown {
    return {};
  }

  @Post('old')
  @AshProtected('POST /old', { protocol: 'v1', mode: 'strict' })
  old(): unknown {
    return {};
  }

  @Post('scoped')
  @AshProtected('POST /scoped', { scope: ['amount', 'to'], unscoped: 'strip' })
  scoped(): unknown {
    return {};
  }

  @Post('wide')
  @AshProtected('POST /wide', { scope: Array.from({ length: 60 }, (_, index) => `a.rather.long.path.${index}`) })
  wide(): unknown {
    return {};
  }

  @Post('slow')
  @AshProtected('POST /slow', { ttl: ({ headers }) => Number(headers['x-ttl'] ?? 9_000) })
  slow(): unknown {
    return {};
  }

  @Post('cart')
  @AshProtected('POST /cart')
  @AshChain('checkout', { start: true })
  cart(): unknown {
    return {};
  }

  @Post('payment')
  @AshProtected('POST /payment')
  @AshChain('checkout', { after: 'POST /cart' })
  payment(): unknown {
    return {};
  }

  @Post('renewing')
  @AshProtected('POST /renewing', { renewal: true })
  renewing(): unknown {
    return {};
  }

  @Post('plain')
  @AshProtected('POST /plain', { renewal: false })
  plain(): unknown {
    return {};
  }

  @Post('issue')
  @HttpCode(200)
  issue(@Req() request: AshRequest): Promise<AshIssuedContext> {
    return this.ash.issue(request.body as AshIssueOptions, request);
  }
}

@Controller('shared')
@AshProtected([], { renewal: false })
class Shared {
  @Post('off')
  off(): unknown {
    return {};
  }

  @Post('on')
  @AshProtected('POST /shared/on', { renewal: true })
  on(): unknown {
    return {};
  }
}

/** The first handler takes every path of the second, whose contexts are for the second alone. */
@Controller('files')
class Files {
  @Get(':name')
  @AshProtected('GET /files/:name')
  file(): unknown {
    return {};
  }

  @Get('index')
  @AshProtected('GET /files/index', { renewal: false })
  index(): unknown {
    return {};
  }
}

const BODY = { amount: 1, to: 'acct-7' };

describe.each(ADAPTERS)('On %s the next context', (adapter) => {
  const start = applications(adapter);
  const startBank = (ash: Setup['ash'] = {}): Promise<Application> => start({ ash, controllers: [Bank, Shared] });
  const contextOf = (application: Application, path: string): Promise<AshIssuedContext> =>
    application.client().context('POST', path);
  const ask = async (application: Application, path: string, sending: Partial<Sending> = {}): Promise<Answer> =>
    renew(application, await contextOf(application, path), { path, body: BODY, ...sending });

  type Row = [title: string, path: string];
  const rows: Row[] = [
    ['in strict mode', '/strict'],
    ['of v1', '/old'],
    ['with a scope', '/scoped'],
    ['of a step that begins a chain', '/cart'],
  ];
  it.each(rows)('is as the route issues it %s, and is good for it', async (_title, path) => {
    const application = await startBank();
    const context = await contextOf(application, path);
    const next = renewed(await renew(application, context, { path, body: BODY }));
    const { contextId: _id, clientSecret: _secret, nonce: _nonce, issuedAt, expiresAt, ...rest } = context;
    expect(next).toMatchObject(rest);
    expect(Object.keys(next)).toStrictEqual(Object.keys(context));
    expect(next.expiresAt - next.issuedAt).toBe(expiresAt - issuedAt);
    await expect(renew(application, next, { path, body: BODY })).resolves.toMatchObject({ status: 201 });
  });

  it('follows the same step as another, and each step once', async () => {
    const application = await startBank();
    const cart = await ask(application, '/cart');
    const previousProof = cart.headers.get('x-ash-chain-proof') ?? '';
    const payment = await ask(application, '/payment', { previousProof });
    expect(payment.status).toBe(201);
    const next = renewed(payment);
    expect(next.chain).toStrictEqual({ name: 'checkout', start: false });
    await expect(application.use(next, { path: '/payment', body: BODY, previousProof })).resolves.toMatchObject({
      status: 403,
      body: { code: 'ASH_CHAIN_BROKEN' },
    });
    const again = await renew(application, renewed(cart), { path: '/cart', body: BODY });
    const proof = again.headers.get('x-ash-chain-proof') ?? '';
    await expect(application.use(next, { path: '/payment', body: BODY, previousProof: proof })).resolves.toMatchObject({
      status: 201,
    });
  });

  it('lives as long as the route says for the request that asks for it', async () => {
    const application = await startBank();
    const { issuedAt, expiresAt } = renewed(await ask(application, '/slow', { headers: { 'x-ttl': '77' } }));
    expect(expiresAt - issuedAt).toBe(77);
  });

  it('is issued to whoever sent the verified request, and to nobody else', async () => {
    const subject = ({ headers }: AshRequest): string | undefined => headers['x-user'] as string | undefined;
    const application = await startBank({ subject });
    const ada = { 'x-user': 'ada' };
    const context = await application.client(ada).context('POST', '/transfer');
    const next = renewed(await renew(application, context, { path: '/transfer', body: BODY, headers: ada }));
    const other = { path: '/transfer', body: BODY, headers: { 'x-user': 'bob' } };
    await expect(application.use(next, other)).resolves.toMatchObject({
      status: 403,
      body: { code: 'ASH_SUBJECT_MISMATCH' },
    });
    await expect(application.use(next, { ...other, headers: ada })).resolves.toMatchObject({ status: 201 });
  });

  type HandRow = [title: string, options: Partial<AshIssueOptions>, isRenewed: boolean];
  const issuedByHand: HandRow[] = [
    ['as the route issues it is renewed', {}, true],
    ['for a time of its own is not renewed', { ttl: 77_000 }, false],
    ['for the route’s own time is renewed', { ttl: 30_000 }, true],
    ['with a scope of its own is not renewed', { scope: ['amount'] }, false],
    ['with an empty scope of its own is not renewed', { scope: [] }, false],
    ['with a stricter mode is not renewed', { mode: 'strict' }, false],
    ['with metadata is not renewed', { metadata: { order: 7 } }, false],
    ['with metadata that says nothing is not renewed', { metadata: {} }, false],
  ];
  it.each(issuedByHand)('of one that was issued by hand %s', async (_title, options, isRenewed) => {
    const application = await startBank();
    const { body } = await application.send('POST', '/issue', { binding: 'POST /transfer', ...options });
    const issued = issuedBy(application);
    const answer = await renew(application, body as AshIssuedContext, { path: '/transfer', body: BODY });
    expect(answer.status).toBe(201);
    const next = nextOf(answer);
    expect(next === undefined ? undefined : next.expiresAt - next.issuedAt).toBe(isRenewed ? 30_000 : undefined);
    expect(issued).toHaveLength(isRenewed ? 1 : 0);
  });

  type OptionRow = [title: string, ash: Setup['ash'], path: string, isRenewed: boolean];
  const options: OptionRow[] = [
    ['is there where nothing is said', {}, '/transfer', true],
    ['is not there where the module says so', { renewal: false }, '/transfer', false],
    ['is not there where a factory says so', () => asynchronous({ renewal: false }), '/transfer', false],
    ['is there where the module’s factory says nothing', () => asynchronous({}), '/transfer', true],
    ['is not there where the route says so', {}, '/plain', false],
    ['is not there where the route says so against the module', { renewal: true }, '/plain', false],
    ['is there where the route says so against the module', { renewal: false }, '/renewing', true],
    ['is not there where the route’s controller says so', {}, '/shared/off', false],
    ['is there where the route says so against its controller', {}, '/shared/on', true],
  ];
  it.each(options)('%s', async (_title, ash, path, isRenewed) => {
    const application = await startBank(ash);
    const context = await contextOf(application, path);
    const issued = issuedBy(application);
    const answer = await renew(application, context, { path, body: BODY });
    expect(answer.status).toBe(201);
    expect(nextOf(answer) !== undefined).toBe(isRenewed);
    expect(issued).toHaveLength(isRenewed ? 1 : 0);
  });

  type OwnRow = [title: string, ash: Setup['ash'], path: string, isRenewed: boolean];
  const own: OwnRow[] = [
    ['is not there', { controller: false }, '/transfer', false],
    ['is not there beside a factory', () => asynchronous({}, { controller: false }), '/transfer', false],
    ['is there where the application says so', { controller: false, renewal: true }, '/transfer', true],
    ['is there where the route says so', { controller: false }, '/renewing', true],
  ];
  it.each(own)('%s in an application that hands out contexts itself', async (_title, ash, path, isRenewed) => {
    const application = await startBank(ash);
    const { body } = await application.send('POST', '/issue', { binding: `POST ${path}` });
    const answer = await renew(application, body as AshIssuedContext, { path, body: BODY });
    expect(answer.status).toBe(201);
    expect(nextOf(answer) !== undefined).toBe(isRenewed);
  });

  it('is that of the handler that issues for the path, and of no other that matches it', async () => {
    const application = await start({ controllers: [Files] });
    const client = application.client();
    const answers = await Promise.all(
      ['/files/readme', '/files/index'].map(async (path) =>
        renew(application, await client.context('GET', path), { path }),
      ),
    );
    expect(answers.map((answer) => [answer.status, nextOf(answer)?.binding])).toStrictEqual([
      [200, 'GET /files/readme'],
      [200, undefined],
    ]);
    expect(application.log.lines.filter((line) => line.startsWith('error'))).toStrictEqual([]);
  });

  it('fits into a header where it is sealed', async () => {
    const store = new AshSealedStore({ spent: new AshMemoryStore(), keys: [{ id: 'k1', secret: ashGenerateKey() }] });
    const subject = ({ headers }: AshRequest): string => String(headers['x-user']);
    const application = await startBank({ store, subject });
    const user = { 'x-user': 'u'.repeat(100) };
    const context = await application.client(user).context('POST', '/scoped');
    const answer = await renew(application, context, { path: '/scoped', body: BODY, headers: user });
    const next = renewed(answer);
    expect(next.contextId).toMatch(/^ash_s/);
    expect(answer.headers.get('x-ash-context')?.length).toBeLessThan(2_048);
    await expect(application.use(next, { path: '/scoped', body: BODY, headers: user })).resolves.toMatchObject({
      status: 201,
    });
  });

  it('is left out where its header would be too long for what is on its way', async () => {
    const application = await startBank();
    const context = await contextOf(application, '/wide');
    const answer = await renew(application, context, { path: '/wide', body: BODY });
    expect(answer.status).toBe(201);
    expect(nextOf(answer)).toBeUndefined();
    expect(application.log.lines.filter((line) => line.startsWith('error'))).toStrictEqual([]);
  });
});

function asynchronous(options: object, extras: object = {}): ReturnType<typeof AshModule.forRootAsync> {
  return AshModule.forRootAsync({ useFactory: () => Promise.resolve(options), ...extras });
}
