import type { AshChainState, AshClientChain } from 'nestjs-ash/client';
import type { Fault } from '../support/faulty-proxy.js';
import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import { endOf, ServedShop, type Ending } from './served-shop.js';

const PASSED: Ending = { status: 200 };
const LOST: Ending = { code: 'ASH_CLIENT_RESPONSE_LOST', mayHaveRun: true };

describe.each(shopsOn(MEMORY, SERVERS.frameworks))(
  'a checkout in the shop $on one step of which is struck by the network',
  (setUp) => {
    let served: ServedShop;

    beforeAll(async () => {
      served = await ServedShop.start(setUp);
    });

    afterEach(() => {
      served.proxy.disarm();
    });

    afterAll(() => served.end());

    const STEPS = [
      ['/cart', { sku: 'A1', quantity: 2 }],
      ['/checkout', {}],
      ['/payment', { card: '4242' }],
    ] as const;
    const take = (chain: AshClientChain, index: number): Promise<Ending> => {
      const [path = '', body] = STEPS[index] ?? [];
      return endOf(chain.post(path, body));
    };
    const same = (chain: AshClientChain): AshClientChain => chain;
    /** The chain as a page has it that was loaded again. */
    const reloaded = ({ state }: AshClientChain): AshClientChain =>
      served.client().chain('checkout', JSON.parse(JSON.stringify(state)) as AshChainState);

    /** Goes through a checkout, one step of which is struck, and repeated where it is asked for. */
    const checkOut = async (
      struck: { readonly index: number; readonly fault: Fault; readonly count: number; readonly repeated: boolean },
      onward: typeof same,
    ): Promise<{ endings: Ending[]; wasUnconfirmed: boolean }> => {
      let chain = served.client().chain('checkout');
      let wasUnconfirmed = false;
      const endings: Ending[] = [];
      for (const index of STEPS.keys()) {
        if (index === struck.index)
          void served.proxy.arm(`POST ${STEPS[index]?.[0] ?? ''}`, struck.fault, struck.count);
        endings.push(await take(chain, index));
        if (index !== struck.index) continue;
        chain = onward(chain);
        wasUnconfirmed = chain.state.unconfirmedProofs !== undefined;
        if (struck.repeated) endings.push(await take(chain, index));
      }
      return { endings, wasUnconfirmed };
    };

    const BROKEN: Ending = { code: 'ASH_CHAIN_BROKEN', status: 403, mayHaveRun: false };

    type Row = [
      title: string,
      index: number,
      fault: Fault,
      count: number,
      repeated: boolean,
      endings: readonly Ending[],
    ];
    const rows: Row[] = [
      ['the first step goes on where it did not arrive', 0, 'lost', 1, false, [PASSED, PASSED, PASSED]],
      ['a step goes on where it did not arrive', 1, 'lost', 1, false, [PASSED, PASSED, PASSED]],
      ['the first step can be repeated that never arrived', 0, 'lost', 2, true, [LOST, PASSED, PASSED, PASSED]],
      ['a step can be repeated that never arrived', 1, 'lost', 2, true, [PASSED, LOST, PASSED, PASSED]],
      ['the last step can be repeated that never arrived', 2, 'lost', 2, true, [PASSED, PASSED, LOST, PASSED]],
      ['the chain goes on from the first step, which ran', 0, 'unanswered', 1, false, [LOST, PASSED, PASSED]],
      ['the chain goes on from a step that ran', 1, 'unanswered', 1, false, [PASSED, LOST, PASSED]],
      [
        'the chain goes on from a step that ran and lost both answers',
        1,
        'unanswered',
        2,
        false,
        [PASSED, LOST, PASSED],
      ],
      ['the last step has run', 2, 'unanswered', 1, false, [PASSED, PASSED, LOST]],
      ['a step that ran never runs again', 1, 'unanswered', 1, true, [PASSED, LOST, BROKEN, PASSED]],
      ['the last step that ran never runs again', 2, 'unanswered', 1, true, [PASSED, PASSED, LOST, BROKEN]],
    ];
    describe.each([
      ['on one page', same],
      ['over a page load', reloaded],
    ])('%s', (_on, onward) => {
      it.each(rows)('%s', async (_title, index, fault, count, repeated, endings) => {
        let played: Awaited<ReturnType<typeof checkOut>> | undefined;
        const ran = await served.shop.ranDuring(async () => {
          played = await checkOut({ index, fault, count, repeated }, onward);
        });

        expect(played).toEqual({ endings, wasUnconfirmed: endings.includes(LOST) });
        expect(ran).toEqual({ carts: 1, checkouts: 1, payments: 1 });
      });
    });
  },
);
