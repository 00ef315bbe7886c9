import { configurationError } from '../../test/verification/configuration-error.js';
import { AshMemoryStore } from '../stores/memory.store.js';
import { ashExpressContext } from './context.js';
import { ashExpressMiddleware } from './middleware.js';
import type { AshExpressContextOptions, AshExpressOptions } from './options.js';

const store = new AshMemoryStore();

/** Options as code in JavaScript can give them. */
type Anything = Readonly<Record<string, unknown>>;

function middleware(options: Anything | undefined): unknown {
  return ashExpressMiddleware(options as unknown as AshExpressOptions);
}

function endpoint(options: Anything | undefined): unknown {
  return ashExpressContext(options as unknown as AshExpressContextOptions);
}

const ROUTE = 'POST /transfer';
const LIST_OF_ROUTES = "'bindings' is a list of bindings, or an object of them with the options of each";
const BINDING = "'expectedBinding' is a binding, 'POST /transfer', or a list of bindings";
const NO_STORE = "'store' is a store of contexts: new AshMemoryStore(), for one";
const MISSING = 'its options are missing: { store: new AshMemoryStore() }, for one';

describe('ashExpressMiddleware refuses at set-up', () => {
  type Row = [title: string, options: Anything, sentence: string];
  const lone = (chain: unknown): Anything => ({ expectedBinding: ROUTE, chain });
  const own: Row[] = [
    ['a mode that is none', { mode: 'lax' }, "'mode' is one of minimal, balanced, strict, not 'lax'"],
    ['a protocol that is none', { protocol: 'v3' }, "'protocol' is one of v2.3, v2.2, v2.1, v1, not 'v3'"],
    ['a scope that is a text', { scope: 'amount' }, "'scope' is a list of paths"],
    ['a scope of numbers', { scope: [5] }, "'scope' is a list of paths"],
    ['a payload that is none', { payload: 'xml' }, "'payload' is one of json, form, raw, not 'xml'"],
    ['a payload that is a number', { payload: 7 }, "'payload' names no kind"],
    ['an empty payload', { payload: [] }, "'payload' names no kind"],
    ['a spender that is none', { spend: 'me' }, "'spend' is one of guard, handler, not 'me'"],
    ['a ttl that is a text', { ttl: '1' }, "'ttl' is a number of milliseconds, or a function that gives one"],
    ['a subject that is a text', { subject: 'id' }, "'subject' is a function of the request, or false"],
    ['a status of a code that is none', { statuses: { ASH_X: 400 } }, "'statuses' names 'ASH_X', which is no code"],
    [
      'a status that lets through',
      { statuses: { ASH_PROOF_MISSING: 200 } },
      "'statuses' gives ASH_PROOF_MISSING 200; a refusal is 400 to 599",
    ],
    ['a renewal that is a number', { renewal: 1 }, "'renewal' is true or false"],
    ['an explanation that is a text', { explain: 'yes' }, "'explain' is true or false"],
    ['a listener that is none', { onRefused: 1 }, "'onRefused' is a function"],
    ['an onError that is none', { onError: {} }, "'onError' is a function of the refusal, the request and the answer"],
    ['a skip that is none', { skip: true }, "'skip' is a function of the request"],
    ['a clock that is none', { clock: 5 }, "'clock' is a function"],
    ['a log that is an object', { log: console }, "'log' is a function of a level, a message and a cause"],
    ['a log that is nothing', { log: null }, "'log' is a function of a level, a message and a cause"],
    ['a store time-out of 0', { storeTimeout: 0 }, "'storeTimeout' is a number of milliseconds from 1 to 2147483647"],
    [
      'a public prefix that is no path',
      { publicPrefix: 'api' },
      "'publicPrefix' is a path that begins with '/', not 'api'",
    ],
    ['a binding that is a number', { expectedBinding: 7 }, BINDING],
    [
      'a list with a number',
      { expectedBinding: [7] },
      "'expectedBinding': a binding is a text, 'POST /transfer', not 7",
    ],
    ['no binding in a list', { expectedBinding: [] }, "'expectedBinding' names no binding"],
    [
      'a binding without a method',
      { expectedBinding: 'transfer' },
      "'expectedBinding': The binding is malformed: 'transfer' is not of the form 'METHOD /path'",
    ],
    [
      'a binding with a query',
      { expectedBinding: 'POST /a?b' },
      "'expectedBinding': The binding 'POST /a?b' has a query or a fragment: leave it out",
    ],
    [
      'a binding for all methods',
      { expectedBinding: 'all /a' },
      "'expectedBinding': 'ALL /a' is for no request: name each method, 'GET /a', 'POST /a'",
    ],
    [
      'a binding that lacks the public prefix',
      { publicPrefix: '/api', expectedBinding: ROUTE },
      "'expectedBinding': 'POST /transfer' does not begin with the 'publicPrefix' '/api'",
    ],
    [
      'a binding that is none of all',
      { bindings: [ROUTE], expectedBinding: 'POST /transfre' },
      "'expectedBinding' is 'POST /transfre', which is none of 'bindings': 'POST /transfer'",
    ],
    ['no route in a list', { bindings: [] }, "'bindings' names no route"],
    ['no route in an object', { bindings: {} }, "'bindings' names no route"],
    ['a text for all routes', { bindings: ROUTE }, LIST_OF_ROUTES],
    ['a number for all routes', { bindings: 5 }, LIST_OF_ROUTES],
    ['nothing for all routes', { bindings: null }, LIST_OF_ROUTES],
    ['a number among all routes', { bindings: [5] }, "'bindings': a binding is a text, 'POST /transfer', not 5"],
    [
      'one spender for all routes',
      { bindings: [ROUTE], spend: 'handler' },
      "'spend' is a single route's: say it in 'bindings'",
    ],
    [
      'one chain for all routes',
      { bindings: [ROUTE], chain: 'checkout' },
      "'chain' is a single route's: say it in 'bindings'",
    ],
    [
      'a chain of whatever comes',
      { chain: 'checkout' },
      "'chain' needs 'expectedBinding', or 'bindings': the steps of a chain are told by their bindings",
    ],
  ];
  it.each(own)('%s', (_title, options, sentence) => {
    expect(() => middleware({ store, ...options })).toThrow(configurationError(`ashExpressMiddleware: ${sentence}.`));
  });

  const ofRoutes: Row[] = [
    [
      'a life that is longer than the mode allows',
      { ttl: 900_001 },
      "every route: 'ttl' is 900001 ms, and mode 'balanced' allows 900000 ms at most.",
    ],
    [
      'an unsafe scope',
      { scope: ['__proto__'] },
      "every route: The scope is unsafe: the path '__proto__' names '__proto__'.",
    ],
    [
      'a scope of v1',
      { protocol: 'v1', scope: ['a'] },
      "every route: 'v1' covers no scope; use 'v2.3' or leave 'scope' out.",
    ],
    [
      'bytes beside JSON',
      { payload: ['raw', 'json'] },
      "every route: payload 'raw' stands alone, since the same bytes may not be read in two ways.",
    ],
    [
      'a route without options',
      { bindings: { [ROUTE]: null } },
      `${ROUTE}: its options are an object: {} where it has none of its own.`,
    ],
    [
      'a route whose options are a word',
      { bindings: { [ROUTE]: true } },
      `${ROUTE}: its options are an object: {} where it has none of its own.`,
    ],
    [
      'one route twice',
      { bindings: [ROUTE, 'post transfer/'] },
      `${ROUTE} and ${ROUTE} have one binding, '${ROUTE}': a context for one would open the other. Give each route a path of its own (header and media type versions share one; use URI versions).`,
    ],
    ['a chain without a name', lone({}), `${ROUTE}: 'chain' has no name: { name: 'checkout', start: true }.`],
    [
      'a bare chain of one route',
      lone('checkout'),
      `AshChain 'checkout': step '${ROUTE}' says neither 'start' nor 'after', and its chain is not declared as a whole.`,
    ],
    [
      'a step that follows nothing',
      lone({ name: 'checkout', after: [] }),
      `AshChain 'checkout': step '${ROUTE}' says neither 'start' nor 'after', and its chain is not declared as a whole.`,
    ],
    [
      'a step that follows a number',
      lone({ name: 'checkout', after: 5 }),
      `AshChain 'checkout': step '${ROUTE}' has an 'after' that is no binding, and no list of them.`,
    ],
    [
      'an option of a chain that is none',
      lone({ name: 'checkout', begin: true }),
      `AshChain 'checkout': step '${ROUTE}' has an unknown option 'begin'; the options are start, after, timeout.`,
    ],
    [
      'a chain without a start',
      { bindings: { [ROUTE]: { chain: 'checkout' } } },
      `AshChain 'checkout': step '${ROUTE}' is in a chain without a start: give one of its steps { start: true }.`,
    ],
  ];
  it.each(ofRoutes)('%s', (_title, options, sentence) => {
    expect(() => middleware({ store, ...options })).toThrow(configurationError(sentence));
  });

  const parts: Row[] = [
    [
      'an option that is none',
      { modes: 'strict' },
      "ashExpressMiddleware: there is no option 'modes'; the options are mode, ",
    ],
    ['an option of the endpoint', { batch: 5 }, "ashExpressMiddleware: there is no option 'batch'; "],
    [
      'an option of a route that is none',
      { bindings: { [ROUTE]: { modes: 1 } } },
      "POST /transfer: there is no option 'modes'; ",
    ],
    [
      'a route that is laxer than all',
      { mode: 'strict', bindings: { [ROUTE]: { mode: 'minimal' } } },
      "POST /transfer: mode 'minimal' is laxer than 'strict', ",
    ],
    [
      'a chain of v1',
      { protocol: 'v1', ...lone({ name: 'checkout', start: true }) },
      "POST /transfer: 'v1' covers no chain; use 'v2.3' ",
    ],
  ];
  it.each(parts)('%s', (_title, options, beginning) => {
    expect(() => middleware({ store, ...options })).toThrow(
      expect.objectContaining({ name: 'AshConfigurationError', message: expect.stringContaining(beginning) }) as Error,
    );
  });

  it.each([
    ['no options', undefined, MISSING],
    ['no store', {}, NO_STORE],
    ['a store that is none', { store: {} }, NO_STORE],
    ['a store by its name', { store: 'memory' }, NO_STORE],
  ])('%s', (_title, options, sentence) => {
    expect(() => middleware(options)).toThrow(configurationError(`ashExpressMiddleware: ${sentence}.`));
  });

  it('an explanation where it would show too much', () => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try {
      expect(() => middleware({ store, explain: true })).toThrow("NODE_ENV is 'production'");
    } finally {
      process.env['NODE_ENV'] = before;
    }
  });
});

describe('ashExpressMiddleware takes', () => {
  it.each([
    ['a store alone', {}],
    ['options that are not given', { mode: undefined, bindings: undefined, onError: undefined }],
    ['a chain that one route begins', { expectedBinding: ROUTE, chain: { name: 'checkout', start: true } }],
    [
      'a bare chain of routes that are all there',
      { bindings: { 'POST /a': { chain: { name: 'c', start: true } }, 'POST /b': { chain: 'c' } } },
    ],
    ['several bindings of one route', { expectedBinding: ['POST /a', 'POST /b'] }],
    ['a route that is stricter than all', { bindings: { [ROUTE]: { mode: 'strict' } } }],
  ])('%s', (_title, options) => {
    expect(middleware({ store, log: () => undefined, ...options })).toBeInstanceOf(Function);
  });
});

describe('ashExpressMiddleware declares a set of bindings', () => {
  it('once, however many middlewares name it', () => {
    let looks = 0;
    const own = new Proxy({}, { ownKeys: () => ((looks += 1), []) });
    const options = { store, bindings: { [ROUTE]: own }, expectedBinding: ROUTE };
    middleware({ ...options });
    const once = looks;
    expect(once).toBeGreaterThan(0);
    for (let route = 0; route < 5; route++) middleware({ ...options });
    expect(looks).toBe(once);
  });

  const OWN = {};
  type Row = [title: string, bindings: Anything | string[], change: (bindings: never) => Anything, beginning: string];
  const rows: Row[] = [
    [
      'one is taken away',
      { [ROUTE]: {}, 'POST /a': {} },
      (bindings: object) => (Reflect.deleteProperty(bindings, ROUTE), {}),
      "'expectedBinding' is 'POST /transfer', which is none of 'bindings': 'POST /a'",
    ],
    [
      'another has its options',
      { [ROUTE]: OWN },
      (bindings: Record<string, object>) => (Reflect.deleteProperty(bindings, ROUTE), (bindings['POST /a'] = OWN), {}),
      "'expectedBinding' is 'POST /transfer', which is none of 'bindings': 'POST /a'",
    ],
    [
      'another stands in its place',
      [ROUTE],
      (bindings: string[]) => (bindings.splice(0, 1, 'POST /a'), {}),
      "'expectedBinding' is 'POST /transfer', which is none of 'bindings': 'POST /a'",
    ],
    [
      'one has other options',
      { [ROUTE]: {} },
      (bindings: Record<string, object>) => ((bindings[ROUTE] = { mode: 'lax' }), {}),
      "'mode' is one of minimal, balanced, strict, not 'lax'",
    ],
    [
      'all have another option',
      { [ROUTE]: { mode: 'balanced' } },
      () => ({ mode: 'strict' }),
      "mode 'balanced' is laxer than 'strict'",
    ],
    [
      'they have another prefix',
      [ROUTE],
      () => ({ publicPrefix: '/shop' }),
      "'POST /transfer' does not begin with the 'publicPrefix' '/shop'",
    ],
  ];
  it.each(rows)('anew where %s', (_title, bindings, change, sentence) => {
    const options = { store, bindings, expectedBinding: ROUTE };
    middleware({ ...options });
    const changed = change(bindings as never);
    expect(() => middleware({ ...options, ...changed })).toThrow(sentence);
  });
});

describe('ashExpressContext refuses at set-up', () => {
  it.each([
    ['no options', undefined, MISSING],
    ['no store', {}, NO_STORE],
    ['no routes', { store }, "'bindings' is missing: contexts are issued for the routes that it names"],
    ['a batch of none', { store, bindings: [ROUTE], batch: 0 }, "'batch' is a whole number from 1, not 0"],
    [
      'a default that is not declared',
      { store, bindings: [ROUTE], defaultBinding: 'POST /a' },
      "'defaultBinding' is 'POST /a', which no protected route declares",
    ],
    [
      'a default that is a pattern',
      { store, bindings: ['POST /:a'], defaultBinding: 'POST /:a' },
      "'defaultBinding' is 'POST /:a', which is a pattern: name one concrete path",
    ],
    [
      'a default that is a number',
      { store, bindings: [ROUTE], defaultBinding: 5 },
      "'defaultBinding': a binding is a text, 'POST /transfer', not 5",
    ],
    [
      'an onError that is none',
      { store, bindings: [ROUTE], onError: 1 },
      "'onError' is a function of the refusal, the request and the answer",
    ],
    ['a skip that is none', { store, bindings: [ROUTE], skip: 1 }, "'skip' is a function of the request"],
  ])('%s', (_title, options, sentence) => {
    expect(() => endpoint(options)).toThrow(configurationError(`ashExpressContext: ${sentence}.`));
  });
});
