import { AshClient, type AshClientOptions, type AshFetch } from 'nestjs-ash/client';
import { stopClock } from '../support/clock.js';
import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import { ADAPTERS, type TestApp } from '../support/test-app.js';
import { contextIdsOf, countsOf, Wire, type Arrival } from '../support/wire.js';
import { startTill } from './till.js';

const TRANSFER = { amount: 100, to: 'acct-7' };
const CONTEXT = 'POST /ash/context';
const CALLED = 'POST /transfer';
const MINUTE = 60_000;
/** How long a context of the shop lives. */
const LIFE = MINUTE / 2;

async function repeat(count: number, act: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < count; done += 1) await act();
}

const times = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

async function passes(call: Promise<Response>): Promise<void> {
  expect((await call).status).toBe(200);
}

/** Lets requests for contexts leave only while it is open. */
class Gate {
  #open: (() => void) | undefined;
  #opened: Promise<void> = Promise.resolve();

  readonly fetch: AshFetch = async (url, init) => {
    if (url.endsWith('/ash/context')) await this.#opened;
    return fetch(url, init);
  };

  close(): void {
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open?.();
  }
}

describe.each(shopsOn(MEMORY, SERVERS.frameworks))('a warm client of the shop $on', ({ start }) => {
  let shop: TestApp;
  let wire: Wire;

  beforeAll(async () => {
    shop = await start();
    wire = Wire.at(shop);
  });

  afterAll(() => shop.close());

  let clients = 0;
  /** A client of which the wire tells, and not of what one before still fetches ahead. */
  const client = (options: AshClientOptions = {}): AshClient => {
    clients += 1;
    const headers = { 'x-client': String(clients) };
    return new AshClient({ baseUrl: shop.origin, headers, ...options });
  };
  const arrivalsOf = (): Arrival[] => wire.take(String(clients));
  const counts = (): Record<string, number> => countsOf(arrivalsOf());
  const transfer = (ash: AshClient): Promise<Response> => ash.post('/transfer', TRANSFER);

  type Row = [title: string, options: AshClientOptions, expected: Record<string, number>];
  const rows: Row[] = [
    ['100 requests, where answers bring the next context', {}, { [CALLED]: 100 }],
    ['200 requests, where it asks for none', { renewal: false }, { [CALLED]: 100, [CONTEXT]: 100 }],
  ];
  it.each(rows)('sends 100 transfers in %s', async (_title, options, expected) => {
    const ash = client(options);
    await transfer(ash);
    expect(counts()).toEqual({ [CALLED]: 1, [CONTEXT]: 1 });

    const ran = await shop.ranDuring(async () => {
      await repeat(100, () => passes(transfer(ash)));
    });

    const arrivals = arrivalsOf();
    expect(countsOf(arrivals)).toEqual(expected);
    expect(new Set(contextIdsOf(arrivals)).size).toBe(100);
    expect(ran).toEqual({ transfers: 100 });
  });

  it('sends a transfer and a report in turn, each with the context of its own route', async () => {
    const ash = client();
    await repeat(5, async () => {
      await passes(transfer(ash));
      await passes(ash.get('/report?a=1'));
    });

    expect(counts()).toEqual({ [CALLED]: 5, 'GET /report': 5, [CONTEXT]: 2 });
  });

  it('goes through one checkout after the other without asking again', async () => {
    const ash = client();
    const checkOut = async (): Promise<void> => {
      const checkout = ash.chain('checkout');
      await checkout.post('/cart', { sku: 'A1', quantity: 2 });
      await checkout.post('/checkout', {});
      await checkout.post('/payment', { card: '4242' });
    };
    await checkOut();
    expect(counts()).toMatchObject({ [CONTEXT]: 3 });
    const ran = await shop.ranDuring(async () => {
      await repeat(5, checkOut);
    });

    expect(counts()).toEqual({ 'POST /cart': 5, 'POST /checkout': 5, 'POST /payment': 5 });
    expect(ran).toEqual({ carts: 5, checkouts: 5, payments: 5 });
  });

  it('never waits for a context that it fetched ahead', async () => {
    const gate = new Gate();
    const ash = client({ renewal: false, prefetch: 4, fetch: gate.fetch });
    await transfer(ash);
    await repeat(10, async () => {
      await ash.prefetch('POST', '/transfer');
      gate.close();
      // Not one answer with a context comes until all four have passed.
      await repeat(4, () => passes(transfer(ash)));
      gate.open();
    });

    const arrivals = arrivalsOf();
    expect(countsOf(arrivals)[CALLED]).toBe(41);
    expect(new Set(contextIdsOf(arrivals)).size).toBe(41);
  });

  it('passes its first transfer without waiting where it was told what comes', async () => {
    const gate = new Gate();
    const ash = client({ fetch: gate.fetch });
    await ash.prefetch('POST', '/transfer');
    gate.close();
    await repeat(3, () => passes(transfer(ash)));

    expect(counts()).toEqual({ [CALLED]: 3, [CONTEXT]: 1 });
  });

  it.each<[title: string, options: AshClientOptions]>([
    ['that an answer brought', {}],
    ['that it fetched ahead', { renewal: false, prefetch: 3 }],
  ])('never sends a context %s and that has expired since', async (_title, options) => {
    const clock = stopClock();
    try {
      const ash = client(options);
      await transfer(ash);
      await ash.prefetch('POST', '/transfer', { count: 3 });
      arrivalsOf();
      // Some are about to expire, and then all have.
      for (const wait of [LIFE - 500, LIFE, LIFE + 10 * MINUTE]) {
        clock.pass(wait);
        expect((await transfer(ash)).status).toBe(200);
        // A context that had expired would have been refused, and the transfer sent twice.
        const sent = counts();
        expect(sent[CALLED]).toBe(1);
        expect(sent[CONTEXT]).toBeGreaterThanOrEqual(1);
      }
    } finally {
      clock.release();
    }
  });

  it('sends 50 transfers at once for two requests for contexts, and 50 more for none', async () => {
    const ash = client();
    const ids: string[] = [];
    const ran = await shop.ranDuring(async () => {
      for (const asked of [2, 0, 0]) {
        const responses = await Promise.all(times(50).map(() => transfer(ash)));
        expect(responses.map(({ status }) => status)).toEqual(times(50).map(() => 200));
        const arrivals = arrivalsOf();
        const sent = countsOf(arrivals);
        expect(sent[CALLED]).toBe(50);
        expect(sent[CONTEXT] ?? 0).toBe(asked);
        ids.push(...contextIdsOf(arrivals));
      }
    });

    expect(new Set(ids).size).toBe(150);
    expect(ran).toEqual({ transfers: 150 });
  });

  it('never mixes the contexts of two users', async () => {
    const users = ['alice', 'bob'] as const;
    const ash = client();
    const ran = await shop.ranDuring(async () => {
      await repeat(5, () =>
        Promise.all(
          times(10).map((index) => ash.post('/transfer', TRANSFER, { headers: { 'x-user': users[index % 2] ?? '' } })),
        ),
      );
    });

    const { store } = shop;
    const used = arrivalsOf().filter(({ what }) => what === CALLED);
    const owners = await Promise.all(contextIdsOf(used).map(async (id) => (await store.get(id))?.subject));
    expect(owners).toEqual(used.map(({ headers }) => headers['x-user']));
    expect(new Set(owners).size).toBe(2);
    // None was refused and sent once more.
    expect(used).toHaveLength(50);
    expect(ran).toEqual({ transfers: 50 });
  });

  type LogIn = [title: string, options: (user: () => string) => AshClientOptions, isForgotten: boolean, sent: string[]];
  const logIns: LogIn[] = [
    ['a header says who it is', (user) => ({ headers: () => ({ 'x-user': user() }) }), false, [CONTEXT, CALLED]],
    ['a cookie says who it is', (user) => ({ fetch: as(user) }), false, [CALLED, CONTEXT, CALLED]],
    ['a cookie says who it is and the page forgets', (user) => ({ fetch: as(user) }), true, [CONTEXT, CALLED]],
  ];
  it.each(logIns)(
    'passes for who logs in after somebody else, where %s',
    async (_title, options, isForgotten, sent) => {
      let user = 'alice';
      const ash = new AshClient({ baseUrl: shop.origin, ...options(() => user) });
      await ash.prefetch('POST', '/transfer', { count: 5 });
      user = 'bob';
      if (isForgotten) ash.forget();
      wire.take();

      await passes(transfer(ash));
      const arrivals = wire.take();
      expect(arrivals.map(({ what }) => what)).toEqual(sent);
      const [used = ''] = contextIdsOf(arrivals.slice(-1));
      expect(await shop.store.get(used)).toMatchObject({ subject: 'bob' });
    },
  );
});

/** Sends along who it is, as a browser does with a cookie. */
function as(user: () => string): AshFetch {
  return (url, init) => {
    const headers = new Headers(init.headers);
    headers.set('x-user', user());
    return fetch(url, { ...init, headers });
  };
}

describe.each(ADAPTERS)('a warm client on %s', (adapter) => {
  it('asks for as many contexts as there are transfers where the server does not renew', async () => {
    const till = await startTill(adapter, { renewal: false });
    const wire = Wire.at(till);
    const client = new AshClient({ baseUrl: till.origin });
    try {
      await repeat(100, () => passes(client.post('/transfer', TRANSFER)));

      expect(countsOf(wire.take())).toEqual({ [CALLED]: 100, [CONTEXT]: 100 });
    } finally {
      await till.close();
    }
  });

  it('gets what it needs from a server that gives few contexts at once', async () => {
    const till = await startTill(adapter, { controller: { batch: 3 }, renewal: false });
    const wire = Wire.at(till);
    const client = new AshClient({ baseUrl: till.origin });
    try {
      await Promise.all(times(50).map(() => client.post('/transfer', TRANSFER)));

      const arrivals = wire.take();
      // 17 requests for 3 each at least, and never one for each call.
      expect(countsOf(arrivals)).toEqual({ [CALLED]: 50, [CONTEXT]: 17 });
      expect(new Set(contextIdsOf(arrivals)).size).toBe(50);
    } finally {
      await till.close();
    }
  });

  it('is held to nothing by a server that is not there any more', async () => {
    const till = await startTill(adapter);
    const client = new AshClient({ baseUrl: till.origin });
    await client.post('/transfer', TRANSFER);
    await till.close();

    await expect(client.post('/transfer', TRANSFER)).rejects.toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST' });
    await expect(client.get('/statement')).rejects.toMatchObject({ code: 'ASH_CLIENT_CONTEXT_UNAVAILABLE' });
  });
});
