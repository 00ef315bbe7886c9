import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { root } from '../../scripts/run.mjs';
import { binariesOf, SERVICES } from '../../scripts/services/binaries.mjs';

const BEGIN = '<!-- faults:begin -->';
const END = '<!-- faults:end -->';

const number = (value) => Math.round(value).toLocaleString('en-US');
const time = (milliseconds) =>
  milliseconds === undefined
    ? 'never'
    : milliseconds < 10_000
      ? `${number(milliseconds)} ms`
      : `${(milliseconds / 1_000).toFixed(1)} s`;

function table(heads, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const ruler = heads.map((_, index) => (index === 0 ? '---' : '--:'));
  return [line(heads), line(ruler), ...rows.map(line)].join('\n');
}

const NOTHING = '-';
const NAMED = ['200', 'ASH_CTX_ALREADY_USED', 'ASH_CTX_NOT_FOUND', 'ASH_STORE_UNAVAILABLE'];

/** The answers that no column stands for. */
const rest = (tally) =>
  Object.entries(tally)
    .filter(([code]) => !NAMED.includes(code))
    .map(([code, count]) => `${number(count)} × ${code === '0' ? 'no answer' : code}`)
    .join(', ') || NOTHING;

const COLUMNS = [
  ['Fault', ({ title }) => title],
  ['lasted', ({ lasted }) => time(lasted)],
  ['requests', ({ requests }) => number(requests)],
  ['handler runs', ({ accepted }) => number(accepted)],
  ['409 spent', ({ tally }) => number(tally.ASH_CTX_ALREADY_USED ?? 0)],
  ['403 unknown', ({ tally }) => number(tally.ASH_CTX_NOT_FOUND ?? 0)],
  ['503', ({ tally }) => number(tally.ASH_STORE_UNAVAILABLE ?? 0)],
  ['other', ({ tally }) => rest(tally)],
  ['**second runs**', ({ secondRuns }) => `**${number(secondRuns)}**`],
  ['longest request', ({ longest }) => time(longest)],
  ['first pass after it', ({ firstPass }) => time(firstPass)],
  ['all pass after it', ({ steady }) => time(steady)],
];

/** One row for each fault: how much there was, what was refused, and how long things took. */
export function faultTable(results) {
  const columns = COLUMNS.filter(([head]) => head !== 'other' || results.some(({ tally }) => rest(tally) !== NOTHING));
  return table(
    columns.map(([head]) => head),
    results.map((result) => columns.map(([, cell]) => cell(result))),
  );
}

/** One row for each way of setting up the store. */
export const promotionTable = (results) =>
  table(
    ['Store', 'rounds', 'spent on the cut-off master', 'refused with 503', 'replays that passed', '**second runs**'],
    results.map(({ title, rounds, spent, refused, passed, secondRuns }) => [
      title,
      ...[rounds, spent, refused, passed].map(number),
      `**${number(secondRuns)}**`,
    ]),
  );

/** What the figures were measured on. */
export function surroundings(now = new Date()) {
  const version = (command) => /\d+(\.\d+)+/.exec(execFileSync(command, ['--version'], { encoding: 'utf8' }))?.[0];
  const [{ model }] = cpus();
  return [
    `${cpus().length} × ${model.trim()}`,
    process.platform,
    `Node ${process.versions.node}`,
    ...['redis', 'postgres', 'mariadb'].map(
      (service) => `${SERVICES[service].title} ${version(binariesOf(service)[0])}`,
    ),
    now.toISOString().slice(0, 10),
  ].join(', ');
}

/** Puts a text between the markers of the guide, and leaves the rest of it alone. */
export async function writeBetweenMarkers(text, file = join(root, 'docs/stores.md')) {
  const page = readFileSync(file, 'utf8');
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin)
    throw new Error(`${file} has no lines ${BEGIN} and ${END}: the figures go between them`);
  // Columns of a width are what the lint wants, and nothing that a cell needs to know.
  const formatted = await format(text, { ...(await resolveConfig(file)), parser: 'markdown' });
  writeFileSync(file, `${page.slice(0, begin + BEGIN.length)}\n\n${formatted}\n${page.slice(end)}`);
}
