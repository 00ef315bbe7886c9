import {
  BASE,
  beginWithoutServers,
  open,
  refusalResponse,
  secretsThatWereSent,
  type FakeServer,
} from '../../test/support/fake-server.js';
import { AshClient, AshClientError, type AshChainState } from './index.js';

beforeEach(beginWithoutServers);

afterEach(() => {
  // eslint-disable-next-line jest/no-standalone-expect -- holds for every test of this file
  expect(secretsThatWereSent()).toEqual([]);
});

const CUT = new TypeError('fetch failed');
const cut = (): Promise<Response> => Promise.reject(CUT);

/** A client whose server runs requests, and whose network loses the answers while it is told to. */
function openLossy(routes: FakeServer['routes']): ReturnType<typeof open> & { lose: (answers: number) => void } {
  const { server } = open(routes);
  let left = 0;
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const response = await server.fetch(url, init);
    if (url.endsWith('/ash/context') || left === 0) return response;
    left -= 1;
    throw CUT;
  };
  const ash = new AshClient({ baseUrl: BASE, fetch, clock: () => server.now });
  return {
    server,
    ash,
    lose: (answers) => {
      left = answers;
    },
  };
}

const sent = (server: FakeServer): unknown[] =>
  server.calls.map(({ headers }) => [
    headers.get('x-ash-context-id'),
    headers.get('x-ash-proof'),
    headers.get('x-ash-timestamp'),
  ]);

describe('a request whose answer was lost', () => {
  it('is sent once more as it was where it did not arrive, and runs', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    server.answerOnce('/x', cut);

    expect((await ash.post('/x', { a: 1 })).status).toBe(200);
    expect(server.calls).toHaveLength(2);
    expect(new Set(sent(server).map((headers) => JSON.stringify(headers))).size).toBe(1);
    expect(server.contexts.size).toBe(1);
  });

  it('is not sent again where fetch says that it was not sent', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    const unsent = Object.assign(new Error('There is no key for it.'), { mayHaveRun: false });
    server.answerOnce('/x', () => Promise.reject(unsent));

    await expect(ash.post('/x', {})).rejects.toBe(unsent);
    expect(server.calls).toHaveLength(1);
  });

  it('is one too where fetch fails with the refusal of another client', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    const ofAnother = new AshClientError('ASH_CTX_NOT_FOUND', 'Of a request of its own.');
    server.answerOnce('/x', () => Promise.reject(ofAnother));

    expect((await ash.post('/x', {})).status).toBe(200);
    expect(server.calls).toHaveLength(2);
  });

  it('is an error that says that it may have run where it did arrive', async () => {
    const { ash, server, lose } = openLossy({ 'POST /x': {} });
    lose(1);

    await expect(ash.post('/x', {})).rejects.toMatchObject({
      code: 'ASH_CLIENT_RESPONSE_LOST',
      message: expect.stringMatching(/^POST \/x was sent and its answer was lost, so it may have run/),
      mayHaveRun: true,
      status: undefined,
      cause: CUT,
    });
    expect(server.calls).toHaveLength(2);
    expect(server.contexts.size).toBe(1);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('never gets a new context for a %s', async (method) => {
    const { ash, server } = open({ [`${method} /x`]: {} });
    server.answerOnce('/x', cut, cut);

    await expect(ash.fetch('/x', { method })).rejects.toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST' });
    expect(server.contexts.size).toBe(1);
  });

  it.each(['ASH_CTX_NOT_FOUND', 'ASH_CTX_EXPIRED', 'ASH_STORE_UNAVAILABLE', 'ASH_VERIFICATION_FAILED'] as const)(
    'is not begun anew when the second sending is refused with %s, since the first may have run',
    async (code) => {
      const { ash, server } = open({ 'POST /x': {} });
      server.answerOnce('/x', cut, () => refusalResponse(code));

      await expect(ash.post('/x', {})).rejects.toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST', mayHaveRun: true });
      expect([server.calls.length, server.contexts.size]).toEqual([2, 1]);
    },
  );

  it('gets a new context where it changes nothing', async () => {
    const { ash, server, lose } = openLossy({ 'GET /x': {} });
    lose(1);

    expect((await ash.get('/x')).status).toBe(200);
    expect([server.calls.length, server.contexts.size]).toEqual([3, 2]);
  });

  it('may have run too where the new context of one that changes nothing cannot be had', async () => {
    const { ash, server, lose } = openLossy({ 'GET /x': {} });
    await ash.prefetch('GET', '/x');
    server.answerOnce('/ash/context', cut);
    lose(1);

    await expect(ash.get('/x')).rejects.toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST', mayHaveRun: true });
  });

  it('may have run where its handler refuses the second one, which the guard let pass', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    const spentByItsHandler = (): Response => {
      const response = refusalResponse('ASH_CTX_ALREADY_USED');
      response.headers.set('x-ash-verified', 'true');
      return response;
    };
    server.answerOnce('/x', cut, spentByItsHandler);

    await expect(ash.post('/x', {})).rejects.toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST', cause: CUT });
  });

  it.each([
    ['too many requests', 429, {}],
    ['no login', 401, {}],
    ['a proxy without its server', 503, {}],
    ['a redirect', 302, { location: '/login' }],
  ])('may have run where the second sending came no further than %s', async (_title, status, headers) => {
    const { ash, server } = open({ 'POST /x': {} });
    server.answerOnce('/x', cut, () => new Response('', { status, headers }));

    await expect(ash.post('/x', {})).rejects.toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST', cause: CUT });
  });

  it('is answered by an error of its handler where that ran at the second sending', async () => {
    const { ash, server } = open({ 'POST /x': { answer: () => new Response('declined', { status: 402 }) } });
    server.answerOnce('/x', cut);

    expect((await ash.post('/x', {})).status).toBe(402);
  });

  it('is told also where fetch rejects with nothing', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as a fetch of an application may
    const nothing = (): Promise<Response> => Promise.reject(undefined);
    server.answerOnce('/x', nothing, () => refusalResponse('ASH_CTX_ALREADY_USED'));

    await expect(ash.post('/x', {})).rejects.toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST' });
  });

  it.each(['ASH_CTX_ALREADY_USED', 'ASH_VERIFICATION_FAILED'] as const)(
    'that changes nothing is sent with a new context after %s too',
    async (code) => {
      const { ash, server } = open({ 'GET /x': {} });
      server.answerOnce('/x', () => refusalResponse(code));

      expect((await ash.get('/x')).status).toBe(200);
    },
  );

  it.each([
    ['a time-out', new DOMException('late', 'TimeoutError')],
    ['an abort of the platform', new DOMException('gone', 'AbortError')],
  ])('is not sent again after %s', async (_title, cause) => {
    const { ash, server } = open({ 'POST /x': {} });
    server.answerOnce('/x', () => Promise.reject(cause));

    await expect(ash.post('/x', {})).rejects.toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST', cause });
    expect(server.calls).toHaveLength(1);
  });

  it.each([1, 2])('rejects as fetch does when its caller gives it up during sending %d', async (sending) => {
    const { ash, server } = open({ 'POST /x': {} });
    const controller = new AbortController();
    const stop = (): Promise<Response> => {
      controller.abort(new DOMException('stop', 'AbortError'));
      return Promise.reject(controller.signal.reason as Error);
    };
    server.answerOnce('/x', ...[cut, stop].slice(2 - sending));

    const thrown: unknown = await ash.post('/x', {}, { signal: controller.signal }).catch((error: unknown) => error);
    expect(thrown).toBe(controller.signal.reason);
    expect(server.calls).toHaveLength(sending);
  });

  const breaking = (status: number, headers: Record<string, string> = {}): Response => {
    const body = new ReadableStream({
      start: (controller) => {
        controller.error(CUT);
      },
    });
    return new Response(body, { status, headers: { 'content-type': 'application/json', ...headers } });
  };

  it('is that too of which a refusal came in part', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    server.answerOnce(
      '/x',
      () => breaking(409),
      () => breaking(409),
    );

    await expect(ash.post('/x', {})).rejects.toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST', cause: CUT });
    expect([server.calls.length, server.contexts.size]).toEqual([2, 1]);
  });

  it.each<[string, Response]>([
    ['a success', breaking(200)],
    ['an error of the handler', breaking(409, { 'x-ash-verified': 'true' })],
  ])('is not that of which %s came in part, which its caller reads', async (_title, response) => {
    const { ash, server } = open({ 'POST /x': {} });
    server.answerOnce('/x', () => response);

    expect(await ash.post('/x', {})).toBe(response);
    await expect(response.text()).rejects.toBe(CUT);
  });

  it('is never sent where the answer with its context breaks off', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    server.answerOnce('/ash/context', () => breaking(200));

    await expect(ash.post('/x', {})).rejects.toMatchObject({ code: 'ASH_CLIENT_CONTEXT_UNAVAILABLE', cause: CUT });
    expect(server.calls).toHaveLength(0);
  });

  it('is told apart from one that no network can send', async () => {
    const ash = new AshClient({ baseUrl: BASE, fetch: open({ 'GET /x': {} }).server.fetch });

    await expect(ash.fetch('/x', { method: 'GET', body: 'text', payload: 'raw' })).rejects.toMatchObject({
      name: 'TypeError',
    });
  });
});

describe('a server that is busy', () => {
  it('is asked for a context once more after a pause', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    const started = Date.now();
    server.answerOnce('/ash/context', () => new Response('later', { status: 503 }));

    expect((await ash.post('/x', {})).status).toBe(200);
    expect(Date.now() - started).toBeGreaterThanOrEqual(190);
  });

  it.each([
    [503, 'ASH_CLIENT_CONTEXT_REFUSED', 2],
    [429, 'ASH_CLIENT_CONTEXT_REFUSED', 2],
    [500, 'ASH_CLIENT_CONTEXT_REFUSED', 1],
  ])('that stays at %d is an error, and nothing was sent', async (status, code, asked) => {
    const { ash, server } = open({ 'POST /x': {} });
    const busy = (): Response => new Response('later', { status });
    server.answerOnce('/ash/context', busy, busy);

    await expect(ash.post('/x', {})).rejects.toMatchObject({ code, status, mayHaveRun: false });
    expect([server.contextCalls.length, server.calls.length]).toEqual([asked, 0]);
  });

  it('is waited for as long as it asks for', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    const started = Date.now();
    server.answerOnce('/x', () => {
      const response = refusalResponse('ASH_STORE_UNAVAILABLE');
      response.headers.set('retry-after', '1');
      return response;
    });
    await ash.post('/x', {});

    expect(Date.now() - started).toBeGreaterThanOrEqual(1_190);
  });

  it('is not waited for by a caller who gave up', async () => {
    const { ash, server } = open({ 'POST /x': {} });
    const controller = new AbortController();
    server.answerOnce('/x', () => {
      setImmediate(() => {
        controller.abort(new DOMException('stop', 'AbortError'));
      });
      return refusalResponse('ASH_STORE_UNAVAILABLE');
    });

    const thrown: unknown = await ash.post('/x', {}, { signal: controller.signal }).catch((error: unknown) => error);
    expect(thrown).toBe(controller.signal.reason);
    expect(server.calls).toHaveLength(1);
  });
});

describe('a chain with a step whose answer was lost', () => {
  const step = (start: boolean): { chain: { name: string; start: boolean } } => ({
    chain: { name: 'checkout', start },
  });
  const CHAIN = { 'POST /cart': step(true), 'POST /checkout': step(false), 'POST /payment': step(false) };

  it.each([
    ['the first', ['/cart'], ['/checkout', '/payment']],
    ['a later one', ['/cart', '/checkout'], ['/payment']],
  ])('goes on from it where it ran: %s', async (_title, before, after) => {
    const { ash, lose } = openLossy(CHAIN);
    const chain = ash.chain('checkout');
    for (const path of before.slice(0, -1)) await chain.post(path, {});
    lose(2);
    await expect(chain.post(before.at(-1) ?? '', {})).rejects.toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST' });
    lose(0);
    expect(chain.state.unconfirmedProofs).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    for (const path of after) expect((await chain.post(path, {})).status).toBe(200);

    expect(chain.state.unconfirmedProofs).toBeUndefined();
  });

  it('goes on after two answers in a row were lost, whichever of the steps ran', async () => {
    const { ash, server, lose } = openLossy(CHAIN);
    const chain = ash.chain('checkout');
    await chain.post('/cart', {});
    lose(4);
    await expect(chain.post('/checkout', {})).rejects.toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST' });
    await expect(chain.post('/checkout', {})).rejects.toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST' });
    lose(0);

    expect(chain.state.unconfirmedProofs).toHaveLength(2);
    expect((await chain.post('/payment', {})).status).toBe(200);
    expect(server.calls.filter(({ path }) => path === '/payment')).toHaveLength(3);
  });

  it('keeps its last four, and no more', async () => {
    const { ash, server } = open(CHAIN);
    const chain = ash.chain('checkout');
    server.answerOnce('/cart', ...Array.from({ length: 12 }, () => cut));
    for (let tries = 0; tries < 6; tries += 1) await chain.post('/cart', {}).catch(() => undefined);

    expect(chain.state.unconfirmedProofs).toHaveLength(4);
  });

  it('is not begun anew by a step that changes nothing and ran', async () => {
    const { ash, lose } = openLossy({
      'POST /cart': step(true),
      'GET /quote': step(false),
      'POST /payment': step(false),
    });
    const chain = ash.chain('checkout');
    await chain.post('/cart', {});
    lose(1);
    await expect(chain.get('/quote')).rejects.toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST', mayHaveRun: true });

    expect((await chain.post('/payment', {})).status).toBe(200);
  });

  it('is not forgotten over an error from before the guard', async () => {
    const { ash, server, lose } = openLossy(CHAIN);
    const chain = ash.chain('checkout');
    await chain.post('/cart', {});
    lose(2);
    await expect(chain.post('/checkout', {})).rejects.toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST' });
    server.answerOnce('/payment', () => new Response('', { status: 502 }));

    expect((await chain.post('/payment', {})).status).toBe(502);
    expect((await chain.post('/payment', {})).status).toBe(200);
  });

  it('stands where it stood after a step that was given up before it was sent', async () => {
    const { ash, server } = open(CHAIN);
    const chain = ash.chain('checkout');
    await chain.post('/cart', {});
    const { state } = chain;
    await expect(chain.post('/checkout', {}, { signal: AbortSignal.abort() })).rejects.toBeDefined();

    expect(chain.state).toEqual(state);
    expect(server.calls).toHaveLength(1);
  });

  it('stands where it stood after steps that fetch says it did not send, however many', async () => {
    const { ash, server } = open(CHAIN);
    const chain = ash.chain('checkout');
    await chain.post('/cart', {});
    const { state } = chain;
    const unsent = Object.assign(new Error('There is no key for it.'), { mayHaveRun: false });
    for (let attempt = 0; attempt < 5; attempt++) {
      server.answerOnce('/checkout', () => Promise.reject(unsent));
      await expect(chain.post('/checkout', {})).rejects.toBe(unsent);
    }

    expect(chain.state).toEqual(state);
    expect((await chain.post('/checkout', {})).status).toBe(200);
  });

  it('repeats it where it did not arrive', async () => {
    const { ash, server } = open(CHAIN);
    const chain = ash.chain('checkout');
    await chain.post('/cart', {});
    server.answerOnce('/checkout', cut, cut);
    await expect(chain.post('/checkout', {})).rejects.toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST' });

    expect((await chain.post('/checkout', {})).status).toBe(200);
    expect((await chain.post('/payment', {})).status).toBe(200);
  });

  it('goes on from it after the page was loaded again', async () => {
    const { ash, server } = open(CHAIN);
    const chain = ash.chain('checkout');
    await chain.post('/cart', {});
    let kept = '';
    const fetch = (url: string, init: RequestInit): Promise<Response> => {
      if (url.endsWith('/checkout')) kept = JSON.stringify(going.state);
      return server.fetch(url, init);
    };
    const going = new AshClient({ baseUrl: BASE, fetch, clock: () => server.now }).chain('checkout', chain.state);
    await going.post('/checkout', {});
    const resumed = ash.chain('checkout', JSON.parse(kept) as AshChainState);

    expect(JSON.parse(kept)).toEqual({ ...chain.state, unconfirmedProofs: [going.previousProof] });
    expect((await resumed.post('/payment', {})).status).toBe(200);
  });

  it('is refused once where neither is known', async () => {
    const { ash, server } = open(CHAIN);
    const chain = ash.chain('checkout', {
      name: 'checkout',
      previousProof: 'a'.repeat(64),
      unconfirmedProofs: ['b'.repeat(64)],
    });

    await expect(chain.post('/checkout', {})).rejects.toMatchObject({ code: 'ASH_CHAIN_BROKEN', mayHaveRun: false });
    expect(server.calls).toHaveLength(2);
    expect(chain.state).toEqual({
      name: 'checkout',
      previousProof: 'a'.repeat(64),
      unconfirmedProofs: ['b'.repeat(64)],
    });
  });
});

describe('the state of a chain', () => {
  const PROOF = 'a'.repeat(64);
  const chain = (state: unknown) => new AshClient().chain('checkout', state as AshChainState);

  it('is plain JSON that says what it was made from', () => {
    const state = { name: 'checkout', previousProof: PROOF };
    expect(JSON.parse(JSON.stringify(chain(state).state))).toEqual(state);
    expect(chain(null).state).toEqual({ name: 'checkout' });
  });

  it.each<[string, unknown]>([
    ['of another chain', { name: 'signup' }],
    ['without a name', { previousProof: PROOF }],
    ['with a proof that is none', { name: 'checkout', previousProof: 'abc' }],
    ['with a lost proof that is none', { name: 'checkout', unconfirmedProofs: ['abc'] }],
    ['with no list of them', { name: 'checkout', unconfirmedProofs: PROOF }],
    ['that is a text', 'checkout'],
  ])('is an error %s', (_title, state) => {
    expect(() => chain(state)).toThrow(
      expect.objectContaining({
        name: 'AshConfigurationError',
        message: "AshClient: the state of chain 'checkout' has to be what its 'state' was, or left out.",
      }),
    );
  });
});
