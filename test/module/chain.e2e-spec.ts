import {
  BadRequestException,
  Body,
  Controller,
  ForbiddenException,
  HttpCode,
  Injectable,
  Post,
  Res,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import {
  AshChain,
  AshContextStore,
  AshMemoryStore,
  AshProtected,
  ashHashProof,
  type AshModuleOptions,
  type AshRequest,
  type AshRouteOptions,
  type AshStoredLink,
} from 'nestjs-ash';
import type { AshClientChain } from 'nestjs-ash/client';
import { map, NEVER, race, timer, type Observable } from 'rxjs';
import { ADAPTERS, applications, type Application } from './application.js';

/** Refuses a request when it is told to, after the library's guard. */
@Injectable()
class LaterGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.switchToHttp().getRequest<AshRequest>().headers['x-refuse'] !== undefined)
      throw new ForbiddenException();
    return true;
  }
}

/** Fails an answer when it is told to, after the handler has succeeded. */
@Injectable()
class OuterInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { headers } = context.switchToHttp().getRequest<AshRequest>();
    if (headers['x-give-up'] !== undefined) return race(next.handle(), timer(5).pipe(map(() => ({ gave: 'up' }))));
    return next.handle().pipe(
      map((value: unknown) => {
        if (headers['x-fail-answer'] !== undefined) throw new BadRequestException('the answer');
        return value;
      }),
    );
  }
}

interface Card {
  readonly card?: string;
}

@Controller()
@UseInterceptors(OuterInterceptor)
class Shop {
  @Post('cart')
  @AshProtected('POST /cart')
  @AshChain('checkout', { start: true })
  cart(@Body() body: Card): unknown {
    if (body.card === 'none') throw new BadRequestException('no card');
    return { step: 'cart' };
  }

  @Post('payment')
  @UseGuards(LaterGuard)
  @AshChain('checkout', { after: 'POST /cart', timeout: 60_000 })
  @AshProtected('POST /payment')
  payment(
    @Body() body: Card,
    @Res({ passthrough: true }) response: { statusCode: number; status: (code: number) => unknown },
  ): unknown {
    if (body.card === 'declined') throw new BadRequestException('declined');
    if (body.card === 'odd') response.status(402);
    return body.card === 'hung' ? NEVER : { step: 'payment' };
  }

  @Post('support')
  @HttpCode(204)
  @AshProtected('POST /support')
  @AshChain('checkout')
  support(): void {
    // It follows any step.
  }

  @Post('printed')
  @AshProtected('POST /printed')
  @AshChain('checkout')
  printed(@Res() response: { send: (text: string) => unknown }): void {
    response.send('It answers by itself.');
  }

  @Post('plain')
  @AshProtected('POST /plain')
  plain(): unknown {
    throw new BadRequestException('the application’s own');
  }
}

const WARNING =
  "warn [AshModule] The chain 'checkout' has no 'subject': whoever sees one of its requests can take the next step.";

describe.each(ADAPTERS)('On %s a chain', (adapter) => {
  const starting = applications(adapter);
  const start = (ash: AshModuleOptions & AshRouteOptions = {}): Promise<Application> =>
    starting({ ash, controllers: [Shop] });

  async function begun(application: Application): Promise<AshClientChain> {
    const chain = application.client().chain('checkout');
    await chain.post('/cart', {});
    return chain;
  }

  it('is taken step by step, each with the proof of the one before', async () => {
    const application = await start();
    const chain = application.client().chain('checkout');
    const proofs: unknown[] = [];
    for (const [path, body] of [
      ['/cart', {}],
      ['/payment', {}],
      ['/support', {}],
    ] as const) {
      const response = await chain.post(path, body);
      expect(response.headers.get('x-ash-chain-proof')).toBe(chain.previousProof);
      proofs.push(chain.previousProof);
    }
    expect(new Set(proofs).size).toBe(3);
    expect(proofs).toStrictEqual(proofs.map(() => expect.stringMatching(/^[0-9a-f]{64}$/) as string));
  });

  it('tells a client its name, and whether a route begins it', async () => {
    const client = (await start()).client();
    await expect(client.context('POST', '/cart')).resolves.toMatchObject({ chain: { name: 'checkout', start: true } });
    await expect(client.context('POST', '/payment')).resolves.toMatchObject({
      chain: { name: 'checkout', start: false },
    });
  });

  it.each([
    ['its handler refuses', { card: 'declined' }, {}, 400],
    ['its handler answers a failure by its status', { card: 'odd' }, {}, 402],
    ['a later guard refuses', {}, { 'x-refuse': '1' }, 403],
    ['its answer fails after the handler', {}, { 'x-fail-answer': '1' }, 400],
  ])('lets a step be tried again where %s', async (_title, body, headers, status) => {
    const application = await start();
    const chain = await begun(application);
    const before = chain.previousProof;
    const failed = await chain.post('/payment', body, { headers });
    expect([failed.status, failed.headers.get('x-ash-verified')]).toStrictEqual([status, 'true']);
    expect(chain.previousProof).toBe(before);
    await until(async () => (await linkOf(application, before))?.holder === undefined);
    expect((await chain.post('/payment', {})).status).toBe(201);
    await expect(
      application.client().chain('checkout', { name: 'checkout', previousProof: before }).post('/payment', {}),
    ).rejects.toMatchObject({
      code: 'ASH_CHAIN_BROKEN',
    });
  });

  it('does not begin with a start that failed', async () => {
    const application = await start();
    const context = await application.client().context('POST', '/cart');
    const failed = await application.use(context, { path: '/cart', body: { card: 'none' } });
    expect([failed.status, failed.headers.get('x-ash-chain-proof')]).toStrictEqual([400, null]);
    const next = await application.client().context('POST', '/payment');
    // The client would go on from a proof that it saw pass; the server wrote no link for it.
    const forged = { path: '/payment', body: {}, previousProof: 'a'.repeat(64) };
    await expect(application.use(next, forged)).resolves.toMatchObject({
      status: 403,
      body: { code: 'ASH_CHAIN_BROKEN' },
    });
  });

  it.each([
    ['its handler refuses', { card: 'declined' }],
    ['its handler answers a failure by its status', { card: 'odd' }],
  ])('is freed before the answer goes out where %s', async (_title, body) => {
    const store = new AshMemoryStore();
    const application = await start({ store });
    const chain = await begun(application);
    const release = store.releaseLink.bind(store);
    let isFree = false;
    store.releaseLink = async (...link) => {
      await moment();
      isFree = true;
      return release(...link);
    };
    const failed = await chain.post('/payment', body);
    expect([isFree, failed.headers.get('x-ash-chain-proof')]).toStrictEqual([true, null]);
  });

  it('goes on from a handler that answers nothing', async () => {
    const application = await start();
    const chain = await begun(application);
    await chain.post('/support', {});
    const support = chain.previousProof;
    expect((await chain.post('/support', {})).headers.get('x-ash-chain-proof')).toBe(chain.previousProof);
    expect(chain.previousProof).not.toBe(support);
  });

  it('goes on from a handler that answers by itself', async () => {
    const application = await start();
    const chain = await begun(application);
    await expect((await chain.post('/printed', {})).text()).resolves.toBe('It answers by itself.');
    await until(async () => (await linkOf(application, chain.previousProof)) !== null);
    expect((await chain.post('/support', {})).status).toBe(204);
    expect(application.log.lines.filter((line) => line.startsWith('error'))).toStrictEqual([]);
  });

  it('lets a step be tried again that the application gave up on, whatever it answered instead', async () => {
    const application = await start();
    const chain = await begun(application);
    const before = chain.previousProof;
    const given = await chain.post('/payment', { card: 'hung' }, { headers: { 'x-give-up': '1' } });
    expect([given.status, await given.json(), given.headers.get('x-ash-chain-proof')]).toStrictEqual([
      201,
      { gave: 'up' },
      null,
    ]);
    const again = application.client().chain('checkout', { name: 'checkout', previousProof: before });
    expect((await again.post('/payment', {})).status).toBe(201);
  });

  it('is over when a step comes too late', async () => {
    let now = Date.now();
    const clock = (): number => now;
    const application = await start({ clock, timestampTolerance: 3_600_000 });
    const chain = await begun(application);
    now += 60_000;
    await expect(chain.post('/payment', {})).rejects.toMatchObject({ code: 'ASH_CHAIN_EXPIRED', status: 410 });
  });

  it('ends where its link cannot be written: the step stands, and the next one is refused', async () => {
    const store = new AshMemoryStore();
    const application = await start({ store });
    store.writeLink = () => Promise.reject(new Error('read-only'));
    const chain = application.client().chain('checkout');
    const response = await chain.post('/cart', {});
    expect([response.status, response.headers.get('x-ash-chain-proof')]).toStrictEqual([201, null]);
    await expect(chain.post('/payment', {})).rejects.toMatchObject({ code: 'ASH_CHAIN_BROKEN' });
    expect(application.log.lines).toContainEqual(
      expect.stringMatching(
        /^error \[AshModule\] A chain’s link could not be written; the step that follows will be refused\.$/,
      ),
    );
  });

  it.each([
    ['after the handler', { card: 'declined' }, {}],
    ['before it', {}, { 'x-refuse': '1' }],
  ])('stays held where its link cannot be released %s, and says so', async (_title, body, headers) => {
    const store = new AshMemoryStore();
    const application = await start({ store });
    const chain = await begun(application);
    store.releaseLink = () => Promise.reject(new Error('down'));
    await chain.post('/payment', body, { headers });
    const line = 'error [AshModule] A chain’s link could not be released; it stays held until it expires.';
    await until(() => application.log.lines.includes(line));
    await expect(chain.post('/payment', {})).rejects.toMatchObject({ code: 'ASH_CHAIN_BROKEN' });
  });

  it('that belongs to a subject is continued by that subject alone', async () => {
    const application = await start({ subject: ({ headers }) => headers['x-user'] as string | undefined });
    expect(application.log.ofAsh).not.toContain(WARNING);
    const ada = application.client({ 'x-user': 'ada' }).chain('checkout');
    await ada.post('/cart', {});
    const bob = application
      .client({ 'x-user': 'bob' })
      .chain('checkout', { name: 'checkout', previousProof: ada.previousProof });
    await expect(bob.post('/payment', {})).rejects.toMatchObject({ code: 'ASH_CHAIN_BROKEN' });
    expect((await ada.post('/payment', {})).status).toBe(201);
  });

  it('that belongs to nobody is warned of, once', async () => {
    const application = await start();
    expect(application.log.ofAsh.filter((line) => line === WARNING)).toHaveLength(1);
  });
});

describe.each(ADAPTERS)('On %s an answer says whether its request passed', (adapter) => {
  const start = applications(adapter);

  it('where the application refuses it, and not where the guard does', async () => {
    const application = await start({ controllers: [Shop] });
    const context = await application.client().context('POST', '/plain');
    const garbage = await application.use(context, {
      path: '/plain',
      body: {},
      headers: { 'x-ash-proof': 'c'.repeat(64) },
    });
    expect([garbage.status, garbage.headers.get('x-ash-verified')]).toStrictEqual([403, null]);
    const refused = await application.use(context, { path: '/plain', body: {} });
    expect([refused.status, refused.headers.get('x-ash-verified')]).toStrictEqual([400, 'true']);
  });
});

/** The link that a step wrote. */
function linkOf(application: Application, proof: string | undefined): Promise<AshStoredLink | null> {
  return application.get(AshContextStore).getLink(ashHashProof(proof ?? ''));
}

/** Waits for what a server does once its answer is out. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await isSo()) return;
    await moment();
  }
  throw new Error('It did not come about.');
}

function moment(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 5);
  });
}
