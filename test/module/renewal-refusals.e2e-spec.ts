import { Controller, Post, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  AshChain,
  AshMemoryStore,
  AshProtected,
  type AshConsumeResult,
  type AshErrorCode,
  type AshIssuedContext,
  type AshRequest,
} from 'nestjs-ash';
import { ADAPTERS, applications, type Answer, type Application } from './application.js';
import { issuedBy, nextOf, renew, RENEW, type Sending } from './renewal.js';

@Controller()
class Bank {
  @Post('transfer')
  @AshProtected('POST /transfer')
  transfer(): unknown {
    return {};
  }

  @Post('strict')
  @AshProtected('POST /strict', { mode: 'strict' })
  strict(): unknown {
    return {};
  }

  @Post('old')
  @AshProtected('POST /old', { protocol: 'v2.2' })
  old(): unknown {
    return {};
  }

  @Post('raw')
  @AshProtected('POST /raw', { payload: 'raw' })
  raw(): unknown {
    return {};
  }

  @Post('cart')
  @AshProtected('POST /cart')
  @AshChain('checkout', { start: true })
  cart(): unknown {
    return {};
  }

  @Post('payment')
  @AshProtected('POST /payment')
  @AshChain('checkout', { after: 'POST /cart', timeout: 1_000 })
  payment(): unknown {
    return {};
  }
}

/** A store that can be told not to spend. */
class FailingStore extends AshMemoryStore {
  isDown = false;

  override consume(id: string): Promise<AshConsumeResult> {
    return this.isDown ? Promise.reject(new Error('READONLY')) : super.consume(id);
  }
}

/** What says that no parser is to have read the body. */
const LOST = { 'x-lose-body': '1' };

const LOSING_BODIES: CanActivate = {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<AshRequest & { body?: unknown; rawBody?: unknown }>();
    if (request.headers['x-lose-body'] !== undefined) Object.assign(request, { body: undefined, rawBody: undefined });
    return true;
  },
};

/** What a test works on. */
interface Stage {
  readonly application: Application;
  readonly store: FailingStore;
  /** Moves the clock of the server on, in milliseconds. */
  later(by: number): void;
  contextOf(path: string): Promise<AshIssuedContext>;
  /** Asks for the next context with a request that is proven as it is sent, but for its headers. */
  send(context: AshIssuedContext, sending: Sending): Promise<Answer>;
}

const ADA = { 'x-user': 'ada' };
const TRANSFER = { path: '/transfer', body: { amount: 1 } };

type Refuse = (stage: Stage) => Promise<Answer>;

/** A refusal for every code: which request it takes. */
const REFUSALS: Readonly<Record<AshErrorCode, Refuse>> = {
  ASH_PROOF_MISSING: ({ application }) =>
    application.send('POST', '/transfer', {}, { ...RENEW, 'x-ash-context-id': 'ash_1' }),
  ASH_PROOF_INVALID: withHeader('x-ash-proof', 'short'),
  ASH_INTEGRITY_FAILED: withHeader('x-ash-proof', 'c'.repeat(64)),
  ASH_BINDING_MISMATCH: async ({ contextOf, send }) =>
    send({ ...(await contextOf('/cart')), binding: 'POST /transfer' }, TRANSFER),
  ASH_SUBJECT_MISMATCH: withHeader('x-user', 'bob'),
  ASH_SCOPE_MISMATCH: withHeader('x-ash-scope', 'amount'),
  ASH_TIMESTAMP_INVALID: async ({ contextOf, send }) =>
    send(await contextOf('/transfer'), { ...TRANSFER, timestamp: 1 }),
  ASH_CTX_NOT_FOUND: withHeader('x-ash-context-id', 'ash_unknown'),
  ASH_CTX_EXPIRED: async ({ contextOf, send, later }) => {
    const context = await contextOf('/transfer');
    later(30_000);
    return send(context, { ...TRANSFER, timestamp: context.issuedAt });
  },
  ASH_CTX_ALREADY_USED: async ({ contextOf, send }) => {
    const context = await contextOf('/transfer');
    await send(context, TRANSFER);
    return send(context, TRANSFER);
  },
  ASH_HEADER_INVALID: withHeader('x-ash-renewal', '1'),
  ASH_CANONICALIZATION_ERROR: async ({ application, contextOf }) => {
    const { contextId, issuedAt } = await contextOf('/transfer');
    const proof = { 'x-ash-context-id': contextId, 'x-ash-proof': 'c'.repeat(64), 'x-ash-timestamp': String(issuedAt) };
    return application.send('POST', '/transfer', { amount: '\ud800' }, { ...RENEW, ...ADA, ...proof });
  },
  ASH_UNSUPPORTED_CONTENT_TYPE: withHeader('content-type', 'text/plain'),
  ASH_VERIFICATION_FAILED: async ({ contextOf, send }) =>
    send(await contextOf('/strict'), { path: '/strict', body: {}, headers: { 'x-ash-proof': 'c'.repeat(64) } }),
  ASH_CHAIN_BROKEN: async ({ contextOf, send }) => send(await contextOf('/payment'), { path: '/payment', body: {} }),
  ASH_CHAIN_EXPIRED: async ({ contextOf, send, later }) => {
    const cart = await send(await contextOf('/cart'), { path: '/cart', body: {} });
    const previousProof = cart.headers.get('x-ash-chain-proof') ?? '';
    later(1_000);
    const context = await contextOf('/payment');
    return send(context, { path: '/payment', body: {}, previousProof, timestamp: context.issuedAt });
  },
  ASH_STORE_UNAVAILABLE: async ({ contextOf, send, store }) => {
    const context = await contextOf('/transfer');
    store.isDown = true;
    return send(context, TRANSFER);
  },
  ASH_RAW_BODY_UNAVAILABLE: async ({ contextOf, send }) =>
    send(await contextOf('/raw'), { path: '/raw', body: {}, headers: LOST }),
};

/** A request to `/transfer` with another header. */
function withHeader(name: string, value: string): Refuse {
  return async ({ contextOf, send }) => send(await contextOf('/transfer'), { ...TRANSFER, headers: { [name]: value } });
}

describe.each(ADAPTERS)('On %s a client that asks for its next context', (adapter) => {
  const start = applications(adapter);

  async function startStage(): Promise<Stage> {
    const store = new FailingStore();
    let ahead = 0;
    const clock = (): number => Date.now() + ahead;
    const subject = ({ headers }: AshRequest): string | undefined => headers['x-user'] as string | undefined;
    const application = await start({
      ash: { store, subject, clock },
      controllers: [Bank],
      providers: [{ provide: APP_GUARD, useValue: LOSING_BODIES }],
    });
    return {
      application,
      store,
      later: (by) => void (ahead += by),
      contextOf: (path) => application.client(ADA).context('POST', path),
      send: (context, sending) => renew(application, context, { ...sending, headers: { ...ADA, ...sending.headers } }),
    };
  }

  it.each(Object.entries(REFUSALS))('gets none with %s, and none is issued', async (code, refuse) => {
    const stage = await startStage();
    const issued = issuedBy(stage.application);
    let asked = 0;
    const answer = await refuse({
      ...stage,
      contextOf: (path) => {
        asked += 1;
        return stage.contextOf(path);
      },
    });
    expect(answer.body).toMatchObject({ code });
    expect(nextOf(answer)).toBeUndefined();
    expect(answer.headers.has('x-ash-verified')).toBe(false);
    // Those that were asked for, and those of the requests before that passed.
    const passed = code === 'ASH_CTX_ALREADY_USED' || code === 'ASH_CHAIN_EXPIRED' ? 1 : 0;
    expect(issued).toHaveLength(asked + passed);
  });
});
