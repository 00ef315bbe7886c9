import { createHash, createHmac } from 'node:crypto';
import type { AshProtocol } from './context.js';
import { ASH_PROTOCOLS, type AshProofParts } from './formulas.js';
import { ashProtocolRules } from './protocols.js';

const CONTEXT_ID = `ash_${'0'.repeat(32)}`;
const NONCE = 'a'.repeat(64);
const SECRET = 'b'.repeat(64);
const TIME = '1740475396296';
const BODY = sha256('{"a":1}');
const SCOPE = sha256('a');
const CHAIN = sha256('c'.repeat(64));

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(...slots: string[]): string {
  return createHmac('sha256', SECRET)
    .update([TIME, 'POST /x?q', BODY, ...slots].join('|'))
    .digest('hex');
}

function hashOfLines(...lines: string[]): string {
  return createHash('sha256')
    .update(['ASHv1', ...lines].join('\n'))
    .digest('base64url');
}

const PARTS: AshProofParts = {
  mode: 'balanced',
  contextId: CONTEXT_ID,
  binding: 'POST /x?q',
  clientSecret: SECRET,
  nonce: NONCE,
  timestamp: TIME,
  canonical: '{"a":1}',
  bodyHash: BODY,
  scopeHash: '',
  chained: false,
  chainHash: '',
};

it('the protocols go from the newest to the oldest', () => {
  expect(ASH_PROTOCOLS).toEqual(['v2.3', 'v2.2', 'v2.1', 'v1']);
});

describe('a protocol', () => {
  type Row = [protocol: AshProtocol, keyed: boolean, scope: boolean, chain: boolean, empty: string, mismatch: string];
  const rows: Row[] = [
    ['v2.3', true, true, true, '{}', 'ASH_INTEGRITY_FAILED'],
    ['v2.2', true, true, false, '{}', 'ASH_PROOF_INVALID'],
    ['v2.1', true, false, true, '', 'ASH_PROOF_INVALID'],
    ['v1', false, false, false, '', 'ASH_PROOF_INVALID'],
  ];
  it.each(rows)('%s has the rules of the page', (protocol, keyed, coversScope, coversChain, emptyPayload, mismatch) => {
    expect(ashProtocolRules(protocol)).toMatchObject({ keyed, coversScope, coversChain, emptyPayload, mismatch });
  });
});

describe('a proof', () => {
  type Row = [title: string, protocol: AshProtocol, parts: Partial<AshProofParts>, expected: string];
  const { binding } = PARTS;
  const rows: Row[] = [
    ['of v2.3 has five slots', 'v2.3', {}, hmac('', '')],
    ['of v2.3 has the scope in the fourth', 'v2.3', { scopeHash: SCOPE }, hmac(SCOPE, '')],
    ['of v2.3 has the chain in the fifth', 'v2.3', { chained: true, chainHash: CHAIN }, hmac('', CHAIN)],
    ['of v2.3 has both', 'v2.3', { scopeHash: SCOPE, chained: true, chainHash: CHAIN }, hmac(SCOPE, CHAIN)],
    ['of v2.3 has an empty slot for the first step', 'v2.3', { chained: true }, hmac('', '')],
    ['of v2.2 has the scope in the fourth of four', 'v2.2', { scopeHash: SCOPE }, hmac(SCOPE)],
    ['of v2.2 has the hash of nothing without a scope', 'v2.2', {}, hmac(sha256(''))],
    ['of v2.2 covers no chain', 'v2.2', { chained: true, chainHash: CHAIN }, hmac(sha256(''))],
    ['of v2.1 has three slots', 'v2.1', {}, hmac()],
    ['of v2.1 covers no scope', 'v2.1', { scopeHash: SCOPE }, hmac()],
    ['of v2.1 has the chain in the fourth', 'v2.1', { chained: true, chainHash: CHAIN }, hmac(CHAIN)],
    ['of v2.1 begins a chain with the hash of nothing', 'v2.1', { chained: true }, hmac(sha256(''))],
    ['of v1 holds the payload itself', 'v1', {}, hashOfLines('balanced', binding, CONTEXT_ID, '{"a":1}')],
    [
      'of v1 has no nonce in minimal mode',
      'v1',
      { mode: 'minimal' },
      hashOfLines('minimal', binding, CONTEXT_ID, '{"a":1}'),
    ],
    [
      'of v1 has the nonce in strict mode',
      'v1',
      { mode: 'strict' },
      hashOfLines('strict', binding, CONTEXT_ID, NONCE, '{"a":1}'),
    ],
    [
      'of v1 needs neither secret nor timestamp',
      'v1',
      { clientSecret: '', timestamp: '', nonce: undefined },
      hashOfLines('balanced', binding, CONTEXT_ID, '{"a":1}'),
    ],
  ];
  it.each(rows)('%s', (_title, protocol, parts, expected) => {
    const rules = ashProtocolRules(protocol);
    const proof = rules.prove({ ...PARTS, ...parts });
    expect(proof).toBe(expected);
    expect(rules.isProof(proof)).toBe(true);
    expect(rules.equal(proof, expected)).toBe(true);
  });

  it.each(['', undefined])('of v1 in strict mode is refused for the nonce %j', (nonce) => {
    expect(() => ashProtocolRules('v1').prove({ ...PARTS, mode: 'strict', nonce })).toThrow(
      expect.objectContaining({
        code: 'ASH_CANONICALIZATION_ERROR',
        message: expect.stringContaining('needs the nonce'),
      }),
    );
  });

  it.each(['v2.3', 'v2.2', 'v2.1'] as const)('of %s needs a secret and a timestamp', (protocol) => {
    const { prove } = ashProtocolRules(protocol);
    expect(() => prove({ ...PARTS, clientSecret: '' })).toThrow('The client secret is empty');
    expect(() => prove({ ...PARTS, timestamp: '' })).toThrow('The timestamp is not');
  });

  it.each(ASH_PROTOCOLS)('of %s is told from one of the other form', (protocol) => {
    const { isProof, equal, keyed } = ashProtocolRules(protocol);
    const hex = '0'.repeat(64);
    const base64Url = 'A'.repeat(43);
    expect([isProof(hex), isProof(base64Url), isProof('')]).toEqual([keyed, !keyed, false]);
    expect([equal(hex, hex), equal(base64Url, base64Url), equal('', '')]).toEqual([keyed, !keyed, false]);
    expect(equal(hex, base64Url)).toBe(false);
  });
});
