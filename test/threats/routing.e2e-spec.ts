import { Readable } from 'node:stream';
import {
  All,
  Controller,
  Get,
  Head,
  HttpCode,
  Param,
  Post,
  Res,
  Sse,
  StreamableFile,
  UseGuards,
  VersioningType,
  type MessageEvent,
  type Type,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AshChain, AshGuard, AshProtected, SkipAsh, type AshVerifiedEvent } from 'nestjs-ash';
import { of, throwError, type Observable } from 'rxjs';
import { method, path } from '../support/attacks.js';
import { Runs, startFixture } from '../support/fixture.js';
import type { Answer } from '../support/http.js';
import { ADAPTERS, harmless, play, type Attack, type Ledger, type Plan, type TestApp } from '../support/test-app.js';

const ANOTHER = [403, 'ASH_BINDING_MISMATCH'] as const;
const MISSING = { status: 403, code: 'ASH_PROOF_MISSING' };
const USED = { status: 409, code: 'ASH_CTX_ALREADY_USED' };

const runs = new Runs();

/** What Express's and Fastify's responses have in common here. */
interface Reply {
  status(code: number): this;
  send(body: unknown): unknown;
}

@Controller()
class GuardedController {
  @Get('health')
  @SkipAsh()
  health() {
    return 'ok';
  }

  @Post('bare')
  bare() {
    runs.count('bare');
  }

  @Post('declared')
  @AshProtected('POST /declared')
  declared() {
    runs.count('declared');
  }

  @Post('guarded')
  @UseGuards(AshGuard)
  guarded() {
    runs.count('guarded');
  }
}

@Controller('class')
@AshProtected()
@UseGuards(AshGuard)
class ProtectedController {
  @Post('bare')
  bare() {
    runs.count('class');
  }

  @Post('declared')
  @AshProtected('POST /class/declared')
  @UseGuards(AshGuard, AshGuard)
  declared() {
    runs.count('thrice');
  }
}

@Controller({ path: 'orders', version: '1' })
class OrdersV1Controller {
  @Post()
  @AshProtected('POST /api/v1/orders')
  add() {
    runs.count('v1');
  }
}

@Controller({ path: 'orders', version: ['2', '3'] })
class OrdersV2Controller {
  @Post()
  @AshProtected(['POST /api/v2/orders', 'POST /api/v3/orders'])
  add() {
    runs.count('v2');
  }
}

/** Each framework has its own way to write a wildcard. */
function filesControllerOf(wildcard: string): Type<unknown> {
  @Controller()
  class FilesController {
    @Get(`files/${wildcard}`)
    @AshProtected()
    file(@Param() params: Record<string, string | string[]>) {
      runs.count('file');
      return Object.values(params).flat();
    }
  }
  return FilesController;
}

const FILES = { express: filesControllerOf('*path'), fastify: filesControllerOf('*') };

@Controller()
class WaysController {
  @All('any')
  @HttpCode(200)
  @AshProtected(['GET /any', 'POST /any'])
  any() {
    runs.count('any');
  }

  @Head('probe')
  @AshProtected('HEAD /probe')
  probe() {
    runs.count('probe');
  }

  @Post(['one', 'two'])
  @AshProtected(['POST /one', 'POST /two'])
  either() {
    runs.count('either');
  }

  @Get('reply')
  @AshProtected('GET /reply')
  reply(@Res() reply: Reply) {
    runs.count('reply');
    reply.status(202).send({ by: 'hand' });
  }

  @Get('passthrough')
  @AshProtected('GET /passthrough')
  passthrough(@Res({ passthrough: true }) reply: Reply) {
    runs.count('passthrough');
    reply.status(202);
    return { by: 'Nest' };
  }

  @Get('stream')
  @AshProtected('GET /stream')
  stream() {
    runs.count('stream');
    return new StreamableFile(Readable.from([Buffer.from('a,b\n'), Buffer.from('1,2\n')]));
  }

  @Sse('events')
  @AshProtected('GET /events')
  events(): Observable<MessageEvent> {
    runs.count('events');
    return of({ data: 'first' }, { data: 'second' });
  }
}

@Controller('chain')
class ChainedWaysController {
  @Post('start')
  @AshProtected('POST /chain/start')
  @AshChain('ways', { start: true })
  start() {
    runs.count('start');
  }

  @Get('reply')
  @AshProtected('GET /chain/reply')
  @AshChain('ways', { after: 'POST /chain/start' })
  reply(@Res() reply: Reply) {
    runs.count('reply');
    reply.status(200).send({ by: 'hand' });
  }

  @Get('refusal')
  @AshProtected('GET /chain/refusal')
  @AshChain('ways', { after: 'POST /chain/start' })
  refusal(@Res() reply: Reply) {
    runs.count('refusal');
    reply.status(402).send({ by: 'hand' });
  }

  @Get('partial')
  @AshProtected('GET /chain/partial')
  @AshChain('ways', { after: 'POST /chain/start' })
  partial(@Res({ passthrough: true }) reply: Reply) {
    runs.count('partial');
    reply.status(402);
    return { by: 'Nest' };
  }

  @Get('stream')
  @AshProtected('GET /chain/stream')
  @AshChain('ways', { after: 'POST /chain/start' })
  stream() {
    runs.count('stream');
    return new StreamableFile(Readable.from([Buffer.from('a')]));
  }

  @Sse('events')
  @AshProtected('GET /chain/events')
  @AshChain('ways', { after: 'POST /chain/start' })
  events(): Observable<MessageEvent> {
    runs.count('events');
    return of({ data: 'first' }, { data: 'second' });
  }

  @Sse('broken')
  @AshProtected('GET /chain/broken')
  @AshChain('ways', { after: 'POST /chain/start' })
  broken(): Observable<MessageEvent> {
    return throwError(() => new Error('The stream broke before its first event'));
  }

  @Post('end')
  @AshProtected('POST /chain/end')
  @AshChain('ways', {
    after: [
      'GET /chain/reply',
      'GET /chain/refusal',
      'GET /chain/stream',
      'GET /chain/events',
      'GET /chain/broken',
      'GET /chain/partial',
    ],
  })
  end() {
    runs.count('end');
  }
}

describe.each(ADAPTERS)('23: on %s', (adapter) => {
  const verified: string[] = [];
  const onVerified = ({ request }: AshVerifiedEvent): void => {
    verified.push(request.binding);
  };

  interface Passage {
    readonly ran: Ledger;
    readonly verified: readonly string[];
    readonly again: Partial<Answer>;
  }

  /** Sends a request twice. */
  async function sendTwice(app: TestApp, plan: Plan): Promise<Passage> {
    verified.length = 0;
    const { draft } = await app.prepare(plan);
    const ran = await app.ranDuring(() => app.send(draft));
    const { status, code } = await app.send(draft);
    return { ran, verified: [...verified], again: { status, code } };
  }

  /** It ran once, was verified once, and was refused the second time; the answer to HEAD has no body. */
  function once({ binding, runs: kind }: Plan): Passage {
    const again = binding.startsWith('HEAD') ? { ...USED, code: undefined } : USED;
    return { ran: { [kind]: 1 }, verified: [binding], again };
  }

  describe('a guard that is bound more than once', () => {
    let app: TestApp;

    beforeAll(async () => {
      app = await startFixture(adapter, {
        runs,
        controllers: [GuardedController, ProtectedController],
        providers: [
          { provide: APP_GUARD, useExisting: AshGuard },
          { provide: APP_GUARD, useExisting: AshGuard },
        ],
        ash: { onVerified },
      });
    });

    afterAll(() => app.close());

    type Row = [title: string, plan: Plan];
    const rows: Row[] = [
      ['globally', { binding: 'POST /bare', runs: 'bare' }],
      ['globally and by a decorator', { binding: 'POST /declared', runs: 'declared' }],
      ['globally and by @UseGuards', { binding: 'POST /guarded', runs: 'guarded' }],
      ['globally and on the controller', { binding: 'POST /class/bare', runs: 'class' }],
      ['in every way', { binding: 'POST /class/declared', runs: 'thrice' }],
    ];
    it.each(rows)('%s verifies a request once', async (_title, plan) => {
      expect(await sendTwice(app, plan)).toEqual(once(plan));
    });

    it('leaves a route alone that says so, and the endpoint for contexts', async () => {
      expect(await app.get('/health')).toMatchObject({ status: 200, text: 'ok' });
      expect(await app.ask({ binding: 'POST /bare' })).toMatchObject({ status: 200 });
    });
  });

  describe('a route with a prefix and a version', () => {
    let app: TestApp;

    beforeAll(async () => {
      app = await startFixture(adapter, {
        runs,
        controllers: [OrdersV1Controller, OrdersV2Controller],
        ash: { onVerified },
        prefix: '/api',
        configure: (nest) => nest.enableVersioning({ type: VersioningType.URI }),
      });
    });

    afterAll(() => app.close());

    const v1: Plan = { binding: 'POST /api/v1/orders', runs: 'v1' };
    const v2: Plan = { binding: 'POST /api/v2/orders', runs: 'v2' };

    it.each([v1, v2, { ...v2, binding: 'POST /api/v3/orders' }])(
      'is $binding, and verifies a request once',
      async (plan) => {
        expect(await sendTwice(app, plan)).toEqual(once(plan));
      },
    );

    it('refuses a context of another version', async () => {
      expect(await play(app, v1, path('/api/v2/orders'))).toEqual(harmless(v1, ...ANOTHER));
      expect(await play(app, v2, path('/api/v1/orders'))).toEqual(harmless(v2, ...ANOTHER));
    });

    it('has no context without them', async () => {
      expect(await app.ask({ binding: 'POST /orders' })).toMatchObject({ status: 400, code: 'ASH_BINDING_MISMATCH' });
      expect(await app.ask({ binding: 'POST /v1/orders' })).toMatchObject({
        status: 400,
        code: 'ASH_BINDING_MISMATCH',
      });
    });
  });

  describe('a route of another kind', () => {
    let app: TestApp;

    beforeAll(async () => {
      app = await startFixture(adapter, { runs, controllers: [WaysController, FILES[adapter]], ash: { onVerified } });
    });

    afterAll(() => app.close());

    type Row = [title: string, plan: Plan, answer: object];
    const rows: Row[] = [
      ['a wildcard', { binding: 'GET /files/a/b.txt', runs: 'file' }, { status: 200 }],
      ['a wildcard of one segment', { binding: 'GET /files/a', runs: 'file' }, { status: 200, text: '["a"]' }],
      ['every method, for GET', { binding: 'GET /any', runs: 'any' }, { status: 200 }],
      ['every method, for POST', { binding: 'POST /any', runs: 'any' }, { status: 200 }],
      ['HEAD', { binding: 'HEAD /probe', runs: 'probe' }, { status: 200 }],
      ['two paths, for one', { binding: 'POST /one', runs: 'either' }, { status: 201 }],
      ['two paths, for the other', { binding: 'POST /two', runs: 'either' }, { status: 201 }],
      ['a response by hand', { binding: 'GET /reply', runs: 'reply' }, { status: 202, text: '{"by":"hand"}' }],
      [
        'a response in part by hand',
        { binding: 'GET /passthrough', runs: 'passthrough' },
        { status: 202, text: '{"by":"Nest"}' },
      ],
      ['a file that streams', { binding: 'GET /stream', runs: 'stream' }, { status: 200, text: 'a,b\n1,2\n' }],
      [
        'events',
        { binding: 'GET /events', runs: 'events' },
        { status: 200, text: expect.stringContaining('data: second') },
      ],
    ];
    it.each(rows)('with %s verifies a request once, and answers as ever', async (_title, plan, answer) => {
      expect(await sendTwice(app, plan)).toEqual(once(plan));
      expect(await app.pass(plan)).toMatchObject(answer);
    });

    it.each(rows)('with %s refuses a request without a proof, and runs nothing', async (_title, { binding }) => {
      const [verb = '', target = ''] = binding.split(' ');
      let refused: unknown;
      const ran = await app.ranDuring(async () => {
        const { status, code } = await app.send({ method: verb, path: target, headers: {}, body: undefined });
        refused = { status, code };
      });

      expect(refused).toEqual(verb === 'HEAD' ? { ...MISSING, code: undefined } : MISSING);
      expect(ran).toEqual({});
    });

    type Other = [title: string, plan: Plan, attack: Attack, refusal: readonly [status: number, code?: string]];
    const file: Plan = { binding: 'GET /files/a/b', runs: 'file' };
    const any: Plan = { binding: 'GET /any', runs: 'any' };
    const others: Other[] = [
      ['another file', file, path('/files/a/c'), ANOTHER],
      ['a file beneath', file, path('/files/a/b/c'), ANOTHER],
      ['a file above', file, path('/files/a'), ANOTHER],
      ['an escaped dot segment', file, path('/files/a/b/%2e%2e'), ANOTHER],
      ['another method', any, method('POST'), ANOTHER],
      ['a method that was not declared', any, method('DELETE'), ANOTHER],
      ['HEAD for GET', any, method('HEAD'), [403]],
      ['HEAD for a stream', { binding: 'GET /stream', runs: 'stream' }, method('HEAD'), [403]],
      ['HEAD for events', { binding: 'GET /events', runs: 'events' }, method('HEAD'), [403]],
      ['OPTIONS for GET', { binding: 'GET /stream', runs: 'stream' }, method('OPTIONS'), [404]],
      ['its other path', { binding: 'POST /one', runs: 'either' }, path('/two'), ANOTHER],
    ];
    it.each(others)('refuses a context for %s', async (_title, plan, attack, [status, code]) => {
      expect(await play(app, plan, attack)).toEqual(harmless(plan, status, code));
    });

    it('refuses an escaped slash for a slash in a wildcard, unless the handler gets one text for both', async () => {
      const { draft } = await app.prepare(file);
      const { code, text } = await app.send({ ...draft, path: '/files/a%2Fb' });

      expect({ code, text }).toMatchObject(
        adapter === 'express' ? { code: 'ASH_BINDING_MISMATCH' } : { text: '["a/b"]' },
      );
      expect((await app.pass(file)).text).toBe(adapter === 'express' ? '["a","b"]' : '["a/b"]');
    });

    it('issues no context for a method that was not declared', async () => {
      expect(await app.ask({ binding: 'DELETE /any' })).toMatchObject({ status: 400, code: 'ASH_BINDING_MISMATCH' });
      expect(await app.ask({ binding: 'HEAD /stream' })).toMatchObject({ status: 400, code: 'ASH_BINDING_MISMATCH' });
    });
  });

  describe('a step of a chain', () => {
    let app: TestApp;

    beforeAll(async () => {
      app = await startFixture(adapter, { runs, controllers: [ChainedWaysController] });
    });

    afterAll(() => app.close());

    const start: Plan = { binding: 'POST /chain/start', runs: 'start' };
    const end: Plan = { binding: 'POST /chain/end', runs: 'end' };

    type Row = [title: string, path: string];
    const succeeding: Row[] = [
      ['a response by hand', 'reply'],
      ['a file that streams', 'stream'],
      ['events', 'events'],
    ];
    it.each(succeeding)('with %s can be continued', async (_title, name) => {
      const step = await app.prepare({ binding: `GET /chain/${name}`, runs: name, after: [start] });

      expect(await app.send(step.draft)).toMatchObject({ status: 200 });
      expect(await app.send(step.draft)).toMatchObject(USED);
      expect(await app.pass(end, { previousProof: step.proof })).toMatchObject({ status: 201 });
    });

    it.each(['stream', 'events'])("with '%s' answers its proof before the first byte", async (name) => {
      const step = await app.prepare({ binding: `GET /chain/${name}`, runs: name, after: [start] });

      expect((await app.send(step.draft)).headers['x-ash-chain-proof']).toBe(step.proof);
    });

    const failing: Row[] = [
      ['a refusal by hand', 'refusal'],
      ['a refusal in part by hand', 'partial'],
      ['events that break before the first', 'broken'],
    ];
    it.each(failing)('with %s cannot be continued, and leaves the step before to be', async (_title, name) => {
      const step = await app.prepare({ binding: `GET /chain/${name}`, runs: name, after: [start] });
      const { headers } = await app.send(step.draft);
      const { previousProof } = step;

      expect(headers).not.toHaveProperty('x-ash-chain-proof');
      expect(await app.pass(end, { previousProof: step.proof })).toMatchObject({
        status: 403,
        code: 'ASH_CHAIN_BROKEN',
      });
      expect(await app.pass({ binding: 'GET /chain/reply', runs: 'reply' }, { previousProof })).toMatchObject({
        status: 200,
      });
    });
  });
});
