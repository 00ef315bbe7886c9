import { Attempt } from './attempt.js';
import { ATTACKS } from './attacks.js';
import { byId, h, unseen } from './dom.js';
import { exchangeView } from './exchange.js';
import { ledgerView, movedBetween } from './ledger.js';
import { outcomeOf, verdictLine } from './outcome.js';
import { inTurn } from './shop.js';

const NUMBERS = ['none', 'one', 'two'];

const runs = (count) => ['The handler did not run.', 'The handler ran once.'][count] ?? `Handlers ran ${count} times.`;

/** Shows a card for each attack. */
export function startLab() {
  const cards = ATTACKS.map(cardOf);
  byId('attacks').replaceChildren(...cards.map(({ card }) => card));

  const all = byId('lab-all');
  const progress = byId('lab-progress');
  all.addEventListener('click', async () => {
    if (all.getAttribute('aria-disabled') === 'true') return;
    all.setAttribute('aria-disabled', 'true');
    for (const [index, { run }] of cards.entries()) {
      progress.textContent = `${index + 1} of ${cards.length}`;
      await run({ isOpen: false });
    }
    progress.textContent = 'All done. Open “What happened” on any of them.';
    all.setAttribute('aria-disabled', 'false');
  });
}

function cardOf(attack, index) {
  const { id, title, story } = attack;
  const result = h('div', { className: 'result' });
  const button = h('button', { type: 'button', id: `run-${id}`, 'aria-label': `Run: ${title}` }, 'Run');
  const card = h(
    'li',
    { className: 'attack card', id: `attack-${id}`, 'data-state': 'idle' },
    h(
      'div',
      { className: 'attack-head' },
      h('span', { className: 'number', 'aria-hidden': 'true' }, index === 0 ? '' : String(index)),
      h('div', {}, h('h3', {}, title), h('p', {}, story)),
      button,
    ),
    result,
  );
  const run = ({ isOpen }) => inTurn(() => perform({ attack, card, result, isOpen }));
  button.addEventListener('click', () => {
    // Stays in the order of the keyboard while it runs.
    if (card.dataset.state !== 'running') void run({ isOpen: true });
  });
  return { card, run };
}

async function perform({ attack, card, result, isOpen }) {
  card.dataset.state = 'running';
  const running = h('p', { className: 'running' }, 'Under way…');
  result.replaceChildren(running);
  const attempt = new Attempt((left, whole) => showWait(running, left, whole));
  try {
    await attack.run(attempt);
    const { state, verdict } = judge(attack, attempt);
    result.replaceChildren(verdict, happened(attack, attempt, isOpen));
    card.dataset.state = state;
  } catch (error) {
    result.replaceChildren(outcomeOf(error));
    card.dataset.state = 'failed';
  }
}

function showWait(place, left, whole) {
  place.replaceChildren(
    `Held back. The request is sent in ${(left / 1000).toFixed(1)} seconds. `,
    h('progress', { max: whole, value: whole - left, 'aria-label': 'How long the request has been held back' }),
  );
}

/** Says how it ended, and holds it against how it should have. */
function judge({ expects, runs: expectedRuns }, { exchanges, before, after }) {
  const answers = exchanges.map(({ answer: { code, status } }) => code ?? String(status));
  const ran = movedBetween(before, after).reduce((sum, [, first, second]) => sum + second - first, 0);
  const refusal = exchanges.find(({ answer }) => answer.status >= 400)?.answer;
  if ([...answers].sort().join() !== [...expects].sort().join() || ran !== expectedRuns) {
    const surprise = `${runs(ran)} This is not what should happen: ${expects.join(' and ')} was expected.`;
    return { state: 'failed', verdict: verdictLine('failed', answers.join(', '), surprise) };
  }
  const state = refusal === undefined ? 'passed' : 'refused';
  const code = refusal === undefined ? answers.join() : `${refusal.status} ${refusal.code}`;
  const message = refusal === undefined ? '' : `${refusal.message} `;
  const howOften = exchanges.length === 1 ? runs(ran) : `Two were sent, ${NUMBERS[ran]} ran.`;
  return { state, verdict: verdictLine(state, code, message, howOften) };
}

/** All that there is to see of an attempt. */
function happened({ title, why, act }, { exchanges, steps, before, after }, isOpen) {
  return h(
    'details',
    { open: isOpen },
    h('summary', {}, 'What happened', unseen(` in: ${title}`)),
    h(
      'div',
      { className: 'happened' },
      h('p', { className: 'why' }, why),
      steps.length > 1 && storyOf(steps),
      exchanges.map((exchange) => exchangeView(exchange, act)),
      ledgerView(before, after),
    ),
  );
}

function storyOf(steps) {
  return h(
    'div',
    {},
    h('h4', {}, 'What came before'),
    h(
      'ol',
      { className: 'story' },
      steps.map((step) => h('li', {}, step)),
    ),
  );
}
