import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Controller, Post } from '@nestjs/common';
import {
  AshChain,
  AshMemoryStore,
  AshProtected,
  type AshContext,
  type AshContextOptions,
  type AshIssuedContext,
  type AshModuleOptions,
} from 'nestjs-ash';
import { AshClient } from 'nestjs-ash/client';
import { begin } from '../support/http.js';
import { ADAPTERS, applications } from './application.js';
import { nextOf, renew, RENEW, renewed } from './renewal.js';

@Controller()
class Bank {
  @Post('transfer')
  @AshProtected('POST /transfer')
  transfer(): unknown {
    return { done: true };
  }
}

@Controller()
class Shop {
  paid = 0;

  @Post('cart')
  @AshProtected('POST /cart')
  @AshChain('checkout', { start: true })
  cart(): unknown {
    return {};
  }

  @Post('pay')
  @AshProtected('POST /pay')
  @AshChain('checkout', { after: 'POST /cart' })
  pay(): unknown {
    this.paid += 1;
    return {};
  }
}

/** A store that can be told what becomes of new contexts. */
class FaultyStore extends AshMemoryStore {
  override readonly inProcess = false as unknown as true;
  fault: (() => Promise<never>) | undefined;

  override create(options: AshContextOptions): Promise<AshContext> {
    return this.fault?.() ?? super.create(options);
  }
}

const TIMEOUT = 50;
const TRANSFER = { path: '/transfer', body: { amount: 1 } };
const UNAVAILABLE = 'Bank.transfer: a next context could not be issued; the request goes on without it.';

describe.each(ADAPTERS)(
  'On %s, where a next context cannot be issued, the verified request goes on without it',
  (adapter) => {
    const start = applications(adapter);

    /** A request with a context that was issued while all was well; and then something happens. */
    async function afterFault(
      ash: AshModuleOptions,
      happen: () => void,
    ): Promise<{ status: number; next: AshIssuedContext | undefined; errors: string[]; took: number }> {
      const application = await start({ ash, controllers: [Bank] });
      const context = await application.client().context('POST', '/transfer');
      happen();
      const begun = performance.now();
      const answer = await renew(application, context, TRANSFER);
      const took = performance.now() - begun;
      expect(answer.headers.has('cache-control')).toBe(false);
      expect(answer.headers.get('x-ash-verified')).toBe('true');
      const errors = application.log.lines.filter((line) => line.startsWith('error'));
      expect(errors.join('\n')).not.toContain(context.clientSecret);
      return { status: answer.status, next: nextOf(answer), errors, took };
    }

    it('since the store is down', async () => {
      const store = new FaultyStore();
      const { status, next, errors } = await afterFault({ store }, () => {
        store.fault = () => Promise.reject(new Error('connect ECONNREFUSED'));
      });
      expect([status, next]).toStrictEqual([201, undefined]);
      expect(errors).toHaveLength(1);
      expect(errors[0]).toContain(UNAVAILABLE);
    });

    it('since the store does not answer, as soon as the wait for it is over', async () => {
      const store = new FaultyStore();
      const { status, next, errors, took } = await afterFault({ store, storeTimeout: TIMEOUT }, () => {
        store.fault = () => new Promise(() => undefined);
      });
      expect([status, next]).toStrictEqual([201, undefined]);
      expect(errors).toHaveLength(1);
      expect(took).toBeGreaterThan(TIMEOUT - 5);
      expect(took).toBeLessThan(TIMEOUT + 1_000);
    });

    it('since the store is full', async () => {
      const store = new AshMemoryStore({ maxEntries: 1 });
      const { status, next, errors } = await afterFault({ store }, () => undefined);
      expect([status, next]).toStrictEqual([201, undefined]);
      expect(errors).toHaveLength(1);
    });

    type Row = [title: string, ttl: () => number];
    const rows: Row[] = [
      [
        'throws',
        () => {
          throw new Error('no tenant');
        },
      ],
      ['gives more than the mode allows', () => 3_600_001],
      ['gives no number', () => Number.NaN],
    ];
    it.each(rows)('since the route’s ttl %s', async (_title, ttl) => {
      let isBroken = false;
      const { status, next, errors } = await afterFault({ ttl: () => (isBroken ? ttl() : 9_000) }, () => {
        isBroken = true;
      });
      expect([status, next]).toStrictEqual([201, undefined]);
      expect(errors).toHaveLength(1);
    });

    it('and gets it again when the store is there again', async () => {
      const store = new FaultyStore();
      const application = await start({ ash: { store }, controllers: [Bank] });
      const [first, second] = await Promise.all([
        application.client().context('POST', '/transfer'),
        application.client().context('POST', '/transfer'),
      ]);
      store.fault = () => Promise.reject(new Error('connect ECONNREFUSED'));
      expect(nextOf(await renew(application, first, TRANSFER))).toBeUndefined();
      store.fault = undefined;
      expect(renewed(await renew(application, second, TRANSFER)).binding).toBe('POST /transfer');
    });

    it('has a wait of its own, which is not that of the verification', async () => {
      class SlowStore extends AshMemoryStore {
        override readonly inProcess = false as unknown as true;
        isSlow = false;

        override async get(id: string): Promise<AshContext | null> {
          await this.pause();
          return super.get(id);
        }

        override async create(options: AshContextOptions): Promise<AshContext> {
          await this.pause();
          return super.create(options);
        }

        private async pause(): Promise<void> {
          if (this.isSlow) await new Promise((resolve) => setTimeout(resolve, 300));
        }
      }
      const store = new SlowStore();
      const application = await start({ ash: { store, storeTimeout: 500 }, controllers: [Bank] });
      const context = await application.client().context('POST', '/transfer');
      store.isSlow = true;
      expect(renewed(await renew(application, context, TRANSFER)).binding).toBe('POST /transfer');
    });

    it('unless its client goes away meanwhile: the step of a chain does not run, and can be taken again', async () => {
      const store = new FaultyStore();
      const connections = new EventEmitter();
      const configure = (nest: { use(middleware: unknown): unknown }) =>
        nest.use((_request: unknown, response: ServerResponse, next: () => void) => {
          response.once('close', () => connections.emit('closed'));
          next();
        });
      const application = await start({ ash: { store }, controllers: [Shop], configure });
      const shop = application.get(Shop);
      const client = application.client();
      const cart = await application.use(await client.context('POST', '/cart'), { path: '/cart', body: {} });
      const previousProof = cart.headers.get('x-ash-chain-proof') ?? '';
      const [first, second] = [await client.context('POST', '/pay'), await client.context('POST', '/pay')];

      let fail: ((error: Error) => void) | undefined;
      const asked = new Promise<void>((resolve) => {
        store.fault = () =>
          new Promise((_, reject) => {
            fail = reject;
            resolve();
          });
      });
      const headers = { 'content-type': 'application/json', ...RENEW };
      const proven = AshClient.buildHeaders({ ...first, payload: {}, previousProof });
      const port = Number(new URL(application.origin).port);
      const pending = begin(port, { method: 'POST', path: '/pay', headers: { ...headers, ...proven }, body: '{}' });
      pending.answer.catch(() => undefined);
      await asked;
      const closed = once(connections, 'closed');
      pending.hangUp();
      await closed;
      fail?.(new Error('connect ECONNREFUSED'));
      store.fault = undefined;
      // The guard goes on when the store has failed.
      await new Promise(setImmediate);
      expect(shop.paid).toBe(0);

      const again = await application.use(second, { path: '/pay', body: {}, previousProof });
      expect([again.status, shop.paid]).toStrictEqual([201, 1]);
    });
  },
);
