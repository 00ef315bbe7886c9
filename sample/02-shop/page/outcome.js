import { announce, codeBox, h } from './dom.js';

const SIGNS = { passed: '✓', refused: '✕', declined: '!', failed: '!', unreachable: '!' };
const WORDS = {
  passed: 'Passed',
  refused: 'Refused',
  declined: 'Not accepted',
  failed: 'Failed',
  unreachable: 'No answer',
};

/** The one line that says how it ended: a sign, a word, and what there is to know. It is announced too. */
export function verdictLine(state, code, sentence, fact = '') {
  announce([`${WORDS[state]}.`, code, sentence, fact].filter(Boolean).join(' '));
  return h(
    'p',
    { className: 'verdict', 'data-state': state },
    h('span', { className: 'sign', 'aria-hidden': 'true' }, SIGNS[state]),
    h('span', {}, h('b', {}, WORDS[state]), ' ', code && h('code', {}, code), ' ', sentence, h('strong', {}, fact)),
  );
}

const UNREACHABLE = 'The shop could not be reached. Is it still running?';
const LOST = 'The request was sent, but its answer is lost. It may have run: look at the ledger.';

/** What there is to say of an error: that of the client has a code, that of `fetch` is a `TypeError`. */
export function outcomeOf(error) {
  const { code, status, message, mayHaveRun } = error;
  if (status !== undefined) return verdictLine('refused', `${status} ${code}`, message);
  if (mayHaveRun) return verdictLine('unreachable', code, LOST);
  const isUnreachable = code === 'ASH_CLIENT_CONTEXT_UNAVAILABLE' || error instanceof TypeError;
  return isUnreachable ? verdictLine('unreachable', code, UNREACHABLE) : verdictLine('failed', code, message);
}

/** Shows an answer below a form. */
export function showOutcome(place, verdict, body) {
  place.replaceChildren(verdict, ...(body ? [codeBox('The answer', body)] : []));
}

/** Shows that something is under way. */
export function showRunning(place, sentence = 'Under way…') {
  place.replaceChildren(h('p', { className: 'running' }, sentence));
}
