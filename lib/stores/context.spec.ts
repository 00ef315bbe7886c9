import { inspect } from 'node:util';
import { ashDeriveClientSecret } from '../core/index.js';
import { ashContext, ashNewContext, clientSecretOf, type AshContext } from './context.js';

const NOW = 1_700_000_000_000;
const FIELDS: AshContext = {
  id: 'ash_1',
  binding: 'POST /transfer',
  mode: 'strict',
  protocol: 'v2.2',
  issuedAt: NOW,
  expiresAt: NOW + 5,
  consumedAt: NOW + 1,
  subject: 'user-7',
  scope: ['amount'],
  metadata: { tenant: 'a' },
  nonce: 'f'.repeat(64),
};

describe('ashContext', () => {
  it('gives back every field by its name', () => {
    const context = ashContext(FIELDS);
    for (const [key, value] of Object.entries(FIELDS)) expect(context[key as keyof AshContext]).toBe(value);
  });

  it.each([
    ['console.log', (context: AshContext) => inspect(context, { showHidden: true, getters: false, depth: 9 })],
    ['JSON.stringify', (context: AshContext) => JSON.stringify({ context })],
    ['a spread', (context: AshContext) => JSON.stringify({ ...context })],
    ['Object.entries', (context: AshContext) => String(Object.entries(context))],
  ])('shows no nonce to %s', (_title, show) => {
    const shown = show(ashContext(FIELDS));
    expect(shown).toContain('POST /transfer');
    expect(shown).not.toContain(FIELDS.nonce);
  });

  it('cannot be changed', () => {
    const context = ashContext(FIELDS) as { consumedAt?: number };
    expect(() => {
      delete context.consumedAt;
    }).toThrow(TypeError);
    expect(context.consumedAt).toBe(NOW + 1);
    expect(Object.isFrozen(context)).toBe(true);
  });

  it('has no field that it was given none for', () => {
    const { id, binding, mode, protocol, issuedAt, expiresAt, nonce } = FIELDS;
    const bare = { id, binding, mode, protocol, issuedAt, expiresAt, nonce };
    const fields = ['id', 'binding', 'mode', 'protocol', 'issuedAt', 'expiresAt'];
    expect(Object.keys(ashContext(bare))).toStrictEqual(fields);
    expect(Object.keys(ashContext({ ...bare, subject: undefined } as unknown as AshContext))).toStrictEqual(fields);
  });
});

describe('ashNewContext', () => {
  it('makes a context of its own, with the defaults of the protocol', () => {
    const context = ashNewContext({ binding: 'POST /transfer', ttlMs: 5 }, NOW);
    expect({ ...context }).toStrictEqual({
      id: expect.stringMatching(/^ash_[0-9a-f]{32}$/) as string,
      binding: 'POST /transfer',
      mode: 'balanced',
      protocol: 'v2.3',
      issuedAt: NOW,
      expiresAt: NOW + 5,
    });
    expect(context.nonce).toMatch(/^[0-9a-f]{64}$/);
  });

  it('takes over what it is given', () => {
    const { binding, mode, protocol, subject, scope, metadata } = FIELDS;
    const options = {
      binding,
      mode,
      protocol,
      ttlMs: 5,
      subject: subject ?? '',
      scope: scope ?? [],
      metadata: metadata ?? {},
    };
    expect(ashNewContext(options, NOW)).toMatchObject({ binding, mode, protocol, subject, scope, metadata });
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses a life of %d milliseconds', (ttlMs) => {
    expect(() => ashNewContext({ binding: 'POST /transfer', ttlMs }, NOW)).toThrow(
      new RangeError(`ttlMs is a positive number of milliseconds, not ${ttlMs}.`),
    );
  });
});

describe('the secret of a client', () => {
  const SECRET = ashDeriveClientSecret(FIELDS.nonce, FIELDS.id, FIELDS.binding);

  it.each([
    ['a context', ashContext(FIELDS)],
    ['a context of a store that makes its own objects', FIELDS],
    ['another context, after it', ashContext({ ...FIELDS, id: 'ash_2' })],
  ])('is derived from %s, however often it is asked for', (_title, context) => {
    const expected = ashDeriveClientSecret(context.nonce, context.id, context.binding);
    expect([clientSecretOf(context), clientSecretOf(context)]).toStrictEqual([expected, expected]);
  });

  it('is shown by nothing, also once it is derived', () => {
    const context = ashContext(FIELDS);
    expect(clientSecretOf(context)).toBe(SECRET);
    expect(inspect(context, { showHidden: true, getters: true, depth: 9 })).not.toContain(SECRET);
    expect(JSON.stringify([context, { ...context }, Object.getOwnPropertyDescriptors(context)])).not.toContain(SECRET);
  });
});
