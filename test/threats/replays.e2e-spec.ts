import { Controller, Post } from '@nestjs/common';
import { AshMemoryStore, AshProtected } from 'nestjs-ash';
import { body, header, path } from '../support/attacks.js';
import { stopClock, type Clock } from '../support/clock.js';
import { Runs, startFixture } from '../support/fixture.js';
import { meetAt } from '../support/meeting.js';
import { SHOP, startShop } from '../support/shop.js';
import { copyOf } from '../support/http.js';
import { ADAPTERS, type Attack, type Plan, type TestApp } from '../support/test-app.js';

const USED = { status: 409, code: 'ASH_CTX_ALREADY_USED' };

describe.each(ADAPTERS)('2: the same request again on %s', (adapter) => {
  let clock: Clock;
  let shop: TestApp;

  beforeAll(async () => {
    clock = stopClock();
    shop = await startShop(adapter);
  });

  afterAll(async () => {
    await shop.close();
    clock.release();
  });

  it.each(Object.entries<Plan>(SHOP))('is refused for the plan %s, and runs nothing', async (_kind, plan) => {
    const { draft } = await shop.prepare(plan);

    expect(await shop.ranDuring(() => shop.send(draft))).toEqual({ [plan.runs]: 1 });
    expect(await shop.ranDuring(() => shop.send(draft))).toEqual({});
    expect(await shop.send(draft)).toMatchObject(USED);
  });

  type Row = [title: string, attack: Attack];
  const disguised: Row[] = [
    ['with other headers around it', header('x-request-id', 'another')],
    ['with its JSON in another spelling', body('{ "to":"acct-7", "amount":1e2 }')],
    ['with another body', body('{"amount":1,"to":"acct-8"}')],
    ['with a guessed proof', header('x-ash-proof', 'a'.repeat(64))],
    ['with a later timestamp', header('x-ash-timestamp', (time) => String(Number(time) + 1))],
    ['to another route', path('/transfer/quick')],
    ['for another user', header('x-user', 'bob')],
  ];
  it.each(disguised)('is refused %s', async (_title, attack) => {
    const honest = await shop.prepare(SHOP.json);
    await shop.send(honest.draft);
    const draft = copyOf(honest.draft);
    await attack(draft, honest);

    expect(await shop.ranDuring(() => shop.send(draft))).toEqual({});
    expect(await shop.send(draft)).toMatchObject(USED);
  });

  it('is refused after a request that the application itself refused', async () => {
    const { draft } = await shop.prepare({ ...SHOP.json, body: '{"amount":-1,"to":"acct-7"}' });

    expect(await shop.send(draft)).toMatchObject({ status: 400, code: undefined });
    expect(await shop.send(draft)).toMatchObject(USED);
  });

  it('is refused as used until its context would have expired, and as long after that as it is known', async () => {
    const { draft } = await shop.prepare(SHOP.json);
    await shop.send(draft);
    clock.pass(29_999);

    expect(await shop.send(draft)).toMatchObject(USED);

    clock.pass(60_000);

    expect(await shop.send(draft)).toMatchObject(USED);
  });

  describe('to two servers with one store', () => {
    const runs = new Runs();
    let store: AshMemoryStore;
    let servers: readonly [TestApp, TestApp];

    @Controller()
    class TransferController {
      @Post('transfer')
      @AshProtected('POST /transfer')
      transfer() {
        runs.count('transfers');
      }
    }

    beforeAll(async () => {
      store = new AshMemoryStore();
      const fixture = { runs, controllers: [TransferController], ash: { store } };
      servers = await Promise.all([startFixture(adapter, fixture), startFixture(adapter, fixture)]);
    });

    afterAll(() => Promise.all([...servers.map((server) => server.close()), store.close()]));

    it('a hundred times at once runs it once', async () => {
      const { draft } = await servers[0].prepare(SHOP.json);
      const asked = Array.from({ length: 50 }, () => servers).flat();
      meetAt(store, 'get', asked.length);
      const answers = await Promise.all(asked.map((server) => server.send(draft)));

      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
      expect(answers.filter(({ code }) => code === 'ASH_CTX_ALREADY_USED')).toHaveLength(99);
      expect(runs.ledger).toEqual({ transfers: 1 });
    });
  });
});
