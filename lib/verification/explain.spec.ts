import { createHmac } from 'node:crypto';
import {
  prove,
  RouteUnderTest,
  sha256,
  type Draft,
  type RouteSetup,
} from '../../test/verification/route-under-test.js';
import { ASH_HEADERS, type AshErrorCode, type AshIssuedContext } from '../core/index.js';
import { explainCode, type AshExplanation } from './explain.js';
import type { ChainRule } from './chain-rules.js';

const VALUE = { to: 'acct-7', amount: 100, note: 'é' };
const CANONICAL = '{"amount":100,"note":"é","to":"acct-7"}';
const START: ChainRule = { name: 'checkout', step: 'POST /transfer', start: true, after: new Map(), linkTtl: 1 };

/** What a client puts into its message, each part the right one unless a mistake is made. */
interface Message {
  readonly timestamp: string;
  readonly binding: string;
  readonly covered: string | Uint8Array;
  readonly tail: readonly string[];
}

interface Mistake {
  readonly setup?: RouteSetup;
  readonly query?: string;
  readonly raw?: Uint8Array;
  readonly value?: unknown;
  readonly message?: Partial<Message> | ((context: AshIssuedContext) => Partial<Message>);
}

async function explain(
  mistake: Mistake,
): Promise<{ explanation: AshExplanation | undefined; context: AshIssuedContext; draft: Draft; nonce: string }> {
  const route = new RouteUnderTest({ ...mistake.setup, explain: true });
  const context = await route.issue();
  const { query = '' } = mistake;
  const value = 'value' in mistake ? mistake.value : VALUE;
  const draft = prove(context, { timestamp: route.now, query, value });
  draft.body.raw = mistake.raw;
  const made = typeof mistake.message === 'function' ? mistake.message(context) : mistake.message;
  const { scope = [] } = context;
  const { timestamp, binding, covered, tail }: Message = {
    timestamp: String(route.now),
    binding: query === '' ? context.binding : `${context.binding}?${query}`,
    covered: CANONICAL,
    tail: [scope.length === 0 ? '' : sha256(scope.join(',')), ''],
    ...made,
  };
  draft.headers[ASH_HEADERS.proof] = createHmac('sha256', context.clientSecret ?? '')
    .update([timestamp, binding, sha256(covered), ...tail].join('|'))
    .digest('hex');
  const verdict = await route.verify(draft);
  const nonce = (await route.memory.get(context.contextId))?.nonce ?? '';
  if (verdict.ok) throw new Error('The mistake was none.');
  return { explanation: verdict.explanation, context, draft, nonce };
}

const QUERY_LEFT_OUT = 'The proof leaves the query out, and this route covers it.';
const QUERY_COVERED = 'The proof covers the query, and this route does not.';
const QUERY_DECODED = 'The proof covers the decoded query: take it as it stands in the request line.';
const NOT_CANONICAL = 'The proof covers JSON that is not canonical: sort the keys.';
const WHOLE = 'The proof covers the whole payload, and this route covers a scope.';
const UNKNOWN =
  'No usual mistake gives this proof: compare the canonical text and the binding with those of the client.';

describe('explainMismatch names', () => {
  const ignoring = { options: { query: 'ignore' } } as const;
  const scoped = { options: { scope: ['amount'] } };
  type Row = [title: string, mistake: Mistake, component: string, hint: string];
  const rows: Row[] = [
    ['a query that was left out', { query: 'a=1', message: { binding: 'POST /transfer' } }, 'query', QUERY_LEFT_OUT],
    [
      'a query that was covered',
      { setup: ignoring, query: 'a=1', message: { binding: 'POST /transfer?a=1' } },
      'query',
      QUERY_COVERED,
    ],
    [
      'a query that was decoded',
      { query: 'a=%C3%A9', message: { binding: 'POST /transfer?a=é' } },
      'query',
      QUERY_DECODED,
    ],
    [
      'a method in lower case',
      { message: { binding: 'post /transfer' } },
      'binding',
      "The proof was made for 'post /transfer': use the binding that came with the context.",
    ],
    [
      'a slash at the end',
      { message: { binding: 'POST /transfer/' } },
      'binding',
      "The proof was made for 'POST /transfer/': use the binding that came with the context.",
    ],
    [
      'the bytes as they were sent',
      { raw: Buffer.from('{ "to": 1 }'), message: { covered: '{ "to": 1 }' } },
      'body hash',
      'The proof covers the bytes as they were sent: make the JSON canonical first.',
    ],
    ['keys that were not sorted', { message: { covered: JSON.stringify(VALUE) } }, 'body hash', NOT_CANONICAL],
    [
      'the whole payload',
      { setup: scoped, value: { amount: 1, b: 2 }, message: { covered: '{"amount":1,"b":2}' } },
      'body hash',
      WHOLE,
    ],
    ['the whole payload in canonical form', { setup: scoped, message: { covered: CANONICAL } }, 'body hash', WHOLE],
    [
      'an empty object',
      { message: { covered: '{}' } },
      'body hash',
      'The proof covers an empty object, and the server read a body.',
    ],
    [
      'an empty text',
      { message: { covered: '' } },
      'body hash',
      'The proof covers an empty text, and the server read a body or expects {}.',
    ],
    [
      'an empty text where there is no body',
      { value: undefined, message: { covered: '' } },
      'body hash',
      'The proof covers an empty text, and the server read a body or expects {}.',
    ],
    [
      'a scope hash that was left out',
      { setup: scoped, message: { covered: '{"amount":100}', tail: ['', ''] } },
      'scope',
      'The proof has no scope hash.',
    ],
    [
      'the hash of an empty scope',
      { message: { tail: [sha256(''), ''] } },
      'scope',
      'The proof has the hash of an empty scope.',
    ],
    [
      'the hash of an empty proof',
      { setup: { chain: START }, message: { tail: ['', sha256('')] } },
      'chain',
      'The proof has the hash of an empty proof for its first link.',
    ],
    [
      'a proof of v2.2',
      { message: { tail: [sha256('')] } },
      'protocol',
      "The proof is a 'v2.2' one: use the protocol that came with the context.",
    ],
    [
      'a proof of v2.1',
      { message: { tail: [] } },
      'protocol',
      "The proof is a 'v2.1' one: use the protocol that came with the context.",
    ],
    ['no component where no usual mistake is the reason', { message: { covered: '{"amount":1}' } }, 'unknown', UNKNOWN],
    [
      'no component where the query has no decoded form',
      { query: 'a=%zz', message: { covered: '{"amount":1}' } },
      'unknown',
      UNKNOWN,
    ],
    [
      'no component where the decoded query cannot stand in a message',
      { query: 'a=%7C', message: { covered: '{"amount":1}' } },
      'unknown',
      UNKNOWN,
    ],
    [
      'no component where the payload has no canonical form as a whole',
      { setup: scoped, value: { amount: 1, b: Number.NaN }, message: { covered: 'x' } },
      'unknown',
      UNKNOWN,
    ],
  ];
  it.each(rows)('%s, and shows no secret and no expected proof', async (_title, mistake, component, hint) => {
    const { explanation, context, draft, nonce } = await explain(mistake);
    expect(explanation).toMatchObject({ component, hint });
    const shown = JSON.stringify(explanation);
    const covered = prove(context, { timestamp: 1_700_000_000_000, value: draft.body.value, query: draft.query });
    for (const secret of [nonce, context.clientSecret ?? '', String(covered.headers[ASH_HEADERS.proof])]) {
      expect(secret).toMatch(/^[0-9a-f]{64}$/);
      expect(shown).not.toContain(secret);
    }
  });

  it('a chain hash that was left out', async () => {
    const follower: ChainRule = { ...START, start: false, after: new Map([['POST /cart', 60_000]]) };
    const route = new RouteUnderTest({ chain: follower, explain: true });
    const previousProof = 'a'.repeat(64);
    const link = { chain: 'checkout', step: 'POST /cart', issuedAt: route.now, expiresAt: route.now + 60_000 };
    await route.memory.writeLink({ hash: sha256(previousProof), ...link });
    const context = await route.issue();
    const { headers } = prove(context, { timestamp: route.now, previousProof });
    const draft = prove(context, { timestamp: route.now });
    draft.headers[ASH_HEADERS.chainHash] = headers[ASH_HEADERS.chainHash];
    await expect(route.verify(draft)).resolves.toMatchObject({
      code: 'ASH_INTEGRITY_FAILED',
      explanation: { component: 'chain', hint: 'The proof has no chain hash.' },
    });
  });

  it('the canonical text and the binding as the server reads them', async () => {
    const { explanation } = await explain({ query: 'a=1', message: { covered: 'x' } });
    expect(explanation).toStrictEqual({
      component: 'unknown',
      hint: UNKNOWN,
      canonical: CANONICAL,
      binding: 'POST /transfer?a=1',
    });
  });

  it('what differs in a raw body, for which JSON means nothing', async () => {
    const route = new RouteUnderTest({ options: { payload: 'raw' }, explain: true });
    const { draft } = await route.prepare({ value: Uint8Array.of(1), mediaType: 'image/png' });
    draft.body.value = Uint8Array.of(2);
    await expect(route.verify(draft)).resolves.toMatchObject({ explanation: { component: 'unknown', canonical: '' } });
  });

  it('what differs in a proof of v1', async () => {
    const route = new RouteUnderTest({ options: { protocol: 'v1' }, explain: true });
    const { context, draft } = await route.prepare({ query: 'a=1' });
    draft.headers[ASH_HEADERS.proof] = prove(context, { timestamp: route.now }).headers[ASH_HEADERS.proof];
    await expect(route.verify(draft)).resolves.toMatchObject({
      explanation: { component: 'query', hint: QUERY_LEFT_OUT },
    });
  });
});

describe('explainCode', () => {
  type Row = [code: AshErrorCode, component: string];
  const rows: Row[] = [
    ['ASH_PROOF_MISSING', 'headers'],
    ['ASH_HEADER_INVALID', 'headers'],
    ['ASH_CTX_NOT_FOUND', 'context'],
    ['ASH_CTX_EXPIRED', 'context'],
    ['ASH_CTX_ALREADY_USED', 'context'],
    ['ASH_BINDING_MISMATCH', 'binding'],
    ['ASH_SUBJECT_MISMATCH', 'subject'],
    ['ASH_TIMESTAMP_INVALID', 'timestamp'],
    ['ASH_SCOPE_MISMATCH', 'scope'],
    ['ASH_CHAIN_BROKEN', 'chain'],
    ['ASH_CHAIN_EXPIRED', 'chain'],
    ['ASH_CANONICALIZATION_ERROR', 'body hash'],
    ['ASH_UNSUPPORTED_CONTENT_TYPE', 'body hash'],
    ['ASH_RAW_BODY_UNAVAILABLE', 'body hash'],
    ['ASH_PROOF_INVALID', 'unknown'],
    ['ASH_STORE_UNAVAILABLE', 'unknown'],
  ];
  it.each(rows)('of %s names the component %s', (code, component) => {
    expect(explainCode(code, 'A hint.')).toStrictEqual({ component, hint: 'A hint.' });
  });
});
