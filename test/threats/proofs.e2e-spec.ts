import { Controller, Post } from '@nestjs/common';
import { AshProtected, type AshProtocol } from 'nestjs-ash';
import { all, header, proven, without } from '../support/attacks.js';
import { Runs, startFixture } from '../support/fixture.js';
import { MEMORY, SERVERS, shopsOn } from '../support/shop.js';
import { ADAPTERS, harmless, play, type Attack, type Plan, type TestApp } from '../support/test-app.js';
import { describeProofs } from './proofs.suite.js';

const MISMATCH = [403, 'ASH_INTEGRITY_FAILED'] as const;
const NO_PROOF = [403, 'ASH_PROOF_INVALID'] as const;
const MISSING = [403, 'ASH_PROOF_MISSING'] as const;
const MALFORMED = [400, 'ASH_HEADER_INVALID'] as const;

const PROTOCOLS: readonly AshProtocol[] = ['v2.3', 'v2.2', 'v2.1', 'v1'];

shopsOn(MEMORY, SERVERS.all).forEach(describeProofs);

describe.each(ADAPTERS)('15: a downgrade on %s', (adapter) => {
  const runs = new Runs();
  let app: TestApp;

  @Controller()
  class ProtocolsController {
    @Post('new')
    @AshProtected('POST /new')
    unified() {
      runs.count('v2.3');
    }

    @Post('scoped')
    @AshProtected('POST /scoped', { protocol: 'v2.2', scope: ['amount'] })
    scoped() {
      runs.count('v2.2');
    }

    @Post('plain')
    @AshProtected('POST /plain', { protocol: 'v2.1' })
    plain() {
      runs.count('v2.1');
    }

    @Post('old')
    @AshProtected('POST /old', { protocol: 'v1' })
    old() {
      runs.count('v1');
    }

    @Post('hiding/:name')
    @AshProtected('POST /hiding/:name')
    hiding() {
      runs.count('hiding');
    }

    @Post('hiding/old')
    @AshProtected('POST /hiding/old', { protocol: 'v1' })
    hidden() {
      runs.count('hidden');
    }

    @Post('old/strict')
    @AshProtected('POST /old/strict', { protocol: 'v1', mode: 'strict' })
    strict() {
      runs.count('strict');
    }
  }

  const plan = (path: string, kind: string): Plan => ({
    binding: `POST ${path}`,
    headers: { 'content-type': 'application/json' },
    body: '{"amount":1}',
    runs: kind,
  });
  const PLANS: Readonly<Record<AshProtocol, Plan>> = {
    'v2.3': plan('/new', 'v2.3'),
    'v2.2': plan('/scoped', 'v2.2'),
    'v2.1': plan('/plain', 'v2.1'),
    v1: plan('/old', 'v1'),
  };
  const STRICT = plan('/old/strict', 'strict');

  beforeAll(async () => {
    app = await startFixture(adapter, { runs, controllers: [ProtocolsController] });
  });

  afterAll(() => app.close());

  const pairs = PROTOCOLS.flatMap((own) =>
    PROTOCOLS.filter((other) => other !== own).map((other) => [other, own] as const),
  );
  it.each(pairs)('to a proof of %s on a context of %s is refused', async (other, own) => {
    // A timestamp and a secret are there in any case, so that the formula alone is wrong.
    const attack: Attack = all(proven({ protocol: other }), ({ headers }, { draft }) => {
      headers['x-ash-timestamp'] = draft.headers['x-ash-timestamp'] ?? String(Date.now());
    });
    const [status, code] = own === 'v2.3' && other !== 'v1' ? MISMATCH : NO_PROOF;

    expect(await play(app, PLANS[own], attack)).toEqual(harmless(PLANS[own], status, code));
  });

  it('to a proof without a timestamp is refused', async () => {
    const attack = all(proven({ protocol: 'v1' }), without('x-ash-timestamp'));

    expect(await play(app, PLANS['v2.3'], attack)).toEqual(harmless(PLANS['v2.3'], ...MISSING));
  });

  it.each(['minimal', 'strict'] as const)("to a v1 proof of mode '%s' is refused", async (mode) => {
    const attack: Attack = (draft, honest) => proven()(draft, { ...honest, context: { ...honest.context, mode } });

    expect(await play(app, PLANS.v1, attack)).toEqual(harmless(PLANS.v1, ...NO_PROOF));
  });

  it('of the strict mode, whose v1 proofs hold the nonce, is refused', async () => {
    const attack: Attack = (draft, honest) => {
      const { nonce: _nonce, ...context } = honest.context;
      return proven()(draft, { ...honest, context });
    };

    expect(await play(app, STRICT, attack)).toEqual(harmless(STRICT, 403, 'ASH_VERIFICATION_FAILED'));
  });

  it('by a route that the router hides behind another one is refused', async () => {
    const { draft } = await app.prepare(plan('/hiding/old', 'hidden'));
    draft.headers['x-ash-timestamp'] = String(Date.now());
    let code: string | undefined;
    const ran = await app.ranDuring(async () => {
      ({ code } = await app.send(draft));
    });

    // Express takes the route that was declared first, Fastify the most specific one.
    expect({ code, ran }).toEqual(
      adapter === 'express' ? { code: 'ASH_BINDING_MISMATCH', ran: {} } : { code: undefined, ran: { hidden: 1 } },
    );
  });

  it('by a header of the request is refused', async () => {
    expect(await play(app, PLANS['v2.3'], header('x-ash-protocol', 'v1'))).toEqual(
      harmless(PLANS['v2.3'], ...MALFORMED),
    );
  });

  it('cannot be asked for: the route decides what its context is', async () => {
    const wishes = {
      protocol: 'v1',
      mode: 'minimal',
      scope: ['x'],
      ttl: 3_600_000,
      subject: 'root',
      query: 'ignore',
    };
    const { body } = await app.ask({ binding: 'POST /new', ...wishes });

    expect(body).toMatchObject({ protocol: 'v2.3', mode: 'balanced', clientSecret: expect.any(String) });
    expect(body).not.toHaveProperty('scope');
    expect(body).not.toHaveProperty('query');
  });
});
