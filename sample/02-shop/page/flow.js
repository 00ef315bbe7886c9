import { h, unseen } from './dom.js';

const NODES = [
  { name: 'Client', what: 'This page. Before each request it asks the shop for a context.' },
  {
    name: 'Context',
    what: 'A one-time pass from the shop, with a secret key: good for one route, one user, one use and a short time.',
  },
  {
    name: 'Proof',
    what: 'A code made of the request and the key. If one character of the request changes, it no longer fits. The key is never sent.',
  },
  {
    name: 'Guard',
    what: 'Runs in the shop before anything else. Ten checks; the first that fails refuses the request.',
  },
  { name: 'Handler', what: 'The code that moves the money. The ledger counts each time it really runs.' },
];

/** What the guard checks, in its order. */
const CHECKS = [
  { name: 'headers', asks: 'Are all the headers of a proof there, once each?' },
  { name: 'context', asks: 'Is the context known, unused and not expired?' },
  { name: 'binding', asks: 'Is the context for this route?' },
  { name: 'subject', asks: 'Is the context for this user?' },
  { name: 'time', asks: 'Does the time of the proof agree with the shop’s clock?' },
  { name: 'scope', asks: 'Are the covered fields those that the route wants covered?' },
  { name: 'chain', asks: 'Does it follow the step that has to come before, and is it the only one to do so?' },
  { name: 'payload', asks: 'Can the body be read in exactly one way?' },
  { name: 'proof', asks: 'Does the proof fit the request?' },
  { name: 'spend', asks: 'Is this request the first to use the context up?' },
];

const CHECK_OF_CODE = {
  ASH_PROOF_MISSING: 'headers',
  ASH_HEADER_INVALID: 'headers',
  ASH_CTX_NOT_FOUND: 'context',
  ASH_CTX_EXPIRED: 'context',
  ASH_CTX_ALREADY_USED: 'context',
  ASH_BINDING_MISMATCH: 'binding',
  ASH_SUBJECT_MISMATCH: 'subject',
  ASH_TIMESTAMP_INVALID: 'time',
  ASH_SCOPE_MISMATCH: 'scope',
  ASH_CHAIN_BROKEN: 'chain',
  ASH_CHAIN_EXPIRED: 'chain',
  ASH_UNSUPPORTED_CONTENT_TYPE: 'payload',
  ASH_CANONICALIZATION_ERROR: 'payload',
  ASH_INTEGRITY_FAILED: 'proof',
  ASH_PROOF_INVALID: 'proof',
};

/** A context that is sealed in its own identifier is known to be spent only when it is about to be spent again. */
const SEALED = /^ash_s.{40}/;

/** Which check refused a request, by the code of the answer. */
export function checkOf(code, contextId) {
  if (code === 'ASH_CTX_ALREADY_USED' && SEALED.test(contextId)) return 'spend';
  return CHECK_OF_CODE[code];
}

const SIGNS = { passed: '✓', refused: '✕', unreached: '–' };
const WORDS = { passed: 'passed', refused: 'refused here', unreached: 'not reached' };

const sign = (state) => h('span', { className: 'sign', 'aria-hidden': 'true' }, SIGNS[state]);

/** The way of a request as it is meant, with what each station is. */
export function explainedFlow() {
  return h(
    'ol',
    { className: 'flow explained' },
    NODES.map(({ name, what }, index) =>
      h(
        'li',
        {},
        h('span', { className: 'sign', 'aria-hidden': 'true' }, String(index + 1)),
        h('h3', {}, name),
        h('p', {}, what),
      ),
    ),
  );
}

/**
 * The way that a request took. `refusedBy` is the check that refused it, if one did; `act` is what the attacker did:
 * `{ at, label }`, where `at` is a station or `wire`, the way between the client and the shop.
 */
export function takenFlow({ refusedBy, act }) {
  const guardAt = NODES.findIndex(({ name }) => name === 'Guard');
  const items = NODES.flatMap(({ name }, index) => {
    const state = refusedBy === undefined || index < guardAt ? 'passed' : index === guardAt ? 'refused' : 'unreached';
    const station = h(
      'li',
      { 'data-state': state },
      sign(state),
      h('span', { className: 'name' }, name),
      h('span', { className: 'note' }, noteOf(name, state, refusedBy)),
      act?.at === name.toLowerCase() && actMark(act),
    );
    const wire = h('li', { className: 'wire' }, actMark(act ?? { label: '' }));
    return name === 'Guard' && act?.at === 'wire' ? [wire, station] : [station];
  });
  return h(
    'figure',
    { className: 'way' },
    h('figcaption', {}, captionOf(refusedBy)),
    h('ol', { className: 'flow taken', 'aria-label': 'The way of the request' }, items),
    checks(refusedBy),
  );
}

const actMark = ({ label }) => h('span', { className: 'act' }, unseen('What the attacker did: '), label);

function noteOf(name, state, refusedBy) {
  if (name === 'Guard' && state === 'refused') return `refused: ${refusedBy}`;
  if (name === 'Handler') return state === 'passed' ? 'ran once' : 'did not run';
  return { Client: 'asked', Context: 'issued', Proof: 'made', Guard: 'all ten passed' }[name];
}

function captionOf(refusedBy) {
  const at = CHECKS.findIndex(({ name }) => name === refusedBy);
  if (at === -1) return 'The request came through all ten checks of the guard, and reached the handler.';
  return `The guard refused at check ${at + 1} of ${CHECKS.length}, ${refusedBy}. The handler was not reached.`;
}

function checks(refusedBy) {
  const at = CHECKS.findIndex(({ name }) => name === refusedBy);
  return h(
    'div',
    { className: 'guard' },
    h('p', { className: 'guard-title' }, 'Inside the guard'),
    h(
      'ol',
      { className: 'checks', 'aria-label': 'The checks of the guard' },
      CHECKS.map(({ name }, index) => {
        const state = at === -1 || index < at ? 'passed' : index === at ? 'refused' : 'unreached';
        return h('li', { 'data-state': state }, sign(state), name, unseen(`: ${WORDS[state]}`));
      }),
    ),
    at !== -1 &&
      h(
        'p',
        { className: 'question' },
        h('strong', {}, `${refusedBy}: `),
        `${CHECKS[at].asks} `,
        h('strong', {}, 'No.'),
      ),
  );
}
