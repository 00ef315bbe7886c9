import { jest } from '@jest/globals';
import { AshMemoryStore } from '../stores/memory.store.js';
import type { AshLog } from '../verification/protected-route.js';
import { ashExpressContext, ashExpressMiddleware, type AshExpressOptions } from '../express/index.js';
import { ashIssue, ashVerify } from './verify.js';

const ROUTE = 'POST /transfer';
const ENVIRONMENT = process.env['NODE_ENV'];

afterEach(() => {
  process.env['NODE_ENV'] = ENVIRONMENT;
  jest.restoreAllMocks();
});

/** What is logged by two middlewares and an endpoint on one store. */
function warningsOf(options: Omit<AshExpressOptions, 'store'>, store = new AshMemoryStore()): unknown[] {
  const log = jest.fn<AshLog>();
  const all = { store, log, ...options };
  ashExpressMiddleware(all);
  ashExpressMiddleware({ ...all });
  ashExpressContext({ bindings: [ROUTE], ...all });
  return log.mock.calls;
}

describe('A server without Nest warns once', () => {
  it('of a protocol without a secret', () => {
    expect(warningsOf({ bindings: [ROUTE], protocol: 'v1' })).toStrictEqual([
      ['warn', `${ROUTE} is 'v1': its proofs have no secret, so they detect accidents and replays only.`, undefined],
    ]);
  });

  it('of a chain that anybody can go on with', () => {
    expect(warningsOf({ bindings: { [ROUTE]: { chain: { name: 'checkout', start: true } } } })).toStrictEqual([
      [
        'warn',
        "The chain 'checkout' has no 'subject': whoever sees one of its requests can take the next step.",
        undefined,
      ],
    ]);
  });

  it('of a memory that production forgets', () => {
    process.env['NODE_ENV'] = 'production';
    expect(warningsOf({ bindings: [ROUTE] })).toStrictEqual([
      [
        'warn',
        'Contexts are kept in the memory of this process: a second process or a restart refuses them.',
        undefined,
      ],
    ]);
  });

  it('of nothing else', () => {
    const bindings = { [ROUTE]: { chain: { name: 'checkout', start: true } } };
    expect(warningsOf({ bindings, subject: () => 'ann' })).toStrictEqual([]);
    process.env['NODE_ENV'] = 'production';
    const remote = Object.defineProperty(new AshMemoryStore(), 'inProcess', { value: false });
    expect(warningsOf({ bindings: [ROUTE] }, remote)).toStrictEqual([]);
  });

  it('of a store that cannot be opened', async () => {
    const store = new AshMemoryStore();
    const down = new Error('ECONNREFUSED');
    store.open = () => Promise.reject(down);
    const calls = warningsOf({ bindings: [ROUTE] }, store);
    await new Promise(setImmediate);
    expect(calls).toStrictEqual([['error', 'The store is not ready: every request is refused until it is.', down]]);
  });
});

describe('A log that fails', () => {
  const failure = new Error('no disk');
  const logs: [title: string, log: () => unknown][] = [
    [
      'throws',
      () => {
        throw failure;
      },
    ],
    ['rejects', () => Promise.reject(failure)],
  ];
  it.each(logs)('changes no verdict where it %s, and the console says so', async (_title, fail) => {
    const error = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const log = jest.fn<AshLog>().mockImplementation(fail);
    const onRefused = (): never => {
      throw new Error('of a listener');
    };
    const verdict = ashVerify(
      new AshMemoryStore(),
      { method: 'POST', url: '/transfer', headers: {} },
      { expectedBinding: ROUTE, log, onRefused },
    );
    await expect(verdict).resolves.toMatchObject({ code: 'ASH_PROOF_MISSING' });
    await new Promise(setImmediate);
    expect(log).toHaveBeenCalledTimes(2);
    expect(error.mock.calls).toStrictEqual(
      log.mock.calls.map(() => ["[nestjs-ash] The application's 'log' failed; what it was told is lost.", failure]),
    );
  });
});

describe('The log of a server that names none', () => {
  it('goes to the console, with warnings and faults and without what is secret', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const error = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const store = new AshMemoryStore();
    const options = { mode: 'strict', expectedBinding: ROUTE } as const;
    const context = await ashIssue(store, { binding: ROUTE }, options);
    const proof = 'c'.repeat(64);
    const headers = {
      'x-ash-context-id': context.contextId,
      'x-ash-proof': proof,
      'x-ash-timestamp': String(Date.now()),
    };
    await ashVerify(store, { method: 'POST', url: '/transfer', headers }, options);
    expect(warn.mock.calls).toStrictEqual([
      [expect.stringMatching(/^\[nestjs-ash\] POST \/transfer refused ash_\w+: ASH_INTEGRITY_FAILED: /)],
    ]);
    const failure = new Error('ECONNREFUSED');
    store.get = () => Promise.reject(failure);
    await ashVerify(store, { method: 'POST', url: '/transfer', headers }, options);
    expect(error.mock.calls).toStrictEqual([
      [expect.stringMatching(/^\[nestjs-ash\] POST \/transfer refused ash_\w+: ASH_STORE_UNAVAILABLE: /), failure],
    ]);
    const all = JSON.stringify([warn.mock.calls, error.mock.calls]);
    expect(all).not.toContain(proof);
    expect(all).not.toContain(context.clientSecret);
  });

  it('keeps what a client is told to itself', async () => {
    const spies = (['debug', 'log', 'info', 'warn', 'error'] as const).map((level) =>
      jest.spyOn(console, level).mockImplementation(() => undefined),
    );
    await ashVerify(new AshMemoryStore(), { method: 'POST', url: '/transfer', headers: {} });
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  });
});
