import { prove, TRANSFER } from '../../test/verification/route-under-test.js';
import type { AshRequestLike } from '../verification/facts.js';
import { AshMemoryStore } from '../stores/memory.store.js';
import type { AshVerifiedRequest } from '../verification/verdict.js';
import { ashIssue, ashVerify } from './verify.js';

const OPTIONS = { expectedBinding: 'POST /transfer', spend: 'handler' } as const;

async function honestRequest(store: AshMemoryStore): Promise<AshRequestLike> {
  const context = await ashIssue(store, { binding: 'POST /transfer' }, OPTIONS);
  const { headers } = prove(context, { timestamp: Date.now() });
  return {
    method: 'POST',
    url: '/transfer',
    headers: { ...headers, 'content-type': 'application/json', 'content-length': '30' },
    body: { ...TRANSFER },
  };
}

async function passed(store: AshMemoryStore, request: AshRequestLike): Promise<AshVerifiedRequest> {
  const verdict = await ashVerify(store, request, OPTIONS);
  if (!verdict.ok) throw new Error(verdict.code);
  return verdict.request;
}

describe('ashVerify on a route whose handler spends', () => {
  it('leaves the context unspent until the handler spends it', async () => {
    const store = new AshMemoryStore();
    const verified = await passed(store, await honestRequest(store));
    await expect(store.get(verified.contextId)).resolves.not.toHaveProperty('consumedAt');
    await verified.spend();
    await expect(store.get(verified.contextId)).resolves.toHaveProperty('consumedAt');
  });

  it('lets one of two identical requests spend it, and tells the other one’s client why it cannot', async () => {
    const store = new AshMemoryStore();
    const request = await honestRequest(store);
    const [first, second] = [await passed(store, request), await passed(store, { ...request })];
    await first.spend();
    await expect(second.spend()).rejects.toMatchObject({
      code: 'ASH_CTX_ALREADY_USED',
      body: { statusCode: 409, code: 'ASH_CTX_ALREADY_USED' },
    });
  });
});
