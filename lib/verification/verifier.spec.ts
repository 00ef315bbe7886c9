import { randomBytes } from 'node:crypto';
import {
  codeOf,
  prove,
  RouteUnderTest,
  sha256,
  TRANSFER,
  type ClientRequest,
  type Draft,
  type RouteSetup,
} from '../../test/verification/route-under-test.js';
import { ASH_HEADERS, type AshIssuedContext, type AshMode, type AshProtocol } from '../core/index.js';
import { ashContext } from '../stores/context.js';
import { AshContextStore, type AshChainLink, type AshConsumeResult } from '../stores/context-store.js';
import type { ChainRule } from './chain-rules.js';
import type { AshIssueOptions } from './issuer.js';
import type { AshRequestFacts } from './facts.js';
import { compilePolicy, type AshPolicyOptions } from './policy.js';
import { RouteBinding } from './route-binding.js';

const NEVER = new Promise<never>(() => undefined);
const PREVIOUS = 'a'.repeat(64);
const LINK_HASH = sha256(PREVIOUS);

const FOLLOWER: ChainRule = {
  name: 'checkout',
  step: 'POST /transfer',
  start: false,
  after: new Map([['POST /cart', 600_000]]),
  linkTtl: 600_000,
};
const START: ChainRule = { ...FOLLOWER, start: true, after: new Map() };

/** A request on its way to a route, for a test to spoil. */
interface Scene {
  readonly route: RouteUnderTest;
  readonly context: AshIssuedContext;
  readonly draft: Draft;
}

interface Stage {
  readonly setup?: RouteSetup;
  readonly request?: ClientRequest;
  readonly issue?: Partial<AshIssueOptions>;
  readonly link?: Partial<AshChainLink>;
}

async function sceneOf({ setup = {}, request = {}, issue = {}, link }: Stage): Promise<Scene> {
  const route = new RouteUnderTest(setup);
  if (link !== undefined) await writeLink(route, link);
  return { route, ...(await route.prepare(request, issue)) };
}

function writeLink(route: RouteUnderTest, link: Partial<AshChainLink> = {}): Promise<void> {
  return route.memory.writeLink({
    hash: LINK_HASH,
    chain: 'checkout',
    step: 'POST /cart',
    issuedAt: route.now,
    expiresAt: route.now + 600_000,
    ...link,
  });
}

/** A route with every rule at once, and an honest request for it. */
const EVERYTHING: Stage = {
  setup: { options: { scope: ['amount', 'to'] }, chain: FOLLOWER, needsSubject: true },
  request: { subject: 'user-7', previousProof: PREVIOUS, query: 'dry=1' },
  link: { subject: 'user-7' },
};

const CHAINED: Stage = { setup: { chain: FOLLOWER }, request: { previousProof: PREVIOUS }, link: {} };

type Spoil = (scene: Scene) => unknown;

describe('AshVerifier lets an honest request pass', () => {
  type Row = [title: string, stage: Stage];
  const form = { amount: '100', tag: ['a', 'b'] };
  const formType = 'application/x-www-form-urlencoded';
  const rows: Row[] = [
    ['without more', {}],
    ['with every rule at once', EVERYTHING],
    ['without a body', { request: { value: undefined } }],
    ['with a query', { request: { query: 'a=%2B&b=1&b=2' } }],
    ['with a form', { request: { value: form, mediaType: formType } }],
    ['with a JSON text, a number or null for a payload', { request: { value: null } }],
    [
      'with raw bytes',
      { setup: { options: { payload: 'raw' } }, request: { value: randomBytes(9), mediaType: 'image/png' } },
    ],
    ['that begins a chain', { setup: { chain: START } }],
    ['that follows a step', CHAINED],
    ['with a scope of paths that the payload does not have', { setup: { options: { scope: ['missing'] } } }],
    ['with a scope and no body', { setup: { options: { scope: ['amount'] } }, request: { value: undefined } }],
    [
      'in canonical form NFC',
      { setup: { options: { canonicalization: 'jcs-nfc' } }, request: { value: { e: 'e\u0301' } } },
    ],
  ];
  it.each(rows)('%s', async (_title, stage) => {
    const { route, context, draft } = await sceneOf(stage);
    expect(codeOf(await route.verify(draft))).toBe('pass');
    await expect(route.isSpent(context)).resolves.toBe(true);
  });

  const protocols: AshProtocol[] = ['v2.3', 'v2.2', 'v2.1', 'v1'];
  const modes: AshMode[] = ['minimal', 'balanced', 'strict'];
  const kinds = protocols.flatMap((protocol) => modes.map((mode): [AshProtocol, AshMode] => [protocol, mode]));
  it.each(kinds)('with %s in mode %s', async (protocol, mode) => {
    const { route, draft } = await sceneOf({ setup: { options: { protocol, mode } }, request: { query: 'q=1' } });
    expect(codeOf(await route.verify(draft))).toBe('pass');
  });

  it.each(protocols)('with %s and no body', async (protocol) => {
    const { route, draft } = await sceneOf({ setup: { options: { protocol } }, request: { value: undefined } });
    expect(codeOf(await route.verify(draft))).toBe('pass');
  });

  it.each(['v2.3', 'v2.2'] as const)('with %s and a scope', async (protocol) => {
    const { route, draft } = await sceneOf({ setup: { options: { protocol, scope: ['to', 'amount'] } } });
    expect(codeOf(await route.verify(draft))).toBe('pass');
  });

  it.each([
    ['v2.3', START, {}],
    ['v2.1', START, {}],
    ['v2.3', FOLLOWER, { previousProof: PREVIOUS }],
    ['v2.1', FOLLOWER, { previousProof: PREVIOUS }],
  ] as [AshProtocol, ChainRule, ClientRequest][])('with %s on a step of a chain', async (protocol, chain, request) => {
    const { route, draft } = await sceneOf({ setup: { options: { protocol }, chain }, request, link: {} });
    expect(codeOf(await route.verify(draft))).toBe('pass');
  });

  it('and tells the handler what was verified, and no secret', async () => {
    const { route, context, draft } = await sceneOf({
      ...EVERYTHING,
      issue: { metadata: { tenant: 'a' }, mode: 'balanced' },
    });
    route.now += 5;
    const verdict = await route.verify(draft);
    expect(verdict).toMatchObject({ ok: true, replacesBody: false });
    expect(verdict.ok && { ...verdict.request }).toStrictEqual({
      contextId: context.contextId,
      binding: 'POST /transfer',
      mode: 'balanced',
      protocol: 'v2.3',
      scope: ['amount', 'to'],
      payload: TRANSFER,
      verifiedAt: route.now,
      subject: 'user-7',
      metadata: { tenant: 'a' },
    });
  });

  it('and leaves out what the context does not have', async () => {
    const { request, step } = await new RouteUnderTest().pass();
    expect(Object.keys(request).sort()).toStrictEqual([
      'binding',
      'contextId',
      'mode',
      'payload',
      'protocol',
      'scope',
      'verifiedAt',
    ]);
    expect(request.scope).toStrictEqual([]);
    expect(step).toBeUndefined();
  });

  it('and hands out the step that its handler is to end', async () => {
    const { route, draft } = await sceneOf(CHAINED);
    const verdict = await route.verify(draft);
    expect(verdict).toMatchObject({ ok: true, step: { isOpen: true, proof: draft.headers[ASH_HEADERS.proof] } });
  });
});

describe('AshVerifier refuses', () => {
  type Row = [title: string, spoil: Spoil, code: string];
  const set =
    (name: keyof typeof ASH_HEADERS, value: string | string[] | undefined): Spoil =>
    ({ draft }) => {
      draft.headers[ASH_HEADERS[name]] = value;
    };
  const twice =
    (name: keyof typeof ASH_HEADERS): Spoil =>
    ({ draft }) => {
      const value = String(draft.headers[ASH_HEADERS[name]]);
      draft.headers[ASH_HEADERS[name]] = `${value}, ${value}`;
    };
  const relink =
    (link: Partial<AshChainLink>): Spoil =>
    ({ route }) =>
      writeLink(route, { subject: 'user-7', ...link });
  const hex = 'b'.repeat(64);

  const rows: Row[] = [
    // 1. Headers: present
    ['a missing context identifier', set('contextId', undefined), 'ASH_PROOF_MISSING'],
    ['an empty context identifier', set('contextId', ''), 'ASH_PROOF_MISSING'],
    ['a missing proof', set('proof', undefined), 'ASH_PROOF_MISSING'],
    ['an empty proof', set('proof', ''), 'ASH_PROOF_MISSING'],
    ['a missing timestamp', set('timestamp', undefined), 'ASH_PROOF_MISSING'],
    ['an empty timestamp', set('timestamp', ''), 'ASH_PROOF_MISSING'],
    ['an empty list of proofs', set('proof', []), 'ASH_PROOF_MISSING'],
    // 1. Headers: once each
    ['a list of context identifiers', set('contextId', ['a', 'a']), 'ASH_HEADER_INVALID'],
    ['a list of proofs', set('proof', [hex, hex]), 'ASH_HEADER_INVALID'],
    ['a list of timestamps', set('timestamp', ['1', '1']), 'ASH_HEADER_INVALID'],
    ['a list of scopes', set('scope', ['amount', 'to']), 'ASH_HEADER_INVALID'],
    ['a list of scope hashes', set('scopeHash', [hex, hex]), 'ASH_HEADER_INVALID'],
    ['a list of chain hashes', set('chainHash', [hex, hex]), 'ASH_HEADER_INVALID'],
    ['a context identifier that stands twice', twice('contextId'), 'ASH_HEADER_INVALID'],
    ['a proof that stands twice', twice('proof'), 'ASH_HEADER_INVALID'],
    ['a timestamp that stands twice', twice('timestamp'), 'ASH_HEADER_INVALID'],
    ['a scope that stands twice', twice('scope'), 'ASH_HEADER_INVALID'],
    ['a scope hash that stands twice', twice('scopeHash'), 'ASH_HEADER_INVALID'],
    ['a chain hash that stands twice', twice('chainHash'), 'ASH_HEADER_INVALID'],
    // 1. Headers: well-formed
    ['a malformed context identifier', set('contextId', 'ash_\u0000'), 'ASH_HEADER_INVALID'],
    ['a context identifier without end', set('contextId', 'a'.repeat(1025)), 'ASH_HEADER_INVALID'],
    ['a timestamp with a sign', set('timestamp', '-1700000000000'), 'ASH_HEADER_INVALID'],
    ['a timestamp with a leading zero', set('timestamp', '01700000000000'), 'ASH_HEADER_INVALID'],
    ['a timestamp with an exponent', set('timestamp', '17e11'), 'ASH_HEADER_INVALID'],
    ['a timestamp of 17 digits', set('timestamp', '17000000000000000'), 'ASH_HEADER_INVALID'],
    ['a proof of the wrong length', set('proof', 'ab'), 'ASH_PROOF_INVALID'],
    ['a proof in upper case', set('proof', 'A'.repeat(64)), 'ASH_PROOF_INVALID'],
    ['a scope with a control character', set('scope', 'amount\u0001'), 'ASH_HEADER_INVALID'],
    ['a scope beyond ASCII', set('scope', 'é'), 'ASH_HEADER_INVALID'],
    ['a scope without end', set('scope', 'a'.repeat(8193)), 'ASH_HEADER_INVALID'],
    ['a scope hash that is no hash', set('scopeHash', 'ab'), 'ASH_HEADER_INVALID'],
    ['an empty scope hash', set('scopeHash', ''), 'ASH_HEADER_INVALID'],
    ['a chain hash that is no hash', set('chainHash', 'ab'), 'ASH_HEADER_INVALID'],
    ['an empty chain hash', set('chainHash', ''), 'ASH_HEADER_INVALID'],
    ['a header with a secret', ({ draft }) => void (draft.headers['x-ash-client-secret'] = hex), 'ASH_HEADER_INVALID'],
    ['a wish of another value', ({ draft }) => void (draft.headers['x-ash-renew'] = '0'), 'ASH_HEADER_INVALID'],
    ['a wish twice', ({ draft }) => void (draft.headers['x-ash-renew'] = ['1', '1']), 'ASH_HEADER_INVALID'],
    ['a header of no protocol', ({ draft }) => void (draft.headers['x-ash-'] = '1'), 'ASH_HEADER_INVALID'],
    // 2. The context
    ['an unknown context', set('contextId', `ash_${'0'.repeat(32)}`), 'ASH_CTX_NOT_FOUND'],
    ['a consumed context', ({ route, context }) => route.memory.consume(context.contextId), 'ASH_CTX_ALREADY_USED'],
    ['a context at the end of its life', ({ route }) => void (route.now += 30_000), 'ASH_CTX_EXPIRED'],
    ['a context past its life', ({ route }) => void (route.now += 30_001), 'ASH_CTX_EXPIRED'],
    ['a context past its grace', ({ route }) => ((route.now += 90_001), route.memory.cleanup()), 'ASH_CTX_NOT_FOUND'],
    // 3. Binding, then subject
    ['another method', ({ draft }) => void (draft.method = 'PUT'), 'ASH_BINDING_MISMATCH'],
    ['another subject', ({ draft }) => void (draft.subject = 'user-8'), 'ASH_SUBJECT_MISMATCH'],
    ['a missing subject', ({ draft }) => void (draft.subject = undefined), 'ASH_SUBJECT_MISMATCH'],
    // 4. Timestamp
    ['a timestamp too far behind', ({ route, draft }) => restamp(draft, route.now - 300_001), 'ASH_TIMESTAMP_INVALID'],
    ['a timestamp too far ahead', ({ route, draft }) => restamp(draft, route.now + 300_001), 'ASH_TIMESTAMP_INVALID'],
    ['a timestamp in seconds', ({ draft }) => restamp(draft, 1_700_000_000), 'ASH_TIMESTAMP_INVALID'],
    // 5. Scope
    ['a missing scope', set('scope', undefined), 'ASH_SCOPE_MISMATCH'],
    ['an empty scope', set('scope', ''), 'ASH_SCOPE_MISMATCH'],
    ['a missing scope hash', set('scopeHash', undefined), 'ASH_SCOPE_MISMATCH'],
    ['a narrower scope', set('scope', 'amount'), 'ASH_SCOPE_MISMATCH'],
    ['the same paths in another order', set('scope', 'to,amount'), 'ASH_SCOPE_MISMATCH'],
    ['the hash of another scope', set('scopeHash', sha256('amount')), 'ASH_SCOPE_MISMATCH'],
    // 6. Chain
    ['a missing chain hash', set('chainHash', undefined), 'ASH_CHAIN_BROKEN'],
    ['a link that nobody wrote', set('chainHash', hex), 'ASH_CHAIN_BROKEN'],
    ['a link of another chain', relink({ chain: 'refund' }), 'ASH_CHAIN_BROKEN'],
    ['a link of another step', relink({ step: 'POST /other' }), 'ASH_CHAIN_BROKEN'],
    ['a link of another subject', relink({ subject: 'user-8' }), 'ASH_CHAIN_BROKEN'],
    [
      'a link that somebody else holds',
      ({ route }) => route.memory.reserveLink(LINK_HASH, 'other'),
      'ASH_CHAIN_BROKEN',
    ],
    [
      'a link that has expired',
      ({ route }) => relink({ expiresAt: route.now })({ route } as Scene),
      'ASH_CHAIN_EXPIRED',
    ],
    [
      'a link that is too old for the rule',
      ({ route }) => relink({ issuedAt: route.now - 600_000 })({ route } as Scene),
      'ASH_CHAIN_EXPIRED',
    ],
    // 7. Content type, canonical payload
    ['another content type', ({ draft }) => void (draft.body.mediaType = 'text/plain'), 'ASH_UNSUPPORTED_CONTENT_TYPE'],
    ['no content type', ({ draft }) => void (draft.body.mediaType = ''), 'ASH_UNSUPPORTED_CONTENT_TYPE'],
    ['a body that no parser read', ({ draft }) => void (draft.body.value = undefined), 'ASH_RAW_BODY_UNAVAILABLE'],
    [
      'a payload without a canonical form',
      ({ draft }) => void (draft.body.value = { amount: NaN }),
      'ASH_CANONICALIZATION_ERROR',
    ],
    ['a scope over a list', ({ draft }) => void (draft.body.value = [1]), 'ASH_CANONICALIZATION_ERROR'],
    // 8. The proof
    ['a changed payload', ({ draft }) => void (draft.body.value = { ...TRANSFER, amount: 1 }), 'ASH_INTEGRITY_FAILED'],
    [
      'no body where one was proven',
      ({ draft }) => void (draft.body = { ...draft.body, present: false, value: undefined }),
      'ASH_INTEGRITY_FAILED',
    ],
    ['a changed query', ({ draft }) => void (draft.query = 'dry=0'), 'ASH_INTEGRITY_FAILED'],
    ['a query that became a fragment', ({ draft }) => void (draft.queryMark = '#'), 'ASH_INTEGRITY_FAILED'],
    ['a query that was taken off', ({ draft }) => void (draft.query = ''), 'ASH_INTEGRITY_FAILED'],
    ['a changed timestamp', ({ route, draft }) => restamp(draft, route.now + 1), 'ASH_INTEGRITY_FAILED'],
    ['a changed proof', set('proof', hex), 'ASH_INTEGRITY_FAILED'],
    ['a proof of v1', set('proof', `${'A'.repeat(42)}A`), 'ASH_PROOF_INVALID'],
    ['a query that cannot stand in a message', ({ draft }) => void (draft.query = 'a|b'), 'ASH_CANONICALIZATION_ERROR'],
  ];

  it.each(rows)('%s, and leaves the context unspent', async (_title, spoil, code) => {
    const { route, context, draft } = await sceneOf(EVERYTHING);
    const wasSpent = code === 'ASH_CTX_ALREADY_USED';
    await spoil({ route, context, draft });
    expect(codeOf(await route.verify(draft))).toBe(code);
    await expect(route.isSpent(context)).resolves.toBe(wasSpent);
    await expect(route.memory.getLink(LINK_HASH)).resolves.not.toHaveProperty('holder', context.contextId);
  });

  it.each([
    ['a scope header on a route without a scope', {}, set('scope', 'amount'), 'ASH_SCOPE_MISMATCH'],
    ['a scope hash on a route without a scope', {}, set('scopeHash', hex), 'ASH_SCOPE_MISMATCH'],
    ['a chain header on a route without a chain', {}, set('chainHash', hex), 'ASH_CHAIN_BROKEN'],
    ['a chain header on the start of a chain', { setup: { chain: START } }, set('chainHash', hex), 'ASH_CHAIN_BROKEN'],
    [
      'a timestamp of seconds where no clock is compared',
      { setup: { options: { mode: 'minimal' } } },
      ({ draft }) => restamp(draft, 1_700_000_000),
      'ASH_TIMESTAMP_INVALID',
    ],
    ['a v2.3 proof on a v1 route', { setup: { options: { protocol: 'v1' } } }, set('proof', hex), 'ASH_PROOF_INVALID'],
    [
      'a changed payload of v1',
      { setup: { options: { protocol: 'v1' } } },
      ({ draft }) => void (draft.body.value = {}),
      'ASH_PROOF_INVALID',
    ],
    [
      'a changed payload of v2.2',
      { setup: { options: { protocol: 'v2.2' } } },
      ({ draft }) => void (draft.body.value = {}),
      'ASH_PROOF_INVALID',
    ],
    [
      'a changed payload of v2.1',
      { setup: { options: { protocol: 'v2.1' } } },
      ({ draft }) => void (draft.body.value = {}),
      'ASH_PROOF_INVALID',
    ],
    [
      'a malformed timestamp of v1, which needs none',
      { setup: { options: { protocol: 'v1' } } },
      set('timestamp', 'now'),
      'ASH_HEADER_INVALID',
    ],
    [
      'a form on a route with a scope',
      { setup: { options: { scope: ['amount'] } } },
      ({ draft }) => void (draft.body.mediaType = 'application/x-www-form-urlencoded'),
      'ASH_UNSUPPORTED_CONTENT_TYPE',
    ],
  ] as [string, Stage, Spoil, string][])('%s', async (_title, stage, spoil, code) => {
    const { route, context, draft } = await sceneOf(stage);
    await spoil({ route, context, draft });
    expect(codeOf(await route.verify(draft))).toBe(code);
    await expect(route.isSpent(context)).resolves.toBe(false);
  });

  it('a context of another protocol, which a router gave to the route that hides its own', async () => {
    const { route, draft } = await sceneOf({});
    const older = new RouteUnderTest({ options: { protocol: 'v2.2' } });
    expect(codeOf(await route.verify(draft, older.policy))).toBe('ASH_BINDING_MISMATCH');
    expect(codeOf(await route.verify(draft))).toBe('pass');
  });

  it('and keeps a fault of the program from passing for a verdict', async () => {
    const { route, draft } = await sceneOf({});
    draft.body.value = {
      get amount() {
        throw new TypeError('a getter of the application');
      },
    };
    await expect(route.verify(draft)).rejects.toThrow('a getter of the application');
  });
});

function restamp(draft: Draft, timestamp: number): Draft {
  draft.headers[ASH_HEADERS.timestamp] = String(timestamp);
  return draft;
}

describe('AshVerifier refuses in the order of the protocol:', () => {
  type Failure = [step: string, code: string, spoil: Spoil];
  // One way to fail at each point, in the order of section 8. Each leaves all the others as they are.
  const failures: Failure[] = [
    ['a header is missing', 'ASH_PROOF_MISSING', ({ draft }) => void (draft.headers[ASH_HEADERS.timestamp] = '')],
    [
      'a header is none of the protocol’s',
      'ASH_HEADER_INVALID',
      ({ draft }) => void (draft.headers['x-ash-client-secret'] = 'b'.repeat(64)),
    ],
    [
      'a header is there twice',
      'ASH_HEADER_INVALID',
      ({ draft }) => void (draft.headers[ASH_HEADERS.scopeHash] = ['a', 'b']),
    ],
    ['a header is malformed', 'ASH_HEADER_INVALID', ({ draft }) => void (draft.headers[ASH_HEADERS.scope] = 'é')],
    ['the proof is malformed', 'ASH_PROOF_INVALID', ({ draft }) => void (draft.headers[ASH_HEADERS.proof] = 'xyz')],
    [
      'the context is unknown',
      'ASH_CTX_NOT_FOUND',
      ({ draft }) => void (draft.headers[ASH_HEADERS.contextId] = 'ash_unknown'),
    ],
    ['the context is used', 'ASH_CTX_ALREADY_USED', useInTime],
    ['the context has expired', 'ASH_CTX_EXPIRED', ({ route }) => void (route.now += 30_000)],
    ['the binding is another', 'ASH_BINDING_MISMATCH', ({ draft }) => void (draft.method = 'PATCH')],
    ['the subject is another', 'ASH_SUBJECT_MISMATCH', ({ draft }) => void (draft.subject = 'user-8')],
    ['the timestamp is old', 'ASH_TIMESTAMP_INVALID', ({ route, draft }) => restamp(draft, route.now - 300_001)],
    ['the scope is another', 'ASH_SCOPE_MISMATCH', ({ draft }) => void (draft.headers[ASH_HEADERS.scope] = 'to')],
    ['the link is held', 'ASH_CHAIN_BROKEN', ({ route }) => route.memory.reserveLink(LINK_HASH, 'other')],
    [
      'the content type is another',
      'ASH_UNSUPPORTED_CONTENT_TYPE',
      ({ draft }) => void (draft.body.mediaType = 'text/plain'),
    ],
    ['the payload has no canonical form', 'ASH_CANONICALIZATION_ERROR', ({ draft }) => void (draft.body.value = [1])],
    [
      'the proof is another',
      'ASH_INTEGRITY_FAILED',
      ({ draft }) => void (draft.headers[ASH_HEADERS.proof] = 'c'.repeat(64)),
    ],
    ['another request spends the context first', 'ASH_CTX_ALREADY_USED', ({ route }) => lose(route)],
  ];
  const pairs = failures.flatMap(([first, code, spoilFirst], index) =>
    failures
      .slice(index + 1)
      .map(([later, , spoilLater]): [string, string, string, Spoil, Spoil] => [
        first,
        later,
        code,
        spoilFirst,
        spoilLater,
      ]),
  );

  it.each(pairs)('that %s comes before that %s', async (first, second, code, spoilFirst, spoilLater) => {
    const { route, context, draft } = await sceneOf({ ...EVERYTHING, setup: { ...EVERYTHING.setup, store: losing } });
    await spoilLater({ route, context, draft });
    await spoilFirst({ route, context, draft });
    expect(codeOf(await route.verify(draft))).toBe(code);
    await expect(route.isSpent(context)).resolves.toBe([first, second].includes('the context is used'));
  });

  it.each(failures)('each of them alone refuses: %s', async (_step, code, spoil) => {
    const { route, context, draft } = await sceneOf({ ...EVERYTHING, setup: { ...EVERYTHING.setup, store: losing } });
    await spoil({ route, context, draft });
    expect(codeOf(await route.verify(draft))).toBe(code);
  });
});

/** Spends the context while it lives, whatever the clock says afterwards. */
async function useInTime({ route, context }: Scene): Promise<void> {
  const { now } = route;
  route.now = context.issuedAt;
  await route.memory.consume(context.contextId);
  route.now = now;
}

const losers = new WeakSet<RouteUnderTest['memory']>();

/** Lets the store answer that another request was faster. */
function lose({ memory }: RouteUnderTest): unknown {
  return losers.add(memory);
}

function losing(memory: RouteUnderTest['memory']): AshContextStore {
  return overriding(memory, {
    consume: (id) => (losers.has(memory) ? Promise.resolve('already-used') : memory.consume(id)),
  });
}

/** A store with some of its methods replaced, and no word that it answers from memory. */
/** A store whose `spend` does one after the other with whatever is overridden. */
function overriding(memory: AshContextStore, methods: Partial<AshContextStore>, inProcess = false): AshContextStore {
  const own: Partial<AshContextStore> = { spend: AshContextStore.prototype.spend, ...methods };
  return new Proxy(memory, {
    get: (target, key, proxy) => {
      if (key === 'inProcess') return inProcess;
      const method: unknown = Reflect.get(own, key) ?? Reflect.get(target, key);
      return typeof method === 'function'
        ? (...args: unknown[]): unknown => Reflect.apply(method, key === 'spend' ? proxy : target, args)
        : method;
    },
  });
}

describe('AshVerifier compares the timestamp with the clock', () => {
  type Row = [title: string, options: AshPolicyOptions, ahead: number, expected: string];
  const rows: Row[] = [
    ['in balanced mode up to five minutes behind', {}, -300_000, 'pass'],
    ['in balanced mode no further behind', {}, -300_001, 'ASH_TIMESTAMP_INVALID'],
    ['in balanced mode up to five minutes ahead', {}, 300_000, 'pass'],
    ['in balanced mode no further ahead', {}, 300_001, 'ASH_TIMESTAMP_INVALID'],
    ['in strict mode up to 30 seconds behind', { mode: 'strict' }, -30_000, 'pass'],
    ['in strict mode no further behind', { mode: 'strict' }, -30_001, 'ASH_TIMESTAMP_INVALID'],
    ['in minimal mode not at all', { mode: 'minimal' }, -100_000_000_000, 'pass'],
    ['as the option says, within', { timestampTolerance: 1_000 }, 1_000, 'pass'],
    ['as the option says, beyond', { timestampTolerance: 1_000 }, 1_001, 'ASH_TIMESTAMP_INVALID'],
    [
      'in minimal mode where the option says so',
      { mode: 'minimal', timestampTolerance: 1_000 },
      -1_001,
      'ASH_TIMESTAMP_INVALID',
    ],
    ['not at all where the option says so', { mode: 'strict', timestampTolerance: false }, 9_000_000, 'pass'],
  ];
  it.each(rows)('%s', async (_title, options, ahead, expected) => {
    const route = new RouteUnderTest({ options });
    const { draft } = await route.prepare({ timestamp: route.now + ahead });
    expect(codeOf(await route.verify(draft))).toBe(expected);
  });

  it.each([
    [1_700_000_000, 'The timestamp is in seconds: send milliseconds since the epoch.'],
    [
      1_700_001_000_000,
      "The timestamp is too far ahead of the server's clock: correct the clock by the context's issuedAt.",
    ],
    [
      1_699_999_000_000,
      "The timestamp is too far behind the server's clock: correct the clock by the context's issuedAt.",
    ],
  ])('and says what is wrong with %d', async (timestamp, message) => {
    const { route, draft } = await sceneOf({});
    restamp(draft, timestamp);
    await expect(route.verify(draft)).resolves.toMatchObject({ message });
  });

  it('not for v1, which has none', async () => {
    const { route, draft } = await sceneOf({ setup: { options: { protocol: 'v1', mode: 'strict' } } });
    restamp(draft, 1);
    expect(codeOf(await route.verify(draft))).toBe('pass');
  });
});

describe('AshVerifier refuses where the clock gives no number', () => {
  it.each([
    ['for a context', {}],
    ['for a link', CHAINED],
  ] as [string, Stage][])('%s', async (_title, stage) => {
    const { route, draft } = await sceneOf(stage);
    route.now = Number.NaN;
    expect(codeOf(await route.verify(draft))).toBe('ASH_CTX_EXPIRED');
  });
});

describe('AshVerifier covers the query', () => {
  type Row = [title: string, options: AshPolicyOptions, ignoresQuery: boolean, expected: string];
  const rows: Row[] = [
    ['in balanced mode', {}, false, 'pass'],
    ['in balanced mode, so that a proof without it fails', {}, true, 'ASH_INTEGRITY_FAILED'],
    ['in strict mode', { mode: 'strict' }, false, 'pass'],
    ['not in minimal mode', { mode: 'minimal' }, true, 'pass'],
    ['not in minimal mode, so that a proof with it fails', { mode: 'minimal' }, false, 'ASH_INTEGRITY_FAILED'],
    ['in minimal mode where the option says so', { mode: 'minimal', query: 'cover' }, false, 'pass'],
    ['not where the option says so', { mode: 'strict', query: 'ignore' }, true, 'pass'],
  ];
  it.each(rows)('%s', async (_title, options, ignoresQuery, expected) => {
    const { route, draft } = await sceneOf({ setup: { options }, request: { query: 'a=1', ignoresQuery } });
    expect(codeOf(await route.verify(draft))).toBe(expected);
  });

  it.each([
    ['so that another one in its place fails', {}, 'ASH_INTEGRITY_FAILED'],
    ['not in minimal mode, so that another one may be in its place', { mode: 'minimal' }, 'pass'],
  ] as [string, AshPolicyOptions, string][])('%s', async (_title, options, expected) => {
    const { route, draft } = await sceneOf({ setup: { options } });
    expect(codeOf(await route.verify({ ...draft, isQueryReplaced: () => true }))).toBe(expected);
    expect(codeOf(await route.verify({ ...draft, isQueryReplaced: () => false }))).toBe(
      expected === 'pass' ? 'ASH_CTX_ALREADY_USED' : 'pass',
    );
  });

  it('not where it is ignored: it can be changed then', async () => {
    const { route, draft } = await sceneOf({ setup: { options: { query: 'ignore' } }, request: { query: 'a=1' } });
    draft.query = 'a=2';
    expect(codeOf(await route.verify(draft))).toBe('pass');
  });
});

describe('AshVerifier treats what lies outside the scope by the policy:', () => {
  const whole = { ...TRANSFER, note: 'rent' };
  type Row = [
    title: string,
    options: AshPolicyOptions,
    value: unknown,
    expected: string,
    replacesBody: boolean | undefined,
  ];
  const rows: Row[] = [
    ['allow lets it pass as it came', { unscoped: 'allow' }, whole, 'pass', false],
    ['it is allowed unless said otherwise', {}, whole, 'pass', false],
    ['strip takes it out', { unscoped: 'strip' }, whole, 'pass', true],
    ['strip replaces the body also where nothing is outside', { unscoped: 'strip' }, TRANSFER, 'pass', true],
    ['reject refuses it', { unscoped: 'reject' }, whole, 'ASH_SCOPE_MISMATCH', undefined],
    ['reject lets pass what has nothing outside', { unscoped: 'reject' }, TRANSFER, 'pass', false],
    ['strict mode rejects it', { mode: 'strict' }, whole, 'ASH_SCOPE_MISMATCH', undefined],
    ['strict mode allows it where the option says so', { mode: 'strict', unscoped: 'allow' }, whole, 'pass', false],
  ];
  it.each(rows)('%s', async (_title, options, value, expected, replacesBody) => {
    const setup = { options: { scope: ['amount', 'to'], ...options } };
    const { route, context, draft } = await sceneOf({ setup, request: { value } });
    const verdict = await route.verify(draft);
    expect(codeOf(verdict)).toBe(expected);
    expect(verdict.ok ? verdict.replacesBody : undefined).toBe(replacesBody);
    expect(verdict.ok ? verdict.request.payload : TRANSFER).toStrictEqual(TRANSFER);
    await expect(route.isSpent(context)).resolves.toBe(verdict.ok);
  });

  it('what is not covered can change without a word', async () => {
    const { route, draft } = await sceneOf({ setup: { options: { scope: ['amount'] } } });
    draft.body.value = { ...TRANSFER, to: 'acct-8' };
    expect(codeOf(await route.verify(draft))).toBe('pass');
  });
});

describe('AshVerifier honours a context that was issued by hand:', () => {
  it('a stricter mode than the route has is the one that counts', async () => {
    const route = new RouteUnderTest();
    const { draft } = await route.prepare({ timestamp: route.now - 30_001 }, { mode: 'strict' });
    await expect(route.verify(draft)).resolves.toMatchObject({ code: 'ASH_TIMESTAMP_INVALID', namesCode: false });
    expect((await route.pass({}, { mode: 'strict' })).request.mode).toBe('strict');
  });

  it('a milder mode than the route has counts for nothing', async () => {
    const route = new RouteUnderTest({ options: { mode: 'strict' } });
    const { context, draft } = await route.prepare({ timestamp: route.now - 30_001 }, { mode: 'minimal' });
    expect(context.mode).toBe('strict');
    expect(codeOf(await route.verify(draft))).toBe('ASH_TIMESTAMP_INVALID');
  });

  it('a context from before its route became strict is verified strictly', async () => {
    const { route, draft } = await sceneOf({});
    const strict = new RouteUnderTest({ options: { mode: 'strict' } });
    route.now += 29_999;
    restamp(draft, route.now - 30_001);
    await expect(route.verify(draft, strict.policy)).resolves.toMatchObject({
      code: 'ASH_TIMESTAMP_INVALID',
      namesCode: false,
    });
  });

  it('its scope is demanded instead of the route’s', async () => {
    const route = new RouteUnderTest({ options: { scope: ['to'], unscoped: 'strip' } });
    const { request } = await route.pass({}, { scope: ['amount'] });
    expect(request).toMatchObject({ scope: ['amount'], payload: { amount: 100 } });
    const { draft } = await route.prepare({}, { scope: ['amount'] });
    Object.assign(draft.headers, { [ASH_HEADERS.scope]: 'to', [ASH_HEADERS.scopeHash]: sha256('to') });
    expect(codeOf(await route.verify(draft))).toBe('ASH_SCOPE_MISMATCH');
  });

  it('its empty scope covers the whole payload, and refuses scope headers', async () => {
    const route = new RouteUnderTest({ options: { scope: ['amount'], unscoped: 'reject' } });
    expect((await route.pass({}, { scope: [] })).request).toMatchObject({ scope: [], payload: TRANSFER });
    const { draft } = await route.prepare({}, { scope: [] });
    draft.headers[ASH_HEADERS.scope] = 'amount';
    expect(codeOf(await route.verify(draft))).toBe('ASH_SCOPE_MISMATCH');
  });

  it('its scope on a route without one obeys the route’s word on what lies outside', async () => {
    const route = new RouteUnderTest({ options: { unscoped: 'reject' } });
    const { draft } = await route.prepare({}, { scope: ['amount'] });
    expect(codeOf(await route.verify(draft))).toBe('ASH_SCOPE_MISMATCH');
    await expect(route.pass({ value: { amount: 1 } }, { scope: ['amount'] })).resolves.toMatchObject({ ok: true });
  });

  it('its scope refuses a form, though the route takes one without', async () => {
    const route = new RouteUnderTest();
    const request = { value: { amount: '1' }, mediaType: 'application/x-www-form-urlencoded' };
    const { draft } = await route.prepare(request, { scope: ['amount'] });
    await expect(route.verify(draft)).resolves.toMatchObject({
      code: 'ASH_UNSUPPORTED_CONTENT_TYPE',
      message: 'A scope needs a JSON payload.',
    });
    await expect(route.pass(request)).resolves.toMatchObject({ ok: true });
  });

  it('a subject is verified also where the route asks for none', async () => {
    const { route, context, draft } = await sceneOf({});
    const held = await route.memory.get(context.contextId);
    const store = overriding(route.memory, {
      get: () => Promise.resolve(held && ashContext({ ...held, nonce: held.nonce, subject: 'user-7' })),
    });
    const other = new RouteUnderTest({ store: () => store });
    expect(codeOf(await other.verify(draft))).toBe('ASH_SUBJECT_MISMATCH');
    expect(codeOf(await other.verify({ ...draft, subject: 'user-7' }))).toBe('pass');
  });

  it('one without a subject is refused where the route asks for one', async () => {
    const { route, draft } = await sceneOf({});
    const asking = new RouteUnderTest({ needsSubject: true });
    expect(codeOf(await route.verify({ ...draft, subject: 'user-7' }, asking.policy))).toBe('ASH_SUBJECT_MISMATCH');
    expect(codeOf(await route.verify(draft, asking.policy))).toBe('ASH_SUBJECT_MISMATCH');
  });
});

describe('AshVerifier holds the context against the handler that matched:', () => {
  const binding = 'PUT /accounts/:id/limit';
  type Row = [title: string, params: Record<string, unknown>, expected: string];
  const rows: Row[] = [
    ['with the parameter it was issued for', { id: '42' }, 'pass'],
    ['with another parameter', { id: '43' }, 'ASH_BINDING_MISMATCH'],
    ['without the parameter', {}, 'ASH_BINDING_MISMATCH'],
    ['with a list for the parameter', { id: ['42'] }, 'ASH_BINDING_MISMATCH'],
  ];
  it.each(rows)('%s', async (_title, params, expected) => {
    const { route, draft } = await sceneOf({
      setup: { binding },
      issue: { binding: 'PUT /accounts/42/limit' },
      request: { params },
    });
    expect(codeOf(await route.verify(draft))).toBe(expected);
  });

  const both = ['POST /approve/:id', 'POST /reject/:id', 'GET /files/*'];
  type PathRow = [
    title: string,
    issued: string,
    route: string | undefined,
    params: Record<string, unknown>,
    expected: string,
  ];
  const paths: PathRow[] = [
    ['on the path that it was issued for', 'POST /approve/7', '/approve/:id', { id: '7' }, 'pass'],
    ['on the second path that it was issued for', 'POST /reject/7', '/reject/:id', { id: '7' }, 'pass'],
    ['on another path of the same handler', 'POST /approve/7', '/reject/:id', { id: '7' }, 'ASH_BINDING_MISMATCH'],
    ['where the router calls the parameter something else', 'POST /approve/7', '/approve/:key', { id: '7' }, 'pass'],
    ['where the router writes the wildcard in its own way', 'GET /files/a', '/files/{*path}', { path: ['a'] }, 'pass'],
    [
      'where the router does not tell which path matched',
      'POST /approve/7',
      undefined,
      { id: '7' },
      'ASH_BINDING_MISMATCH',
    ],
  ];
  it.each(paths)('of a handler with several paths, %s', async (_title, issued, matched, params, expected) => {
    const { route, draft } = await sceneOf({
      setup: { binding: both },
      issue: { binding: issued },
      request: { params },
    });
    expect(codeOf(await route.verify({ ...draft, ...(matched === undefined ? {} : { route: () => matched }) }))).toBe(
      expected,
    );
  });

  it('a context of another protocol opens nothing, though its binding is the same', async () => {
    const { draft, context, route } = await sceneOf({ setup: { options: { protocol: 'v2.2' } } });
    const newer = new RouteUnderTest();
    expect(codeOf(await route.verify(draft, newer.policy))).toBe('ASH_BINDING_MISMATCH');
    await expect(route.isSpent(context)).resolves.toBe(false);
  });

  it('and then against whoever sends it, of whom nobody is asked before', async () => {
    const { route, context, draft } = await sceneOf({ setup: { needsSubject: true }, request: { subject: 'user-7' } });
    const asked: string[] = [];
    const sender = (name: string) => () => {
      asked.push(name);
      return Promise.resolve(name);
    };
    expect(codeOf(await route.verify({ ...draft, method: 'PUT', subject: sender('user-6') }))).toBe(
      'ASH_BINDING_MISMATCH',
    );
    expect(codeOf(await route.verify({ ...draft, subject: sender('user-8') }))).toBe('ASH_SUBJECT_MISMATCH');
    await expect(route.isSpent(context)).resolves.toBe(false);
    expect(codeOf(await route.verify({ ...draft, subject: sender('user-7') }))).toBe('pass');
    expect(asked).toStrictEqual(['user-8', 'user-7']);
  });

  it('a context for one route opens no other', async () => {
    const { route, draft } = await sceneOf({});
    const other = new RouteUnderTest({ binding: 'POST /refund' });
    expect(codeOf(await route.verify(draft, other.policy))).toBe('ASH_BINDING_MISMATCH');
  });
});

describe('AshVerifier answers ASH_STORE_UNAVAILABLE, and never a pass, for a store that', () => {
  const down = (): Promise<never> => Promise.reject(new Error('ECONNREFUSED'));
  const thrown = (): never => {
    throw new Error('not connected');
  };
  const hung = (): Promise<never> => NEVER;
  type Method = 'get' | 'getLink' | 'reserveLink' | 'consume' | 'spend';
  const methods: Method[] = ['get', 'getLink', 'reserveLink', 'consume', 'spend'];
  const ways: [string, () => Promise<never>][] = [
    ['rejects', down],
    ['throws', thrown],
    ['hangs', hung],
  ];
  const rows = methods.flatMap((method) =>
    ways.map(([way, act]): [string, Method, () => Promise<never>] => [way, method, act]),
  );

  it.each(rows)('%s on %s', async (_way, method, act) => {
    const store = (memory: AshContextStore): AshContextStore => overriding(memory, { [method]: act });
    const { route, context, draft } = await sceneOf({ ...CHAINED, setup: { ...CHAINED.setup, store } });
    const verdict = await route.verify(draft);
    expect(verdict).toMatchObject({ ok: false, code: 'ASH_STORE_UNAVAILABLE' });
    expect(!verdict.ok && verdict.cause).toBeInstanceOf(Error);
    await expect(route.isSpent(context)).resolves.toBe(false);
  });

  it.each(['expired', 'not-found'] as const)(
    'fails while it frees the link of a context that is %s',
    async (result) => {
      const store = (memory: AshContextStore): AshContextStore =>
        overriding(memory, { consume: () => Promise.resolve(result), releaseLink: down });
      const { route, draft } = await sceneOf({ ...CHAINED, setup: { ...CHAINED.setup, store } });
      expect(codeOf(await route.verify(draft))).toBe('ASH_STORE_UNAVAILABLE');
    },
  );

  it('fails when it has spent: the link is given back, since the handler does not run', async () => {
    const store = (memory: AshContextStore): AshContextStore =>
      overriding(memory, { spend: (id, hold) => memory.spend(id, hold).then(down) });
    const { route, context, draft } = await sceneOf({ ...CHAINED, setup: { ...CHAINED.setup, store } });
    expect(codeOf(await route.verify(draft))).toBe('ASH_STORE_UNAVAILABLE');
    await expect(route.isSpent(context)).resolves.toBe(true);
    expect((await route.memory.getLink(LINK_HASH))?.holder).toBeUndefined();
  });

  it('is slow at every question: the waits do not add up', async () => {
    const slow = <T>(answer: Promise<T>): Promise<T> =>
      new Promise((resolve) => {
        setTimeout(() => {
          resolve(answer);
        }, 70);
      });
    const store = (memory: AshContextStore): AshContextStore =>
      overriding(memory, { get: (id) => slow(memory.get(id)), consume: (id) => slow(memory.consume(id)) });
    const { route, draft } = await sceneOf({ setup: { store, storeTimeout: 100 } });
    expect(codeOf(await route.verify(draft))).toBe('ASH_STORE_UNAVAILABLE');
  });

  it('does not bring back in time what it knows, and the same request passes when it does', async () => {
    let isSlow = true;
    const store = (memory: AshContextStore): AshContextStore =>
      overriding(memory, { consume: (id) => (isSlow ? NEVER : memory.consume(id)) });
    const { route, draft } = await sceneOf({ ...CHAINED, setup: { ...CHAINED.setup, store } });
    expect(codeOf(await route.verify(draft))).toBe('ASH_STORE_UNAVAILABLE');
    isSlow = false;
    expect(codeOf(await route.verify(draft))).toBe('pass');
  });
});

describe('AshVerifier spends', () => {
  it('a context once, of any number of simultaneous requests', async () => {
    const { route, draft } = await sceneOf({});
    const codes = (await Promise.all(Array.from({ length: 100 }, () => route.verify(draft)))).map(codeOf);
    expect(codes.filter((code) => code === 'pass')).toHaveLength(1);
    expect(codes.filter((code) => code === 'ASH_CTX_ALREADY_USED')).toHaveLength(99);
  });

  const lost = [
    ['already-used', 'ASH_CTX_ALREADY_USED'],
    ['expired', 'ASH_CTX_EXPIRED'],
    ['not-found', 'ASH_CTX_NOT_FOUND'],
    ['a failure of the store', 'ASH_STORE_UNAVAILABLE'],
  ] as const;
  it.each(lost)('no context that is %s by then: %s, and gives back the link that it held', async (result, code) => {
    const consume = (): Promise<AshConsumeResult> =>
      result === 'a failure of the store' ? Promise.reject(new Error('down')) : Promise.resolve(result);
    const store = (memory: AshContextStore): AshContextStore => overriding(memory, { consume });
    const { route, draft } = await sceneOf({ ...CHAINED, setup: { ...CHAINED.setup, store } });
    expect(codeOf(await route.verify(draft))).toBe(code);
    expect((await route.memory.getLink(LINK_HASH))?.holder).toBeUndefined();
    const free = new RouteUnderTest({ store: () => overriding(route.memory, { consume }) });
    expect(codeOf(await free.verify((await route.prepare()).draft))).toBe(code);
  });

  it('nothing for a late copy of a request whose handler has failed: the link stays free for the next try', async () => {
    const { route, context, draft } = await sceneOf(CHAINED);
    const unspent = await route.memory.get(context.contextId);
    const first = await route.verify(draft);
    if (!first.ok) throw new Error(first.code);
    await first.step?.fail();
    // The copy read the context before it was spent, and comes to the link after that was freed.
    const stale = new RouteUnderTest({
      ...CHAINED.setup,
      store: () => overriding(route.memory, { get: () => Promise.resolve(unspent) }),
    });
    expect(codeOf(await stale.verify(draft))).toBe('ASH_CTX_ALREADY_USED');
    expect((await route.memory.getLink(LINK_HASH))?.holder).toBeUndefined();
  });

  it.each([
    ['taken', 'ASH_CHAIN_BROKEN', 'The step before was continued by another request.'],
    ['expired', 'ASH_CHAIN_EXPIRED', 'The previous step is too long ago.'],
    ['not-found', 'ASH_CHAIN_BROKEN', 'The step before was continued by another request.'],
  ] as const)('no context whose link is %s by then: %s', async (result, code, message) => {
    const store = (memory: AshContextStore): AshContextStore =>
      overriding(memory, { reserveLink: () => Promise.resolve(result) });
    const { route, context, draft } = await sceneOf({ ...CHAINED, setup: { ...CHAINED.setup, store } });
    await expect(route.verify(draft)).resolves.toMatchObject({ code, message });
    await expect(route.isSpent(context)).resolves.toBe(false);
  });

  it('a link once: of two requests with contexts of their own one wins, and the other keeps its context', async () => {
    const { route, context, draft } = await sceneOf(CHAINED);
    const other = await route.prepare({ previousProof: PREVIOUS });
    const verdicts = await Promise.all([route.verify(draft), route.verify(other.draft)]);
    expect(verdicts.map(codeOf)).toStrictEqual(['pass', 'ASH_CHAIN_BROKEN']);
    await expect(route.isSpent(context)).resolves.toBe(true);
    await expect(route.isSpent(other.context)).resolves.toBe(false);
  });

  it('a context once of identical requests that share a link, which stays with the one that won', async () => {
    const { route, context, draft } = await sceneOf(CHAINED);
    const codes = (await Promise.all(Array.from({ length: 20 }, () => route.verify(draft)))).map(codeOf).sort();
    expect(codes.at(-1)).toBe('pass');
    expect(codes.slice(0, -1).every((code) => code === 'ASH_CTX_ALREADY_USED')).toBe(true);
    expect((await route.memory.getLink(LINK_HASH))?.holder).toMatch(new RegExp(`^${context.contextId}/`));
  });

  it('nothing for a request without a chain header on a step that may begin its chain and follow another', async () => {
    const both = { ...FOLLOWER, start: true };
    const { route, draft } = await sceneOf({ setup: { chain: both } });
    expect(codeOf(await route.verify(draft))).toBe('pass');
    await writeLink(route);
    expect(codeOf(await route.verify((await route.prepare({ previousProof: PREVIOUS })).draft))).toBe('pass');
    expect((await route.memory.getLink(LINK_HASH))?.holder).toBeDefined();
  });
});

describe('AshVerifier says with a refusal', () => {
  type Row = [title: string, options: AshPolicyOptions, issue: Partial<AshIssueOptions>, namesCode: boolean];
  const rows: Row[] = [
    ['that minimal mode may name the code', { mode: 'minimal' }, {}, true],
    ['that balanced mode may name the code', {}, {}, true],
    ['that strict mode may not', { mode: 'strict' }, {}, false],
    ['that a strict context may not', {}, { mode: 'strict' }, false],
  ];
  it.each(rows)('%s', async (_title, options, issue, namesCode) => {
    const { route, context, draft } = await sceneOf({ setup: { options }, issue });
    draft.headers[ASH_HEADERS.proof] = 'c'.repeat(64);
    await expect(route.verify(draft)).resolves.toStrictEqual({
      ok: false,
      code: 'ASH_INTEGRITY_FAILED',
      message: 'The request is not the one that was proven.',
      namesCode,
      contextId: context.contextId,
      explanation: undefined,
      cause: undefined,
    });
  });

  it('in strict mode no code before the context is known either', async () => {
    const { route, draft } = await sceneOf({ setup: { options: { mode: 'strict' } } });
    draft.headers[ASH_HEADERS.contextId] = 'ash_unknown';
    await expect(route.verify(draft)).resolves.toMatchObject({ namesCode: false, contextId: 'ash_unknown' });
  });

  it('no context where the headers name none', async () => {
    const { route, draft } = await sceneOf({});
    draft.headers[ASH_HEADERS.contextId] = 'not one';
    await expect(route.verify(draft)).resolves.toMatchObject({ contextId: undefined });
  });

  it('in development what differs', async () => {
    const { route, draft } = await sceneOf({ setup: { explain: true } });
    draft.query = 'added=1';
    await expect(route.verify(draft)).resolves.toMatchObject({
      code: 'ASH_INTEGRITY_FAILED',
      explanation: { component: 'query', binding: 'POST /transfer?added=1', canonical: '{"amount":100,"to":"acct-7"}' },
    });
    draft.method = 'PUT';
    await expect(route.verify(draft)).resolves.toMatchObject({
      code: 'ASH_BINDING_MISMATCH',
      explanation: { component: 'binding', hint: 'The context was issued for another route.' },
    });
  });

  it('the name of a header that it refuses, and no more of it than that', async () => {
    const { route, draft } = await sceneOf({});
    const name = `x-ash-${'k'.repeat(100)}`;
    draft.headers[name] = 'a-secret';
    await expect(route.verify(draft)).resolves.toMatchObject({
      message: `The header ${name.slice(0, 64)} is none of the protocol’s: it is refused lest it carry a secret.`,
    });
  });

  it.each([
    [ASH_HEADERS.timestamp, '', 'The header X-ASH-Timestamp is missing.'],
    [ASH_HEADERS.proof, '', 'This route needs the headers of an ASH proof.'],
    [ASH_HEADERS.proof, 'xyz', 'The proof is malformed.'],
    [ASH_HEADERS.proof, 'a, b', 'The header x-ash-proof is there more than once.'],
    [ASH_HEADERS.contextId, '!', 'The header x-ash-context-id is no context identifier.'],
    [ASH_HEADERS.timestamp, 'x', 'The header x-ash-timestamp is no decimal number.'],
    [ASH_HEADERS.scope, 'a, b', 'The header x-ash-scope is there more than once.'],
    [ASH_HEADERS.scope, 'é', 'The header x-ash-scope is malformed.'],
    [ASH_HEADERS.scopeHash, 'x', 'The header x-ash-scope-hash is not 64 lower-case hex characters.'],
    [ASH_HEADERS.chainHash, 'c'.repeat(64), 'The route is no step of a chain.'],
  ])('what is wrong with %s: %j', async (header, value, message) => {
    const { route, draft } = await sceneOf({});
    draft.headers[header] = value;
    await expect(route.verify(draft)).resolves.toMatchObject({ message });
  });

  it.each([
    ['a follower without a header', FOLLOWER, undefined, 'The route needs the header X-ASH-Chain-Hash.'],
    ['a start with a header', START, 'c'.repeat(64), 'The route begins its chain: it follows no step.'],
    ['an unknown link', FOLLOWER, 'c'.repeat(64), 'The step before is not known, or did not succeed.'],
  ])('what breaks a chain: %s', async (_title, chain, value, message) => {
    const { route, draft } = await sceneOf({ setup: { chain } });
    draft.headers[ASH_HEADERS.chainHash] = value;
    await expect(route.verify(draft)).resolves.toMatchObject({ code: 'ASH_CHAIN_BROKEN', message });
  });
});

describe('AshVerifier reads the message of a proof', () => {
  it('with the binding of the context and not with the declared one', async () => {
    const route = new RouteUnderTest({ binding: 'GET /files/*' });
    const context = await route.issue({ binding: 'GET /files/a%20b/c' });
    const draft = prove(context, { timestamp: route.now, value: undefined, params: { '*': 'a b/c' } });
    expect(codeOf(await route.verify(draft))).toBe('pass');
  });

  it('and takes an honest request after any number of guesses', async () => {
    const { route, draft } = await sceneOf({});
    for (let guess = 0; guess < 20; guess++) {
      const headers = { ...draft.headers, [ASH_HEADERS.proof]: randomBytes(32).toString('hex') };
      expect(codeOf(await route.verify({ ...draft, headers }))).toBe('ASH_INTEGRITY_FAILED');
    }
    expect(codeOf(await route.verify(draft))).toBe('pass');
    expect(codeOf(await route.verify(draft))).toBe('ASH_CTX_ALREADY_USED');
  });
});

describe('AshVerifier holds a context, where no router was held against the declarations, against', () => {
  type Row = [
    title: string,
    declared: readonly string[],
    context: string,
    facts: Partial<Pick<AshRequestFacts, 'path' | 'params' | 'route' | 'method'>>,
    code: string,
    publicPrefix?: string,
  ];
  const at = (path: string): { path: () => string } => ({ path: () => path });
  const MISMATCH = 'ASH_BINDING_MISMATCH';
  const rows: Row[] = [
    ['the path of the request', [], 'POST /transfer', at('/transfer'), 'pass'],
    ['another path than its own', [], 'POST /cheap', at('/transfer'), MISMATCH],
    ['another spelling, which a router may take for another path', [], 'POST /transfer', at('/Transfer'), MISMATCH],
    ['a path that no binding has', [], 'POST /transfer', at('/a/../transfer'), MISMATCH],
    ['a run of slashes', [], 'POST /transfer', at('//transfer'), MISMATCH],
    ['a path that nobody tells', [], 'POST /transfer', {}, MISMATCH],
    ['a path that the application replaced', ['POST /transfer'], 'POST /transfer', { path: () => undefined }, MISMATCH],
    ['the declared path', ['POST /transfer'], 'POST /transfer', at('/transfer/'), 'pass'],
    ['one of the declared paths', ['POST /a', 'POST /b'], 'POST /b', at('/b'), 'pass'],
    ['another of the declared paths', ['POST /a', 'POST /b'], 'POST /a', at('/b'), MISMATCH],
    ['a path that is not declared', ['POST /transfre'], 'POST /transfer', at('/transfer'), MISMATCH],
    ['a declared path that is not the request’s', ['POST /transfre'], 'POST /transfre', at('/transfer'), MISMATCH],
    ['the path behind the prefix that a proxy strips', ['POST /api/a'], 'POST /api/a', at('/a'), 'pass', '/api'],
    ['the path behind another prefix', ['POST /api/a'], 'POST /api/a', at('/a'), MISMATCH, '/v2'],
    ['a parameter', ['POST /a/:id'], 'POST /a/7', at('/a/7'), 'pass'],
    ['another parameter', ['POST /a/:id'], 'POST /a/7', at('/a/8'), MISMATCH],
    ['a wildcard', ['POST /a/*rest'], 'POST /a/b/c', at('/a/b/c'), 'pass'],
    ['a wildcard that takes in a slash at the end', ['POST /a/*rest'], 'POST /a/b', at('/a/b/'), MISMATCH],
    ['a wildcard behind a prefix with a slash', ['POST /api/*rest'], 'POST /api/b', at('/b'), 'pass', '/api/'],
    ['a wildcard of nothing', ['POST /*rest'], 'POST /', at('/'), 'pass'],
    [
      'a wildcard that takes in a slash at the end, as the router filled it in',
      ['POST /a/*rest'],
      'POST /a/b',
      { ...at('/a/b/'), params: { rest: ['b', ''] }, route: () => '/a/*rest' },
      MISMATCH,
    ],
    [
      'a wildcard that leaves out a slash at the end',
      ['POST /a/*rest'],
      'POST /a/b',
      { ...at('/a/b/'), params: { rest: ['b'] }, route: () => '/a/*rest' },
      'pass',
    ],
    [
      'a wildcard of the router that takes in a slash at the end',
      [],
      'POST /a/b',
      { ...at('/a/b/'), params: { rest: ['b', ''] } },
      MISMATCH,
    ],
    [
      'a regular expression of the router that takes in a slash at the end',
      ['POST /a/:id'],
      'POST /a/b',
      { ...at('/a/b/'), params: { 0: 'b/' } },
      MISMATCH,
    ],
    ['a path with a slash at the end', [], 'POST /a/b', { ...at('/a/b/'), params: { id: 'b' } }, 'pass'],
    [
      'a parameter that the router filled in from another spelling',
      ['POST /a/:id'],
      'POST /a/7',
      { ...at('/A/%37'), params: { id: '7' }, route: () => '/a/:id' },
      'pass',
    ],
    [
      'a parameter in another case',
      ['POST /a/:id'],
      'POST /a/x',
      { ...at('/a/X'), params: { id: 'X' }, route: () => '/a/:id' },
      MISMATCH,
    ],
    [
      'another spelling on a route that does not serve it',
      ['POST /a/:id'],
      'POST /a/7',
      { ...at('/A/7'), params: { id: '7' }, route: () => '/:any/:id' },
      MISMATCH,
    ],
    [
      'another spelling on a route of no pattern',
      ['POST /a/:id'],
      'POST /a/7',
      { ...at('/A/7'), params: { id: '7' } },
      MISMATCH,
    ],
    [
      'a path that cannot be decoded',
      ['POST /a/:id'],
      'POST /a/7',
      { ...at('/a/%ff'), params: { id: '7' }, route: () => '/a/:id' },
      MISMATCH,
    ],
    ['another method', [], 'POST /transfer', { ...at('/transfer'), method: 'PUT' }, MISMATCH],
  ];
  it.each(rows)('%s', async (_title, declared, binding, facts, code, publicPrefix = '') => {
    const route = new RouteUnderTest({ binding });
    const { draft } = await route.prepare();
    const policy = compilePolicy({
      name: 'route',
      bindings: declared.map((text) => RouteBinding.parse(text)),
      options: {},
      unmapped: { publicPrefix },
    });
    expect(codeOf(await route.verify(Object.assign(draft, facts), policy))).toBe(code);
  });

  it('none at all, for a route that is nobody’s', async () => {
    const route = new RouteUnderTest();
    const { draft } = await route.prepare();
    const policy = compilePolicy({ name: 'nobody’s', bindings: [], options: {} });
    expect(codeOf(await route.verify(Object.assign(draft, at('/transfer')), policy))).toBe(MISMATCH);
  });
});
