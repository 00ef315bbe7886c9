import { configurationError } from '../../test/verification/configuration-error.js';
import { compileChains, loneChainRule, type AshChainOptions, type ChainDeclaration } from './chain-rules.js';
import { RouteBinding } from './route-binding.js';

function step(binding: string | string[], options: AshChainOptions = {}, chain = 'checkout'): ChainDeclaration {
  const bindings = [binding].flat().map((text) => RouteBinding.parse(text));
  return { route: `Shop.${bindings[0]?.text.split('/')[1] ?? ''}`, chain, options, bindings };
}

const CART = step('POST /cart', { start: true });

describe('compileChains gives a step', () => {
  it('its name, its place and what it follows', () => {
    const [cart, checkout, payment] = compileChains([
      CART,
      step('POST /checkout', { after: 'POST /cart' }),
      step('POST /payment', { after: ['POST /checkout', 'POST /cart'] }),
    ]);
    expect(cart).toStrictEqual({
      name: 'checkout',
      step: 'POST /cart',
      start: true,
      after: new Map(),
      linkTtl: 600_000,
    });
    expect(checkout).toMatchObject({ step: 'POST /checkout', start: false });
    expect([...(checkout?.after.keys() ?? [])]).toStrictEqual(['POST /cart']);
    expect([...(payment?.after.keys() ?? [])]).toStrictEqual(['POST /checkout', 'POST /cart']);
  });

  it('any step of its chain to follow, itself too, where it names none', () => {
    const [, any] = compileChains([CART, step('POST /any')]);
    expect([...(any?.after.keys() ?? [])]).toStrictEqual(['POST /cart', 'POST /any']);
  });

  it('nothing to follow where it only begins the chain', () => {
    const [cart] = compileChains([CART, step('POST /any')]);
    expect(cart?.after.size).toBe(0);
  });

  it('both, where it may begin the chain and follow a step', () => {
    const [, both] = compileChains([CART, step('POST /both', { start: true, after: 'POST /cart' })]);
    expect(both).toMatchObject({ start: true });
    expect([...(both?.after.keys() ?? [])]).toStrictEqual(['POST /cart']);
  });

  it('a predecessor by any of its bindings, and by a spelling that is not normal', () => {
    const cart = step(['POST /cart', 'POST /v2/cart'], { start: true });
    const [, after] = compileChains([cart, step('POST /checkout', { after: 'post //v2/cart/' })]);
    expect([...(after?.after.keys() ?? [])]).toStrictEqual(['POST /cart']);
  });

  it('a loop, as long as something leads into it', () => {
    const rules = compileChains([
      step('POST /cart', { start: true, after: 'POST /back' }),
      step('POST /on', { after: 'POST /cart' }),
      step('POST /back', { after: ['POST /on', 'POST /back'] }),
    ]);
    expect(rules.map(({ after }) => [...after.keys()])).toStrictEqual([
      ['POST /back'],
      ['POST /cart'],
      ['POST /on', 'POST /back'],
    ]);
  });

  it('nothing of another chain, and its rule at its own place', () => {
    const rules = compileChains([
      CART,
      step('POST /open', { start: true }, 'refund'),
      step('POST /any'),
      step('POST /refund', {}, 'refund'),
    ]);
    expect(rules.map(({ name, step: text }) => `${name} ${text}`)).toStrictEqual([
      'checkout POST /cart',
      'refund POST /open',
      'checkout POST /any',
      'refund POST /refund',
    ]);
    expect([...(rules[3]?.after.keys() ?? [])]).toStrictEqual(['POST /open', 'POST /refund']);
  });

  it('nothing where there is no chain', () => {
    expect(compileChains([])).toStrictEqual([]);
  });
});

describe('compileChains reckons with time-outs:', () => {
  type Row = [title: string, before: AshChainOptions, follower: AshChainOptions, maxAge: number, linkTtl: number];
  const after = 'POST /cart';
  const rows: Row[] = [
    ['ten minutes without a word', {}, {}, 600_000, 600_000],
    ['a shorter one on the follower', {}, { timeout: 1_000 }, 1_000, 1_000],
    ['a longer one on the follower', {}, { timeout: 3_600_000 }, 3_600_000, 3_600_000],
    ['a shorter one on the writer', { timeout: 1_000 }, {}, 1_000, 1_000],
    ['a longer one on the writer', { timeout: 3_600_000 }, {}, 3_600_000, 3_600_000],
    ['one on each, of which the shorter ends the link', { timeout: 1_000 }, { timeout: 5_000 }, 5_000, 1_000],
  ];
  it.each(rows)('%s', (_title, before, follower, maxAge, linkTtl) => {
    const [cart, next] = compileChains([
      step('POST /cart', { start: true, ...before }),
      step('POST /checkout', { after, ...follower }),
    ]);
    expect(next?.after.get('POST /cart')).toBe(maxAge);
    expect(cart?.linkTtl).toBe(linkTtl);
  });

  it('a link lives as long as the most patient of its followers waits', () => {
    const [cart, hasty, patient] = compileChains([
      CART,
      step('POST /hasty', { after, timeout: 1_000 }),
      step('POST /patient', { after, timeout: 900_000 }),
    ]);
    expect(cart?.linkTtl).toBe(900_000);
    expect(hasty?.after.get(after)).toBe(1_000);
    expect(patient?.after.get(after)).toBe(900_000);
  });

  it('of several steps before, each is bounded by its own time-out, or by the default', () => {
    const rules = compileChains([
      step('POST /cart', { start: true, timeout: 3_600_000 }),
      step('POST /gift', { start: true }),
      step('POST /patient', { after: 'POST /gift', timeout: 3_600_000 }),
      step('POST /checkout', { after: ['POST /cart', 'POST /gift'] }),
    ]);
    expect(rules[1]?.linkTtl).toBe(3_600_000);
    expect([...(rules[3]?.after ?? [])]).toStrictEqual([
      ['POST /cart', 3_600_000],
      ['POST /gift', 600_000],
    ]);
  });

  it('the last step writes a link of ten minutes, or of its own time-out', () => {
    const rules = compileChains([CART, step('POST /a', { after }), step('POST /b', { after, timeout: 5 })]);
    expect(rules.map(({ linkTtl }) => linkTtl)).toStrictEqual([600_000, 600_000, 5]);
  });
});

describe('compileChains refuses', () => {
  type Row = [title: string, declarations: ChainDeclaration[], sentence: string];
  const rows: Row[] = [
    [
      'a chain without a start',
      [step('POST /cart'), step('POST /checkout', { after: 'POST /cart' })],
      "AshChain 'checkout': step 'POST /cart' (Shop.cart) is in a chain without a start: give one of its steps { start: true }.",
    ],
    [
      'a start in another chain only',
      [step('POST /cart', { start: true }, 'refund'), step('POST /checkout')],
      "AshChain 'checkout': step 'POST /checkout' (Shop.checkout) is in a chain without a start: give one of its steps { start: true }.",
    ],
    [
      'an after that names no step',
      [CART, step('POST /payment', { after: 'POST /chekout' })],
      "AshChain 'checkout': step 'POST /payment' (Shop.payment) follows 'POST /chekout', which is no step of this chain: its steps are 'POST /cart', 'POST /payment'.",
    ],
    [
      'an after that names a step of another chain',
      [CART, step('POST /open', { start: true }, 'refund'), step('POST /payment', { after: 'POST /open' })],
      "AshChain 'checkout': step 'POST /payment' (Shop.payment) follows 'POST /open', which is no step of this chain: its steps are 'POST /cart', 'POST /payment'.",
    ],
    [
      'an after that is no binding',
      [CART, step('POST /payment', { after: '/cart' })],
      "AshChain 'checkout': step 'POST /payment' (Shop.payment) follows '/cart', which is no binding.",
    ],
    [
      'a step that follows itself alone',
      [CART, step('POST /payment', { after: 'POST /payment' })],
      "AshChain 'checkout': step 'POST /payment' (Shop.payment) is reached by nothing: no start of the chain leads to it.",
    ],
    [
      'a loop that nothing leads into',
      [CART, step('POST /a', { after: 'POST /b' }), step('POST /b', { after: 'POST /a' })],
      "AshChain 'checkout': step 'POST /a' (Shop.a) is reached by nothing: no start of the chain leads to it.",
    ],
    [
      'a step that follows an empty list',
      [CART, step('POST /payment', { after: [] })],
      "AshChain 'checkout': step 'POST /payment' (Shop.payment) is reached by nothing: no start of the chain leads to it.",
    ],
    [
      'a chain without a name',
      [step('POST /cart', { start: true }, ' ')],
      "AshChain ' ': step 'POST /cart' (Shop.cart) names no chain: give the chain a name.",
    ],
    [
      'an unknown option',
      [step('POST /cart', { begin: true } as AshChainOptions)],
      "AshChain 'checkout': step 'POST /cart' (Shop.cart) has an unknown option 'begin'; the options are start, after, timeout.",
    ],
    ...[0, -1, Number.NaN, Number.POSITIVE_INFINITY].map((timeout): Row => [
      `a time-out of ${timeout}`,
      [step('POST /cart', { start: true, timeout })],
      `AshChain 'checkout': step 'POST /cart' (Shop.cart) has a 'timeout' of ${timeout}; it is a positive number of milliseconds.`,
    ]),
  ];
  it.each(rows)('%s', (_title, declarations, sentence) => {
    expect(() => compileChains(declarations)).toThrow(configurationError(sentence));
  });

  it('and keeps what is wrong with a binding as the cause', () => {
    const refused = (): unknown => compileChains([CART, step('POST /payment', { after: 'POST /../x' })]);
    expect(refused).toThrow(
      expect.objectContaining({
        cause: expect.objectContaining({ message: expect.stringContaining("'..'") }),
      }) as Error,
    );
  });
});

describe('loneChainRule gives a step whose chain is not declared as a whole', () => {
  it('what it says of itself', () => {
    expect(loneChainRule(CART)).toStrictEqual({
      name: 'checkout',
      step: 'POST /cart',
      start: true,
      after: new Map(),
      linkTtl: 600_000,
    });
    const options = { after: ['POST /cart', 'post /gift/'], timeout: 5_000 };
    expect(loneChainRule(step(['POST /pay', 'POST /pay/now'], options))).toStrictEqual({
      name: 'checkout',
      step: 'POST /pay',
      start: false,
      after: new Map([
        ['POST /cart', 5_000],
        ['POST /gift', 5_000],
      ]),
      linkTtl: 5_000,
    });
  });

  it('the right to begin and to follow, where it says both', () => {
    const rule = loneChainRule(step('POST /pay', { start: true, after: 'POST /cart' }));
    expect(rule).toMatchObject({ start: true, after: new Map([['POST /cart', 600_000]]) });
  });

  const SAYS_NEITHER =
    "AshChain 'checkout': step 'POST /pay' (Shop.pay) says neither 'start' nor 'after', and its chain is not declared as a whole.";
  type Row = [title: string, declaration: ChainDeclaration, sentence: string];
  const rows: Row[] = [
    ['neither start nor after', step('POST /pay'), SAYS_NEITHER],
    ['that it does not begin, and no more', step('POST /pay', { start: false }), SAYS_NEITHER],
    ['that it follows nothing', step('POST /pay', { after: [] }), SAYS_NEITHER],
    [
      'what is no binding',
      step('POST /pay', { after: 'cart' }),
      "AshChain 'checkout': step 'POST /pay' (Shop.pay) follows 'cart', which is no binding.",
    ],
    [
      'what is no text',
      step('POST /pay', { after: 5 as unknown as string }),
      "AshChain 'checkout': step 'POST /pay' (Shop.pay) has an 'after' that is no binding, and no list of them.",
    ],
    [
      'an unknown option',
      step('POST /pay', { start: true, before: 'POST /x' } as AshChainOptions),
      "AshChain 'checkout': step 'POST /pay' (Shop.pay) has an unknown option 'before'; the options are start, after, timeout.",
    ],
    [
      'no name of the chain',
      step('POST /pay', { start: true }, ''),
      "AshChain '': step 'POST /pay' (Shop.pay) names no chain: give the chain a name.",
    ],
    [
      'no time',
      step('POST /pay', { start: true, timeout: 0 }),
      "AshChain 'checkout': step 'POST /pay' (Shop.pay) has a 'timeout' of 0; it is a positive number of milliseconds.",
    ],
  ];
  it.each(rows)('and refuses one that says %s', (_title, declaration, sentence) => {
    expect(() => loneChainRule(declaration)).toThrow(configurationError(sentence));
  });
});
