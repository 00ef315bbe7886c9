import { inspect } from 'node:util';
import { Body, Controller, Post, Req, type LoggerService } from '@nestjs/common';
import { AshChain, AshMemoryStore, AshProtected, AshService, AshVerified, type AshContext } from 'nestjs-ash';
import type { AshIssuedContext } from 'nestjs-ash/core';
import { all, body, header, path, proven, without } from '../support/attacks.js';
import { Runs, startFixture, type FixtureApp } from '../support/fixture.js';
import { copyOf } from '../support/http.js';
import { ADAPTERS, type Attack, type Honest, type Plan } from '../support/test-app.js';

const show = (value: unknown): string => inspect(value, { showHidden: true, depth: null, getters: false });

/** Keeps all that is logged, at every level, with all that an object shows of itself. */
class RecordingLogger implements LoggerService {
  readonly lines: string[] = [];

  log = this.recorder('log');
  error = this.recorder('error');
  warn = this.recorder('warn');
  debug = this.recorder('debug');
  verbose = this.recorder('verbose');
  fatal = this.recorder('fatal');

  private recorder(level: string): (...args: readonly unknown[]) => void {
    return (...args) => {
      this.lines.push(`${level} ${show(args)}`);
    };
  }
}

/** A store that can be told to fail. */
class FailingStore extends AshMemoryStore {
  isDown = false;

  override get(id: string): Promise<AshContext | null> {
    return this.isDown ? Promise.reject(new Error('connect ECONNREFUSED')) : super.get(id);
  }
}

const runs = new Runs();
const seen: string[] = [];

@Controller()
class PaymentsController {
  @Post('pay')
  @AshProtected('POST /pay', { explain: true })
  pay(@Body() received: { amount?: number }, @Req() request: { ash?: unknown }, @AshVerified() verified: unknown) {
    seen.push(show(request.ash), show(verified), JSON.stringify(request.ash));
    if (received.amount === 0) throw new Error('The handler broke');
    runs.count('pay');
    return verified;
  }

  @Post('strict')
  @AshProtected('POST /strict', { mode: 'strict' })
  strict() {
    runs.count('strict');
  }

  @Post('step')
  @AshProtected('POST /step')
  @AshChain('steps', { start: true })
  step() {
    runs.count('step');
  }

  @Post('old')
  @AshProtected('POST /old', { protocol: 'v1', mode: 'strict' })
  old() {
    runs.count('old');
  }
}

const plan = (name: string): Plan => ({
  binding: `POST /${name}`,
  headers: { 'content-type': 'application/json' },
  body: '{"amount":1}',
  runs: name,
});

type Row = [title: string, plan: Plan, attack: Attack];

const ATTACKS: Row[] = [
  ['another body', plan('pay'), body('{"amount":2}')],
  ['another query', plan('pay'), path('/pay?x=1')],
  ['another protocol', plan('pay'), proven({ protocol: 'v2.1' })],
  ['another route', plan('pay'), path('/strict')],
  ['another timestamp', plan('pay'), proven({ timestamp: 1 })],
  ['a scope', plan('pay'), proven({ scope: ['amount'] })],
  ['a link', plan('pay'), proven({ previousProof: 'a'.repeat(64) })],
  ['a malformed header', plan('pay'), header('x-ash-timestamp', 'soon')],
  ['a proof twice', plan('pay'), header('x-ash-proof', (proof) => [proof, proof])],
  ['another wish than the next context', plan('pay'), header('x-ash-renew', 'always')],
  ['a foreign header', plan('pay'), header('x-ash-mode', 'minimal')],
  ['no proof', plan('pay'), without('x-ash-proof')],
  ['an unknown context', plan('pay'), header('x-ash-context-id', 'ash_0')],
  ['a payload without a canonical form', plan('pay'), body('{"amount":1e400}')],
  ['another type', plan('pay'), all(body('x'), header('content-type', 'text/plain'))],
  ['another body in the strict mode', plan('strict'), body('{"amount":2}')],
  ['another body of a step', plan('step'), body('{"amount":2}')],
  ['another body of v1', plan('old'), body('{"amount":2}')],
];

describe.each(ADAPTERS)('26: the secrets of a request on %s', (adapter) => {
  let logger: RecordingLogger;
  let store: FailingStore;
  let app: FixtureApp;
  const answers: string[] = [];
  /** The next contexts, as they stood in the answers. */
  const renewals: string[] = [];
  const events: string[] = [];

  beforeAll(async () => {
    logger = new RecordingLogger();
    store = new FailingStore();
    app = await startFixture(adapter, {
      runs,
      controllers: [PaymentsController],
      nest: { logger },
      ash: {
        store,
        onVerified: (event) => void events.push(show(event)),
        onRefused: (event) => void events.push(show(event)),
      },
    });
  });

  afterAll(async () => {
    await app.close();
    await store.close();
  });

  /** All that anybody could read: the logs, the answers, the events, and what the handlers got. */
  const readable = (): string => [...logger.lines, ...answers, ...events, ...seen].join('\n');

  async function secretsOf({ context }: Honest): Promise<string[]> {
    const kept = await store.get(context.contextId);
    return [kept?.nonce, context.clientSecret].filter((secret) => secret !== undefined);
  }

  async function sent(draft: Honest['draft']): Promise<number> {
    // Whoever asks for the next context is told another secret.
    draft.headers['x-ash-renew'] ??= '1';
    const { status, headers, text } = await app.send(draft);
    const { 'x-ash-context': renewal, ...others } = headers;
    answers.push(show(others), text);
    if (renewal !== undefined) renewals.push(String(renewal));
    return status;
  }

  it.each(ATTACKS)('that is refused for %s are nowhere to be read', async (_title, target, attack) => {
    const honest = await app.prepare(target);
    const draft = copyOf(honest.draft);
    await attack(draft, honest);
    const status = await sent(draft);
    const proofs = [honest.proof, ...[draft.headers['x-ash-proof'] ?? honest.proof].flat()];

    expect(status).toBeGreaterThanOrEqual(400);
    expect(renewals).toStrictEqual([]);
    for (const secret of [...(await secretsOf(honest)), ...proofs]) expect(readable()).not.toContain(secret);
  });

  it.each(['pay', 'strict', 'step', 'old'])(
    "that passes and is sent again to '/%s' are nowhere to be read",
    async (name) => {
      const honest = await app.prepare(plan(name));
      const status = await sent(honest.draft);
      const secrets = await secretsOf(honest);
      // A step answers its proof, which the client knows anyway.
      const proofs = name === 'step' ? [] : [honest.proof];
      await sent(honest.draft);

      const renewal = renewals.pop() ?? '';
      const { clientSecret = renewal } = JSON.parse(Buffer.from(renewal, 'base64url').toString()) as AshIssuedContext;

      expect(status).toBeLessThan(300);
      expect(renewals).toStrictEqual([]);
      for (const secret of [...secrets, ...proofs, renewal, clientSecret]) {
        expect(readable()).not.toContain(secret);
      }
    },
  );

  it('whose handler broke are nowhere to be read', async () => {
    const honest = await app.prepare({ ...plan('pay'), body: '{"amount":0}' });

    expect(await sent(honest.draft)).toBe(500);
    const [renewal = ''] = renewals.splice(0);
    expect(renewal).not.toBe('');
    for (const secret of [...(await secretsOf(honest)), honest.proof, renewal]) {
      expect(readable()).not.toContain(secret);
    }
  });

  it('whose store is down are nowhere to be read', async () => {
    const honest = await app.prepare(plan('pay'));
    const secrets = await secretsOf(honest);
    store.isDown = true;
    const status = await sent(honest.draft);
    store.isDown = false;

    expect(status).toBe(503);
    expect(renewals).toStrictEqual([]);
    for (const secret of [...secrets, honest.proof]) expect(readable()).not.toContain(secret);
  });

  it('were looked for in what was really written', () => {
    expect(logger.lines.join('\n')).toContain('ASH_INTEGRITY_FAILED');
    expect(logger.lines.join('\n')).toContain('The handler broke');
    expect(answers.join('\n')).toContain('ASH_INTEGRITY_FAILED');
    expect(events.join('\n')).toContain('ASH_BINDING_MISMATCH');
    expect(seen.join('\n')).toContain('POST /pay');
  });

  it('are shown by no context of the store', async () => {
    const { contextId, clientSecret = '' } = await app.context('POST /pay');
    const context = await store.get(contextId);
    const shown = [
      show(context),
      inspect(context, { showHidden: true, showProxy: true, depth: null }),
      inspect({ context }),
      inspect(context, { customInspect: false, showHidden: true }),
      JSON.stringify(context),
      JSON.stringify({ ...context }),
      JSON.stringify(Object.entries(Object.getOwnPropertyDescriptors(context ?? {}))),
    ].join('\n');

    expect(context?.nonce).toMatch(/^[0-9a-f]{64}$/);
    expect(shown).toContain(contextId);
    expect(shown).not.toContain(context?.nonce);
    expect(shown).not.toContain(clientSecret);
  });

  it('are shown by no context that the application issues by hand', async () => {
    const issued = await app.nest.get(AshService).issue({ binding: 'POST /pay' });

    expect(issued.clientSecret).toMatch(/^[0-9a-f]{64}$/);
    expect(inspect({ issued }, { showHidden: true, depth: null })).toContain(issued.contextId);
    expect(inspect({ issued }, { showHidden: true, depth: null })).not.toContain(issued.clientSecret);
  });

  it('are told to the client of a context, once, and the nonce to none but the strict one of v1', async () => {
    const contexts = await Promise.all(['pay', 'strict', 'step', 'old'].map((name) => app.context(`POST /${name}`)));
    const told = (field: keyof AshIssuedContext): boolean[] => contexts.map((context) => field in context);

    expect(told('clientSecret')).toEqual([true, true, true, false]);
    expect(told('nonce')).toEqual([false, false, false, true]);
  });
});
