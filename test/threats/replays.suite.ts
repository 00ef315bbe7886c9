import { body, header, path } from '../support/attacks.js';
import type { Clock } from '../support/clock.js';
import { inStoppedTime } from '../support/stopped-time.js';
import { SHOP, type ShopSetUp } from '../support/shop.js';
import { copyOf } from '../support/http.js';
import { type Attack, type Plan, type TestApp } from '../support/test-app.js';

interface Refusal {
  readonly status: number;
  readonly code: string;
}

const USED: Refusal = { status: 409, code: 'ASH_CTX_ALREADY_USED' };
const EXPIRED: Refusal = { status: 410, code: 'ASH_CTX_EXPIRED' };
const MISMATCH: Refusal = { status: 403, code: 'ASH_INTEGRITY_FAILED' };

/** Threat 2: a request that was sent before. */
export function describeReplays({ on, store, start }: ShopSetUp): void {
  describe(`2: the same request again ${on}`, () => {
    let clock: Clock;
    let shop: TestApp;

    inStoppedTime(start, (held) => {
      ({ clock, shop } = held);
    });

    it.each(Object.entries<Plan>(SHOP))('is refused for the plan %s, and runs nothing', async (_kind, plan) => {
      const { draft } = await shop.prepare(plan);

      expect(await shop.ranDuring(() => shop.send(draft))).toEqual({ [plan.runs]: 1 });
      expect(await shop.ranDuring(() => shop.send(draft))).toEqual({});
      expect(await shop.send(draft)).toMatchObject(USED);
    });

    // The third part: what refuses the request where the store does not know at once that the context is spent.
    type Row = [title: string, attack: Attack, otherwise: Refusal];
    const disguised: Row[] = [
      ['with other headers around it', header('x-request-id', 'another'), USED],
      ['with its JSON in another spelling', body('{ "to":"acct-7", "amount":1e2 }'), USED],
      ['with another body', body('{"amount":1,"to":"acct-8"}'), MISMATCH],
      ['with a guessed proof', header('x-ash-proof', 'a'.repeat(64)), MISMATCH],
      ['with a later timestamp', header('x-ash-timestamp', (time) => String(Number(time) + 1)), MISMATCH],
      ['to another route', path('/transfer/quick'), { status: 403, code: 'ASH_BINDING_MISMATCH' }],
      ['for another user', header('x-user', 'bob'), { status: 403, code: 'ASH_SUBJECT_MISMATCH' }],
    ];
    it.each(disguised)('is refused %s', async (_title, attack, otherwise) => {
      const honest = await shop.prepare(SHOP.json);
      await shop.send(honest.draft);
      const draft = copyOf(honest.draft);
      await attack(draft, honest);

      expect(await shop.ranDuring(() => shop.send(draft))).toEqual({});
      expect(await shop.send(draft)).toMatchObject(store.knowsSpent ? USED : otherwise);
    });

    it('is refused after a request that the application itself refused', async () => {
      const { draft } = await shop.prepare({ ...SHOP.json, body: '{"amount":-1,"to":"acct-7"}' });

      expect(await shop.send(draft)).toMatchObject({ status: 400, code: undefined });
      expect(await shop.send(draft)).toMatchObject(USED);
    });

    if (!store.followsClock) return;

    it('is refused as used until its context would have expired, and as long after that as it is known', async () => {
      const { draft } = await shop.prepare(SHOP.json);
      await shop.send(draft);
      clock.pass(29_999);

      expect(await shop.send(draft)).toMatchObject(USED);

      clock.pass(60_000);

      expect(await shop.send(draft)).toMatchObject(store.knowsSpent ? USED : EXPIRED);
    });
  });
}
