import { AshClient } from 'nestjs-ash/client';
import { stopClock, type Clock } from '../support/clock.js';
import { ADAPTERS, type TestApp } from '../support/test-app.js';
import { Wire } from '../support/wire.js';
import { endOf, TRANSFER, type Ending } from './served-shop.js';
import { startTill } from './till.js';

const HOUR = 3_600_000;
const CONTEXT = 'POST /ash/context';
const CALLED = 'POST /transfer';
const READ = 'GET /statement';

/** In `strict` mode the code of a refusal does not tell whether the request ran before. */
const HIDDEN: Ending = { code: 'ASH_VERIFICATION_FAILED', status: 403, mayHaveRun: true };
const PASSED: Ending = { status: 200 };

describe.each(ADAPTERS)("AshClient and a server in 'strict' mode on %s", (adapter) => {
  let clock: Clock;
  let till: TestApp;
  let wire: Wire;
  let ahead: number;
  let ash: AshClient;

  beforeAll(async () => {
    clock = stopClock();
    till = await startTill(adapter, { mode: 'strict' });
    wire = Wire.at(till);
  });

  beforeEach(() => {
    ahead = 0;
    ash = new AshClient({ baseUrl: till.origin, clock: () => Date.now() + ahead });
  });

  afterAll(async () => {
    await till.close();
    clock.release();
  });

  const transfer = (): Promise<Response> => ash.post('/transfer', TRANSFER);
  const read = (): Promise<Response> => ash.get('/statement');
  /** How a call ends, and what it took. */
  const played = async (call: () => Promise<Response>): Promise<object> => {
    wire.take();
    const ended = await endOf(call());
    return { ended, arrived: wire.take().map(({ what }) => what) };
  };

  it.each([HOUR, -HOUR])('agree on the time where the clock of the client is %d ms ahead', async (offset) => {
    ahead = offset;

    expect(await played(transfer)).toEqual({ ended: PASSED, arrived: [CONTEXT, CALLED] });
    expect(await played(transfer)).toEqual({ ended: PASSED, arrived: [CALLED] });
  });

  it('leave it to the caller to send a transfer again that was refused, and the next one passes', async () => {
    await transfer();
    ahead = -HOUR;

    let refused: object | undefined;
    const ran = await till.ranDuring(async () => {
      refused = await played(transfer);
    });
    expect(refused).toEqual({ ended: HIDDEN, arrived: [CALLED] });
    expect(ran).toEqual({});
    expect(await played(transfer)).toEqual({ ended: PASSED, arrived: [CONTEXT, CALLED] });
  });

  it('make anew what changes nothing', async () => {
    await read();
    ahead = -HOUR;

    expect(await played(read)).toEqual({ ended: PASSED, arrived: [READ, CONTEXT, READ] });
  });

  it('ask for a fresh context before one expires that lies ready', async () => {
    await transfer();
    clock.pass(60_000);

    expect(await played(transfer)).toEqual({ ended: PASSED, arrived: [CONTEXT, CALLED] });
  });
});
