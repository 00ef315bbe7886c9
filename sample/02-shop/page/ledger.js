import { byId, h, unseen } from './dom.js';

const shown = byId('ledger');
let last;

/** Reads how often each handler really ran, and shows it. Throws where the shop does not answer. */
export async function readLedger() {
  try {
    const response = await fetch('/ledger', { cache: 'no-store' });
    if (!response.ok) throw new Error(`the ledger was answered with status ${response.status}`);
    const ledger = await response.json();
    show(ledger);
    return ledger;
  } catch (error) {
    shown.dataset.state = 'unreachable';
    throw error;
  }
}

/** What was counted between two readings: `[kind, before, after]` of each kind that moved. */
export function movedBetween(before, after) {
  return Object.keys(after)
    .filter((kind) => before[kind] !== after[kind])
    .map((kind) => [kind, before[kind], after[kind]]);
}

/** Two readings, each kind that moved marked. */
export function ledgerView(before, after) {
  return h(
    'div',
    { className: 'counts' },
    h('h4', {}, 'The ledger, before and after'),
    h(
      'ul',
      {},
      Object.keys(after).map((kind) => {
        const more = after[kind] - before[kind];
        return h(
          'li',
          { 'data-changed': more !== 0 },
          h('span', {}, kind, ' '),
          h(
            'strong',
            {},
            String(before[kind]),
            h('span', { 'aria-hidden': 'true' }, ' → '),
            unseen(' before, '),
            String(after[kind]),
            unseen(' after'),
          ),
          more !== 0 && h('span', { className: 'tag' }, `+${more}`),
        );
      }),
    ),
  );
}

function show(ledger) {
  shown.dataset.state = 'read';
  shown.replaceChildren(
    ...Object.entries(ledger).map(([kind, count]) => {
      const more = last === undefined ? 0 : count - last[kind];
      return h(
        'div',
        { 'data-kind': kind, 'data-moved': more > 0 },
        h('dt', {}, kind),
        h('dd', {}, String(count), more > 0 && h('span', { className: 'more' }, `+${more}`, unseen(' since before'))),
      );
    }),
  );
  last = ledger;
}
