import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FAULTS } from '../../bench/faults/catalogue.mjs';
import { Load } from '../../bench/faults/load.mjs';
import { PROMOTIONS, tryPromotion } from '../../bench/faults/promotion.mjs';
import { writeBetweenMarkers } from '../../bench/faults/table.mjs';
import { LONGEST_REQUEST, tryFault } from '../../bench/faults/trial.mjs';
import { seen } from '../../scripts/services/index.mjs';

const SECONDS = 3;
const ROUNDS = 3;
/** What the counting of a load is tried on, replays among them. */
const TRANSFERS = 20;

const CONTEXT = {
  contextId: 'ash_00000000000000000000000000000000',
  binding: 'POST /transfer',
  mode: 'balanced',
  protocol: 'v2.3',
  issuedAt: 0,
  expiresAt: 1,
  clientSecret: '0'.repeat(64),
};

describe('a load on a shop that takes every request', () => {
  let server;
  let transfers = 0;
  let losesAnswers = false;
  before(async () => {
    server = createServer((request, response) => {
      request.resume();
      if (request.url === '/ledger') return response.end(JSON.stringify({ transfers }));
      if (request.url === '/ash/context') return response.end(JSON.stringify(CONTEXT));
      transfers += 1;
      return losesAnswers ? request.socket.destroy() : response.end('{}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  async function count() {
    const load = new Load([{ url: `http://127.0.0.1:${server.address().port}` }], { rate: 50 });
    const enough = transfers + TRANSFERS;
    await load.start();
    await seen('some transfers', () => transfers >= enough);
    return load.finish({ faultEnded: performance.now() });
  }

  it('counts each replay as a second run', async () => {
    const { accepted, replayed, secondRuns } = await count();
    assert.ok(replayed > 5, `${replayed} requests were sent again`);
    assert.equal(secondRuns, accepted - replayed);
  });

  it('counts a run whose answer was lost', async () => {
    losesAnswers = true;
    const { accepted, secondRuns, tally } = await count();
    assert.equal(accepted, 0);
    assert.equal(secondRuns, tally['0']);
  });
});

describe('shops whose store breaks under a load of requests and replays', () => {
  const chosen = ['redis-killed', 'redis-cut', 'sealed-killed', 'postgres-killed'];
  for (const name of chosen) {
    const fault = FAULTS[name];
    it(`run no handler twice, answer in time and recover: ${fault.title}`, async () => {
      const result = await tryFault(fault, { seconds: SECONDS, shops: 2 });
      assert.ok(result.accepted > 0 && result.replayed > 0 && result.tally.ASH_CTX_ALREADY_USED > 0);
      assert.equal(result.secondRuns, 0);
      assert.ok(result.longest < LONGEST_REQUEST, `a request took ${result.longest} ms`);
      assert.notEqual(result.steady, undefined);
    });
  }
});

describe('a replica that is promoted without having seen what was spent', () => {
  for (const [title, options] of Object.entries(PROMOTIONS)) {
    const isLost = options.acrossRestarts === 'accept' && options.replicas === undefined;
    it(`${isLost ? 'opens' : 'opens no'} replay to a store: ${title}`, async () => {
      const { secondRuns } = await tryPromotion(title, options, { rounds: ROUNDS });
      assert.equal(secondRuns, isLost ? ROUNDS : 0);
    });
  }
});

describe('the figures', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-ash-figures-'));
  const file = join(folder, 'page.md');
  after(() => rmSync(folder, { recursive: true }));

  it('take the place of older ones, and leave the rest of the page alone', async () => {
    writeFileSync(file, 'before\n<!-- faults:begin -->\nolder\n<!-- faults:end -->\nafter\n');
    await writeBetweenMarkers('newer', file);
    assert.equal(readFileSync(file, 'utf8'), 'before\n<!-- faults:begin -->\n\nnewer\n\n<!-- faults:end -->\nafter\n');
  });

  it('are not written to a page without a place for them', async () => {
    writeFileSync(file, '<!-- faults:end --><!-- faults:begin -->');
    await assert.rejects(
      writeBetweenMarkers('newer', file),
      /has no lines <!-- faults:begin --> and <!-- faults:end -->/,
    );
  });
});
