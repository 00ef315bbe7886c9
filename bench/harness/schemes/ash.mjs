import { AshClient } from 'nestjs-ash/client';
import { AshMemoryStore, ashIssue, ashVerify } from 'nestjs-ash/server';

const BINDING = 'POST /transfer';
const ROUTES = { bindings: [BINDING], maxPayloadBytes: 4_194_304 };

/** This library over its store in memory: a context for each request, which is spent. */
export function ash() {
  let store;
  return {
    begin() {
      store = new AshMemoryStore();
    },
    issue: () => ashIssue(store, { binding: BINDING }, ROUTES),
    sign(payload, context) {
      const bytes = Buffer.from(JSON.stringify(payload));
      return { bytes, headers: sentHeaders(AshClient.buildHeaders({ ...context, payload })) };
    },
    async verify({ bytes, headers }) {
      const request = { method: 'POST', url: '/transfer', headers, body: JSON.parse(bytes.toString()) };
      const verdict = await ashVerify(store, request, ROUTES);
      if (!verdict.ok) throw new Error(`Refused: ${verdict.code}`);
      return verdict.request.payload;
    },
  };
}

/** Headers as a server reads them: their names in lower case, beside those of every request. */
export function sentHeaders(headers) {
  const own = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return { host: 'shop.example', 'content-type': 'application/json', ...Object.fromEntries(own) };
}
