import { byId, h, unseen } from './dom.js';
import { movedBetween, readLedger } from './ledger.js';
import { outcomeOf, showOutcome, showRunning, verdictLine } from './outcome.js';
import { bodyTextOf, clientOf, currentUser, inTurn } from './shop.js';

const form = byId('checkout-form');
const fields = byId('checkout-fields');
const answer = byId('checkout-answer');
const go = byId('checkout-go');
const anew = byId('checkout-anew');

const labelled = (text, input) => h('label', { className: 'field' }, text, ' ', input);

const card = (value, text, checked) =>
  h('label', { className: 'choice' }, h('input', { type: 'radio', name: 'card', value, checked }), h('span', {}, text));

/** The steps, each with the route it calls, what it asks for and what it sends. */
const STEPS = [
  {
    title: 'Cart',
    path: '/cart',
    kind: 'carts',
    button: 'Put it in the cart',
    fields: () => [
      labelled(
        'Fountain pens',
        h('input', { name: 'quantity', type: 'number', min: 1, value: 2, inputMode: 'numeric' }),
      ),
    ],
    payload: ({ quantity }) => ({ sku: 'pen', quantity: Number(quantity.value) }),
  },
  {
    title: 'Checkout',
    path: '/checkout',
    kind: 'checkouts',
    button: 'Confirm the order',
    fields: () => [h('p', {}, 'The cart is confirmed. This step sends the proof of the cart along.')],
    payload: () => ({}),
  },
  {
    title: 'Payment',
    path: '/payment',
    kind: 'payments',
    button: 'Pay',
    fields: () => [
      h(
        'fieldset',
        { className: 'choices' },
        h('legend', {}, 'Card'),
        card('4242', 'a good one, ending in 4242', true),
        card('declined', 'one that the bank declines', false),
      ),
    ],
    payload: (elements) => ({ card: elements.card.value }),
  },
];

const DONE = STEPS.length;
const HAS_RUN = 'By the ledger it ran, and the chain keeps its proof: go on with what comes next.';
/** What trying again does not mend. */
const BROKEN = new Set(['ASH_CHAIN_BROKEN', 'ASH_CHAIN_EXPIRED']);

const keyOf = (user) => `shop:checkout:${user}`;

/** Where the checkout of a user stands: the step that comes next, and the chain that leads there. */
function open(user) {
  const client = clientOf(user);
  try {
    const { step, chain } = JSON.parse(sessionStorage.getItem(keyOf(user)) ?? '{}');
    const isStep = Number.isInteger(step) && step >= 0 && step <= DONE;
    if (isStep) return { user, step, chain: client.chain('checkout', chain) };
  } catch {
    // What is kept there is nothing that this page wrote.
  }
  return { user, step: 0, chain: client.chain('checkout') };
}

let current;

/** Keeps where the checkout stands, so that a reload goes on there. */
function keep({ user, step, chain }) {
  sessionStorage.setItem(keyOf(user), JSON.stringify({ step, chain: chain.state }));
}

function show() {
  const { step } = current;
  byId('checkout-steps').replaceChildren(
    ...STEPS.map(({ title }, index) => {
      const [state, sign, word] =
        index < step
          ? ['done', '✓', 'done']
          : index === step
            ? ['current', String(index + 1), 'now']
            : ['next', String(index + 1), 'to come'];
      return h(
        'li',
        { 'data-state': state, 'aria-current': index === step && 'step' },
        h('span', { className: 'sign', 'aria-hidden': 'true' }, sign),
        title,
        unseen(`, ${word}`),
      );
    }),
  );
  const isDone = step === DONE;
  fields.replaceChildren(
    ...(isDone
      ? [h('p', {}, 'Paid. The chain is at its end: none of its steps can be taken again.')]
      : STEPS[step].fields()),
  );
  // What has the focus and goes away hands it on.
  if (isDone && document.activeElement === go) anew.focus();
  go.hidden = isDone;
  go.textContent = isDone ? '' : STEPS[step].button;
}

async function take() {
  const act = current;
  const { path, payload, kind } = STEPS[act.step];
  showRunning(answer);
  let before;
  try {
    before = await readLedger();
    const response = await act.chain.post(path, payload(form.elements));
    if (response.ok) act.step += 1;
    const body = await bodyTextOf(response);
    const moved = movedBetween(before, await readLedger());
    const runs = moved.length === 0 ? '' : ' The handler ran once.';
    showOutcome(
      answer,
      verdictLine(response.ok ? 'passed' : 'declined', String(response.status), sentenceFor(response, path) + runs),
      body,
    );
  } catch (error) {
    // Looked up before anything is sent again: a step that ran counts, also where its answer was lost.
    const after = await readLedger().catch(() => before);
    const hasRun = error.mayHaveRun && before !== undefined && after[kind] > before[kind];
    if (hasRun) act.step += 1;
    answer.replaceChildren(outcomeOf(error), h('p', {}, hasRun ? HAS_RUN : adviceFor(error)));
  } finally {
    // A step of another user still counts for that user; one of a checkout that was given up does not.
    if (!act.isGivenUp) keep(act);
    if (act === current) show();
  }
}

function adviceFor({ code, mayHaveRun }) {
  if (BROKEN.has(code)) return 'The step before cannot be followed any more. Begin anew.';
  return mayHaveRun ? 'By the ledger it did not run. Try it again.' : '';
}

function sentenceFor({ ok, status }, path) {
  if (ok) return `POST ${path} went through.`;
  if (status === 402) return 'The bank declined the card. The step does not count, so try again with another one.';
  return 'The handler did not like the input. The step does not count: try again.';
}

function change(user) {
  current = open(user);
  const isTakenUp = current.step > 0 && current.step < DONE;
  answer.replaceChildren(...(isTakenUp ? [h('p', { className: 'aside' }, 'Taken up where it was left.')] : []));
  show();
}

/** Has the form go through the checkout, from where it was left. */
export function startCheckout() {
  change(currentUser());
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (current.step < DONE) void inTurn(take);
  });
  anew.addEventListener('click', () => {
    current.isGivenUp = true;
    sessionStorage.removeItem(keyOf(current.user));
    change(current.user);
  });
}

/** Shows the checkout of another user. */
export const changeCheckout = change;
