import { byId } from './dom.js';
import { movedBetween, readLedger } from './ledger.js';
import { outcomeOf, showOutcome, showRunning, verdictLine } from './outcome.js';
import { bodyTextOf, clientOf, currentUser, inTurn } from './shop.js';

const form = byId('transfer-form');
const answer = byId('transfer-answer');

/** What the form holds: an amount as a number, where it is one. */
function transferOf({ elements: { amount, to } }) {
  const value = amount.value.trim();
  return { amount: value === '' || Number.isNaN(Number(value)) ? value : Number(value), to: to.value.trim() };
}

const showCall = () => {
  const { amount, to } = transferOf(form);
  const payload = `{ amount: ${JSON.stringify(amount)}, to: ${JSON.stringify(to)} }`;
  byId('transfer-call').textContent = `await ash.post('/transfer',\n  ${payload});`;
};

async function send() {
  showRunning(answer, 'Asking for a context, proving the request, sending it…');
  try {
    const before = await readLedger();
    const response = await clientOf(currentUser()).post('/transfer', transferOf(form));
    const body = await bodyTextOf(response);
    const moved = movedBetween(before, await readLedger());
    const verdict = response.ok
      ? verdictLine('passed', String(response.status), moved.length === 0 ? '' : 'The handler ran once.')
      : verdictLine(
          'declined',
          String(response.status),
          'The guard let it through, but the handler did not like the input.',
        );
    showOutcome(answer, verdict, body);
  } catch (error) {
    showOutcome(answer, outcomeOf(error));
    await readLedger().catch(() => undefined);
  }
}

/** Has the form send transfers. */
export function startTransfer() {
  showCall();
  form.addEventListener('input', showCall);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void inTurn(send);
  });
}
