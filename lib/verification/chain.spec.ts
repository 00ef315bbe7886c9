import { jest } from '@jest/globals';
import { RouteUnderTest, sha256 } from '../../test/verification/route-under-test.js';
import type { AshContext } from '../stores/context.js';
import { ashNewContext } from '../stores/context.js';
import type { AshChainLink, AshStoredLink } from '../stores/context-store.js';
import { BoundedStore } from './bounded-store.js';
import { checkLink, ChainStep, holderOf } from './chain.js';
import type { ChainRule } from './chain-rules.js';

const NOW = 1_700_000_000_000;
const PROOF = 'a'.repeat(64);
const OWN = sha256(PROOF);
const BEFORE = sha256('b'.repeat(64));

const RULE: ChainRule = {
  name: 'checkout',
  step: 'POST /payment',
  start: false,
  after: new Map([
    ['POST /checkout', 5_000],
    ['POST /cart', 60_000],
  ]),
  linkTtl: 7_000,
};

const LINK: AshStoredLink = {
  hash: BEFORE,
  chain: 'checkout',
  step: 'POST /checkout',
  issuedAt: NOW - 4_999,
  expiresAt: NOW + 1,
};

describe('checkLink', () => {
  const context = { ...ashNewContext({ binding: 'POST /payment', ttlMs: 1_000 }, NOW), nonce: '' };
  const owned: AshContext = { ...context, subject: 'user-7' };
  type Row = [title: string, link: AshStoredLink | null, context: AshContext, refusal: string];
  const rows: Row[] = [
    ['an unknown link', null, context, 'ASH_CHAIN_BROKEN: The step before is not known, or did not succeed.'],
    [
      'a link of another chain',
      { ...LINK, chain: 'x' },
      context,
      'ASH_CHAIN_BROKEN: The step before belongs to another chain.',
    ],
    [
      'somebody’s link for nobody',
      { ...LINK, subject: 'user-7' },
      context,
      'ASH_CHAIN_BROKEN: The step before was taken by somebody else.',
    ],
    ['nobody’s link for somebody', LINK, owned, 'ASH_CHAIN_BROKEN: The step before was taken by somebody else.'],
    [
      'a link of a step that the rule does not name',
      { ...LINK, step: 'POST /x' },
      context,
      'ASH_CHAIN_BROKEN: The step before is not one that this route follows.',
    ],
    [
      'a link that another context holds',
      { ...LINK, holder: 'x' },
      context,
      'ASH_CHAIN_BROKEN: The step before was continued by another request.',
    ],
    ['a link at the end of its life', { ...LINK, expiresAt: NOW }, context, 'ASH_CHAIN_EXPIRED: ASH_CHAIN_EXPIRED'],
    [
      'a link as old as the rule allows',
      { ...LINK, issuedAt: NOW - 5_000 },
      context,
      'ASH_CHAIN_EXPIRED: ASH_CHAIN_EXPIRED',
    ],
    // The same checks in their order: what is broken is not called expired.
    [
      'an expired link of another chain',
      { ...LINK, chain: 'x', expiresAt: 0 },
      context,
      'ASH_CHAIN_BROKEN: The step before belongs to another chain.',
    ],
    [
      'a link that a context holds whose name begins with this one’s',
      { ...LINK, holder: `${context.id}0/a` },
      context,
      'ASH_CHAIN_BROKEN: The step before was continued by another request.',
    ],
    [
      'an expired link that another context holds',
      { ...LINK, holder: 'x', expiresAt: 0 },
      context,
      'ASH_CHAIN_BROKEN: The step before was continued by another request.',
    ],
  ];
  it.each(rows)('refuses %s', (_title, link, by, refusal) => {
    const [code, message] = refusal.split(': ');
    expect(() => {
      checkLink(link, RULE, by, NOW);
    }).toThrow(expect.objectContaining({ code, message }) as Error);
  });

  it.each([
    ['of the step before', LINK, context],
    ['of the same subject', { ...LINK, subject: 'user-7' }, owned],
    ['that the same context holds', { ...LINK, holder: holderOf(context.id, 'a') }, context],
    [
      'of each step that the rule names, by the age that it allows that step',
      { ...LINK, step: 'POST /cart', issuedAt: NOW - 59_999 },
      context,
    ],
  ] as [string, AshStoredLink, AshContext][])('lets a link pass %s', (_title, link, by) => {
    expect(() => {
      checkLink(link, RULE, by, NOW);
    }).not.toThrow();
  });
});

describe('ChainStep', () => {
  async function stepOf({ subject, previous }: { subject?: string; previous?: string } = {}): Promise<{
    route: RouteUnderTest;
    context: AshContext;
    step: ChainStep;
  }> {
    const route = new RouteUnderTest();
    const { memory } = route;
    const context = await memory.create({
      binding: 'POST /payment',
      ttlMs: 1_000,
      ...(subject === undefined ? {} : { subject }),
    });
    await memory.writeLink({ ...LINK, expiresAt: NOW + 60_000 });
    const holder = holderOf(context.id, 'a');
    await memory.reserveLink(BEFORE, holder);
    const step = new ChainStep({
      store: new BoundedStore(memory, 10),
      clock: () => route.now,
      rule: RULE,
      subject,
      proof: PROOF,
      previous: previous === undefined ? undefined : { hash: previous, holder },
    });
    return { route, context, step };
  }

  it('writes its link when it succeeds, and keeps the one before as spent', async () => {
    const { route, context, step } = await stepOf({ subject: 'user-7', previous: BEFORE });
    route.now += 100;
    await step.succeed();
    await expect(route.memory.getLink(OWN)).resolves.toStrictEqual({
      hash: OWN,
      chain: 'checkout',
      step: 'POST /payment',
      subject: 'user-7',
      issuedAt: route.now,
      expiresAt: route.now + 7_000,
    });
    await expect(route.memory.getLink(BEFORE)).resolves.toMatchObject({ holder: holderOf(context.id, 'a') });
  });

  it('writes a link without a subject where the context has none', async () => {
    const { route, step } = await stepOf();
    await step.succeed();
    expect(Object.keys((await route.memory.getLink(OWN)) ?? {})).not.toContain('subject');
  });

  it('frees the link before when it fails, and writes none', async () => {
    const { route, step } = await stepOf({ previous: BEFORE });
    await step.fail();
    await expect(route.memory.getLink(BEFORE)).resolves.not.toHaveProperty('holder');
    await expect(route.memory.getLink(OWN)).resolves.toBeNull();
  });

  it('has nothing to free when it began the chain', async () => {
    const { route, context, step } = await stepOf();
    await step.fail();
    await expect(route.memory.getLink(BEFORE)).resolves.toMatchObject({ holder: holderOf(context.id, 'a') });
  });

  it('ends once: a second success writes nothing, a success after a failure neither', async () => {
    const { route, step } = await stepOf({ previous: BEFORE });
    await step.succeed();
    route.now += 1_000;
    await step.succeed();
    await expect(route.memory.getLink(OWN)).resolves.toMatchObject({ issuedAt: route.now - 1_000 });

    const failed = await stepOf({ previous: BEFORE });
    await failed.step.fail();
    await failed.route.memory.reserveLink(BEFORE, 'next');
    await failed.step.succeed();
    await failed.step.fail();
    await expect(failed.route.memory.getLink(OWN)).resolves.toBeNull();
    await expect(failed.route.memory.getLink(BEFORE)).resolves.toMatchObject({ holder: 'next' });
  });

  it('asks the store for nothing more when it has failed', async () => {
    const { route, step } = await stepOf({ previous: BEFORE });
    const released = jest.spyOn(route.memory, 'releaseLink');
    await step.fail();
    await step.fail();
    expect(released).toHaveBeenCalledTimes(1);
  });

  it('takes its own link back when its success turns out to be none', async () => {
    const { route, step } = await stepOf({ previous: BEFORE });
    await step.succeed();
    await step.fail();
    await expect(route.memory.reserveLink(OWN, 'next')).resolves.toBe('taken');
    await expect(route.memory.getLink(BEFORE)).resolves.not.toHaveProperty('holder');
  });

  it('leaves everything as it is when a next step has its link already', async () => {
    const { route, context, step } = await stepOf({ previous: BEFORE });
    await step.succeed();
    await route.memory.reserveLink(OWN, 'next');
    await step.fail();
    await expect(route.memory.getLink(OWN)).resolves.toMatchObject({ holder: 'next' });
    await expect(route.memory.getLink(BEFORE)).resolves.toMatchObject({ holder: holderOf(context.id, 'a') });
  });

  it('waits for a link that is still being written before it takes it back', async () => {
    const { route, context } = await stepOf();
    let write = (): void => undefined;
    const written = new Promise<void>((resolve) => (write = resolve));
    const slow = Object.assign(Object.create(route.memory) as typeof route.memory, {
      writeLink: async (link: AshChainLink) => {
        await written;
        await route.memory.writeLink(link);
      },
    });
    const step = new ChainStep({
      store: new BoundedStore(slow, 1_000),
      clock: () => NOW,
      rule: RULE,
      subject: undefined,
      proof: PROOF,
      previous: { hash: BEFORE, holder: holderOf(context.id, 'a') },
    });
    const ends = Promise.all([step.succeed(), step.fail()]);
    write();
    await ends;
    await expect(route.memory.reserveLink(OWN, 'next')).resolves.toBe('taken');
    await expect(route.memory.getLink(BEFORE)).resolves.not.toHaveProperty('holder');
  });

  it('takes a link back that was written though the store said otherwise', async () => {
    const { route, context } = await stepOf();
    const lost = Object.assign(Object.create(route.memory) as typeof route.memory, {
      writeLink: async (link: AshChainLink) => {
        await route.memory.writeLink(link);
        throw new Error('the answer got lost');
      },
    });
    const previous = { hash: BEFORE, holder: holderOf(context.id, 'a') };
    const options = { clock: () => NOW, rule: RULE, subject: undefined, proof: PROOF, previous };
    const step = new ChainStep({ store: new BoundedStore(lost, 10), ...options });
    await expect(step.succeed()).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
    await step.fail();
    await expect(route.memory.reserveLink(OWN, 'next')).resolves.toBe('taken');
    await expect(route.memory.getLink(BEFORE)).resolves.not.toHaveProperty('holder');
  });

  it('is open until it succeeds or fails, and begins when it is told to', async () => {
    const { step } = await stepOf();
    expect([step.isOpen, step.hasBegun]).toStrictEqual([true, false]);
    step.begin();
    expect([step.isOpen, step.hasBegun]).toStrictEqual([true, true]);
    await step.succeed();
    expect(step.isOpen).toBe(false);
    const other = await stepOf();
    await other.step.fail();
    expect(other.step.isOpen).toBe(false);
  });

  it('says with the store’s code that its link could not be written', async () => {
    const { route, context } = await stepOf();
    const down = Object.assign(Object.create(route.memory) as typeof route.memory, {
      writeLink: () => Promise.reject(new Error('down')),
      releaseLink: () => Promise.reject(new Error('down')),
    });
    const step = (): ChainStep =>
      new ChainStep({
        store: new BoundedStore(down, 10),
        clock: () => NOW,
        rule: RULE,
        subject: undefined,
        proof: PROOF,
        previous: { hash: BEFORE, holder: holderOf(context.id, 'a') },
      });
    await expect(step().succeed()).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
    await expect(step().fail()).rejects.toMatchObject({ code: 'ASH_STORE_UNAVAILABLE' });
  });
});
