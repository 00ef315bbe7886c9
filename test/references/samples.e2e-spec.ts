import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';
import { SAMPLES } from '../../sample/03-references/samples.js';

const FOLDER = new URL('../../sample/03-references/', import.meta.url);

/** A line as it is, or what it looks like. */
type Line = string | RegExp;

const PROVEN = [/^ {2}> X-ASH-Proof: [0-9a-f]{64}$/, /^ {2}> X-ASH-Chain-Hash: [0-9a-f]{64}$/];

/** What each sample prints, from the first line to the last. */
const PRINTED: Readonly<Record<string, readonly Line[]>> = {
  'quick-start': [
    /^context {3}ash_[0-9a-f]{32} \(balanced\)$/,
    'canonical {"amount":100,"to":"account123"}',
    /^proof {5}[A-Za-z0-9_-]{43} \(43 characters\)$/,
    'changed   403 ASH_PROOF_INVALID',
    'sent      200 {"success":true}',
    'again     409 ASH_CTX_ALREADY_USED',
  ],
  'unified-proof': [
    /^Return value \{"proof":"[0-9a-f]{64}","scopeHash":"[0-9a-f]{64}","chainHash":"[0-9a-f]{64}"\}$/,
    'Basic   proof: 64, scopeHash: 0, chainHash: 0, verified: true',
    'Scoped  proof: 64, scopeHash: 64, chainHash: 0, verified: true',
    'Chained proof: 64, scopeHash: 0, chainHash: 64, verified: true',
    'Full    proof: 64, scopeHash: 64, chainHash: 64, verified: true',
    'chainHash is the hash of the previous proof: true',
    'Scoped, with another note: true',
    'Scoped, with another amount: false',
    'Scoped, against another scope: false',
    'Scoped, against no scope: false',
    'Chained, against another proof: false',
    'Chained, against no proof: false',
    'Full, against another scope: false',
    'Full, against another proof: false',
  ],
  'unified-proof-http': [
    'Basic: X-ASH-Context-ID X-ASH-Proof X-ASH-Timestamp: 200 {"verified":"basic"}',
    'Scoped: X-ASH-Context-ID X-ASH-Proof X-ASH-Timestamp X-ASH-Scope-Hash X-ASH-Scope: 200 {"verified":"scoped"}',
    'Chained: X-ASH-Context-ID X-ASH-Proof X-ASH-Timestamp X-ASH-Chain-Hash: 200 {"verified":"chained"}',
    'Full: X-ASH-Context-ID X-ASH-Proof X-ASH-Timestamp X-ASH-Scope-Hash X-ASH-Scope X-ASH-Chain-Hash: 200 {"verified":"full"}',
    'Basic again: X-ASH-Context-ID X-ASH-Proof X-ASH-Timestamp: 200 {"verified":"basic"}',
    /^Changed: .*: 403 ASH_INTEGRITY_FAILED$/,
    /^With another scope: .*: 403 ASH_SCOPE_MISMATCH$/,
    /^Without a scope: .*: 403 ASH_SCOPE_MISMATCH$/,
    /^Without the step before: .*: 403 ASH_CHAIN_BROKEN$/,
    /^After another step: .*: 403 ASH_CHAIN_BROKEN$/,
  ],
  'request-chaining': [
    'Step-Skipping: Payment after nothing',
    ...PROVEN,
    '  < 403 ASH_CHAIN_BROKEN',
    'Step 1: Add to Cart',
    /^ {2}> X-ASH-Proof: [0-9a-f]{64}$/,
    /^ {2}< X-ASH-Chain-Proof: [0-9a-f]{64}$/,
    '  < 200 {"message":"Success: Added to Cart"}',
    'Step-Skipping: Payment after the cart',
    ...PROVEN,
    '  < 403 ASH_CHAIN_BROKEN',
    'Step 2: Checkout',
    ...PROVEN,
    /^ {2}< X-ASH-Chain-Proof: [0-9a-f]{64}$/,
    '  < 200 {"message":"Success: Checked Out"}',
    'Step 3: Payment',
    ...PROVEN,
    '  < 200 {"message":"Success: Payment Complete"}',
    'A second payment of the same checkout',
    ...PROVEN,
    '  < 403 ASH_CHAIN_BROKEN',
  ],
  'request-chaining-by-hand': [
    'POST /checkout after no step: ChainBrokenError: There is no cart in this session',
    'POST /payment after no step: ChainBrokenError: There is no checkout in this session',
    'POST /checkout without the cart: ChainBrokenError: Invalid request chain - checkout requires valid cart',
    'POST /checkout after the cart: valid',
    'POST /payment after the cart: ChainBrokenError: Payment requires valid checkout step',
    'POST /payment after the checkout: valid',
  ],
  'python-style': [
    /^context ash_[0-9a-f]{32} \(balanced\) until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
    /^X-ASH-Context-ID: ash_[0-9a-f]{32}$/,
    /^X-ASH-Proof: [0-9a-f]{64}$/,
    /^X-ASH-Timestamp: \d{13}$/,
    'without the secret 403 ASH_PROOF_MISSING',
    'changed 403 ASH_INTEGRITY_FAILED',
    'sent 200 {"status":"ok"}',
    'again 409 ASH_CTX_ALREADY_USED',
  ],
  'bare-http': [
    'X-ASH-Verified: true',
    'sent    200 {"transferred":100,"to":"acct-7"}',
    'changed 403 ASH_INTEGRITY_FAILED',
    'sent    200 {"transferred":100,"to":"acct-7"}',
    'again   409 ASH_CTX_ALREADY_USED',
  ],
};

/** What the operator is told, which no other sample has cause to. */
const WARNED: Readonly<Record<string, readonly string[]>> = {
  'quick-start': [
    "[nestjs-ash] POST /api/transfer is 'v1': its proofs have no secret, so they detect accidents and replays only.",
  ],
};

describe('the samples of the references', () => {
  it('are all named in their README, whose links lead somewhere', () => {
    const readme = readFileSync(fileURLToPath(new URL('README.md', FOLDER)), 'utf8');
    const names = [...readme.matchAll(/^\| `([a-z-]+)` +\| \[/gm)].map(([, name]) => name);
    const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => link);

    expect(names).toEqual([...SAMPLES.keys()]);
    expect(links.length).toBeGreaterThan(SAMPLES.size);
    expect(links.filter((link) => !existsSync(fileURLToPath(new URL(link, FOLDER))))).toEqual([]);
  });

  it('are all held against what they print', () => {
    expect(Object.keys(PRINTED).sort()).toEqual([...SAMPLES.keys()].sort());
  });

  it.each(Object.entries(PRINTED))(
    '%s prints what its reference says, and warns of what is unsafe',
    async (name, lines) => {
      const { printed, warned } = await runSample(name);

      expect(printed).toEqual(lines.map((line) => (typeof line === 'string' ? line : like(line))));
      expect(warned).toEqual(WARNED[name] ?? []);
    },
  );

  it('the quick start proves by the formula of v1', async () => {
    const { printed } = await runSample('quick-start');
    const [context, canonical, proof] = ['context', 'canonical', 'proof'].map((what) => wordAfter(printed, what));

    const message = ['ASHv1', 'balanced', 'POST /api/transfer', context, canonical].join('\n');
    expect(proof).toBe(createHash('sha256').update(message).digest('base64url'));
  });

  it('the return value of the unified proof has the hash of its scope', async () => {
    const { printed } = await runSample('unified-proof');
    const [line = ''] = printed;

    expect(JSON.parse(line.replace('Return value ', ''))).toMatchObject({ scopeHash: sha256('amount') });
  });

  it('each step of the workflow diagram is answered its own proof, and names the hash of the one before', async () => {
    const { printed } = await runSample('request-chaining');
    const step = (title: string, next: string): string[] =>
      printed.slice(printed.indexOf(title), printed.indexOf(next, printed.indexOf(title)));
    const [cart, checkout, payment] = [
      step('Step 1: Add to Cart', 'Step-Skipping: Payment after the cart'),
      step('Step 2: Checkout', 'Step 3: Payment'),
      step('Step 3: Payment', 'A second payment of the same checkout'),
    ];

    expect(wordAfter(cart, '< X-ASH-Chain-Proof:')).toBe(wordAfter(cart, '> X-ASH-Proof:'));
    expect(wordAfter(checkout, '> X-ASH-Chain-Hash:')).toBe(sha256(wordAfter(cart, '> X-ASH-Proof:')));
    expect(wordAfter(checkout, '< X-ASH-Chain-Proof:')).toBe(wordAfter(checkout, '> X-ASH-Proof:'));
    expect(wordAfter(payment, '> X-ASH-Chain-Hash:')).toBe(sha256(wordAfter(checkout, '> X-ASH-Proof:')));
  });
});

function like(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}

/** Runs a sample, and collects what it prints and what the operator is warned of. */
async function runSample(name: string): Promise<{ printed: string[]; warned: unknown[] }> {
  const sample = SAMPLES.get(name);
  if (sample === undefined) throw new Error(`There is no sample '${name}'.`);
  const printed: string[] = [];
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  const error = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  try {
    await sample.run((line) => printed.push(line));
    return { printed, warned: [...warn.mock.calls, ...error.mock.calls].flat() };
  } finally {
    jest.restoreAllMocks();
  }
}

/** The first word after a beginning, in the first line that has it. */
function wordAfter(lines: readonly string[], beginning: string): string {
  const line = lines.find((text) => text.trimStart().startsWith(beginning));
  if (line === undefined) throw new Error(`There is no line of '${beginning}'.`);
  return line.trimStart().slice(beginning.length).trim().split(' ')[0] ?? '';
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
