import { AshService } from 'nestjs-ash';
import { EchoController, form, JSON_TYPE, runs } from '../support/echo.js';
import { startFixture, type FixtureApp } from '../support/fixture.js';
import { sign } from '../support/proof.js';
import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import { ADAPTERS, draftOf, type Plan } from '../support/test-app.js';
import { describeBodies } from './bodies.suite.js';

shopsOn(MEMORY, SERVERS.all).forEach(describeBodies);

describe.each(ADAPTERS)('11: a body on %s', (adapter) => {
  describe('that no parser of the application reads', () => {
    let app: FixtureApp;

    beforeAll(async () => {
      app = await startFixture(adapter, { runs, controllers: [EchoController], nest: { bodyParser: false } });
    });

    afterAll(() => app.close());

    type Unread = [title: string, plan: Plan];
    const unread: Unread[] = [
      ['a form', form('a=1')],
      [
        'bytes',
        {
          binding: 'POST /bytes',
          headers: { 'content-type': 'application/octet-stream' },
          body: 'x',
          payload: 'raw',
          runs: 'bytes',
        },
      ],
      [
        'a file',
        {
          binding: 'POST /bytes',
          headers: { 'content-type': 'multipart/form-data; boundary=x' },
          body: '--x--',
          payload: 'raw',
          runs: 'bytes',
        },
      ],
    ];
    it.each(unread)('is refused: %s', async (_title, plan) => {
      // No context can be asked for without a parser either.
      const context = await app.nest.get(AshService).issue({ binding: plan.binding });
      const draft = draftOf(plan);
      sign(context, draft, { payload: plan.payload });
      let answer: unknown;
      const ran = await app.ranDuring(async () => {
        answer = await app.send(draft);
      });

      // Fastify refuses such a type before any guard.
      expect(answer).toMatchObject(
        adapter === 'express' ? { status: 500, code: 'ASH_RAW_BODY_UNAVAILABLE' } : { status: 415 },
      );
      expect(ran).toEqual({});
    });
  });

  it('whose bytes nobody kept is refused on a raw route, and the answer names the mend', async () => {
    const app = await startFixture(adapter, { runs, controllers: [EchoController] });
    const plan: Plan = { binding: 'POST /bytes', headers: JSON_TYPE, body: '{"a":1}', payload: 'raw', runs: 'bytes' };
    const { status, code, body: answer } = await app.pass(plan);
    await app.close();

    expect({ status, code }).toEqual({ status: 500, code: 'ASH_RAW_BODY_UNAVAILABLE' });
    expect(answer).toMatchObject({ message: expect.stringContaining('rawBody: true') });
  });
});
