import type { AshClient } from 'nestjs-ash/client';
import type { Fault } from '../support/faulty-proxy.js';
import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import type { Ledger } from '../support/test-app.js';
import { endOf, ServedShop, TRANSFER, type Ending } from './served-shop.js';

const CONTEXT = 'POST /ash/context';
const CALLED = 'POST /transfer';
const READ = 'GET /report';

const PASSED: Ending = { status: 200 };
const LOST: Ending = { code: 'ASH_CLIENT_RESPONSE_LOST', mayHaveRun: true };
const UNSENT: Ending = { code: 'ASH_CLIENT_CONTEXT_UNAVAILABLE', mayHaveRun: false };

const transfer = (ash: AshClient): Promise<Response> => ash.post('/transfer', TRANSFER);
const report = (ash: AshClient): Promise<Response> => ash.get('/report');

describe.each(shopsOn(MEMORY, SERVERS.frameworks))('a connection to the shop $on', (setUp) => {
  let served: ServedShop;

  beforeAll(async () => {
    served = await ServedShop.start(setUp);
  });

  afterEach(() => {
    served.proxy.disarm();
    served.wire.take();
  });

  afterAll(() => served.end());

  type Case = [
    title: string,
    call: (ash: AshClient) => Promise<Response>,
    strikes: readonly [what: string, fault: Fault, count: number],
    ending: Ending,
    ran: Ledger,
    arrived: readonly string[],
  ];
  const cases: Case[] = [
    [
      'breaks before a transfer arrives, runs it once at the second sending',
      transfer,
      [CALLED, 'lost', 1],
      PASSED,
      { transfers: 1 },
      [CALLED],
    ],
    ['breaks before either sending of a transfer arrives, runs nothing', transfer, [CALLED, 'lost', 2], LOST, {}, []],
    [
      'breaks before the answer to a transfer, has run it once',
      transfer,
      [CALLED, 'unanswered', 1],
      LOST,
      { transfers: 1 },
      [CALLED, CALLED],
    ],
    [
      'breaks before either answer to a transfer, has run it once',
      transfer,
      [CALLED, 'unanswered', 2],
      LOST,
      { transfers: 1 },
      [CALLED, CALLED],
    ],
    ['breaks before a report is asked for, runs it once', report, [READ, 'lost', 1], PASSED, { reports: 1 }, [READ]],
    [
      'breaks before the answer to a report, has it made anew with a fresh context',
      report,
      [READ, 'unanswered', 1],
      PASSED,
      { reports: 2 },
      [READ, READ, CONTEXT, READ],
    ],
  ];
  describe.each([
    ['of a warm client', true],
    ['of a client that begins', false],
  ])('%s', (_client, isWarm) => {
    it.each(cases)('that %s', async (_title, call, strikes, ending, ran, arrived) => {
      const ash = await (isWarm ? served.warmClient() : served.client());
      served.wire.take();
      void served.proxy.arm(...strikes);

      let ended: Ending | undefined;
      const counted = await served.shop.ranDuring(async () => {
        ended = await endOf(call(ash));
      });

      expect(ended).toEqual(ending);
      expect(counted).toEqual(ran);
      expect(served.arrived()).toEqual(isWarm ? arrived : [CONTEXT, ...arrived]);
      // What is over is over.
      expect(await served.shop.ranDuring(() => transfer(ash))).toEqual({ transfers: 1 });
    });
  });

  it('that breaks carries the same proof of the same context each time', async () => {
    const ash = served.client();
    void served.proxy.arm(CALLED, 'unanswered');
    await endOf(transfer(ash));

    const sent = served.wire.take().filter(({ what }) => what === CALLED);
    const proofs = sent.map(({ headers }) => [headers['x-ash-context-id'], headers['x-ash-proof']]);
    expect(proofs).toHaveLength(2);
    expect(proofs[0]).toEqual(proofs[1]);
  });

  it.each<[string, Fault]>([
    ['before a context is asked for', 'lost'],
    ['before the answer with a context', 'unanswered'],
    ['in the answer with a context', 'torn'],
  ])('that breaks %s sends nothing, and tells so', async (_title, fault) => {
    const ash = served.client();
    void served.proxy.arm(CONTEXT, fault);

    let ended: Ending | undefined;
    expect(
      await served.shop.ranDuring(async () => {
        ended = await endOf(transfer(ash));
      }),
    ).toEqual({});
    expect(ended).toEqual(UNSENT);
    expect(served.arrived()).not.toContain(CALLED);
    expect((await transfer(ash)).status).toBe(200);
  });

  it('that the server closed while it was idle runs the next transfer once', async () => {
    const ash = await served.warmClient();
    const ran = await served.shop.ranDuring(async () => {
      for (let round = 0; round < 5; round += 1) {
        served.shop.server.closeIdleConnections();
        expect((await transfer(ash)).status).toBe(200);
        served.proxy.cut();
        expect((await transfer(ash)).status).toBe(200);
      }
    });

    expect(ran).toEqual({ transfers: 10 });
  });

  it('whose answer is late ends with the time-out, and the transfer has run once', async () => {
    const ash = await served.warmClient();
    const struck = served.proxy.arm(CALLED, 'held');
    const ran = await served.shop.ranDuring(async () => {
      const ended = endOf(ash.post('/transfer', TRANSFER, { timeout: 100 }));
      expect(await ended).toEqual(LOST);
      await struck;
    });

    expect(ran).toEqual({ transfers: 1 });
    expect(served.arrived()).toEqual([CALLED]);
    await expect(transfer(ash)).resolves.toMatchObject({ status: 200 });
  });

  it.each<[string, Fault, (ash: AshClient) => Promise<unknown>]>([
    ['whose context is late', 'held', (ash) => ash.post('/transfer', TRANSFER, { timeout: 100 })],
    ['that stops in the middle of a context', 'headed', (ash) => ash.post('/transfer', TRANSFER, { timeout: 100 })],
    ['that stops where a context is asked for', 'headed', (ash) => ash.context('POST', '/transfer', { timeout: 100 })],
  ])('%s ends with the time-out, and nothing was sent', async (_title, fault, ask) => {
    const ash = served.client();
    void served.proxy.arm(CONTEXT, fault);
    const error: unknown = await ask(ash).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ ...UNSENT, cause: { name: 'TimeoutError' } });
    expect(served.arrived()).not.toContain(CALLED);
    await expect(transfer(ash)).resolves.toMatchObject({ status: 200 });
  });

  it.each([
    ['after the transfer has run', CALLED, { transfers: 1 }],
    ['before it has a context', CONTEXT, {}],
  ])('that its caller gives up %s rejects with the reason, and sends nothing again', async (_title, what, ran) => {
    const ash = served.client();
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    served.wire.take();
    const struck = served.proxy.arm(what, 'held');

    const counted = await served.shop.ranDuring(async () => {
      const call = ash.post('/transfer', TRANSFER, { signal: controller.signal });
      void struck.then(() => {
        controller.abort(reason);
      });
      await expect(call).rejects.toBe(reason);
    });

    expect(counted).toEqual(ran);
    expect(served.arrived()).toEqual(what === CALLED ? [CONTEXT, CALLED] : [CONTEXT]);
    await expect(transfer(ash)).resolves.toMatchObject({ status: 200 });
  });

  it.each<[string, Fault, number | undefined]>([
    ['breaks in the middle of a refusal', 'torn', undefined],
    ['stops in the middle of a refusal', 'headed', 100],
  ])('that %s leaves open whether the transfer ran', async (_title, fault, timeout) => {
    const ash = served.client();
    const context = await ash.context('POST', '/transfer');
    await ash.post('/transfer', TRANSFER, { context });
    void served.proxy.arm(CALLED, fault);
    const options = timeout === undefined ? { context } : { context, timeout };

    const ran = await served.shop.ranDuring(async () => {
      expect(await endOf(ash.post('/transfer', TRANSFER, options))).toEqual(LOST);
    });
    expect(ran).toEqual({});
  });

  type Asking = (ash: AshClient, options: { signal: AbortSignal }) => Promise<unknown>;
  const askings: [string, Asking][] = [
    ['a context', (ash, options) => ash.context('POST', '/transfer', options)],
    ['contexts ahead of time', (ash, options) => ash.prefetch('POST', '/transfer', options)],
    ['a transfer', (ash, options) => ash.post('/transfer', TRANSFER, options)],
    [
      'a Request with a signal of its own',
      (ash, init) => ash.fetch(new Request(`${served.proxy.origin}/transfer`, { method: 'POST', ...init })),
    ],
  ];
  it.each(askings)('that its caller gives up who asked for %s rejects with the reason', async (_title, ask) => {
    const reason = new Error('changed my mind');
    const controller = new AbortController();
    const giveUp = (): void => {
      controller.abort(reason);
    };
    void served.proxy.arm(CONTEXT, 'held').then(giveUp);

    await expect(ask(served.client(), { signal: controller.signal })).rejects.toBe(reason);
    // Given up already.
    await expect(ask(served.client(), { signal: controller.signal })).rejects.toBe(reason);
    expect(served.arrived()).toEqual([CONTEXT]);
  });

  it.each(askings)('that its caller gives up in the middle of %s rejects with the reason', async (_title, ask) => {
    const reason = new Error('changed my mind');
    const controller = new AbortController();
    const ash = served.client({
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        setImmediate(() => {
          controller.abort(reason);
        });
        return response;
      },
    });
    void served.proxy.arm(CONTEXT, 'headed');

    await expect(ask(ash, { signal: controller.signal })).rejects.toBe(reason);
    expect(served.arrived()).toEqual([CONTEXT]);
  });

  it('that breaks for 20 transfers at once runs each of them once at most', async () => {
    const ash = served.client();
    void served.proxy.arm(CALLED, 'unanswered', 5);
    let endings: Ending[] = [];
    const ran = await served.shop.ranDuring(async () => {
      endings = await Promise.all(Array.from({ length: 20 }, () => endOf(transfer(ash))));
    });

    expect(ran).toEqual({ transfers: 20 });
    const lost = endings.filter(({ code }) => code !== undefined);
    expect(lost.length).toBeGreaterThanOrEqual(1);
    expect(lost.length).toBeLessThanOrEqual(5);
    expect(new Set(lost.map(({ code }) => code))).toEqual(new Set([LOST.code]));
  });
});
