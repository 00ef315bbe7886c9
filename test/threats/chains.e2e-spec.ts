import { Controller, Post, type Type } from '@nestjs/common';
import { AshChain, AshMemoryStore, AshProtected } from 'nestjs-ash';
import { proven } from '../support/attacks.js';
import { stopClock, type Clock } from '../support/clock.js';
import { Runs, startFixture } from '../support/fixture.js';
import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import { ADAPTERS, harmless, play, type Plan, type TestApp } from '../support/test-app.js';
import { describeChains } from './chains.suite.js';

const BROKEN = [403, 'ASH_CHAIN_BROKEN'] as const;
const EXPIRED = [410, 'ASH_CHAIN_EXPIRED'] as const;

shopsOn(MEMORY, SERVERS.all).forEach(describeChains);

describe.each(ADAPTERS)('17: a chain on %s', (adapter) => {
  let clock: Clock;

  beforeAll(() => {
    clock = stopClock();
  });

  afterAll(() => {
    clock.release();
  });

  describe('beside another one', () => {
    const runs = new Runs();
    let app: TestApp;

    @Controller()
    class ChainsController {
      @Post('a/start')
      @AshProtected('POST /a/start')
      @AshChain('a', { start: true })
      startA() {
        runs.count('startA');
      }

      @Post('a/next')
      @AshProtected('POST /a/next')
      @AshChain('a', { timeout: 5_000 })
      nextA() {
        runs.count('nextA');
      }

      @Post('a/later')
      @AshProtected('POST /a/later')
      @AshChain('a', { timeout: 60_000 })
      laterA() {
        runs.count('laterA');
      }

      @Post('b/start')
      @AshProtected('POST /b/start')
      @AshChain('b', { start: true, timeout: 60_000 })
      startB() {
        runs.count('startB');
      }

      @Post('b/next')
      @AshProtected('POST /b/next')
      @AshChain('b', { after: ['POST /b/start', 'POST /b/again'] })
      nextB() {
        runs.count('nextB');
      }

      @Post('b/again')
      @AshProtected('POST /b/again')
      @AshChain('b', { start: true, after: 'POST /b/next' })
      againB() {
        runs.count('againB');
      }
    }

    beforeAll(async () => {
      app = await startFixture(adapter, { runs, controllers: [ChainsController] });
    });

    afterAll(() => app.close());

    const plan = (path: string, kind: string, after: readonly Plan[] = []): Plan => ({
      binding: `POST ${path}`,
      runs: kind,
      after,
    });
    const startA = plan('/a/start', 'startA');
    const nextA = plan('/a/next', 'nextA', [startA]);
    const laterA = plan('/a/later', 'laterA', [startA]);
    const startB = plan('/b/start', 'startB');
    const nextB = plan('/b/next', 'nextB', [startB]);
    const againB = plan('/b/again', 'againB', [startB, nextB]);

    type Foreign = [title: string, plan: Plan, steps: readonly Plan[]];
    const foreign: Foreign[] = [
      ['builds on the start of the other', nextB, [startA]],
      ['builds on a later step of the other', nextA, [startB, nextB]],
      ['builds on its own start where it follows another step', againB, [startB]],
    ];
    it.each(foreign)('refuses a step that %s', async (_title, target, steps) => {
      const previousProof = await app.walk(steps);

      expect(await play(app, target, proven({ previousProof }))).toEqual(harmless(target, ...BROKEN));
    });

    type Way = [title: string, steps: readonly Plan[]];
    const ways: Way[] = [
      ['any step of it, itself too', [startA, nextA, nextA]],
      ['each of the steps that are named', [startB, nextB, againB, nextB]],
      ['nothing where it may begin', [againB, nextB]],
    ];
    it.each(ways)('lets a step follow %s', async (_title, steps) => {
      await expect(app.walk(steps)).resolves.toMatch(/^[0-9a-f]{64}$/);
    });

    type Late = [title: string, plan: Plan, wait: number, refusal: readonly [status: number, code?: string]];
    const late: Late[] = [
      ['continues within the time of the step that follows', nextA, 4_999, [201]],
      ['refuses after the time of the step that follows', nextA, 5_000, EXPIRED],
      ['continues within the longer time of another step', laterA, 59_999, [201]],
      ['refuses after the longer time of another step', laterA, 60_000, EXPIRED],
      ['continues within the time of the step before', nextB, 59_999, [201]],
      ['refuses after the time of the step before', nextB, 60_000, EXPIRED],
    ];
    it.each(late)('%s', async (_title, target, wait, [status, code]) => {
      const previousProof = await app.walk(target.after ?? []);
      clock.pass(wait);

      expect(await app.pass(target, { previousProof })).toMatchObject({ status, code });
    });
  });

  describe('of another server with the same store', () => {
    const runs = new Runs();
    let store: AshMemoryStore;
    let servers: readonly [own: TestApp, other: TestApp];

    const controllerOf = (chain: string): Type<unknown> => {
      @Controller()
      class ChainController {
        @Post('start')
        @AshProtected('POST /start')
        @AshChain(chain, { start: true })
        start() {
          runs.count('start');
        }

        @Post('next')
        @AshProtected('POST /next')
        @AshChain(chain)
        next() {
          runs.count('next');
        }
      }
      return ChainController;
    };

    beforeAll(async () => {
      store = new AshMemoryStore();
      const serverOf = (chain: string): Promise<TestApp> =>
        startFixture(adapter, { runs, controllers: [controllerOf(chain)], ash: { store } });
      servers = [await serverOf('own'), await serverOf('other')];
    });

    afterAll(() => Promise.all([...servers.map((server) => server.close()), store.close()]));

    it('goes on there only where it has the same name', async () => {
      const [own, other] = servers;
      const start: Plan = { binding: 'POST /start', runs: 'start' };
      const next: Plan = { binding: 'POST /next', runs: 'next' };
      const previousProof = await own.walk([start]);

      expect(await other.pass(next, { previousProof })).toMatchObject({ status: 403, code: 'ASH_CHAIN_BROKEN' });
      expect(await own.pass(next, { previousProof })).toMatchObject({ status: 201 });
    });
  });
});
