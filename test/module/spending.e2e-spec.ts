import { BadRequestException, Body, Controller, HttpCode, Inject, Post, Res, Sse } from '@nestjs/common';
import {
  AshChain,
  AshContextStore,
  AshMemoryStore,
  AshProtected,
  AshVerified,
  type AshConsumeResult,
  type AshRefusedEvent,
  type AshVerifiedEvent,
  type AshVerifiedRequest,
} from 'nestjs-ash';
import { concatMap, EMPTY, map, timer, type Observable } from 'rxjs';
import { ADAPTERS, applications, type Application } from './application.js';

/** How often the business of a handler was done. */
const done = { count: 0 };
/** When the handler may end that has answered before. */
let mayEnd: Promise<void> = Promise.resolve();

/** Express's response, or Fastify's reply. */
interface AnyResponse {
  status(code: number): AnyResponse;
  send(body: unknown): unknown;
}

/** The store as it is seen from within a transaction, which notes what is asked of it. */
class View extends AshMemoryStore {
  readonly asked: string[] = [];

  constructor(private readonly store: AshContextStore) {
    super();
  }

  override consume(id: string): Promise<AshConsumeResult> {
    this.asked.push(id);
    return this.store.consume(id);
  }
}

const events: { verified: AshVerifiedEvent[]; refused: AshRefusedEvent[] } = { verified: [], refused: [] };

@Controller()
class Bank {
  private readonly view: View;

  constructor(@Inject(AshContextStore) store: AshContextStore) {
    this.view = new View(store);
  }

  @Post('transfer')
  @HttpCode(200)
  @AshProtected('POST /transfer', {
    spend: 'handler',
    onVerified: (event) => void events.verified.push(event),
    onRefused: (event) => void events.refused.push(event),
  })
  async transfer(@Body() body: { fail?: string }, @AshVerified() ash: AshVerifiedRequest): Promise<unknown> {
    if (body.fail === 'before') throw new BadRequestException('before');
    const before = events.verified.length;
    await ash.spend();
    if (body.fail === 'after') throw new BadRequestException('after');
    done.count += 1;
    return { heardOfBefore: before };
  }

  @Post('within')
  @HttpCode(200)
  @AshProtected('POST /within', { spend: 'handler' })
  async within(@AshVerified() ash: AshVerifiedRequest): Promise<unknown> {
    await ash.spend(this.view);
    return { asked: this.view.asked.includes(ash.contextId) };
  }

  @Post('strict')
  @AshProtected('POST /strict', { spend: 'handler', mode: 'strict' })
  async strict(@AshVerified('spend') spend: AshVerifiedRequest['spend']): Promise<unknown> {
    await spend();
    return {};
  }

  @Post('forgetful')
  @AshProtected('POST /forgetful', { spend: 'handler' })
  forgetful(): unknown {
    done.count += 1;
    return {};
  }

  @Post('silent')
  @AshProtected('POST /silent', { spend: 'handler' })
  silent(): Observable<never> {
    return EMPTY;
  }

  @Post('declined')
  @AshProtected('POST /declined', { spend: 'handler' })
  declined(@Res({ passthrough: true }) response: { status(code: number): unknown }): unknown {
    response.status(402);
    return { declined: true };
  }

  @Post('early')
  @AshProtected('POST /early', { spend: 'handler' })
  async early(@Res() response: AnyResponse, @AshVerified() ash: AshVerifiedRequest): Promise<void> {
    done.count += 1;
    response.status(200).send('done');
    await mayEnd;
    await ash.spend();
  }

  @Post('never')
  @AshProtected('POST /never', { spend: 'handler' })
  never(@Res() response: AnyResponse): void {
    done.count += 1;
    response.status(200).send('done');
  }

  @Post('itself')
  @AshProtected('POST /itself', { spend: 'handler' })
  async itself(@Res() response: AnyResponse, @AshVerified() ash: AshVerifiedRequest): Promise<void> {
    await ash.spend();
    response.status(200).send({ done: true });
  }

  @Post('refusing')
  @AshProtected('POST /refusing', { spend: 'handler' })
  refusing(@Res() response: AnyResponse): void {
    response.status(402).send({ declined: true });
  }

  @Sse('events')
  @AshProtected('GET /events', { spend: 'handler' })
  events(@AshVerified() ash: AshVerifiedRequest): Observable<{ data: string }> {
    return timer(20).pipe(
      concatMap(() => ash.spend()),
      map(() => ({ data: 'spent' })),
    );
  }

  @Post('guarded')
  @AshProtected('POST /guarded')
  async guarded(@AshVerified() ash: AshVerifiedRequest): Promise<unknown> {
    await ash.spend();
    return {};
  }

  @Post('cart')
  @AshProtected('POST /cart')
  @AshChain('checkout', { start: true })
  cart(): unknown {
    return {};
  }

  @Post('payment')
  @HttpCode(200)
  @AshProtected('POST /payment', { spend: 'handler' })
  @AshChain('checkout', { after: 'POST /cart' })
  async payment(@Body() body: { fail?: boolean }, @AshVerified() ash: AshVerifiedRequest): Promise<unknown> {
    await ash.spend();
    if (body.fail === true) throw new BadRequestException();
    done.count += 1;
    return {};
  }
}

describe.each(ADAPTERS)('On %s a handler that spends its context itself', (adapter) => {
  const start = applications(adapter);
  let application: Application;

  beforeEach(async () => {
    done.count = 0;
    events.verified = [];
    events.refused = [];
    application = await start({ controllers: [Bank] });
  });

  const contextOf = (path: string) => application.client().context('POST', path);
  const use = async (path: string, body: unknown) => {
    const context = await contextOf(path);
    return { context, send: () => application.use(context, { path, body }) };
  };

  it('does so once, and the same request again is refused where it spends', async () => {
    const { context, send } = await use('/transfer', {});
    await expect(send()).resolves.toMatchObject({ status: 200, body: { heardOfBefore: 0 } });
    await expect(send()).resolves.toMatchObject({ status: 409, body: { code: 'ASH_CTX_ALREADY_USED' } });
    expect(done.count).toBe(1);
    expect(events.verified).toMatchObject([{ route: 'Bank.transfer', request: { contextId: context.contextId } }]);
    expect(events.refused).toMatchObject([{ code: 'ASH_CTX_ALREADY_USED', contextId: context.contextId }]);
  });

  it('does so once of 50 identical requests at once', async () => {
    const { send } = await use('/transfer', {});
    const answers = await Promise.all(Array.from({ length: 50 }, send));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(49);
    expect(done.count).toBe(1);
  });

  it('leaves the context unspent where it fails before', async () => {
    const context = await contextOf('/transfer');
    await expect(application.use(context, { path: '/transfer', body: { fail: 'before' } })).resolves.toMatchObject({
      status: 400,
    });
    expect(events.verified).toStrictEqual([]);
    await expect(application.use(context, { path: '/transfer', body: {} })).resolves.toMatchObject({ status: 200 });
  });

  it('leaves it spent where it fails after, outside of any transaction', async () => {
    const context = await contextOf('/transfer');
    await expect(application.use(context, { path: '/transfer', body: { fail: 'after' } })).resolves.toMatchObject({
      status: 400,
    });
    await expect(application.use(context, { path: '/transfer', body: {} })).resolves.toMatchObject({ status: 409 });
    expect(done.count).toBe(0);
  });

  it('spends it through the view of the store that it is given', async () => {
    const { send } = await use('/within', {});
    await expect(send()).resolves.toMatchObject({ status: 200, body: { asked: true } });
    await expect(send()).resolves.toMatchObject({ status: 409 });
  });

  it('tells no more of a refusal in strict mode than the guard does', async () => {
    const { send } = await use('/strict', {});
    const [first, second] = await Promise.all([send(), send()]);
    const refused = first.status === 201 ? second : first;
    expect(refused).toMatchObject({ status: 403, body: { code: 'ASH_VERIFICATION_FAILED' } });
  });

  it.each(['/forgetful', '/silent'])(
    'is answered 500 where it succeeds without having spent, and runs no second time: %s',
    async (path) => {
      const { send } = await use(path, {});
      await expect(send()).resolves.toMatchObject({ status: 500 });
      expect(application.log.lines.join('\n')).toMatch(
        /the handler succeeded without spending its context; call ash\.spend\(…\) within its transaction/,
      );
      await expect(send()).resolves.toMatchObject({ status: 409, body: { code: 'ASH_CTX_ALREADY_USED' } });
    },
  );

  it.each(['/early', '/never'])(
    'is answered 500 where it answers by itself without having spent, and runs no second time: %s',
    async (path) => {
      let end: () => void = () => undefined;
      mayEnd = new Promise((resolve) => (end = resolve));
      const { send } = await use(path, {});
      await expect(send()).resolves.toMatchObject({ status: 500, body: { message: 'Internal server error' } });
      await expect(send()).resolves.toMatchObject({ status: 409, body: { code: 'ASH_CTX_ALREADY_USED' } });
      end();
      expect(done.count).toBe(1);
      expect(application.log.lines.join('\n')).toMatch(/the answer was withheld/);
    },
  );

  it('may answer by itself once it has spent, or that it failed', async () => {
    const { send } = await use('/itself', {});
    await expect(send()).resolves.toMatchObject({ status: 200, body: { done: true } });
    await expect(send()).resolves.toMatchObject({ status: 409 });
    const refusing = await use('/refusing', {});
    await expect(refusing.send()).resolves.toMatchObject({ status: 402, body: { declined: true } });
    await expect(refusing.send()).resolves.toMatchObject({ status: 402 });
  });

  it('may spend with its first event', async () => {
    const context = await application.client().context('GET', '/events');
    await expect(application.use(context, { path: '/events' })).resolves.toMatchObject({ status: 200 });
    await expect(application.use(context, { path: '/events' })).resolves.toMatchObject({ status: 409 });
  });

  it('need not spend where it answers that it failed, and the request can be sent again', async () => {
    const { send } = await use('/declined', {});
    await expect(send()).resolves.toMatchObject({ status: 402 });
    await expect(send()).resolves.toMatchObject({ status: 402 });
  });

  it('is told so where the guard has spent the context already', async () => {
    const { send } = await use('/guarded', {});
    await expect(send()).resolves.toMatchObject({ status: 500 });
    expect(application.log.lines.join('\n')).toMatch(
      /POST \/guarded: the context is spent already; give the route the option spend/,
    );
  });

  it('holds the link of the step before with it, and gives it back where it fails', async () => {
    const chain = application.client().chain('checkout');
    await chain.post('/cart', {});
    await expect(chain.post('/payment', { fail: true })).resolves.toMatchObject({ status: 400 });
    await expect(chain.post('/payment', {})).resolves.toMatchObject({ status: 200 });
    expect(done.count).toBe(1);
  });
});
