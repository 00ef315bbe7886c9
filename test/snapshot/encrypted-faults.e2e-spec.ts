import { Body, Controller, Get, Post } from '@nestjs/common';
import { AshProtected } from 'nestjs-ash';
import { AshClient } from 'nestjs-ash/client';
import { AshEncrypted, AshSnapshotModule } from 'nestjs-ash/snapshot';
import { ashEncryptedFetch, CryptoClient } from 'nestjs-ash/snapshot/client';
import { ADAPTERS, applications, type Application } from '../module/application.js';
import { opened, proofHeaders, SECRET_KEY, sealedBody, vaults, withTick } from './vault.js';

const SECRET = 'TopSecret-4711';

/** A store of seeds that fails when it is told to. */
class FailingSeeds {
  isDown = false;
  private readonly seeds = new Map<number, number>();

  agreeOnSeed(tick: number, proposed: number): Promise<number> {
    return this.answer(() => {
      const seed = this.seeds.get(tick) ?? proposed;
      this.seeds.set(tick, seed);
      return seed;
    });
  }

  findSeed(tick: number): Promise<number | undefined> {
    return this.answer(() => this.seeds.get(tick));
  }

  private answer<T>(give: () => T): Promise<T> {
    return this.isDown ? Promise.reject(new Error('The seeds are down.')) : Promise.resolve(give());
  }
}

const seeds = new FailingSeeds();
const time = { now: 0 };

@Controller()
@AshEncrypted()
class Bank {
  @Post('transfer')
  @AshProtected('POST /transfer')
  transfer(@Body() { takes = 0 }: { takes?: number }): object {
    time.now += takes;
    return { secret: SECRET };
  }

  @Get('balance')
  @AshProtected('GET /balance')
  balance(): object {
    // The next tick, whose seed nobody has yet.
    time.now += 1_000;
    seeds.isDown = true;
    return { secret: SECRET };
  }
}

describe.each(ADAPTERS)('An encrypted route on %s', (adapter) => {
  const start = applications(adapter);
  const clock = (): number => time.now;
  const snapshots = () => AshSnapshotModule.forRoot({ secretKey: SECRET_KEY, store: seeds, clock, maxDrift: 5 });
  const clientOf = ({ origin }: Application): { crypto: CryptoClient; ash: AshClient } => {
    const crypto = new CryptoClient({ serverUrl: origin, secretKey: SECRET_KEY, clock, maxDrift: 5 });
    return { crypto, ash: new AshClient({ baseUrl: origin, fetch: ashEncryptedFetch(crypto) }) };
  };

  beforeEach(() => {
    seeds.isDown = false;
    time.now = 1_700_000_000_000;
  });

  it('refuses a request, and spends nothing, where the store of the seeds is down', async () => {
    const app = await start({ controllers: [Bank], imports: [snapshots()] });
    const { crypto } = clientOf(app);
    const context = await app.client().context('POST', '/transfer');
    const body = await sealedBody(crypto, context.contextId, {});
    // Of a tick that is kept, and that this process has heard nothing of.
    const earlier = withTick(body, (tick) => tick - 2);
    const headers = proofHeaders(crypto, context, { payload: {} });
    const send = (text: string) => fetch(`${app.origin}/transfer`, { method: 'POST', headers, body: text });
    seeds.isDown = true;
    const refused = await opened(crypto, context.contextId, await send(earlier));
    // The seed of a moment that nobody has yet.
    time.now += 1_000;
    const unsealed = await send(earlier);
    seeds.isDown = false;
    const passed = await send(body);
    await crypto.close();
    expect([refused.status, passed.status]).toStrictEqual([503, 201]);
    expect(await refused.json()).toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
    expect([unsealed.status, await unsealed.text()]).toStrictEqual([503, expect.not.stringContaining('ASH_')]);
  });

  it('answers a fault without content where an answer cannot be sealed, and says that the handler has run', async () => {
    const app = await start({ controllers: [Bank], imports: [snapshots()] });
    const { crypto, ash } = clientOf(app);
    const response = await ash.get('/balance');
    await crypto.close();
    expect([response.status, response.headers.get('x-ash-verified')]).toStrictEqual([503, 'true']);
    const text = await response.text();
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain('ASH_');
    expect(app.log.ofAsh.join('\n')).toContain('Bank.balance: the answer was withheld, since it could not be sealed.');
  });

  it('seals an answer anew where the handler took longer than its snapshot is kept', async () => {
    const app = await start({ controllers: [Bank], imports: [snapshots()] });
    const { crypto, ash } = clientOf(app);
    const response = await ash.post('/transfer', { takes: 20_000 });
    expect(await response.json()).toStrictEqual({ secret: SECRET });
    await crypto.close();
  });
});

describe.each(ADAPTERS)('A refusal of an encrypted route on %s', (adapter) => {
  const start = vaults(adapter);

  it('explains nothing of the payload, also where refusals are explained', async () => {
    const { app, crypto } = await start({ controllers: [Bank], ash: { explain: true } });
    const context = await app.client().context('POST', '/transfer');
    const headers = proofHeaders(crypto, context, { payload: { another: 1 } });
    const body = await sealedBody(crypto, context.contextId, { memo: SECRET });
    const sent = await fetch(`${app.origin}/transfer`, { method: 'POST', headers, body });
    const refused = await opened(crypto, context.contextId, sent);
    const text = await refused.text();
    expect(text).toContain('"explanation"');
    expect(text).not.toContain(SECRET);
  });
});
