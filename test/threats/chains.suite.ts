import { ashHashProof } from 'nestjs-ash/core';
import { header, proven } from '../support/attacks.js';
import type { Clock } from '../support/clock.js';
import { inStoppedTime } from '../support/stopped-time.js';
import { SHOP, type ShopSetUp } from '../support/shop.js';
import { harmless, play, type Attack, type Honest, type Plan, type TestApp } from '../support/test-app.js';

const BROKEN = [403, 'ASH_CHAIN_BROKEN'] as const;
const EXPIRED = [410, 'ASH_CHAIN_EXPIRED'] as const;
const MISMATCH = [403, 'ASH_INTEGRITY_FAILED'] as const;

const MINUTES = 60_000;

const as = (plan: Plan, user: string): Plan => ({
  ...plan,
  headers: { ...plan.headers, 'x-user': user },
  after: plan.after?.map((step) => as(step, user)) ?? [],
});

/** Builds on another proof than that of the step before. */
const buildingOn =
  (find: (app: TestApp, honest: Honest) => Promise<string | undefined>) =>
  (app: TestApp): Attack =>
  async (draft, honest) =>
    proven({ previousProof: await find(app, honest) })(draft, honest);

type Row = [title: string, plan: Plan, attack: (app: TestApp) => Attack];

const ABUSES: Row[] = [
  ['skips every step before', SHOP.payment, buildingOn(() => Promise.resolve(undefined))],
  ['skips the step between', SHOP.payment, buildingOn((app) => app.walk([SHOP.cart]))],
  ['builds on a step that nobody took', SHOP.payment, buildingOn(() => Promise.resolve('a'.repeat(64)))],
  [
    'builds on a step that was proven and not sent',
    SHOP.checkout,
    buildingOn(async (app) => (await app.prepare(SHOP.cart)).proof),
  ],
  [
    'builds on a step that was refused',
    SHOP.checkout,
    buildingOn(async (app) => {
      const { draft, proof } = await app.prepare(SHOP.cart);
      await app.send({ ...draft, body: '{"sku":"A1","quantity":3}' });
      return proof;
    }),
  ],
  [
    'builds on a step that failed',
    SHOP.checkout,
    buildingOn(async (app) => {
      const { draft, proof } = await app.prepare({ ...SHOP.cart, body: '{"sku":"A1","quantity":0}' });
      await app.send(draft);
      return proof;
    }),
  ],
  [
    'builds on a step that was continued',
    SHOP.payment,
    buildingOn(async (app) => {
      const { draft, previousProof } = await app.prepare(SHOP.payment);
      await app.send(draft);
      return previousProof;
    }),
  ],
  [
    'builds on a step that was continued, and is changed besides',
    SHOP.payment,
    (app) => async (draft, honest) => {
      const other = await app.prepare(SHOP.payment);
      await app.send(other.draft);
      await proven({ previousProof: other.previousProof })(draft, honest);
      draft.body = '{"card":"5555"}';
    },
  ],
  [
    'builds on a step of another user',
    SHOP.payment,
    buildingOn((app) => app.walk([as(SHOP.cart, 'mallory'), as(SHOP.checkout, 'mallory')])),
  ],
  ['builds on the last step', SHOP.checkout, buildingOn((app) => app.walk([SHOP.cart, SHOP.checkout, SHOP.payment]))],
  ['repeats a step', SHOP.checkout, buildingOn((app) => app.walk([SHOP.cart, SHOP.checkout]))],
  ['begins with a step before', SHOP.cart, buildingOn((app) => app.walk([SHOP.cart]))],
  ['is no step, and names one', SHOP.json, buildingOn((app) => app.walk([SHOP.cart]))],
  [
    'names the proof and not its hash',
    SHOP.checkout,
    () =>
      (draft, { previousProof }) => {
        draft.headers['x-ash-chain-hash'] = String(previousProof);
      },
  ],
  ['names the hash of the hash', SHOP.checkout, () => header('x-ash-chain-hash', ashHashProof)],
];

/** Threat 17: the chain of the shop. */
export function describeChains({ on, store, start }: ShopSetUp): void {
  describe(`17: a chain of the shop ${on}`, () => {
    let clock: Clock;
    let shop: TestApp;

    inStoppedTime(start, (held) => {
      ({ clock, shop } = held);
    });

    it.each(ABUSES)('refuses a step that %s', async (_title, plan, attack) => {
      const honest = await shop.prepare(plan);
      const draft = { ...honest.draft, headers: { ...honest.draft.headers } };
      await attack(shop)(draft, honest);
      let refused: unknown;
      const ran = await shop.ranDuring(async () => {
        const { status, code } = await shop.send(draft);
        refused = [status, code];
      });

      expect(refused).toEqual(BROKEN);
      expect(ran).toEqual({});
      expect(await shop.ranDuring(() => shop.send(honest.draft))).toEqual({ [plan.runs]: 1 });
    });

    it('answers the proof of a step that succeeded, and of no other request', async () => {
      const cart = await shop.prepare(SHOP.cart);
      const failed = await shop.pass({ ...SHOP.cart, body: '{}' });
      const single = await shop.pass(SHOP.json);

      expect((await shop.send(cart.draft)).headers['x-ash-chain-proof']).toBe(cart.proof);
      expect(failed).toMatchObject({ status: 400 });
      expect(failed.headers).not.toHaveProperty('x-ash-chain-proof');
      expect(single.headers).not.toHaveProperty('x-ash-chain-proof');
    });

    it('refuses a step whose header names another one than its proof, and both can be continued', async () => {
      const other = await shop.prepare(SHOP.checkout);
      const attack = header('x-ash-chain-hash', ashHashProof(String(other.previousProof)));

      expect(await play(shop, SHOP.checkout, attack)).toEqual(harmless(SHOP.checkout, ...MISMATCH));
      expect(await shop.send(other.draft)).toMatchObject({ status: 200 });
    });

    it('refuses the second of two steps that build on one, whose context stays good', async () => {
      const first = await shop.prepare(SHOP.checkout);
      const second = await shop.prepare({ ...SHOP.checkout, after: [] }, { previousProof: first.previousProof });

      expect(await shop.send(first.draft)).toMatchObject({ status: 200 });
      expect(await shop.send(second.draft)).toMatchObject({ status: 403, code: 'ASH_CHAIN_BROKEN' });

      const anotherCart = await shop.walk([SHOP.cart]);
      await proven({ previousProof: anotherCart })(second.draft, second);

      expect(await shop.send(second.draft)).toMatchObject({ status: 200 });
    });

    it('lets one of two steps that come at once on, and refuses the other', async () => {
      const first = await shop.prepare(SHOP.checkout);
      const second = await shop.prepare({ ...SHOP.checkout, after: [] }, { previousProof: first.previousProof });
      let codes: unknown[] = [];
      const ran = await shop.ranDuring(async () => {
        const answers = await Promise.all([shop.send(first.draft), shop.send(second.draft)]);
        codes = answers.map(({ status, code }) => code ?? status).sort();
      });

      expect(codes).toEqual([200, 'ASH_CHAIN_BROKEN']);
      expect(ran).toEqual({ checkouts: 1 });
    });

    it('lets a card that was declined be tried again, with a context of its own', async () => {
      const declined = await shop.prepare({ ...SHOP.payment, body: '{"card":"declined"}' });
      const { previousProof } = declined;
      const again: Plan = { ...SHOP.payment, after: [] };

      expect(await shop.send(declined.draft)).toMatchObject({ status: 402 });
      expect(await shop.send(declined.draft)).toMatchObject({ status: 409, code: 'ASH_CTX_ALREADY_USED' });
      expect(await shop.ranDuring(() => shop.pass(again, { previousProof }))).toEqual({ payments: 1 });
      expect(await shop.pass(again, { previousProof })).toMatchObject({ status: 403, code: 'ASH_CHAIN_BROKEN' });
    });

    it('keeps the start free for every customer at once', async () => {
      const users = ['alice', 'bob', 'carol', 'dave'];
      const ran = await shop.ranDuring(() => Promise.all(users.map((user) => shop.pass(as(SHOP.payment, user)))));

      expect(ran).toEqual({ carts: 4, checkouts: 4, payments: 4 });
    });

    if (!store.followsClock) return;

    type Late = [title: string, wait: number, refusal: readonly [status: number, code?: string]];
    const late: Late[] = [
      ['continues a step that is nearly ten minutes old', 10 * MINUTES - 1, [200]],
      ['refuses to continue a step that is ten minutes old', 10 * MINUTES, EXPIRED],
      ['refuses to continue a step that is eleven minutes old', 11 * MINUTES, EXPIRED],
    ];
    it.each(late)('%s', async (_title, wait, [status, code]) => {
      const previousProof = await shop.walk([SHOP.cart]);
      clock.pass(wait);
      let answer: unknown;
      const ran = await shop.ranDuring(async () => {
        answer = await shop.pass({ ...SHOP.checkout, after: [] }, { previousProof });
      });

      expect(answer).toMatchObject({ status, code });
      expect(ran).toEqual(status === 200 ? { checkouts: 1 } : {});
    });

    it('gives each step its own time', async () => {
      const cart = await shop.walk([SHOP.cart]);
      clock.pass(9 * MINUTES);
      const checkout = await shop.walk([SHOP.checkout], cart);
      clock.pass(9 * MINUTES);

      expect(await shop.pass({ ...SHOP.payment, after: [] }, { previousProof: checkout })).toMatchObject({
        status: 200,
      });
    });
  });
}
