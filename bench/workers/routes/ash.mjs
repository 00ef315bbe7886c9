import { AshModule, AshProtected } from 'nestjs-ash';
import { ASH_HEADERS, ashBuildProofUnified, ashDeriveClientSecret } from 'nestjs-ash/core';
import { BINDING } from './route.mjs';
import { PATIENCE, STORES } from './stores.mjs';

const TTL = 600_000;
const AT_ONCE = 200;

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
    const { id, nonce, binding } = await store.create({ binding: BINDING, ttlMs: TTL });
    return [id, ashDeriveClientSecret(nonce, id, binding)];
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
