import { inspect } from 'node:util';
import { OpenedContexts } from './opened-contexts.js';
import { contextOf } from './context.js';
import type { OpenedContext } from './sealed-context.js';

const context = (id: string, issuedAt: number): OpenedContext => ({
  context: contextOf(id, {
    binding: 'POST /transfer',
    mode: 'balanced',
    protocol: 'v2.3',
    issuedAt,
    expiresAt: issuedAt + 1_000,
    nonce: 'f'.repeat(64),
  }),
  shard: 0,
  epoch: 'e'.repeat(16),
});

describe('OpenedContexts', () => {
  it('gives back what was kept for an identifier, once', () => {
    const opened = new OpenedContexts();
    opened.keep(context('ash_sA', 1), 1);
    opened.keep(context('ash_sB', 2), 2);
    expect(opened.take('ash_sB')).toStrictEqual(context('ash_sB', 2));
    expect(opened.take('ash_sB')).toBeUndefined();
    expect(opened.take('ash_sA')).toStrictEqual(context('ash_sA', 1));
    expect(opened.take('ash_sC')).toBeUndefined();
  });

  it('forgets what has expired, and nothing else', () => {
    const opened = new OpenedContexts();
    opened.keep(context('ash_sA', 1), 1);
    opened.keep(context('ash_sB', 2), 2);
    opened.keep(context('ash_sC', 1_001), 1_001);
    expect(opened.take('ash_sA')).toBeUndefined();
    expect(opened.take('ash_sB')).toStrictEqual(context('ash_sB', 2));
  });

  it('shows nothing of a context to whoever inspects it', () => {
    const opened = new OpenedContexts();
    opened.keep(context('ash_sA', 1), 1);
    expect(inspect(opened, { depth: Infinity, showHidden: true })).not.toMatch(/ffff|ash_sA/);
  });

  it('does not grow where nobody takes anything', () => {
    const opened = new OpenedContexts();
    const ids = Array.from({ length: 10_000 }, (_, index) => `ash_s${index}`);
    for (const [index, id] of ids.entries()) opened.keep(context(id, index), 0);
    const kept = ids.filter((id) => opened.take(id) !== undefined);
    expect(kept.length).toBeLessThanOrEqual(1_024);
    expect(kept.at(-1)).toBe(ids.at(-1));
  });
});
