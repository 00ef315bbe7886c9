import { jest } from '@jest/globals';
import type { AshContextStore } from 'nestjs-ash';
import type { AshClient } from 'nestjs-ash/client';
import { FaultyProxy } from '../support/faulty-proxy.js';
import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import { Wire } from '../support/wire.js';
import { endOf, ServedShop, TRANSFER, type Ending } from './served-shop.js';

const CONTEXT = 'POST /ash/context';
const CALLED = 'POST /transfer';
const PASSED: Ending = { status: 200 };
const DOWN = new Error('the store is down');

/** What a proxy answers for a server that it cannot reach. */
const answerOf = (status: string, headers: readonly string[] = []): { answer: string } => ({
  answer: [`HTTP/1.1 ${status}`, 'content-type: text/html', ...headers, 'connection: close', '', '<h1>Later</h1>'].join(
    '\r\n',
  ),
});

const transfer = (ash: AshClient): Promise<Response> => ash.post('/transfer', TRANSFER);

describe.each(shopsOn(MEMORY, SERVERS.frameworks))('a client of the shop $on', (setUp) => {
  let served: ServedShop;
  let store: AshContextStore;

  beforeAll(async () => {
    served = await ServedShop.start(setUp);
    ({ store } = served.shop);
  });

  afterEach(() => {
    jest.restoreAllMocks();
    served.proxy.disarm();
  });

  afterAll(() => served.end());

  /** How a transfer ends, whether it ran, and what it took; and that the next one passes. */
  const outcomeOf = async (ash: AshClient): Promise<object> => {
    served.wire.take();
    let ended: Ending | undefined;
    const ran = await served.shop.ranDuring(async () => {
      ended = await endOf(transfer(ash));
    });
    return { ended, ran, arrived: served.arrived() };
  };
  const recovers = async (ash: AshClient): Promise<void> => {
    expect(await served.shop.ranDuring(() => transfer(ash))).toEqual({ transfers: 1 });
  };

  describe('whose store is down', () => {
    const UNAVAILABLE: Ending = { code: 'ASH_STORE_UNAVAILABLE', status: 503, mayHaveRun: false };
    type Row = [
      title: string,
      method: 'create' | 'get' | 'consume',
      isWarm: boolean,
      once: readonly string[],
      always: readonly string[],
    ];
    const rows: Row[] = [
      ['when a context is asked for', 'create', false, [CONTEXT, CONTEXT, CALLED], [CONTEXT, CONTEXT]],
      ['when a context is looked up', 'get', true, [CALLED, CONTEXT, CALLED], [CALLED, CONTEXT, CALLED]],
      ['when a context is spent', 'consume', true, [CALLED, CONTEXT, CALLED], [CALLED, CONTEXT, CALLED]],
    ];
    it.each(rows)('for a moment, %s, passes after a pause', async (_title, method, isWarm, arrived) => {
      const ash = await (isWarm ? served.warmClient() : served.client());
      jest.spyOn(store, method).mockRejectedValueOnce(DOWN);

      expect(await outcomeOf(ash)).toEqual({ ended: PASSED, ran: { transfers: 1 }, arrived });
    });

    it.each(rows)('for longer, %s, is told so, and recovers', async (_title, method, isWarm, _once, arrived) => {
      const ash = await (isWarm ? served.warmClient() : served.client());
      const down = jest.spyOn(store, method).mockRejectedValue(DOWN);

      expect(await outcomeOf(ash)).toEqual({ ended: UNAVAILABLE, ran: {}, arrived });
      down.mockRestore();
      await recovers(ash);
    });

    it('after it has spent the context, passes with another one, and the transfer runs once', async () => {
      const ash = await served.warmClient();
      const consume = store.consume.bind(store);
      jest.spyOn(store, 'consume').mockImplementationOnce(async (id) => {
        await consume(id);
        throw DOWN;
      });

      expect(await outcomeOf(ash)).toMatchObject({ ended: PASSED, ran: { transfers: 1 } });
    });

    it('when the next context is to be renewed has its answer all the same', async () => {
      const ash = await served.warmClient();
      jest.spyOn(store, 'create').mockRejectedValueOnce(DOWN);

      expect(await outcomeOf(ash)).toEqual({ ended: PASSED, ran: { transfers: 1 }, arrived: [CALLED] });
      expect(await outcomeOf(ash)).toEqual({ ended: PASSED, ran: { transfers: 1 }, arrived: [CONTEXT, CALLED] });
    });

    it('when a step of a chain has run and cannot be noted, has its answer, and is refused the next step', async () => {
      const chain = served.client().chain('checkout');
      jest.spyOn(store, 'writeLink').mockRejectedValueOnce(DOWN);
      const endings: Ending[] = [];
      const ran = await served.shop.ranDuring(async () => {
        endings.push(await endOf(chain.post('/cart', { sku: 'A1', quantity: 2 })));
        endings.push(await endOf(chain.post('/checkout', {})));
      });

      expect(endings).toEqual([PASSED, { code: 'ASH_CHAIN_BROKEN', status: 403, mayHaveRun: false }]);
      expect(ran).toEqual({ carts: 1 });
    });

    it('for 30 transfers at once runs each of them once', async () => {
      const ash = served.client();
      const down = jest.spyOn(store, 'get');
      // None is refused before all are there, so that none comes back while others are refused.
      const everybody = new Promise<never>((_resolve, reject) => {
        for (let asked = 1; asked <= 30; asked += 1) {
          down.mockImplementationOnce(() => {
            if (asked === 30) reject(DOWN);
            return everybody;
          });
        }
      });
      let endings: Ending[] = [];
      const ran = await served.shop.ranDuring(async () => {
        endings = await Promise.all(Array.from({ length: 30 }, () => endOf(transfer(ash))));
      });

      expect(endings).toEqual(endings.map(() => PASSED));
      expect(ran).toEqual({ transfers: 30 });
    });
  });

  describe('whose proxy answers in the place of the shop', () => {
    const refused = (status: number): Ending => ({ code: 'ASH_CLIENT_CONTEXT_REFUSED', status, mayHaveRun: false });
    type Row = [
      title: string,
      what: string,
      answer: { readonly answer: string },
      count: number,
      ended: Ending,
      arrived: readonly string[],
    ];
    const rows: Row[] = [
      ['503 once for a context, passes', CONTEXT, answerOf('503 Service Unavailable'), 1, PASSED, [CONTEXT, CALLED]],
      [
        '429 once for a context, passes when it was asked to come',
        CONTEXT,
        answerOf('429 Too Many Requests', ['retry-after: 0']),
        1,
        PASSED,
        [CONTEXT, CALLED],
      ],
      ['503 for a context, is told so', CONTEXT, answerOf('503 Service Unavailable'), 2, refused(503), []],
      ['502 for a context, is told so at once', CONTEXT, answerOf('502 Bad Gateway'), 1, refused(502), []],
      ['a page for a context, is told so at once', CONTEXT, answerOf('200 OK'), 1, refused(200), []],
      [
        '503 for the transfer, has that answer',
        CALLED,
        answerOf('503 Service Unavailable'),
        1,
        { status: 503 },
        [CONTEXT],
      ],
      ['502 for the transfer, has that answer', CALLED, answerOf('502 Bad Gateway'), 1, { status: 502 }, [CONTEXT]],
    ];
    it.each(rows)('%s', async (_title, what, answer, count, ended, arrived) => {
      const ash = served.client();
      void served.proxy.arm(what, answer, count);

      expect(await outcomeOf(ash)).toEqual({ ended, ran: ended === PASSED ? { transfers: 1 } : {}, arrived });
      await recovers(ash);
    });
  });

  describe('that is restarted and has forgotten every context', () => {
    let proxy: FaultyProxy;
    let before: ServedShop;
    let after: ServedShop;

    /** Lets a client use one shop, and then meet another. */
    const restartAfter = async (use: (ash: AshClient) => Promise<unknown>): Promise<AshClient> => {
      before = await ServedShop.start(setUp);
      proxy = await FaultyProxy.before(before.shop.origin);
      const ash = served.client({ baseUrl: proxy.origin });
      await use(ash);
      await before.end();
      await proxy.settled();
      after = await ServedShop.start(setUp);
      proxy.leadTo(after.shop.origin);
      return ash;
    };

    afterEach(async () => {
      await proxy.stop();
      await after.end();
    });

    type Row = [title: string, use: (ash: AshClient) => Promise<unknown>];
    const rows: Row[] = [
      ['an answer of which brought a context', async (ash) => (await transfer(ash)).text()],
      ['from which contexts were fetched ahead', (ash) => ash.prefetch('POST', '/transfer', { count: 5 })],
    ];
    it.each(rows)('%s, passes by itself', async (_title, use) => {
      const ash = await restartAfter(use);
      const wire = Wire.at(after.shop);
      const ran = await after.shop.ranDuring(async () => {
        for (let round = 0; round < 3; round += 1) expect((await transfer(ash)).status).toBe(200);
      });

      expect(wire.take().map(({ what }) => what)).toEqual([CALLED, CONTEXT, CALLED, CALLED, CALLED]);
      expect(ran).toEqual({ transfers: 3 });
    });

    it('while it holds 20 contexts, passes 20 transfers at once by itself', async () => {
      const ash = await restartAfter((client) => client.prefetch('POST', '/transfer', { count: 20 }));
      const ran = await after.shop.ranDuring(() => Promise.all(Array.from({ length: 20 }, () => transfer(ash))));

      expect(ran).toEqual({ transfers: 20 });
    });

    it('in the middle of a checkout, is told that it has to begin anew, and can', async () => {
      let going: ReturnType<AshClient['chain']> | undefined;
      await restartAfter(async (ash) => {
        going = ash.chain('checkout');
        await (await going.post('/cart', { sku: 'A1', quantity: 2 })).text();
      });
      const checkout = going;
      if (checkout === undefined) throw new Error('The checkout did not begin.');

      expect(await endOf(checkout.post('/checkout', {}))).toEqual({
        code: 'ASH_CHAIN_BROKEN',
        status: 403,
        mayHaveRun: false,
      });
      const ran = await after.shop.ranDuring(async () => {
        await checkout.post('/cart', { sku: 'A1', quantity: 2 });
        await checkout.post('/checkout', {});
        await checkout.post('/payment', { card: '4242' });
      });
      expect(ran).toEqual({ carts: 1, checkouts: 1, payments: 1 });
    });
  });
});
