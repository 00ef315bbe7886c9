import { codeBox, h } from './dom.js';
import { checkOf, takenFlow } from './flow.js';

/** One request of an attack: its way, what was changed, what was sent, what came back. */
export function exchangeView({ title, proven, sent, rows, marks, answer }, act) {
  const refusedBy = answer.status < 400 ? undefined : checkOf(answer.code, sent.context.contextId);
  return h(
    'div',
    { className: 'exchange' },
    title !== undefined && h('h4', { className: 'exchange-title' }, title),
    takenFlow({ refusedBy, act }),
    comparison(rows),
    h(
      'div',
      { className: 'halves' },
      h('div', {}, h('h4', {}, 'The request as it was sent'), requestBox(proven, sent, marks)),
      h('div', {}, h('h4', {}, 'The answer'), answerBox(answer)),
    ),
    coverView(proven),
  );
}

function comparison(rows) {
  const table = h(
    'table',
    { className: 'comparison', role: 'table' },
    h('caption', {}, 'What was changed'),
    h(
      'thead',
      { role: 'rowgroup' },
      h(
        'tr',
        { role: 'row' },
        ['', 'As it was meant', 'As it was sent'].map((head) => h('th', { scope: 'col', role: 'columnheader' }, head)),
      ),
    ),
    h('tbody', { role: 'rowgroup' }, rows.map(comparedRow)),
  );
  return table;
}

function comparedRow([what, meant, sent]) {
  const isChanged = meant !== sent;
  const [before, cut, put, after] = isChanged ? difference(meant, sent) : [meant, '', '', ''];
  return h(
    'tr',
    { role: 'row', 'data-changed': isChanged },
    h(
      'th',
      { scope: 'row', role: 'rowheader' },
      what,
      ' ',
      h('span', { className: 'tag' }, isChanged ? 'changed' : 'same'),
    ),
    h('td', { role: 'cell', 'data-head': 'As it was meant' }, h('code', {}, before, cut && h('del', {}, cut), after)),
    h('td', { role: 'cell', 'data-head': 'As it was sent' }, h('code', {}, before, put && h('ins', {}, put), after)),
  );
}

const WORD = /[\w-]/;

/** What two texts begin with, what each has for itself, and what both end with. */
function difference(one, other) {
  const shorter = Math.min(one.length, other.length);
  let start = 0;
  while (start < shorter && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  // Whole words and numbers read better than the digits in which they differ.
  while (start > 0 && WORD.test(one[start - 1])) start -= 1;
  while (end > 0 && WORD.test(one.at(-end))) end -= 1;
  return [
    one.slice(0, start),
    one.slice(start, one.length - end),
    other.slice(start, other.length - end),
    one.slice(one.length - end),
  ];
}

function requestBox(proven, sent, marks) {
  const line = (text, isChanged, mark = isChanged && 'changed') =>
    h('span', { className: 'line', 'data-marked': Boolean(mark) }, text, mark && h('strong', {}, ` ← ${mark}`), '\n');
  return codeBox(
    'The request as it was sent',
    line(`${sent.method} ${sent.path}`, sent.path !== proven.path || sent.method !== proven.method),
    ...Object.entries(sent.headers).map(([name, value]) =>
      line(`${name}: ${value}`, value !== proven.headers[name], marks[name]),
    ),
    '\n',
    line(sent.body, sent.body !== proven.body),
  );
}

function answerBox({ status, statusText, verified, body }) {
  return codeBox(
    'The answer',
    `${status} ${statusText}\n`,
    verified === null ? '' : `X-ASH-Verified: ${verified}\n`,
    `\n${body}`,
  );
}

/** The canonical text, and in what the proof was made of it. */
function coverView({ covers: { canonical, parts }, context }) {
  return h(
    'div',
    { className: 'cover' },
    h('h4', {}, 'The canonical text that was proven'),
    h(
      'p',
      {},
      'The body in the one form that both sides agree on: keys sorted, no spaces',
      context.scope?.length ? ', and only the fields that this route covers.' : '.',
    ),
    codeBox('The canonical text that was proven', canonical),
    h(
      'details',
      {},
      h('summary', {}, 'How the proof is made of it'),
      h('p', {}, 'proof = HMAC-SHA-256 with the context’s key (•••• never sent) over these five parts, joined by “|”:'),
      h(
        'dl',
        { className: 'parts' },
        parts.map(([name, value]) =>
          h('div', {}, h('dt', {}, name), h('dd', {}, value === '' ? 'empty' : h('code', {}, value))),
        ),
      ),
    ),
  );
}
