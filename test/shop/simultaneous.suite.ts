import type { AshContextStore } from 'nestjs-ash';
import { meetAt } from '../support/meeting.js';
import { SHOP, type ShopSetUp } from '../support/shop.js';
import type { Answer } from '../support/http.js';
import type { Ledger, Plan, TestApp } from '../support/test-app.js';

const MANY = 100;
const PAYMENTS = 12;

type Tally = Readonly<Record<string, number>>;

/** How many answers there were of each code, or of each status where there is no code. */
function tallyOf(answers: readonly Answer[]): Tally {
  const tally: Record<string, number> = {};
  for (const { code, status } of answers) tally[code ?? status] = (tally[code ?? status] ?? 0) + 1;
  return tally;
}

/** Threat 2, at once: of any number of requests on one context, or one link, one runs. */
export function describeSimultaneousRequests({ on, start }: ShopSetUp): void {
  describe(`2: requests at once ${on}`, () => {
    let shop: TestApp;
    let store: AshContextStore;

    beforeAll(async () => {
      shop = await start();
      ({ store } = shop);
    });

    afterAll(() => shop.close());

    async function sendAll(requests: readonly (() => Promise<Answer>)[]): Promise<{ tally: Tally; ran: Ledger }> {
      let tally: Tally = {};
      const ran = await shop.ranDuring(async () => {
        tally = tallyOf(await Promise.all(requests.map((request) => request())));
      });
      return { tally, ran };
    }

    type Row = [title: string, plan: Plan];
    const identical: Row[] = [
      ['a transfer', SHOP.json],
      ['a transfer with a scope', SHOP.scoped],
      ['a form', SHOP.form],
      ['an upload', SHOP.raw],
      ['a report', SHOP.query],
      ['a limit', SHOP.parameter],
      ['a transfer of v1', SHOP.v1],
      ['the start of a chain', SHOP.cart],
      ['the last step of a chain', SHOP.payment],
    ];
    it.each(identical)(`that are ${MANY} times %s run it once`, async (_title, plan) => {
      const { draft } = await shop.prepare(plan);
      meetAt(store, 'get', MANY);

      expect(await sendAll(Array.from({ length: MANY }, () => () => shop.send(draft)))).toEqual({
        tally: { 200: 1, ASH_CTX_ALREADY_USED: MANY - 1 },
        ran: { [plan.runs]: 1 },
      });
    });

    it(`that are ${PAYMENTS} payments on one checkout run one`, async () => {
      const previousProof = await shop.walk([SHOP.cart, SHOP.checkout]);
      const plan: Plan = { ...SHOP.payment, after: [] };
      const payments = await Promise.all(Array.from({ length: PAYMENTS }, () => shop.prepare(plan, { previousProof })));
      meetAt(store, 'getLink', PAYMENTS);

      expect(
        await sendAll(
          payments.map(
            ({ draft }) =>
              () =>
                shop.send(draft),
          ),
        ),
      ).toEqual({
        tally: { 200: 1, ASH_CHAIN_BROKEN: PAYMENTS - 1 },
        ran: { payments: 1 },
      });
    });

    it(`that are ${PAYMENTS} payments on one checkout, each ten times, run one`, async () => {
      const previousProof = await shop.walk([SHOP.cart, SHOP.checkout]);
      const plan: Plan = { ...SHOP.payment, after: [] };
      const payments = await Promise.all(Array.from({ length: PAYMENTS }, () => shop.prepare(plan, { previousProof })));
      const requests = payments.flatMap(({ draft }) => Array.from({ length: 10 }, () => () => shop.send(draft)));
      const { tally, ran } = await sendAll(requests);

      expect(tally['200']).toBe(1);
      expect((tally['ASH_CHAIN_BROKEN'] ?? 0) + (tally['ASH_CTX_ALREADY_USED'] ?? 0)).toBe(10 * PAYMENTS - 1);
      expect(ran).toEqual({ payments: 1 });
    });

    it(`that are ${MANY} times a declined card leave the checkout to be paid once`, async () => {
      const { draft, previousProof } = await shop.prepare({ ...SHOP.payment, body: '{"card":"declined"}' });
      meetAt(store, 'get', MANY);

      expect(await sendAll(Array.from({ length: MANY }, () => () => shop.send(draft)))).toEqual({
        tally: { 402: 1, ASH_CTX_ALREADY_USED: MANY - 1 },
        ran: {},
      });
      expect(await shop.ranDuring(() => shop.pass({ ...SHOP.payment, after: [] }, { previousProof }))).toEqual({
        payments: 1,
      });
    });

    it(`that are ${MANY} transfers, each with its own context, run all`, async () => {
      const transfers = await Promise.all(Array.from({ length: MANY }, () => shop.prepare(SHOP.json)));

      expect(
        await sendAll(
          transfers.map(
            ({ draft }) =>
              () =>
                shop.send(draft),
          ),
        ),
      ).toEqual({
        tally: { 200: MANY },
        ran: { transfers: MANY },
      });
    });
  });
}
