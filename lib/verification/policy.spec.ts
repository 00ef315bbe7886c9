import { configurationError } from '../../test/verification/configuration-error.js';
import { sha256 } from '../../test/verification/route-under-test.js';
import type { AshMode } from '../core/index.js';
import type { ChainRule } from './chain-rules.js';
import {
  checkTtl,
  compileHeaderScope,
  compilePolicy,
  stricterMode,
  type AshPolicyOptions,
  type AshRoutePolicy,
} from './policy.js';
import { RouteBinding } from './route-binding.js';

const NAME = 'PaymentsController.transfer';
const BINDINGS = [RouteBinding.parse('POST /transfer')];
const CHAIN: ChainRule = { name: 'checkout', step: 'POST /transfer', start: true, after: new Map(), linkTtl: 1 };

function policyOf(options: AshPolicyOptions, chain?: ChainRule): AshRoutePolicy {
  return compilePolicy({ name: NAME, bindings: BINDINGS, options, chain });
}

describe('compilePolicy', () => {
  it('takes the defaults of the protocol', () => {
    expect(policyOf({})).toStrictEqual({
      name: NAME,
      bindings: BINDINGS,
      unmapped: undefined,
      envelope: undefined,
      mode: 'balanced',
      protocol: 'v2.3',
      scope: undefined,
      payload: new Set(['json', 'form']),
      canonicalization: 'jcs',
      maxPayloadBytes: 1_048_576,
      chain: undefined,
      spend: 'guard',
      needsSubject: false,
      explain: false,
      settings: {
        minimal: { timestampTolerance: false, query: 'ignore', unscoped: 'allow', namesCode: true },
        balanced: { timestampTolerance: 300_000, query: 'cover', unscoped: 'allow', namesCode: true },
        strict: { timestampTolerance: 30_000, query: 'cover', unscoped: 'reject', namesCode: false },
      },
    });
  });

  it('takes what the options say, in every mode', () => {
    const options: AshPolicyOptions = {
      mode: 'strict',
      protocol: 'v2.2',
      scope: ['amount', 'user.id'],
      unscoped: 'strip',
      query: 'ignore',
      payload: 'json',
      canonicalization: 'jcs-nfc',
      maxPayloadBytes: 10,
      timestampTolerance: false,
    };
    const settings = { timestampTolerance: false, query: 'ignore', unscoped: 'strip' };
    const policy = compilePolicy({ name: NAME, bindings: BINDINGS, options, needsSubject: true, explain: true });
    expect(policy).toMatchObject({
      mode: 'strict',
      protocol: 'v2.2',
      scope: { paths: ['amount', 'user.id'], text: 'amount,user.id', hash: sha256('amount,user.id') },
      canonicalization: 'jcs-nfc',
      maxPayloadBytes: 10,
      needsSubject: true,
      explain: true,
      settings: {
        minimal: { ...settings, namesCode: true },
        balanced: { ...settings, namesCode: true },
        strict: { ...settings, namesCode: false },
      },
    });
  });

  it.each([
    ['no scope', {}, ['json', 'form']],
    ['a scope', { scope: ['a'] }, ['json']],
    ['an empty scope', { scope: [] }, ['json', 'form']],
    ['one kind', { payload: 'form' }, ['form']],
    ['a list of kinds', { payload: ['form', 'json'] }, ['form', 'json']],
    ['raw bytes', { payload: 'raw' }, ['raw']],
  ] as [string, AshPolicyOptions, string[]][])('takes the payloads of a route with %s', (_title, options, kinds) => {
    expect([...policyOf(options).payload]).toStrictEqual(kinds);
  });

  it.each(['v2.3', 'v2.1'] as const)('takes a chain with %s', (protocol) => {
    expect(policyOf({ protocol }, CHAIN).chain).toBe(CHAIN);
  });

  it('takes a word on unscoped members without a scope, which a context can bring by itself', () => {
    expect(policyOf({ unscoped: 'strip' }).settings.balanced.unscoped).toBe('strip');
  });

  type Row = [title: string, options: object, what: string];
  const rows: Row[] = [
    ['an unknown mode', { mode: 'lax' }, "'mode' is one of minimal, balanced, strict, not 'lax'."],
    ['an unknown protocol', { protocol: 'v3' }, "'protocol' is one of v2.3, v2.2, v2.1, v1, not 'v3'."],
    ['an unknown unscoped', { unscoped: 'drop' }, "'unscoped' is one of allow, strip, reject, not 'drop'."],
    ['an unknown query', { query: 'yes' }, "'query' is one of cover, ignore, not 'yes'."],
    [
      'an unknown canonicalization',
      { canonicalization: 'nfc' },
      "'canonicalization' is one of jcs, jcs-nfc, not 'nfc'.",
    ],
    ['an unknown payload', { payload: 'xml' }, "'payload' is one of json, form, raw, not 'xml'."],
    ['an unknown payload in a list', { payload: ['json', 'xml'] }, "'payload' is one of json, form, raw, not 'xml'."],
    ['no payload', { payload: [] }, "'payload' names no kind."],
    ['a payload that is no text', { payload: 7 }, "'payload' names no kind."],
    ['a payload of what is no text', { payload: [7] }, "'payload' names no kind."],
    [
      'a tolerance of nothing',
      { timestampTolerance: 0 },
      "'timestampTolerance' is a positive number of milliseconds, or false.",
    ],
    [
      'a tolerance without end',
      { timestampTolerance: Number.POSITIVE_INFINITY },
      "'timestampTolerance' is a positive number of milliseconds, or false.",
    ],
    [
      'a tolerance that is no number',
      { timestampTolerance: Number.NaN },
      "'timestampTolerance' is a positive number of milliseconds, or false.",
    ],
    ['a size of nothing', { maxPayloadBytes: 0 }, "'maxPayloadBytes' is a positive whole number of bytes."],
    ['half a byte', { maxPayloadBytes: 1.5 }, "'maxPayloadBytes' is a positive whole number of bytes."],
    ['a scope that is no list', { scope: 'amount' }, "'scope' is a list of paths."],
    ['a scope of what is no text', { scope: [7] }, "'scope' is a list of paths."],
    [
      'a scope with __proto__',
      { scope: ['__proto__.x'] },
      "The scope is unsafe: the path '__proto__.x' names '__proto__'.",
    ],
    [
      'a scope with a comma',
      { scope: ['a,b'] },
      "The scope is unsafe: the path 'a,b' has ',', '|' or a control character.",
    ],
    [
      'a scope with an empty segment',
      { scope: ['a..b'] },
      "The scope is unsafe: the path 'a..b' has an empty segment.",
    ],
    [
      'a scope that stands in no header',
      { scope: ['é'] },
      "The scope path 'é' cannot stand in a header: use printable ASCII.",
    ],
    [
      'a scope with a space at its end',
      { scope: ['a '] },
      "The scope path 'a ' cannot stand in a header: use printable ASCII.",
    ],
    [
      'a scope with v2.1',
      { scope: ['a'], protocol: 'v2.1' },
      "'v2.1' covers no scope; use 'v2.3' or leave 'scope' out.",
    ],
    ['a scope with v1', { scope: ['a'], protocol: 'v1' }, "'v1' covers no scope; use 'v2.3' or leave 'scope' out."],
    [
      'a scope over a form',
      { scope: ['a'], payload: 'form' },
      "a scope needs a JSON payload; leave 'scope' or payload 'form' out.",
    ],
    [
      'a scope over JSON or a form',
      { scope: ['a'], payload: ['json', 'form'] },
      "a scope needs a JSON payload; set payload to 'json'.",
    ],
    [
      'a scope over raw bytes',
      { scope: ['a'], payload: 'raw' },
      "a scope needs a JSON payload; leave 'scope' or payload 'raw' out.",
    ],
    [
      'raw bytes or JSON',
      { payload: ['raw', 'json'] },
      "payload 'raw' stands alone, since the same bytes may not be read in two ways.",
    ],
    [
      'raw bytes with v1',
      { payload: 'raw', protocol: 'v1' },
      "'v1' has no body hash; payload 'raw' needs 'v2.1' or later.",
    ],
  ];
  it.each(rows)('refuses %s', (_title, options, what) => {
    expect(() => policyOf(options)).toThrow(configurationError(`${NAME}: ${what}`));
  });

  it.each(['v2.2', 'v1'] as const)('refuses a chain with %s', (protocol) => {
    expect(() => policyOf({ protocol }, CHAIN)).toThrow(
      configurationError(`${NAME}: '${protocol}' covers no chain; use 'v2.3' on a route with @AshChain.`),
    );
  });
});

describe('compileHeaderScope', () => {
  it('makes no scope of no paths', () => {
    expect(compileHeaderScope([])).toBeUndefined();
  });

  it('keeps the order of the paths and a space within one', () => {
    expect(compileHeaderScope(['b c', 'a'])).toMatchObject({ text: 'b c,a', paths: ['b c', 'a'] });
  });
});

describe('stricterMode', () => {
  it.each([
    ['minimal', 'minimal', 'minimal'],
    ['minimal', 'balanced', 'balanced'],
    ['balanced', 'strict', 'strict'],
    ['minimal', 'strict', 'strict'],
  ] as [AshMode, AshMode, AshMode][])('of %s and %s is %s, either way', (a, b, stricter) => {
    expect([stricterMode(a, b), stricterMode(b, a)]).toStrictEqual([stricter, stricter]);
  });
});

describe('checkTtl', () => {
  it.each([
    ['minimal', 3_600_000],
    ['balanced', 900_000],
    ['strict', 60_000],
  ] as [AshMode, number][])('in mode %s allows %d ms and no more', (mode, longest) => {
    expect(() => {
      checkTtl(NAME, longest, mode);
    }).not.toThrow();
    expect(() => {
      checkTtl(NAME, longest + 1, mode);
    }).toThrow(
      configurationError(`${NAME}: 'ttl' is ${longest + 1} ms, and mode '${mode}' allows ${longest} ms at most.`),
    );
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d', (ttl) => {
    expect(() => {
      checkTtl(NAME, ttl, 'minimal');
    }).toThrow(configurationError(`${NAME}: 'ttl' is a positive number of milliseconds, not ${ttl}.`));
  });
});
