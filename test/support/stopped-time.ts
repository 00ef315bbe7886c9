import { stopClock, type Clock } from './clock.js';
import type { TestApp } from './test-app.js';

/** What a suite works on. */
interface Held {
  readonly clock: Clock;
  readonly shop: TestApp;
}

/** Stops the clock for a suite, starts an application by it and hands both over; ends both after the suite. */
export function inStoppedTime(start: () => Promise<TestApp>, take: (held: Held) => void): void {
  let clock: Clock;
  let shop: TestApp;

  beforeAll(async () => {
    clock = stopClock();
    shop = await start();
    take({ clock, shop });
  });

  afterAll(async () => {
    await shop.close();
    clock.release();
  });
}
