import { randomUUID } from 'node:crypto';

// Whoever takes part keeps contexts: it makes one, says whether one is spent, and spends one, which answers whether it
// was this call that did. A store does so, and so do the bare commands that it cannot do without. An answer that is
// neither ends the measurement.

/** What every context of a measurement is made of. */
export const CONTEXT = { binding: 'POST /transfer', ttlMs: 3_600_000 };

const SPENT_NOW = { consumed: true, 'already-used': false };

/** A store of contexts. */
export function storeContestant(store) {
  return {
    create: async () => (await store.create(CONTEXT)).id,
    isSpent: async (id) => {
      const context = await store.get(id);
      if (context?.id !== id || context.binding !== CONTEXT.binding) throw new Error(`The store lost ${id}.`);
      return context.consumedAt !== undefined;
    },
    spend: async (id) => spentNow(await store.consume(id), SPENT_NOW),
  };
}

/** Reads an answer by what each of the two looks like. */
export function spentNow(answer, meanings) {
  const meaning = meanings[answer];
  if (meaning === undefined) throw new Error(`Spending a context answered ${String(answer)}.`);
  return meaning;
}

/** An identifier as long as a store's, in no order, as theirs are. */
export function newIdentifier() {
  return `ash_${randomUUID().replaceAll('-', '')}`;
}
