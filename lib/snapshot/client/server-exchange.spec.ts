import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import { failureOf, FakeSnapshots, SECRET_KEY } from '../../../test/support/fake-snapshots.js';
import { CryptoClient, type CryptoConfig, type CryptoFetch } from './index.js';

const CLOSED = { name: 'CryptoError', code: 'ASH_CRYPTO_CLIENT_CLOSED' };
const UNREACHABLE = { code: 'ASH_CRYPTO_SERVER_UNREACHABLE' };

/** What never comes, whatever its signal says. */
const never = (): Promise<Response> => new Promise(() => undefined);

describe('a server that gives no answer', () => {
  const failing =
    (path: string, cause: () => Promise<Response>): CryptoFetch =>
    (url, init) =>
      url.endsWith(path) ? cause() : new FakeSnapshots().fetch(url, init);
  const config = (fetch: CryptoFetch, others: Partial<CryptoConfig> = {}): CryptoConfig =>
    new FakeSnapshots().config({ fetch, ...others });
  const lost = new TypeError('fetch failed');

  it.each([
    ['/handshake', 'AuthenticationError'],
    ['/snapshot', 'SnapshotError'],
  ])('to %s is told as it is, by an %s', async (path, name) => {
    const client = new CryptoClient(config(failing(path, () => Promise.reject(lost))));

    await expect(client.encryptMessage('text')).rejects.toMatchObject({ name, ...UNREACHABLE, cause: lost });
  });

  describe('in time', () => {
    // Time passes when the question is there that is not answered: the one before it has all the time in the world.
    beforeEach(() => {
      jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
    });
    afterEach(() => {
      jest.useRealTimers();
    });

    async function failureInTime(path: string, answer: () => Promise<Response>): Promise<unknown> {
      let ask = (): void => undefined;
      const asked = new Promise<void>((resolve) => (ask = resolve));
      const fetch = failing(path, () => {
        ask();
        return answer();
      });
      const failure = new CryptoClient(config(fetch, { timeout: 5 }))
        .encryptMessage('text')
        .catch((error: unknown) => error);
      await asked;
      await jest.advanceTimersByTimeAsync(5);
      return failure;
    }

    it.each([
      ['/handshake', 'AuthenticationError'],
      ['/snapshot', 'SnapshotError'],
    ])('to %s is told so, by an %s', async (path, name) => {
      expect(await failureInTime(path, never)).toMatchObject({
        name,
        ...UNREACHABLE,
        cause: { name: 'TimeoutError', message: 'There was no answer within 5 ms.' },
      });
    });

    it('that is whole is told so too', async () => {
      const body = new ReadableStream();
      const half = (): Promise<Response> =>
        Promise.resolve(new Response(body, { headers: { 'content-type': 'application/json' } }));

      expect(await failureInTime('/snapshot', half)).toMatchObject({ name: 'SnapshotError', ...UNREACHABLE });
    });
  });

  it('whose fetch throws is told alike', async () => {
    const fetch: CryptoFetch = () => {
      throw lost;
    };

    await expect(new CryptoClient(config(fetch)).authenticate()).rejects.toMatchObject({ ...UNREACHABLE, cause: lost });
  });

  it('is asked again by the next call', async () => {
    const server = new FakeSnapshots();
    const client = new CryptoClient(server.config());
    server.answerOnce('/snapshot', () => Promise.reject(lost));

    expect(await failureOf(client.encryptMessage('text'))).toMatchObject(UNREACHABLE);
    expect(await failureOf(client.encryptMessage('text'))).toBe('no failure');
  });
});

it('many requests at once are no reason for a warning', async () => {
  const warnings: Error[] = [];
  const warn = (warning: Error): void => void warnings.push(warning);
  process.on('warning', warn);
  const server = new FakeSnapshots();
  const client = new CryptoClient(server.config());
  const message = await client.encryptMessage('text');
  const ofTicks = Array.from({ length: 30 }, (_, ago) => message.map((byte, at) => (at === 4 ? byte ^ ago : byte)));
  await Promise.allSettled(ofTicks.map((other) => client.decryptMessage(other)));
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', warn);

  expect(server.count('/snapshot')).toBeGreaterThan(20);
  expect(warnings).toEqual([]);
});

describe('a client that was closed', () => {
  const calls: [string, (client: CryptoClient) => Promise<unknown>][] = [
    ['authenticate', (client) => client.authenticate()],
    ['encryptMessage', (client) => client.encryptMessage('text')],
    ['decryptMessage', (client) => client.decryptMessage(new Uint8Array(64))],
    ['sealFor', (client) => client.sealFor('order 7', 'text')],
    ['sealFor a snapshot', (client) => client.sealFor('order 7', 'text', { tick: 1, seed: 1, timestamp: 1 })],
    ['openFor', (client) => client.openFor('order 7', new Uint8Array(64))],
  ];

  it.each(calls)('refuses every call: %s', async (_title, call) => {
    const server = new FakeSnapshots();
    const client = new CryptoClient(server.config());
    await client.encryptMessage('text');
    server.seen.length = 0;
    await client.close();

    expect(await failureOf(call(client))).toEqual(CLOSED);
    expect(server.seen).toEqual([]);
  });

  it.each(['/handshake', '/snapshot'])('ends what is under way: %s', async (path) => {
    const server = new FakeSnapshots();
    const client = new CryptoClient(server.config());
    const signals: unknown[] = [];
    const asked = new Promise<void>((resolve) => {
      server.answerOnce(path, ({ init }) => {
        signals.push(init.signal);
        resolve();
        return never();
      });
    });
    const calls = [failureOf(client.encryptMessage('text')), failureOf(client.encryptMessage('text'))];
    await asked;
    await client.close();

    expect(await Promise.all(calls)).toEqual([CLOSED, CLOSED]);
    expect(signals).toMatchObject([{ aborted: true }]);
  });

  it('can be closed once more', async () => {
    const client = new CryptoClient(new FakeSnapshots().config());
    await client.close();

    await expect(client.close()).resolves.toBeUndefined();
  });

  it('is closed at the end of its block', async () => {
    const client = new CryptoClient(new FakeSnapshots().config());
    await client[Symbol.asyncDispose]();

    expect(await failureOf(client.authenticate())).toEqual(CLOSED);
    expect(Object.getOwnPropertyNames(CryptoClient.prototype)).not.toContain('undefined');
  });
});

describe('over HTTP', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  async function listen(handle: RequestListener): Promise<CryptoClient> {
    server = createServer(handle).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return new CryptoClient({ serverUrl: `http://127.0.0.1:${port}`, secretKey: SECRET_KEY, timeout: 5_000 });
  }

  it('a redirect is followed nowhere', async () => {
    const asked: unknown[] = [];
    const client = await listen(({ url }, response) => {
      asked.push(url);
      response.writeHead(307, { location: '/elsewhere' }).end();
    });

    expect(await failureOf(client.authenticate())).toMatchObject(UNREACHABLE);
    expect(asked).toEqual(['/handshake']);
  });

  it('a connection that breaks off is no answer', async () => {
    const client = await listen((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '99' });
      response.write('{"status":"ok"', () => response.destroy());
    });

    expect(await failureOf(client.authenticate())).toMatchObject(UNREACHABLE);
  });

  it('closing ends the connection of what is under way', async () => {
    let asked = (): void => undefined;
    const arrived = new Promise<void>((resolve) => (asked = resolve));
    let gone = (): void => undefined;
    const ended = new Promise<void>((resolve) => (gone = resolve));
    const client = await listen((_request, response) => {
      response.on('close', gone);
      asked();
    });
    const call = failureOf(client.authenticate());
    await arrived;
    await client.close();

    expect(await call).toEqual(CLOSED);
    await expect(ended).resolves.toBeUndefined();
  });
});
