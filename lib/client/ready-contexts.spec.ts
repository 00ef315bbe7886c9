import {
  SERVER_TIME,
  beginWithoutServers,
  open,
  refusalResponse,
  secretsThatWereSent,
  type Route,
} from '../../test/support/fake-server.js';
import type { AshErrorCode } from '../core/index.js';
import { AshClient, isAshClientError, type AshClientOptions, type AshRequestOptions } from './index.js';

const ROUTE: Readonly<Record<string, Route>> = { 'POST /x': {} };

beforeEach(beginWithoutServers);

afterEach(() => {
  // eslint-disable-next-line jest/no-standalone-expect -- holds for every test of this file
  expect(secretsThatWereSent()).toEqual([]);
});

/** A client of a server that gives contexts as ours does: several at once, and the next one with an answer. */
function openWarm(options: AshClientOptions = {}, routes = ROUTE): ReturnType<typeof open> {
  const opened = open(routes, options);
  Object.assign(opened.server, { renews: true, batch: 32 });
  return opened;
}

type Opened = ReturnType<typeof open>;

const repeat = async (times: number, act: () => Promise<unknown>): Promise<void> => {
  for (let done = 0; done < times; done += 1) await act();
};

/** How many requests for contexts, and how many others, the server saw. */
const counted = ({ server }: Opened): [number, number] => [server.contextCalls.length, server.calls.length];
const counts = ({ server }: Opened): unknown[] =>
  server.contextCalls.map(({ text }) => (JSON.parse(text) as { count?: number }).count);
const idsOf = ({ server }: Opened): (string | null)[] =>
  server.calls.map(({ headers }) => headers.get('x-ash-context-id'));
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the context that comes with an answer', () => {
  it('is that of the next request, which asks for none', async () => {
    const opened = openWarm();
    await repeat(5, () => opened.ash.post('/x', {}));

    expect(counted(opened)).toEqual([1, 5]);
    expect(new Set(idsOf(opened)).size).toBe(5);
  });

  it('comes with an answer of the application too that is an error', async () => {
    const opened = openWarm({}, { 'POST /x': { answer: () => new Response('declined', { status: 402 }) } });
    await repeat(3, () => opened.ash.post('/x', {}));

    expect(counted(opened)).toEqual([1, 3]);
  });

  it('serves its own route only', async () => {
    const opened = openWarm({}, { 'POST /x': {}, 'POST /y': {}, 'GET /x': {} });
    await repeat(2, () => opened.ash.post('/x', {}));
    await repeat(2, () => opened.ash.post('/y', {}));
    await repeat(2, () => opened.ash.get('/x'));

    expect(counted(opened)).toEqual([3, 6]);
  });

  it('serves a chain', async () => {
    const opened = openWarm({}, { 'POST /x': { chain: { name: 'c', start: true } } });
    const chain = opened.ash.chain('c');
    await repeat(3, () => chain.post('/x', {}));

    expect(counted(opened)).toEqual([1, 3]);
  });

  it('is not asked for where renewal is off', async () => {
    const opened = openWarm({ renewal: false });
    await repeat(3, () => opened.ash.post('/x', {}));

    expect(counted(opened)).toEqual([3, 3]);
    expect(opened.server.calls.filter(({ headers }) => headers.has('x-ash-renew'))).toEqual([]);
  });

  it('is missed by nobody where the server brings none', async () => {
    const opened = open(ROUTE);
    await repeat(3, () => opened.ash.post('/x', {}));

    expect(counted(opened)).toEqual([3, 3]);
  });

  it('is not asked for by a call that brought its own', async () => {
    const opened = openWarm();
    const context = await opened.ash.context('POST', '/x');
    await opened.ash.post('/x', {}, { context });

    expect(opened.server.calls[0]?.headers.has('x-ash-renew')).toBe(false);
  });

  it('is never given out by context()', async () => {
    const opened = openWarm();
    await opened.ash.post('/x', {});
    await opened.ash.context('POST', '/x');

    expect(counted(opened)).toEqual([2, 1]);
  });

  it.each<[string, () => Response]>([
    ['no base64url', () => withContext('{"contextId"')],
    ['no JSON', () => withContext(Buffer.from('nonsense').toString('base64url'))],
    ['no context', () => withContext(Buffer.from('{"contextId":"ash_1"}').toString('base64url'))],
    ['of another route', () => withContext(encoded({ binding: 'POST /y' }))],
    ['of no known protocol', () => withContext(encoded({ protocol: 'v9' }))],
  ])('is passed over where it is %s', async (_title, answer) => {
    const opened = openWarm({}, { 'POST /x': { answer } });
    opened.server.renews = false;
    await repeat(2, () => opened.ash.post('/x', {}));

    expect(counted(opened)).toEqual([2, 2]);
  });

  it('is passed over where somebody else answered after a redirect', async () => {
    const elsewhere = Object.defineProperty(withContext(encoded({})), 'redirected', { value: true });
    const opened = openWarm({}, { 'POST /x': { answer: () => elsewhere } });
    opened.server.renews = false;
    await repeat(2, () => opened.ash.post('/x', {}, { redirect: 'follow' }));

    expect(counted(opened)).toEqual([2, 2]);
  });

  it('is taken as it was sent, so that a context of such an answer would do', async () => {
    const opened = openWarm({}, { 'POST /x': { answer: () => withContext(encoded({})) } });
    opened.server.renews = false;
    await opened.ash.post('/x', {});
    await expect(opened.ash.post('/x', {})).resolves.toMatchObject({ status: 200 });

    expect(idsOf(opened)[1]).toBe('ash_given');
  });

  it('corrects a clock that was set since', async () => {
    let set = 0;
    const opened = openWarm({ clock: () => opened.server.now + set });
    await opened.ash.post('/x', {});
    set = 20_000;
    await opened.ash.post('/x', {});
    await opened.ash.post('/x', {});

    const timestamps = opened.server.calls.map(
      ({ headers }) => Number(headers.get('x-ash-timestamp')) - opened.server.now,
    );
    expect(timestamps).toEqual([0, 20_000, 0]);
  });
});

describe('a handler that takes its time', () => {
  it('moves the clock no further than it has to', async () => {
    let late = 0;
    const opened = openWarm({ clock: () => opened.server.now - late }, { 'POST /x': { answer: takeTime } });
    function takeTime(): Response {
      opened.server.now += 9_000;
      return new Response();
    }
    await opened.ash.post('/x', {});
    // Set back by a millisecond: the context came later than the answer could, and by no more.
    late = 1;
    await opened.ash.post('/x', {});
    await opened.ash.post('/x', {});

    const ahead = opened.server.calls.map(
      ({ headers }, index) => Number(headers.get('x-ash-timestamp')) - begin(index),
    );
    expect(ahead).toEqual([0, -1, 0]);
  });

  const begin = (index: number): number => SERVER_TIME + index * 9_000;
});

function withContext(value: string): Response {
  return new Response('{}', { headers: { 'x-ash-context': value } });
}

function encoded(changes: object): string {
  const [issuedAt, expiresAt] = [Date.now() - 1_000, 4_000_000_000_000];
  const fields = {
    contextId: 'ash_given',
    binding: 'POST /x',
    mode: 'balanced',
    protocol: 'v2.3',
    issuedAt,
    expiresAt,
  };
  return Buffer.from(JSON.stringify({ ...fields, clientSecret: 'c'.repeat(64), ...changes })).toString('base64url');
}

describe('a context that stands ready', () => {
  it.each<[string, number, number]>([
    ['is used shortly before it expires', 28_000, 1],
    ['is not sent when it would expire on its way', 29_500, 2],
    ['is not used when it has expired', 31_000, 2],
  ])('%s', async (_title, later, asked) => {
    const opened = openWarm();
    await opened.ash.post('/x', {});
    opened.server.now += later;
    await opened.ash.post('/x', {});

    expect(counted(opened)).toEqual([asked, 2]);
  });

  it.each<[string, AshRequestOptions, number]>([
    ['somebody else', { headers: { authorization: 'Bearer other' } }, 2],
    ['somebody else by a header of the application', { headers: { 'x-user': 'bob' } }, 2],
    ['who sends other cookies', { credentials: 'include' }, 2],
    ['the same one, whose requests are numbered', { headers: { 'X-Request-Id': '7', traceparent: '00-1-2-01' } }, 1],
    ['the same one, who wants another language', { headers: { 'accept-language': 'de' } }, 1],
  ])('is kept apart for %s', async (_title, options, asked) => {
    const opened = openWarm();
    await opened.ash.post('/x', {});
    await opened.ash.post('/x', {}, options);

    expect(counted(opened)).toEqual([asked, 2]);
  });

  it('is not used up by a call that was given up before', async () => {
    const opened = openWarm({ renewal: false });
    await opened.ash.prefetch('POST', '/x');
    await expect(opened.ash.post('/x', {}, { signal: AbortSignal.abort() })).rejects.toBeDefined();
    await opened.ash.post('/x', {});

    expect(counted(opened)).toEqual([1, 1]);
  });

  it('is thrown away by forget()', async () => {
    const opened = openWarm();
    await opened.ash.post('/x', {});
    opened.ash.forget();
    await opened.ash.post('/x', {});

    expect(counted(opened)).toEqual([2, 2]);
  });

  it('is thrown away with the others when the server knows one of them no more', async () => {
    const opened = openWarm({ prefetch: 4 });
    await opened.ash.post('/x', {});
    opened.server.contexts.clear();
    await Promise.all(Array.from({ length: 3 }, () => opened.ash.post('/x', {})));
    await turn();

    // Three that were refused, and three that passed; what stood beside them was not tried.
    expect(opened.server.calls).toHaveLength(7);
  });

  it.each<['strict' | 'balanced', string]>([
    ['strict', 'ASH_VERIFICATION_FAILED'],
    ['balanced', 'ASH_CTX_ALREADY_USED'],
  ])('in %s mode is not tried again after %s, and neither are those beside it', async (mode, code) => {
    const opened = openWarm({ prefetch: 4 }, { 'POST /x': { mode } });
    await opened.ash.post('/x', {});
    opened.server.answerOnce('/x', () => refusalResponse(code as 'ASH_CTX_ALREADY_USED'));
    await expect(opened.ash.post('/x', {})).rejects.toMatchObject({ code, mayHaveRun: true });
    const before = counted(opened);
    await opened.ash.post('/x', {});

    expect(counted(opened)).toEqual([before[0] + 1, before[1] + 1]);
  });
});

describe('contexts that stand beside one that was refused', () => {
  it.each<[AshErrorCode, number]>([
    ['ASH_CHAIN_BROKEN', 0],
    ['ASH_CANONICALIZATION_ERROR', 0],
    ['ASH_CTX_EXPIRED', 1],
    ['ASH_SUBJECT_MISMATCH', 1],
  ])('after %s are given up as the code says', async (code, asked) => {
    const opened = openWarm();
    await opened.ash.prefetch('POST', '/x', { count: 5 });
    opened.server.answerOnce('/x', () => refusalResponse(code));
    await opened.ash.post('/x', {}).catch(() => undefined);
    await opened.ash.post('/x', {});

    expect(opened.server.contextCalls).toHaveLength(1 + asked);
  });
});

describe('contexts that are fetched ahead', () => {
  it('come with that of the first call', async () => {
    const opened = openWarm({ prefetch: 5, renewal: false });
    await opened.ash.post('/x', {});

    expect(counts(opened)).toEqual([6]);
  });

  it('are replenished behind the calls, which never wait', async () => {
    const opened = openWarm({ prefetch: 3, renewal: false });
    await opened.ash.post('/x', {});
    await repeat(6, async () => {
      await turn();
      const before = opened.server.calls.length;
      const call = opened.ash.post('/x', {});
      await turn();
      expect(opened.server.calls.length).toBe(before + 1);
      await call;
    });

    expect(new Set(idsOf(opened)).size).toBe(7);
  });

  it('are not asked for where renewal keeps them', async () => {
    const opened = openWarm({ prefetch: 3 });
    await repeat(10, () => opened.ash.post('/x', {}));

    expect(counts(opened)).toEqual([4]);
  });

  it('are replenished where the server turns out to renew none', async () => {
    const opened = openWarm({ prefetch: 2 });
    opened.server.renews = false;
    await repeat(3, async () => {
      await opened.ash.post('/x', {});
      await turn();
    });

    expect(counted(opened)).toEqual([3, 3]);
  });

  it('are nobody’s error when they cannot be had', async () => {
    const opened = openWarm({ prefetch: 2, renewal: false });
    await opened.ash.post('/x', {});
    opened.server.answerOnce('/ash/context', () => Response.json({}, { status: 500 }));
    await opened.ash.post('/x', {});
    await turn();
    expect(counted(opened)).toEqual([2, 2]);
    await expect(opened.ash.post('/x', {})).resolves.toMatchObject({ status: 200 });
  });

  it('stand ready after prefetch(), so that the first call finds one', async () => {
    const opened = openWarm({ renewal: false });
    await opened.ash.prefetch('POST', '/x', { count: 3 });
    await repeat(3, () => opened.ash.post('/x', {}));

    expect(counted(opened)).toEqual([1, 3]);
    expect(counts(opened)).toEqual([3]);
  });

  it.each<[string, AshClientOptions, object]>([
    ['in time', { fetch: untilAborted }, { code: 'ASH_CLIENT_CONTEXT_UNAVAILABLE' }],
    [
      'by a fetch that throws',
      {
        fetch: () => {
          throw new TypeError('none');
        },
      },
      { code: 'ASH_CLIENT_CONTEXT_UNAVAILABLE', cause: expect.objectContaining({ message: 'none' }) },
    ],
    ['where the headers fail', { headers: failing }, { message: 'no token' }],
  ])('are an error of prefetch() and of a call that cannot be had %s', async (_title, options, error) => {
    const ash = new AshClient({ baseUrl: 'https://a.example', ...options });

    await expect(ash.prefetch('POST', '/x', { timeout: 5 })).rejects.toMatchObject(error);
    await expect(ash.post('/x', {}, { timeout: 5 })).rejects.toMatchObject(error);
  });

  it('are not fetched twice by prefetch()', async () => {
    const opened = openWarm({ prefetch: 2, renewal: false });
    await opened.ash.prefetch('POST', '/x');
    await opened.ash.prefetch('POST', '/x');

    expect(counts(opened)).toEqual([2]);
  });

  it('are those of the caller that prefetch() names', async () => {
    const opened = openWarm({ renewal: false });
    const bob = { headers: { 'x-user': 'bob' } };
    await opened.ash.prefetch('POST', '/x', bob);
    await opened.ash.post('/x', {}, bob);
    expect(counted(opened)).toEqual([1, 1]);
    expect(opened.server.contextCalls[0]?.headers.get('x-user')).toBe('bob');
  });

  it.each([-1, 65, 1.5, Number.NaN])('are not %d', async (count) => {
    await expect(
      new AshClient({ baseUrl: 'https://a.example' }).prefetch('POST', '/x', { count }),
    ).rejects.toMatchObject({
      name: 'AshConfigurationError',
      message: "AshClient: 'prefetch' has to be a whole number from 0 to 64.",
    });
  });

  it.each([-1, 65, 1.5, '3'])('are not a prefetch of %s', (prefetch) => {
    expect(() => new AshClient({ prefetch: prefetch as number })).toThrow(
      "AshClient: 'prefetch' has to be a whole number from 0 to 64.",
    );
  });
});

describe('calls at once', () => {
  const atOnce = (count: number, { ash }: Opened): Promise<Response[]> =>
    Promise.all(Array.from({ length: count }, (_, index) => ash.post('/x', { index })));

  it('share one request for contexts, and no context', async () => {
    const opened = openWarm();
    await atOnce(20, opened);

    expect(counts(opened)).toEqual([20]);
    expect(new Set(idsOf(opened)).size).toBe(20);
  });

  it('ask again where the server gives fewer', async () => {
    const opened = openWarm();
    const responses = await atOnce(50, opened);

    expect(responses.every(({ status }) => status === 200)).toBe(true);
    expect(counts(opened)).toEqual([50, 18]);
    expect(new Set(idsOf(opened)).size).toBe(50);
  });

  it('ask one after the other where the server gives one at a time', async () => {
    const opened = open(ROUTE);
    await atOnce(5, opened);

    expect(counts(opened)).toEqual([5, 4, 3, 2, undefined]);
    expect(new Set(idsOf(opened)).size).toBe(5);
  });

  it('wait for the request that is under way, and for one more', async () => {
    const opened = openWarm();
    const calls = [opened.ash.post('/x', {})];
    opened.server.answerOnce('/ash/context', async () => {
      calls.push(opened.ash.post('/x', {}), opened.ash.post('/x', {}));
      await turn();
      return Response.json(wire(opened));
    });
    await turn();
    await turn();
    await Promise.all(calls);

    expect(counts(opened)).toEqual([undefined, 2]);
  });

  it('are refused with an answer that each of them can read', async () => {
    const opened = openWarm();
    opened.server.answerOnce('/ash/context', () => refusalResponse('ASH_BINDING_MISMATCH'));
    const results = await Promise.allSettled(Array.from({ length: 3 }, () => opened.ash.post('/x', {})));

    const errors = results.map((result): unknown => (result.status === 'rejected' ? result.reason : undefined));
    const bodies = errors.map(async (error): Promise<unknown> => isAshClientError(error) && error.response?.json());
    expect(await Promise.all(bodies)).toEqual(Array(3).fill(expect.objectContaining({ code: 'ASH_BINDING_MISMATCH' })));
    expect(new Set(errors).size).toBe(3);
  });

  it('go on where one of them is given up', async () => {
    const opened = openWarm();
    const controller = new AbortController();
    const given = opened.ash.post('/x', {}, { signal: controller.signal });
    const other = opened.ash.post('/x', {});
    opened.server.answerOnce('/ash/context', async () => {
      controller.abort(new DOMException('stop', 'AbortError'));
      await turn();
      return Response.json({ contexts: [wire(opened), wire(opened)] });
    });

    await expect(given).rejects.toMatchObject({ name: 'AbortError' });
    await expect(other).resolves.toMatchObject({ status: 200 });
    expect(counted(opened)).toEqual([1, 1]);
  });

  it('do not wait for a request that nobody waits for any more', async () => {
    const opened = openWarm();
    const never = new Promise<Response>(() => undefined);
    opened.server.answerOnce('/ash/context', () => never);
    const controller = new AbortController();
    const given = opened.ash.post('/x', {}, { signal: controller.signal });
    await turn();
    controller.abort(new DOMException('stop', 'AbortError'));

    await expect(given).rejects.toMatchObject({ name: 'AbortError' });
    await expect(opened.ash.post('/x', {})).resolves.toMatchObject({ status: 200 });
  });

  it.each(Array.from({ length: 12 }, (_, ticks) => ticks))(
    'go on where the first one is given up %d turns of the queue later',
    async (ticks) => {
      const opened = openWarm();
      const controller = new AbortController();
      const first = opened.ash.post('/x', {}, { signal: controller.signal }).catch(() => 'given up');
      const second = opened.ash.post('/x', {});
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
      controller.abort(new DOMException('stop', 'AbortError'));

      await expect(second).resolves.toMatchObject({ status: 200 });
      await first;
    },
  );

  it('each end with their own time', async () => {
    const ash = new AshClient({ baseUrl: 'https://a.example', fetch: () => new Promise(() => undefined) });

    await expect(ash.post('/x', {}, { timeout: 5 })).rejects.toMatchObject({
      code: 'ASH_CLIENT_CONTEXT_UNAVAILABLE',
      cause: expect.objectContaining({ name: 'TimeoutError' }),
    });
  });
});

function untilAborted(_url: string, { signal }: RequestInit): Promise<Response> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });
}

function failing(): never {
  throw new Error('no token');
}

function wire({ server }: Opened): object {
  const { nonce: _, isSpent: __, ...context } = server.issueFor('POST /x');
  return context;
}

describe('the answer to a request for several contexts', () => {
  it.each<[string, unknown]>([
    ['an empty list', { contexts: [] }],
    ['a list with something else', { contexts: [{ contextId: 'ash_1' }] }],
  ])('is an error with %s', async (_title, answer) => {
    const opened = openWarm({ prefetch: 2 });
    opened.server.answerOnce('/ash/context', () => Response.json(answer));

    await expect(opened.ash.post('/x', {})).rejects.toMatchObject({ code: 'ASH_CLIENT_CONTEXT_REFUSED' });
  });
});
