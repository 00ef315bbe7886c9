import type { AshClient, AshClientOptions } from 'nestjs-ash/client';
import { stopClock, type Clock } from '../support/clock.js';
import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import { ServedShop, TRANSFER } from './served-shop.js';

const CONTEXT = 'POST /ash/context';
const CALLED = 'POST /transfer';
const HOUR = 3_600_000;
const MINUTE = 60_000;
/** How long a context of the shop lives. */
const LIFE = MINUTE / 2;

const BY_A_CONTEXT_OF_ITS_OWN = [CONTEXT, CALLED];
const AFTER_A_REFUSAL = [CALLED, CONTEXT, CALLED];
const AT_ONCE = [CALLED];

describe.each(shopsOn(MEMORY, SERVERS.frameworks))('the clock of a client of the shop $on', (setUp) => {
  let served: ServedShop;
  let clock: Clock;

  beforeAll(async () => {
    clock = stopClock();
    served = await ServedShop.start(setUp);
  });

  afterAll(async () => {
    await served.end();
    clock.release();
  });

  /** Sends a transfer, which runs once, and tells what that took. */
  const transfer = async (ash: AshClient): Promise<string[]> => {
    served.wire.take();
    const ran = await served.shop.ranDuring(async () => {
      expect((await ash.post('/transfer', TRANSFER)).status).toBe(200);
    });
    expect(ran).toEqual({ transfers: 1 });
    return served.arrived();
  };

  type Drift = [title: string, ahead: number];
  const drifts: Drift[] = [
    ['an hour fast', HOUR],
    ['an hour slow', -HOUR],
    ['a day fast', 24 * HOUR],
    ['a day slow', -24 * HOUR],
  ];
  it.each(drifts)('is %s from the start, and no request is refused for it', async (_title, ahead) => {
    const ash = served.client({ clock: () => Date.now() + ahead });

    expect(await transfer(ash)).toEqual(BY_A_CONTEXT_OF_ITS_OWN);
    for (let round = 0; round < 3; round += 1) expect(await transfer(ash)).toEqual(AT_ONCE);
  });

  type Jump = [title: string, options: AshClientOptions, jump: number, arrived: readonly string[]];
  const jumps: Jump[] = [
    ['is set an hour ahead in between, which costs a context', {}, HOUR, BY_A_CONTEXT_OF_ITS_OWN],
    ['is set an hour back in between, which costs a refusal and a context', {}, -HOUR, AFTER_A_REFUSAL],
    ['is set ten seconds ahead in between, which costs nothing', {}, 10_000, AT_ONCE],
    ['is set ten seconds back in between, which costs nothing', {}, -10_000, AT_ONCE],
    [
      'is set an hour ahead in between, where answers bring no context',
      { renewal: false },
      HOUR,
      BY_A_CONTEXT_OF_ITS_OWN,
    ],
    [
      'is set an hour back in between, where answers bring no context',
      { renewal: false },
      -HOUR,
      BY_A_CONTEXT_OF_ITS_OWN,
    ],
  ];
  it.each(jumps)('%s', async (_title, options, jump, arrived) => {
    let ahead = 0;
    const ash = served.client({ ...options, clock: () => Date.now() + ahead });
    await transfer(ash);
    ahead = jump;

    expect(await transfer(ash)).toEqual(arrived);
    // It knows the time again, and where there was one to renew it is warm again.
    expect(await transfer(ash)).toEqual(options.renewal === false ? BY_A_CONTEXT_OF_ITS_OWN : AT_ONCE);
  });

  it('is set an hour ahead and back again, again and again', async () => {
    let ahead = 0;
    const ash = served.client({ clock: () => Date.now() + ahead });
    await ash.prefetch('POST', '/transfer', { count: 5 });
    for (const next of [HOUR, 0, -HOUR, 0, 3 * HOUR, -3 * HOUR]) {
      ahead = next;
      await transfer(ash);
      expect(await transfer(ash)).toEqual(AT_ONCE);
    }
  });

  type Sleep = [title: string, ownClock: (start: number) => () => number, arrived: readonly string[]];
  const sleeps: Sleep[] = [
    ['goes on while a context lies ready that expires', () => () => Date.now(), BY_A_CONTEXT_OF_ITS_OWN],
    ['stands still while a context lies ready that expires', (start) => () => start, AFTER_A_REFUSAL],
  ];
  it.each(sleeps)('%s, and a fresh one is asked for', async (_title, ownClock, arrived) => {
    const ash = served.client({ clock: ownClock(Date.now()) });
    await transfer(ash);
    clock.pass(LIFE);

    expect(await transfer(ash)).toEqual(arrived);
    expect(await transfer(ash)).toEqual(AT_ONCE);
  });

  it('stands still while contexts that were fetched ahead expire, and one of them is refused at most', async () => {
    const start = Date.now();
    const ash = served.client({ clock: () => start, renewal: false });
    await ash.prefetch('POST', '/transfer', { count: 5 });
    clock.pass(LIFE);

    expect(await transfer(ash)).toEqual(AFTER_A_REFUSAL);
    expect(await transfer(ash)).toEqual(BY_A_CONTEXT_OF_ITS_OWN);
  });

  it('goes on past the life of a context that the caller gave', async () => {
    const ash = served.client();
    const context = await ash.context('POST', '/transfer');
    clock.pass(LIFE);
    served.wire.take();

    expect((await ash.post('/transfer', TRANSFER, { context })).status).toBe(200);
    expect(served.arrived()).toEqual(BY_A_CONTEXT_OF_ITS_OWN);
  });
});
