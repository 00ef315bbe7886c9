import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { ashGenerateKey, ashIssue, AshMemoryStore, AshSealedStore } from 'nestjs-ash/server';
import { ashGenerateContextId, ashGenerateNonce } from 'nestjs-ash/core';
import { watchEventLoop } from '../harness/event-loop.mjs';
import { settledMemory } from '../harness/process-memory.mjs';
import { serve } from '../harness/worker.mjs';

// Issues many contexts in a process of its own, has them expire and be swept, and tells what they took and what is left
// of them.

const TTL = 60_000;
const GRACE = 1;
const NO_SWEEP_OF_ITS_OWN = 2 ** 31 - 1;
const WARM_UP = 20_000;
const A_TURN = 100;
/** A collection that was forced on a large heap goes on in the background, and holds up the loop for half a second. */
const AFTERMATH = 2_000;
const BINDING = 'POST /transfer';
const ISSUED = { binding: BINDING, ttl: TTL };
const ROUTES = { bindings: [BINDING] };

let ahead = 0;
const clock = () => Date.now() + ahead;

const KEEPERS = {
  memory: (count) => {
    const store = memoryStore(count);
    return { create: () => ashIssue(store, ISSUED, ROUTES), sweep: () => store.cleanup(), isKept: true };
  },
  sealed: (count) => {
    const keys = [{ id: '2026-11', secret: ashGenerateKey() }];
    const store = new AshSealedStore({ keys, spent: memoryStore(count), clock });
    return { create: () => ashIssue(store, ISSUED, ROUTES), sweep: () => store.cleanup(), isKept: false };
  },
  map: () => plainMap(),
};

function memoryStore(count) {
  return new AshMemoryStore({ maxEntries: count + WARM_UP, grace: GRACE, sweepInterval: NO_SWEEP_OF_ITS_OWN, clock });
}

/** The first thing that comes to mind: a Map of plain objects, swept in one go. */
function plainMap() {
  const contexts = new Map();
  const create = () => {
    const issuedAt = clock();
    const fields = {
      binding: BINDING,
      mode: 'balanced',
      protocol: 'v2.3',
      issuedAt,
      expiresAt: issuedAt + TTL,
    };
    contexts.set(ashGenerateContextId(), { ...fields, nonce: ashGenerateNonce(), consumedAt: undefined });
  };
  const sweep = () => {
    const [before, now] = [contexts.size, clock()];
    for (const [id, { expiresAt }] of contexts) if (expiresAt + GRACE <= now) contexts.delete(id);
    return before - contexts.size;
  };
  return { create, sweep, isKept: true };
}

/** As a server does, it lets others have their turn in between. */
async function issue({ create }, count) {
  for (let issued = 1; issued <= count; issued++) {
    await create();
    if (issued % A_TURN === 0) await nextTurn();
  }
}

async function expireAndSweep({ sweep, isKept }, count) {
  ahead += 2 * TTL;
  const watched = await watchEventLoop(sweep);
  const expected = isKept ? count : 0;
  if (watched.result !== expected)
    throw new Error(`The sweep forgot ${watched.result} contexts instead of ${expected}.`);
  return watched;
}

serve({
  async occupy({ name, count }) {
    const keeper = KEEPERS[name](count);
    await issue(keeper, WARM_UP);
    await expireAndSweep(keeper, WARM_UP);

    const empty = await settledMemory();
    await wait(AFTERMATH);
    const insertion = await watchEventLoop(() => issue(keeper, count));
    const full = await settledMemory();
    await wait(AFTERMATH);
    const sweep = await expireAndSweep(keeper, count);
    const swept = await settledMemory();
    return { empty, insertion, full, sweep, swept };
  },
});
