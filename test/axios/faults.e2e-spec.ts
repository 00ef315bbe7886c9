import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { ashAxios, type AshAxiosInstance } from 'nestjs-ash/axios';
import { ashOf, errorOf } from '../support/fake-axios.js';
import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import type { TestApp } from '../support/test-app.js';

type Api = AxiosInstance & AshAxiosInstance;
type Fault = 'cut' | 'hold' | 'redirect';

const TRANSFER = { amount: 100, to: 'acct-7' };

/** A proxy before the shop, between which and its client things go wrong once the shop has answered. */
class FaultyProxy {
  readonly #server: Server;
  /** What becomes of the next answers of a path. */
  readonly faults = new Map<string, Fault[]>();
  readonly paths: string[] = [];
  /** Told of each answer that is held back. */
  onHeld: () => void = () => undefined;

  constructor(private readonly shop: TestApp) {
    this.#server = createServer((incoming, outgoing) => {
      this.#forward(incoming, outgoing);
    });
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method, headers, url: path = '/' } = incoming;
    this.paths.push(path);
    const onward = request(new URL(path, this.shop.origin), { method, headers, agent: false }, (answer) => {
      const fault = this.faults.get(path)?.shift();
      if (fault === 'cut') incoming.socket.destroy();
      else if (fault === 'redirect') outgoing.writeHead(307, { location: '/transfer/quick' }).end();
      else if (fault === undefined) answer.pipe(outgoing.writeHead(answer.statusCode ?? 500, answer.headers));
      if (fault !== undefined) answer.resume();
      if (fault === 'hold') this.onHeld();
    });
    incoming.pipe(onward);
  }
}

describe.each(shopsOn(MEMORY, SERVERS.frameworks))(
  'axios and a network that fails before the shop $on',
  ({ start }) => {
    let shop: TestApp;
    let proxy: FaultyProxy;

    beforeAll(async () => {
      shop = await start();
    });
    beforeEach(async () => {
      proxy = new FaultyProxy(shop);
      await proxy.listen();
    });
    afterEach(() => proxy.close());
    afterAll(() => shop.close());

    describe.each(['http', 'fetch'] as const)('by its adapter %s', (adapter) => {
      const open = (config: AxiosRequestConfig = {}): Api => {
        const api = ashAxios(axios.create({ baseURL: proxy.origin, adapter }));
        Object.assign(api.defaults, config);
        return api;
      };

      it('runs a request once whose answer is cut off, and says that it may have run', async () => {
        proxy.faults.set('/transfer', ['cut']);
        const api = open();
        const ran = await shop.ranDuring(async () => {
          const error = await errorOf(api.post('/transfer', TRANSFER));

          expect(error).toMatchObject({ name: 'AxiosError', code: adapter === 'http' ? 'ECONNRESET' : 'ERR_NETWORK' });
          expect(ashOf(error)).toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST', mayHaveRun: true });
        });

        expect(ran).toEqual({ transfers: 1 });
        // The same request twice, which the shop runs once.
        expect(proxy.paths).toEqual(['/ash/context', '/transfer', '/transfer']);
      });

      it('sends a request once whose time is up, and says that it may have run', async () => {
        proxy.faults.set('/transfer', ['hold']);
        const api = open();
        await api.ash.prefetch('POST', '/transfer');
        const held = new Promise<void>((resolve) => (proxy.onHeld = resolve));
        const ran = await shop.ranDuring(async () => {
          const error = await errorOf(api.post('/transfer', TRANSFER, { timeout: 300 }));
          await held;

          expect(error.code).toBe(adapter === 'http' ? 'ECONNABORTED' : 'ETIMEDOUT');
          expect(ashOf(error)).toMatchObject({ code: 'ASH_CLIENT_RESPONSE_LOST', mayHaveRun: true });
        });

        expect(ran).toEqual({ transfers: 1 });
        expect(proxy.paths).toEqual(['/ash/context', '/transfer']);
      });

      it('sends nothing where the context does not come in time', async () => {
        proxy.faults.set('/ash/context', ['hold']);
        const error = await errorOf(open().post('/transfer', TRANSFER, { timeout: 100 }));

        expect(error.code).toBe('ECONNABORTED');
        expect(ashOf(error)).toMatchObject({ code: 'ASH_CLIENT_CONTEXT_UNAVAILABLE', mayHaveRun: false });
        expect(proxy.paths).not.toContain('/transfer');
      });

      it('hands no proof to whoever a redirect names', async () => {
        proxy.faults.set('/transfer', ['redirect']);
        const error = await errorOf(open().post('/transfer', TRANSFER));

        expect(error.response?.status).toBe(307);
        expect(proxy.paths).toEqual(['/ash/context', '/transfer']);
      });

      it('takes no context from whoever a redirect names', async () => {
        proxy.faults.set('/ash/context', ['redirect']);
        const error = await errorOf(open().post('/transfer', TRANSFER));

        expect(ashOf(error).code).toBe('ASH_CLIENT_CONTEXT_UNAVAILABLE');
        expect(proxy.paths).toEqual(['/ash/context']);
      });

      it('sends as ever what it does not prove', async () => {
        proxy.faults.set('/ledger', ['cut']);

        expect((await errorOf(open().get('/ledger'))).cause).not.toMatchObject({ name: 'AshClientError' });
        expect(proxy.paths).toEqual(['/ledger']);
      });
    });
  },
);
