import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import { configurationError } from '../../test/verification/configuration-error.js';
import { RouteUnderTest, type RouteSetup } from '../../test/verification/route-under-test.js';
import type { AshMode, AshProtocol } from '../core/index.js';
import { AshMemoryStore } from '../stores/memory.store.js';
import { BoundedStore } from './bounded-store.js';
import type { ChainRule } from './chain-rules.js';
import { AshIssuer, type AshIssueOptions } from './issuer.js';
import type { AshPolicyOptions } from './policy.js';

const CHAIN: ChainRule = { name: 'checkout', step: 'POST /transfer', start: true, after: new Map(), linkTtl: 1 };

describe('AshIssuer.issue answers', () => {
  it('the fields of the protocol, and neither the nonce nor the subject', async () => {
    const route = new RouteUnderTest({ needsSubject: true });
    const context = await route.issue({ subject: 'user-7', metadata: { tenant: 'a' } });
    const held = await route.memory.get(context.contextId);
    const clientSecret = createHmac('sha256', held?.nonce ?? '')
      .update(`${context.contextId}|POST /transfer`)
      .digest('hex');
    expect(context).toStrictEqual({
      contextId: expect.stringMatching(/^ash_[0-9a-f]{32}$/) as string,
      binding: 'POST /transfer',
      mode: 'balanced',
      protocol: 'v2.3',
      issuedAt: route.now,
      expiresAt: route.now + 30_000,
      clientSecret,
    });
    expect(held).toMatchObject({ subject: 'user-7', metadata: { tenant: 'a' } });
    expect(JSON.stringify(context)).not.toContain(held?.nonce);
  });

  it('and shows its secrets to no log', async () => {
    const context = await new RouteUnderTest({ options: { protocol: 'v1', mode: 'strict' } }).issue();
    const keyed = await new RouteUnderTest().issue();
    const shown = inspect([context, keyed], { depth: 9, showHidden: true });
    expect(shown).toContain('POST /transfer');
    expect(shown).not.toContain(context.nonce);
    expect(shown).not.toContain(keyed.clientSecret);
    expect(JSON.stringify([context, keyed])).toContain(keyed.clientSecret);
  });

  it('and keeps nothing that was not asked for', async () => {
    const route = new RouteUnderTest();
    const held = await route.memory.get((await route.issue()).contextId);
    for (const key of ['subject', 'scope', 'metadata']) expect(held).not.toHaveProperty(key);
  });

  type Row = [title: string, setup: RouteSetup, options: Partial<AshIssueOptions>, fields: object];
  const rows: Row[] = [
    ['the scope of the route', { options: { scope: ['a'] } }, {}, { scope: ['a'] }],
    ['the scope that was given', { options: { scope: ['a'] } }, { scope: ['b', 'c'] }, { scope: ['b', 'c'] }],
    ['no scope where an empty one was given', { options: { scope: ['a'] } }, { scope: [] }, { scope: undefined }],
    ['the chain of the route', { chain: CHAIN }, {}, { chain: { name: 'checkout', start: true } }],
    [
      'the canonical form where it is not jcs',
      { options: { canonicalization: 'jcs-nfc' } },
      {},
      { canonicalization: 'jcs-nfc' },
    ],
    ['no word on the query in balanced mode', {}, {}, { query: undefined }],
    ['no word on the query in minimal mode', { options: { mode: 'minimal' } }, {}, { query: undefined }],
    ['the query that is ignored against its mode', { options: { query: 'ignore' } }, {}, { query: 'ignore' }],
    [
      'the query that is covered against its mode',
      { options: { mode: 'minimal', query: 'cover' } },
      {},
      { query: 'cover' },
    ],
    ['no word on a query that the mode covers anyway', { options: { query: 'cover' } }, {}, { query: undefined }],
    ['a stricter mode that was given', {}, { mode: 'strict' }, { mode: 'strict' }],
    [
      'the route’s mode where a milder one was given',
      { options: { mode: 'strict' } },
      { mode: 'minimal' },
      { mode: 'strict' },
    ],
    ['the life that was given', {}, { ttl: 5 }, { expiresAt: 1_700_000_000_005 }],
    [
      'the concrete binding, in its normal form',
      { binding: 'PUT /accounts/:id' },
      { binding: 'put accounts//42/?x=1' },
      { binding: 'PUT /accounts/42' },
    ],
  ];
  it.each(rows)('%s', async (_title, setup, options, fields) => {
    const context = await new RouteUnderTest(setup).issue(options);
    const chosen = Object.fromEntries(Object.keys(fields).map((key) => [key, context[key as keyof typeof context]]));
    expect(chosen).toStrictEqual(fields);
  });

  it('keeps the scope that was given, also an empty one, with the context', async () => {
    const route = new RouteUnderTest({ options: { scope: ['a'] } });
    await expect(route.memory.get((await route.issue({ scope: [] })).contextId)).resolves.toMatchObject({ scope: [] });
  });

  it.each([
    ['v1', 'minimal', false, false],
    ['v1', 'balanced', false, false],
    ['v1', 'strict', false, true],
    ['v2.1', 'strict', true, false],
    ['v2.2', 'balanced', true, false],
    ['v2.3', 'strict', true, false],
  ] as [AshProtocol, AshMode, boolean, boolean][])(
    'for %s in mode %s a client secret: %p, a nonce: %p',
    async (protocol, mode, hasSecret, hasNonce) => {
      const context = await new RouteUnderTest({ options: { protocol, mode } }).issue();
      expect('clientSecret' in context).toBe(hasSecret);
      expect('nonce' in context).toBe(hasNonce);
    },
  );
});

describe('AshIssuer.issue refuses', () => {
  const mismatch = 'ASH_SUBJECT_MISMATCH';
  type Row = [title: string, setup: RouteSetup, options: Partial<AshIssueOptions>, code: string, message: RegExp];
  const rows: Row[] = [
    ['a malformed binding', {}, { binding: '/transfer' }, 'ASH_CANONICALIZATION_ERROR', /METHOD \/path/],
    ['a missing subject', { needsSubject: true }, {}, mismatch, /this request has none/],
    ['an empty subject', { needsSubject: true }, { subject: '' }, mismatch, /this request has none/],
    ['a subject that nothing would verify', {}, { subject: 'user-7' }, mismatch, /needs a 'subject' function/],
    ['an empty subject that nothing would verify', {}, { subject: '' }, mismatch, /needs a 'subject' function/],
    ['an unsafe scope', {}, { scope: ['__proto__'] }, 'ASH_CANONICALIZATION_ERROR', /names '__proto__'/],
    ['a scope that stands in no header', {}, { scope: ['é'] }, 'ASH_CONFIGURATION_ERROR', /printable ASCII/],
    [
      'a life that is longer than the mode allows',
      {},
      { ttl: 900_001 },
      'ASH_CONFIGURATION_ERROR',
      /mode 'balanced' allows 900000 ms at most/,
    ],
    [
      'a life that is longer than the given mode allows',
      {},
      { ttl: 60_001, mode: 'strict' },
      'ASH_CONFIGURATION_ERROR',
      /mode 'strict' allows 60000 ms at most/,
    ],
    ['a life of nothing', {}, { ttl: 0 }, 'ASH_CONFIGURATION_ERROR', /'ttl' is a positive number/],
  ];
  it.each(rows)('%s, and keeps no context', async (_title, setup, options, code, message) => {
    const route = new RouteUnderTest(setup);
    await expect(route.issue(options)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
    expect(route.memory.size).toBe(0);
  });

  it.each([
    ['v2.1', {}, "'v2.1' covers no scope; use 'v2.3' or leave 'scope' out."],
    ['v1', {}, "'v1' covers no scope; use 'v2.3' or leave 'scope' out."],
    ['v2.3', { payload: 'raw' }, "a scope needs a JSON payload; leave 'scope' or payload 'raw' out."],
    ['v2.3', { payload: 'form' }, "a scope needs a JSON payload; leave 'scope' or payload 'form' out."],
  ] as [AshProtocol, AshPolicyOptions, string][])(
    'a scope by hand on a route of %s with %j',
    async (protocol, options, what) => {
      const route = new RouteUnderTest({ options: { protocol, ...options } });
      await expect(route.issue({ scope: ['amount'] })).rejects.toThrow(
        configurationError(`PaymentsController.transfer: ${what}`),
      );
      await expect(route.issue({ scope: [] })).resolves.toMatchObject({ protocol });
    },
  );

  it('a binding that no route declares, and shows of it what a log can bear', async () => {
    const store = new BoundedStore(new AshMemoryStore(), 10);
    const issuer = new AshIssuer({ store, find: () => undefined });
    await expect(issuer.issue({ binding: `POST /${'a\u202e'.repeat(200)}`, ttl: 1 })).rejects.toMatchObject({
      code: 'ASH_BINDING_MISMATCH',
      message: `binding: no protected route is declared as 'POST /${'a\ufffd'.repeat(47)}'.`,
    });
  });

  it('a binding that is longer than anybody needs, though its route declares it', async () => {
    const route = new RouteUnderTest({ binding: 'GET /files/*' });
    const long = (length: number): string => 'GET /files/'.padEnd(length, 'a');
    await expect(route.issue({ binding: long(2048) })).resolves.toMatchObject({ binding: long(2048) });
    await expect(route.issue({ binding: long(2049) })).rejects.toMatchObject({
      code: 'ASH_CANONICALIZATION_ERROR',
      message: 'binding: longer than 2048 characters.',
    });
    expect(route.memory.size).toBe(1);
  });

  it('with the store’s code where the store fails', async () => {
    const store = new BoundedStore(new AshMemoryStore({ maxEntries: 1 }), 10);
    const { policy } = new RouteUnderTest();
    const issuer = new AshIssuer({ store, find: () => policy });
    await issuer.issue({ binding: 'POST /transfer', ttl: 1_000 });
    await expect(issuer.issue({ binding: 'POST /transfer', ttl: 1_000 })).rejects.toMatchObject({
      code: 'ASH_STORE_UNAVAILABLE',
    });
  });
});
