import { Controller, Post } from '@nestjs/common';
import { AshMemoryStore, AshProtected } from 'nestjs-ash';
import { Runs, startFixture } from '../support/fixture.js';
import { meetAt } from '../support/meeting.js';
import { MEMORY, SERVERS, SHOP, shopsOn } from '../support/shop.js';
import { ADAPTERS, type TestApp } from '../support/test-app.js';
import { describeReplays } from './replays.suite.js';

shopsOn(MEMORY, SERVERS.all).forEach(describeReplays);

describe.each(ADAPTERS)('2: the same request again, to two servers with one store, on %s', (adapter) => {
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
