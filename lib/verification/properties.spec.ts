import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { codeOf, RouteUnderTest, sha256, type Draft } from '../../test/verification/route-under-test.js';
import { ASH_HEADERS, ashExtractScopedFields, type AshMode, type AshProtocol } from '../core/index.js';
import type { ChainRule } from './chain-rules.js';

/** An honest request, and what the route demands of it. */
interface Case {
  readonly protocol: AshProtocol;
  readonly mode: AshMode;
  readonly value: unknown;
  readonly scope: readonly string[];
  readonly query: string;
  readonly id: string;
  readonly isChained: boolean;
}

// Every case tries each of its parts, so a smaller one would tell little more and take minutes to find.
const RUNS = { numRuns: 60, endOnFailure: true };

const PREVIOUS = 'a'.repeat(64);
const SAFE_SEGMENT = /^(?!(?:__proto__|constructor|prototype)$)[!-+\--{}~]+$/;

const json = fc.jsonValue({ maxDepth: 3, stringUnit: 'grapheme' }).map((value) => reparsed(value));
const object = fc
  .dictionary(fc.oneof(fc.string({ minLength: 1, maxLength: 5 }), fc.constant('__proto__')), json, { maxKeys: 5 })
  .map((value) => reparsed(value));
const query = fc.stringMatching(/^[A-Za-z0-9=&%+.~-]{0,12}$/);
const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/);
const mode = fc.constantFrom<AshMode>('minimal', 'balanced', 'strict');

const whole = fc.record<Case>({
  protocol: fc.constantFrom('v2.3', 'v2.1'),
  mode,
  value: json,
  scope: fc.constant([]),
  query,
  id,
  isChained: fc.boolean(),
});

const scoped = fc
  .record({
    protocol: fc.constantFrom<AshProtocol>('v2.3', 'v2.2'),
    mode,
    value: object,
    picks: fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }),
    query,
    id,
  })
  .map(({ picks, ...rest }): Case => {
    const paths = pathsOf(rest.value);
    const scope = new Set(picks.map((pick) => paths[pick % (paths.length + 1)] ?? 'missing'));
    return { ...rest, scope: [...scope], isChained: false };
  });

async function stage({ protocol, mode: routeMode, scope, value, query: sent, id: account, isChained }: Case): Promise<{
  route: RouteUnderTest;
  draft: Draft;
  isSpent: () => Promise<boolean>;
}> {
  const chain: ChainRule = {
    name: 'checkout',
    step: 'POST /accounts/:id/transfer',
    start: false,
    after: new Map([['POST /cart', 60_000]]),
    linkTtl: 60_000,
  };
  const route = new RouteUnderTest({
    binding: 'POST /accounts/:id/transfer',
    options: { protocol, mode: routeMode, scope, unscoped: 'allow', query: 'cover' },
    ...(isChained ? { chain } : {}),
    needsSubject: true,
  });
  const link = {
    chain: 'checkout',
    step: 'POST /cart',
    issuedAt: route.now,
    expiresAt: route.now + 60_000,
    subject: 'user-7',
  };
  await route.memory.writeLink({ hash: sha256(PREVIOUS), ...link });
  const request = { value, query: sent, params: { id: account }, subject: 'user-7', ignoresQuery: false };
  const { context, draft } = await route.prepare(isChained ? { ...request, previousProof: PREVIOUS } : request, {
    binding: `POST /accounts/${account}/transfer`,
  });
  return { route, draft, isSpent: () => route.isSpent(context) };
}

/** Every request that differs from an honest one in one covered part. */
function tampered(draft: Draft, { scope, isChained }: Case): [part: string, draft: Draft][] {
  const headers = Object.entries(draft.headers).flatMap(([name, value]) =>
    variantsOfText(String(value)).map((variant): [string, Draft] => [
      name,
      { ...draft, headers: { ...draft.headers, [name]: variant } },
    ]),
  );
  const surplus = [
    ...(scope.length === 0 ? [ASH_HEADERS.scope, ASH_HEADERS.scopeHash] : []),
    ...(isChained ? [] : [ASH_HEADERS.chainHash]),
    'x-ash-secret',
  ].map((name): [string, Draft] => [name, { ...draft, headers: { ...draft.headers, [name]: sha256('') } }]);
  const queries = variantsOfText(draft.query).map((variant): [string, Draft] => [
    'query',
    { ...draft, query: variant },
  ]);
  const ids = variantsOfText(String(draft.params['id'])).map((variant): [string, Draft] => [
    'parameter',
    { ...draft, params: { id: variant } },
  ]);
  const values = variantsOf(draft.body.value)
    .filter((variant) => !isDeepStrictEqual(coveredBy(variant, scope), coveredBy(draft.body.value, scope)))
    .map((value): [string, Draft] => ['payload', { ...draft, body: { ...draft.body, value } }]);
  return [
    ...headers,
    ...surplus,
    ...queries,
    ...ids,
    ...values,
    ['method', { ...draft, method: 'PUT' }],
    ['subject', { ...draft, subject: 'user-8' }],
    ['no subject', { ...draft, subject: undefined }],
  ];
}

/** Texts that differ in one character, by one that is missing, and by one too many. */
function variantsOfText(text: string): string[] {
  const at = text.length >> 1;
  const other = text[at] === '1' ? '2' : '1';
  const changed = text === '' ? [] : [text.slice(0, at) + other + text.slice(at + 1), text.slice(0, -1), ''];
  return [...changed, `${text}1`];
}

/** Values that differ in one leaf, in one key, or by one member or item more or less; and by one byte of their text. */
function variantsOf(value: unknown): unknown[] {
  return [...structuralVariantsOf(value), ...byteVariantsOf(value)];
}

function structuralVariantsOf(value: unknown): unknown[] {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return [
      [...items, null],
      ...items.flatMap((item, index) => [
        items.filter((_item, other) => other !== index),
        ...structuralVariantsOf(item).map((variant) => items.map((kept, other) => (other === index ? variant : kept))),
      ]),
    ];
  }
  if (typeof value === 'object' && value !== null) {
    const entries: [string, unknown][] = Object.entries(value);
    const rest = (index: number): [string, unknown][] => entries.filter((_entry, other) => other !== index);
    return [
      fromEntries([...entries, ['\u0000added', null]]),
      ...entries.flatMap(([key, member], index) => [
        fromEntries(rest(index)),
        fromEntries([...rest(index), [`${key}\u0000`, member]]),
        ...structuralVariantsOf(member).map((variant) => fromEntries([...rest(index), [key, variant]])),
      ]),
    ];
  }
  if (typeof value === 'string') return [`${value} `, value === '' ? 0 : value.slice(0, value.length >> 1)];
  if (typeof value === 'number') return [value === 1 ? 2 : 1, String(value)];
  return [value === false, String(value)];
}

function byteVariantsOf(value: unknown): unknown[] {
  const text = JSON.stringify(value);
  return Array.from(text, (_unit, index) => index).flatMap((index) => {
    const changed = text.slice(0, index) + (text[index] === '7' ? '8' : '7') + text.slice(index + 1);
    try {
      return [JSON.parse(changed) as unknown];
    } catch {
      // What is no JSON any more is refused by the parser, long before the proof.
      return [];
    }
  });
}

function fromEntries(entries: readonly [string, unknown][]): object {
  const object: object = Object.create(null) as object;
  for (const [key, value] of entries) Object.defineProperty(object, key, { value, enumerable: true });
  return object;
}

function coveredBy(value: unknown, scope: readonly string[]): unknown {
  return reparsed(
    scope.length === 0 || typeof value !== 'object' || value === null ? value : ashExtractScopedFields(value, scope),
  );
}

/** A value as a parser makes it. */
function reparsed(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

/** The paths of all members that a scope can name. */
function pathsOf(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]: [string, unknown]) =>
    SAFE_SEGMENT.test(key) && !key.includes('.') ? [prefix + key, ...pathsOf(member, `${prefix}${key}.`)] : [],
  );
}

describe('For any payload, scope, query, mode and protocol', () => {
  it.each([
    ['the whole payload', whole],
    ['a scope', scoped],
  ])(
    'a request that differs in one covered part of %s is refused unspent, and the honest one passes once',
    async (_title, cases) => {
      await fc.assert(
        fc.asyncProperty(cases, async (one) => {
          const { route, draft, isSpent } = await stage(one);
          for (const [part, changed] of tampered(draft, one)) {
            const code = codeOf(await route.verify(changed));
            expect([part, code]).toStrictEqual([part, expect.stringMatching(/^ASH_/)]);
            expect(code).not.toBe('ASH_CTX_ALREADY_USED');
          }
          await expect(isSpent()).resolves.toBe(false);
          expect(codeOf(await route.verify(draft))).toBe('pass');
          await expect(isSpent()).resolves.toBe(true);
          expect(codeOf(await route.verify(draft))).toBe('ASH_CTX_ALREADY_USED');
        }),
        RUNS,
      );
    },
  );

  it('what lies outside the scope changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(scoped, fc.nat(), async (one, pick) => {
        const { route, draft } = await stage(one);
        const free = structuralVariantsOf(one.value).filter((variant) =>
          isDeepStrictEqual(coveredBy(variant, one.scope), coveredBy(one.value, one.scope)),
        );
        const value = free.length === 0 ? one.value : free[pick % free.length];
        expect(codeOf(await route.verify({ ...draft, body: { ...draft.body, value } }))).toBe('pass');
      }),
      RUNS,
    );
  });
});
