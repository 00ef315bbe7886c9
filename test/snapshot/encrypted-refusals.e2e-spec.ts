import { Body, Controller, Post } from '@nestjs/common';
import { AshChain, AshMemoryStore, AshProtected, type AshContextStore } from 'nestjs-ash';
import { AshEncrypted } from 'nestjs-ash/snapshot';
import type { CryptoFetch } from 'nestjs-ash/snapshot/client';
import { ADAPTERS } from '../module/application.js';
import { vaults } from './vault.js';

const MINUTE = 60_000;
const runs: unknown[] = [];

@Controller()
@AshEncrypted()
class Bank {
  @Post('transfer')
  @AshProtected('POST /transfer')
  transfer(@Body() body: unknown): object {
    runs.push(body);
    return { done: body };
  }

  @Post('cart')
  @AshProtected('POST /cart')
  @AshChain('checkout', { start: true })
  cart(): object {
    return {};
  }

  @Post('payment')
  @AshProtected('POST /payment')
  @AshChain('checkout', { after: 'POST /cart' })
  payment(@Body() body: unknown): object {
    runs.push(body);
    return {};
  }
}

/** A store whose first question fails. */
class BusyStore extends AshMemoryStore {
  private isBusy = true;

  override get(...given: Parameters<AshContextStore['get']>): ReturnType<AshContextStore['get']> {
    if (!this.isBusy) return super.get(...given);
    this.isBusy = false;
    return Promise.reject(new Error('busy'));
  }
}

beforeEach(() => {
  runs.length = 0;
});

describe.each(ADAPTERS)('A refusal of an encrypted route on %s', (adapter) => {
  const start = vaults(adapter);

  type Row = [title: string, code: string, shift: number, store: (() => AshContextStore) | undefined];
  const rows: Row[] = [
    ['a context that has expired', 'ASH_CTX_EXPIRED', 30 * MINUTE, undefined],
    ['a clock that is wrong', 'ASH_TIMESTAMP_INVALID', -30 * MINUTE, undefined],
    ['a store that is busy', 'ASH_STORE_UNAVAILABLE', 0, () => new BusyStore()],
  ];
  it.each(rows)('is mended by the client, which reads alone what it says: %s', async (_title, code, shift, store) => {
    let ahead = 0;
    const clock = (): number => Date.now() + ahead;
    const { client, tap } = await start({
      controllers: [Bank],
      ash: { clock, ...(store && { store: store() }) },
    });
    const statuses: number[] = [];
    const send: CryptoFetch = async (url, init) => {
      if (!url.endsWith('/transfer')) return fetch(url, init);
      ahead = shift;
      const response = await fetch(url, init);
      statuses.push(response.status);
      return response;
    };
    const answer = await client({ send }).post('/transfer', { amount: 1 });
    expect([answer.status, await answer.json()]).toStrictEqual([201, { done: { amount: 1 } }]);
    expect(statuses).toStrictEqual([{ ASH_CTX_EXPIRED: 410, ASH_TIMESTAMP_INVALID: 403 }[code] ?? 503, 201]);
    expect(runs).toStrictEqual([{ amount: 1 }]);
    expect(tap.text).not.toContain('ASH_');
  });

  it('is told of in words where nothing mends it, as of a step out of its turn', async () => {
    const { client, tap } = await start({ controllers: [Bank] });
    const error: unknown = await client()
      .chain('checkout')
      .post('/payment', { card: 'c' })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ASH_CHAIN_BROKEN', status: 403 });
    expect(runs).toStrictEqual([]);
    expect(tap.text).not.toContain('ASH_CHAIN_BROKEN');
  });

  it('is plain where the request names no context', async () => {
    const { app } = await start({ controllers: [Bank] });
    expect(await app.send('POST', '/transfer', {})).toMatchObject({ status: 403, body: { code: 'ASH_PROOF_MISSING' } });
  });
});
