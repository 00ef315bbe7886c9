import { jest } from '@jest/globals';
import type { AshIssuedContext } from '../core/index.js';
import { ContextShelf, type AskForContexts } from './context-shelf.js';
import { ServerClock } from './server-clock.js';

const CONTEXT: AshIssuedContext = {
  contextId: 'ash_1',
  binding: 'POST /x',
  mode: 'balanced',
  protocol: 'v2.3',
  issuedAt: 1_000,
  expiresAt: 31_000,
  clientSecret: 'c'.repeat(64),
};

describe('a context shelf', () => {
  it('asks anew for whoever waits when the first one gave up in the same turn', async () => {
    const shelf = new ContextShelf({ ahead: 0, renewal: true, clock: new ServerClock(() => 2_000) });
    const ask = jest.fn<AskForContexts>((_count, signal) =>
      signal?.aborted ? Promise.reject(new Error('aborted')) : Promise.resolve([CONTEXT]),
    );
    const controller = new AbortController();
    const first = shelf.take(ask, { signal: controller.signal });
    controller.abort(new Error('given up'));
    const second = shelf.take(ask);

    await expect(first).rejects.toThrow('given up');
    await expect(second).resolves.toBe(CONTEXT);
    expect(ask.mock.calls.map(([count]) => count)).toEqual([1]);
  });
});
