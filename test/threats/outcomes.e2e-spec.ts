import {
  BadRequestException,
  Body,
  Controller,
  HttpCode,
  HttpException,
  Injectable,
  Post,
  RequestTimeoutException,
  Res,
  UseGuards,
  UseInterceptors,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type HttpServer,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { AshChain, AshContextStore, AshMemoryStore, AshProtected, type AshReserveResult } from 'nestjs-ash';
import { catchError, map, throwError, timeout, TimeoutError, type Observable } from 'rxjs';
import { Runs, startFixture } from '../support/fixture.js';
import { meetAt } from '../support/meeting.js';
import { ADAPTERS, type Plan, type TestApp } from '../support/test-app.js';

// A rejection that nobody handles fails the test in which it happens: the runner itself listens for it.

const USED = { status: 409, code: 'ASH_CTX_ALREADY_USED' };

const runs = new Runs();

/** A place where a handler waits until the test lets it go on. */
class Gate {
  private open: () => void = () => undefined;
  private enter: () => void = () => undefined;
  entered = Promise.resolve();
  private opened = Promise.resolve();

  close(): void {
    this.entered = new Promise((resolve) => (this.enter = resolve));
    this.opened = new Promise((resolve) => (this.open = resolve));
  }

  pass(): Promise<void> {
    this.enter();
    return this.opened;
  }

  release(): void {
    this.open();
  }
}

const gate = new Gate();
let connectionClosed: Promise<void> = Promise.resolve();

const wayOf = (context: ExecutionContext): unknown => {
  const { body } = context.switchToHttp().getRequest<{ body?: { way?: unknown } }>();
  return body?.way;
};

@Injectable()
class LaterGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return wayOf(context) !== 'guard';
  }
}

/** Stands in for a ValidationPipe. */
class RefusingPipe implements PipeTransform {
  transform(value: { way?: unknown }): unknown {
    if (value.way === 'pipe') throw new BadRequestException('way: another one is needed');
    return value;
  }
}

/** An interceptor of the application that waits for a while, and no longer. */
@Injectable()
class TimeoutInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const isSlow = String(wayOf(context)).startsWith('hangs');
    return next.handle().pipe(
      timeout(isSlow ? 30 : 5_000),
      catchError((error: unknown) =>
        throwError(() => (error instanceof TimeoutError ? new RequestTimeoutException() : error)),
      ),
    );
  }
}

/** An interceptor of the application, which refuses before the handler, or makes an error of its success. */
@Injectable()
class OuterInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (wayOf(context) === 'before') throw new BadRequestException('not now');
    return next.handle().pipe(
      map((value: unknown) => {
        if (wayOf(context) === 'after') throw new HttpException('not any more', 503);
        return value;
      }),
    );
  }
}

/** Sees what the client could do once it has the answer. */
class ObservingFilter extends BaseExceptionFilter {
  /** Who holds the step before while the answer to a failure is written. */
  holderAtAnswer: Promise<string | undefined> = Promise.resolve(undefined);

  constructor(
    server: HttpServer,
    private readonly store: AshContextStore,
  ) {
    super(server);
  }

  override catch(error: unknown, host: ArgumentsHost): void {
    const { headers } = host.switchToHttp().getRequest<{ headers: { 'x-ash-chain-hash'?: string } }>();
    this.holderAtAnswer = this.store.getLink(headers['x-ash-chain-hash'] ?? '').then((link) => link?.holder);
    super.catch(error, host);
  }
}

interface NodeResponse {
  once(event: 'close', listener: () => void): unknown;
}

// Around those of the routes, that of the chain too.
@Controller()
@UseInterceptors(OuterInterceptor, TimeoutInterceptor)
class WorkController {
  @Post('start')
  @AshProtected('POST /start')
  @AshChain('work', { start: true })
  start() {
    runs.count('start');
  }

  @Post('work')
  @HttpCode(200)
  @UseGuards(LaterGuard)
  @AshProtected('POST /work')
  @AshChain('work', { after: 'POST /start' })
  work(@Body(new RefusingPipe()) { way }: { way: string }) {
    return work(way);
  }

  @Post('after')
  @HttpCode(200)
  @AshProtected('POST /after')
  @AshChain('work', { after: ['POST /work', 'POST /slow'] })
  after() {
    runs.count('after');
  }

  @Post('single')
  @HttpCode(200)
  @UseGuards(LaterGuard)
  @AshProtected('POST /single')
  single(@Body(new RefusingPipe()) { way }: { way: string }) {
    return work(way);
  }

  @Post('slow')
  @HttpCode(200)
  @AshProtected('POST /slow')
  @AshChain('work', { after: 'POST /start' })
  async slow(
    @Body() { way }: { way: string },
    @Res({ passthrough: true }) response: NodeResponse & { raw?: NodeResponse },
  ) {
    connectionClosed = new Promise((resolve) => (response.raw ?? response).once('close', resolve));
    await gate.pass();
    if (way === 'throws') throw new Error('The handler broke');
    runs.count('slow');
  }
}

function work(way: string): unknown {
  switch (way) {
    case 'throws':
      throw new Error('The handler broke');
    case 'rejects':
      return Promise.reject(new Error('The handler broke'));
    case 'rejects later':
      return new Promise((_resolve, reject) => setImmediate(reject, new Error('The handler broke')));
    case 'refuses':
      throw new HttpException('declined', 402);
    case 'throws no error':
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- what a handler of somebody else may do
      throw 'nothing';
    case 'hangs':
      return new Promise(() => undefined);
    case 'hangs and rejects':
      return new Promise((_resolve, reject) => setTimeout(reject, 60, new Error('The handler broke too late')));
    default:
      runs.count('work');
      return { done: true };
  }
}

type Row = [title: string, way: string, status: number];

const FAILURES: Row[] = [
  ['throws', 'throws', 500],
  ['rejects', 'rejects', 500],
  ['rejects after a while', 'rejects later', 500],
  ['refuses by itself', 'refuses', 402],
  ['throws what is no error', 'throws no error', 500],
  ['takes too long', 'hangs', 408],
  ['takes too long and breaks then', 'hangs and rejects', 408],
  ['is not reached because of a later guard', 'guard', 403],
  ['is not reached because of a pipe', 'pipe', 400],
  ['is not reached because of an interceptor', 'before', 400],
];

/** Those that end the handler itself, so that the answer can wait for the chain. */
const ERRORS = FAILURES.filter(([, way]) => !/^(?:hangs|guard|before)/.test(way));

const JSON_TYPE = { 'content-type': 'application/json' };
const start: Plan = { binding: 'POST /start', runs: 'start' };
const going = (binding: string, way: string): Plan => ({
  binding: `POST ${binding}`,
  headers: JSON_TYPE,
  body: JSON.stringify({ way }),
  runs: 'work',
});

describe.each(ADAPTERS)('22: a handler on %s', (adapter) => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startFixture(adapter, { runs, controllers: [WorkController] });
  });

  afterAll(() => app.close());

  it.each(FAILURES)('that %s leaves its context spent', async (_title, way, status) => {
    const { draft } = await app.prepare(going('/single', way));

    let answer: unknown;
    const ran = await app.ranDuring(async () => {
      answer = await app.send(draft);
    });

    expect(answer).toMatchObject({ status });
    expect(ran).toEqual({});
    expect(await app.send(draft)).toMatchObject(USED);
    expect(await app.ranDuring(() => app.pass(going('/single', 'works')))).toEqual({ work: 1 });
  });

  it.each(FAILURES)('that %s leaves the step before to be continued, once', async (_title, way, status) => {
    const previousProof = await app.walk([start]);
    const failed = await app.prepare(going('/work', way), { previousProof });
    const again = going('/work', 'works');

    const answer = await app.send(failed.draft);

    expect(answer).toMatchObject({ status });
    expect(answer.headers).not.toHaveProperty('x-ash-chain-proof');
    expect(await app.send(failed.draft)).toMatchObject(USED);
    // Nothing can be built on what failed.
    expect(await app.pass(going('/after', ''), { previousProof: failed.proof })).toMatchObject({
      code: 'ASH_CHAIN_BROKEN',
    });
    expect(await app.ranDuring(() => app.pass(again, { previousProof }))).toEqual({ work: 1 });
    expect(await app.pass(again, { previousProof })).toMatchObject({ status: 403, code: 'ASH_CHAIN_BROKEN' });
  });

  it('whose answer fails after it leaves the step before to be continued, and nothing to build on', async () => {
    const previousProof = await app.walk([start]);
    const failed = await app.prepare(going('/work', 'after'), { previousProof });

    expect(await app.send(failed.draft)).toMatchObject({ status: 503 });
    expect(await app.pass(going('/after', ''), { previousProof: failed.proof })).toMatchObject({
      code: 'ASH_CHAIN_BROKEN',
    });
    expect(await app.pass(going('/work', 'works'), { previousProof })).toMatchObject({ status: 200 });
  });

  it('that is at work keeps the step before from every other request', async () => {
    const previousProof = await app.walk([start]);
    gate.close();
    const first = app.pass(going('/slow', 'works'), { previousProof });
    await gate.entered;
    const second = await app.pass(going('/work', 'works'), { previousProof });
    gate.release();

    expect(second).toMatchObject({ status: 403, code: 'ASH_CHAIN_BROKEN' });
    expect(await first).toMatchObject({ status: 200 });
  });

  it('that is at work keeps the step before although its own request came twice', async () => {
    const previousProof = await app.walk([start]);
    const { draft } = await app.prepare(going('/slow', 'works'), { previousProof });
    gate.close();
    meetAt(app.store, 'get', 2);
    const twins = [app.send(draft), app.send(draft)];
    await gate.entered;
    const twin = await Promise.race(twins);
    const other = await app.pass(going('/work', 'works'), { previousProof });
    gate.release();

    expect(twin).toMatchObject(USED);
    expect(other).toMatchObject({ status: 403, code: 'ASH_CHAIN_BROKEN' });
    expect((await Promise.all(twins)).map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  describe('whose client goes away', () => {
    async function hangUp(
      way: string,
    ): Promise<{ previousProof: string | undefined; proof: string; again: () => Promise<unknown> }> {
      const previousProof = await app.walk([start]);
      const { draft, proof } = await app.prepare(going('/slow', way), { previousProof });
      gate.close();
      const pending = app.begin(draft);
      pending.answer.catch(() => undefined);
      await gate.entered;
      pending.hangUp();
      await connectionClosed;
      gate.release();
      return { previousProof, proof, again: () => app.send(draft) };
    }

    it('and that succeeds ran once: its context is spent, and its step can be continued', async () => {
      let left: Awaited<ReturnType<typeof hangUp>> | undefined;
      const ran = await app.ranDuring(async () => {
        left = await hangUp('works');
      });

      expect(ran).toEqual({ start: 1, slow: 1 });
      expect(await left?.again()).toMatchObject(USED);
      expect(await app.pass(going('/work', 'works'), { previousProof: left?.previousProof })).toMatchObject({
        code: 'ASH_CHAIN_BROKEN',
      });
      expect(await app.pass(going('/after', ''), { previousProof: left?.proof })).toMatchObject({ status: 200 });
    });

    it('and that fails leaves its context spent, and the step before to be continued', async () => {
      const { previousProof, proof, again } = await hangUp('throws');

      expect(await again()).toMatchObject(USED);
      expect(await app.pass(going('/after', ''), { previousProof: proof })).toMatchObject({ code: 'ASH_CHAIN_BROKEN' });
      expect(await app.pass(going('/work', 'works'), { previousProof })).toMatchObject({ status: 200 });
    });
  });
});

/** A store that takes a moment to free a link. */
class SlowStore extends AshMemoryStore {
  override async releaseLink(hash: string, holder: string): Promise<boolean> {
    await new Promise((resolve) => setImmediate(resolve));
    return super.releaseLink(hash, holder);
  }
}

describe.each(ADAPTERS)('22: a handler on %s, where the store takes its time,', (adapter) => {
  let store: AshMemoryStore;
  let app: TestApp;
  let filter: ObservingFilter;

  beforeAll(async () => {
    store = new SlowStore();
    app = await startFixture(adapter, {
      runs,
      controllers: [WorkController],
      ash: { store },
      configure: (nest) => {
        filter = new ObservingFilter(nest.getHttpAdapter(), store);
        nest.useGlobalFilters(filter);
      },
    });
  });

  afterAll(() => Promise.all([app.close(), store.close()]));

  it.each(ERRORS)('that %s leaves the step before free by the time of its answer', async (_title, way, status) => {
    const previousProof = await app.walk([start]);

    expect(await app.pass(going('/work', way), { previousProof })).toMatchObject({ status });
    expect(await filter.holderAtAnswer).toBeUndefined();
  });
});

/** A store in which the second attempt to hold a link comes to it when the first has freed it again. */
class CrossingStore extends AshMemoryStore {
  private attempts = 0;
  private free: (() => void) | undefined;
  private readonly isFree = new Promise<void>((resolve) => {
    this.free = resolve;
  });

  override async reserveLink(hash: string, holder: string): Promise<AshReserveResult> {
    this.attempts += 1;
    if (this.attempts === 2) await this.isFree;
    return super.reserveLink(hash, holder);
  }

  override async releaseLink(hash: string, holder: string): Promise<boolean> {
    const isReleased = await super.releaseLink(hash, holder);
    this.free?.();
    return isReleased;
  }
}

describe.each(ADAPTERS)('22: a step that came twice at once and failed on %s', (adapter) => {
  it('leaves the step before to be continued, however the two met', async () => {
    const store = new CrossingStore();
    const app = await startFixture(adapter, { runs, controllers: [WorkController], ash: { store } });
    const previousProof = await app.walk([start]);
    const { draft } = await app.prepare(going('/work', 'refuses'), { previousProof });
    meetAt(store, 'get', 2);
    const answers = await Promise.all([app.send(draft), app.send(draft)]);
    const again = await app.pass(going('/work', 'works'), { previousProof });
    await app.close();
    await store.close();

    expect(answers.map(({ status }) => status).sort()).toEqual([402, 409]);
    expect(again).toMatchObject({ status: 200 });
  });
});
