import { Controller, Post } from '@nestjs/common';
import { AshProtected, AshService, type AshErrorCode } from 'nestjs-ash';
import { proven } from '../support/attacks.js';
import { stopClock, type Clock } from '../support/clock.js';
import { Runs, startFixture, type FixtureApp } from '../support/fixture.js';
import { sign } from '../support/proof.js';
import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import { ADAPTERS, draftOf, harmless, play, type Plan } from '../support/test-app.js';
import { describeTimestamps } from './clocks.suite.js';

const MINUTES = 60_000;

shopsOn(MEMORY, SERVERS.all).forEach(describeTimestamps);

describe.each(ADAPTERS)('16: a timestamp of another mode on %s', (adapter) => {
  let clock: Clock;

  beforeAll(() => {
    clock = stopClock();
  });

  afterAll(() => {
    clock.release();
  });

  const runs = new Runs();
  let app: FixtureApp;
  let refusedCode: AshErrorCode | undefined;

  @Controller()
  class ModesController {
    @Post('minimal')
    @AshProtected('POST /minimal', { mode: 'minimal' })
    minimal() {
      runs.count('minimal');
    }

    @Post('balanced')
    @AshProtected('POST /balanced')
    balanced() {
      runs.count('balanced');
    }

    @Post('strict')
    @AshProtected('POST /strict', { mode: 'strict' })
    strict() {
      runs.count('strict');
    }

    @Post('narrow')
    @AshProtected('POST /narrow', { timestampTolerance: 1_000 })
    narrow() {
      runs.count('narrow');
    }
  }

  beforeAll(async () => {
    const onRefused = ({ code }: { code: AshErrorCode }): void => {
      refusedCode = code;
    };
    app = await startFixture(adapter, { runs, controllers: [ModesController], ash: { onRefused } });
  });

  afterAll(() => app.close());

  const plan = (mode: string): Plan => ({ binding: `POST /${mode}`, runs: mode });

  type Passing = [title: string, mode: string, ahead: number];
  const passing: Passing[] = [
    ['a year ago passes where the mode is minimal', 'minimal', -365 * 24 * 60 * MINUTES],
    ['in a year passes where the mode is minimal', 'minimal', 365 * 24 * 60 * MINUTES],
    ['half a minute ago passes where the mode is strict', 'strict', -30_000],
    ['in half a minute passes where the mode is strict', 'strict', 30_000],
    ['a second ago passes where the route allows a second', 'narrow', -1_000],
  ];
  it.each(passing)('%s', async (_title, mode, ahead) => {
    const ran = await app.ranDuring(() => app.pass(plan(mode), { timestamp: Date.now() + ahead }));

    expect(ran).toEqual({ [mode]: 1 });
  });

  type Refused = [title: string, mode: string, timestamp: (now: number) => number, code: string];
  const refused: Refused[] = [
    [
      'in seconds is refused where the mode is minimal',
      'minimal',
      (now) => Math.floor(now / 1_000),
      'ASH_TIMESTAMP_INVALID',
    ],
    [
      'more than half a minute ago is refused where the mode is strict',
      'strict',
      (now) => now - 30_001,
      'ASH_VERIFICATION_FAILED',
    ],
    [
      'in more than half a minute is refused where the mode is strict',
      'strict',
      (now) => now + 30_001,
      'ASH_VERIFICATION_FAILED',
    ],
    [
      'more than a second ago is refused where the route allows a second',
      'narrow',
      (now) => now - 1_001,
      'ASH_TIMESTAMP_INVALID',
    ],
  ];
  it.each(refused)('%s', async (_title, mode, timestamp, code) => {
    const attack = proven({ timestamp: timestamp(Date.now()) });

    expect(await play(app, plan(mode), attack)).toEqual(harmless(plan(mode), 403, code));
    expect(refusedCode).toBe('ASH_TIMESTAMP_INVALID');
  });

  it('a minute ago is refused where the context is stricter than its route', async () => {
    const context = await app.nest.get(AshService).issue({ binding: 'POST /balanced', mode: 'strict' });
    const draft = draftOf(plan('balanced'));
    sign(context, draft, { timestamp: Date.now() - MINUTES });

    expect(await app.send(draft)).toMatchObject({ status: 403, code: 'ASH_VERIFICATION_FAILED' });
    expect(refusedCode).toBe('ASH_TIMESTAMP_INVALID');
  });
});
