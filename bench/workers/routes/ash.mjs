import { AshModule, AshProtected } from 'nestjs-ash';
import { ASH_HEADERS, ashBuildProofUnified } from 'nestjs-ash/core';
import { ashIssue } from 'nestjs-ash/server';
import { BINDING } from './route.mjs';
import { PATIENCE, STORES } from './stores.mjs';

const TTL = 600_000;
const AT_ONCE = 200;
const ISSUED = { binding: BINDING, ttl: TTL };
const ROUTES = { bindings: [BINDING], storeTimeout: PATIENCE };

/** The library on a Nest application, over the store of that name. */
export function ash(storeName) {
  return {
    refuses: ['without', 'changed', 'again'],
    protect(servers) {
      const store = STORES[storeName](servers);
      return {
        imports: [AshModule.forRoot({ store, audit: 'off', storeTimeout: PATIENCE })],
        decorators: [AshProtected(BINDING, { ttl: TTL })],
        issue: issuerOf(store),
      };
    },
    proveAll,
  };
}

/** Issues so many contexts: what a client needs of each. */
export function issuerOf(store) {
  const issueOne = async () => {
    const { contextId, clientSecret } = await ashIssue(store, ISSUED, ROUTES);
    return [contextId, clientSecret];
  };
  return async (count) => {
    const issued = [];
    while (issued.length < count) {
      const size = Math.min(AT_ONCE, count - issued.length);
      issued.push(...(await Promise.all(Array.from({ length: size }, issueOne))));
    }
    return issued;
  };
}

/** A client's headers, one set for each context. */
function proveAll({ payload, issued }) {
  const timestamp = String(Date.now());
  return issued.map(([contextId, clientSecret]) => ({
    [ASH_HEADERS.contextId]: contextId,
    [ASH_HEADERS.proof]: ashBuildProofUnified(clientSecret, timestamp, BINDING, payload).proof,
    [ASH_HEADERS.timestamp]: timestamp,
  }));
}
