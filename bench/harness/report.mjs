import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { number, written } from './figures.mjs';
import { writeFormatted } from './formatted.mjs';
import { barChart, lineCharts } from './picture.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Shows a section on the terminal. */
export function print(section) {
  console.log(tablesOf(section));
  if (section.goals?.length > 0) console.log(goalsOf([section]));
}

/** Writes results.md and the pictures from the sections of all parts. */
export async function writeResults(results) {
  const sections = Object.values(results);
  const text = [
    '# What it costs',
    'Every figure is a ratio to a limit or a peer that was measured in the same run, round by round: the median of all ' +
      'rounds, and between which values they lay. Rates and times are those of the machine named, which is small and shared: they ' +
      'compare with nothing. `npm run bench` measures all of it again, `npm run bench -- NAME` one part.',
    '## Goals',
    goalsOf(sections),
    ...Object.entries(results).map(([name, section]) => sectionOf(name, section)),
  ];
  await writeFormatted(here('../results.md'), text.join('\n\n'));
}

function sectionOf(name, section) {
  const { title, about, date, machine, versions } = section;
  const named = Object.entries(versions).map(([each, version]) => `${each} ${version}`);
  return [
    `## ${title}`,
    about,
    ...picturesOf(section),
    tablesOf(section),
    `\`npm run bench -- ${name}\`, ${date}, on ${machine}: ${named.join(', ')}.`,
  ].join('\n\n');
}

/** Writes the pictures of a section, and shows them on the page. */
function picturesOf({ title, picture, curves }) {
  return [
    ...(picture === undefined ? [] : [shown('results.svg', picture.title, barChart(picture))]),
    ...(curves === undefined ? [] : [shown('growth.svg', title, lineCharts(title, curves))]),
  ];
}

function shown(file, title, drawing) {
  writeFileSync(here(`../${file}`), drawing);
  return `![${title}](${file})`;
}

function tablesOf({ tables }) {
  return tables
    .map(({ caption, columns, rows }) => (caption === undefined ? '' : `${caption}\n\n`) + table(columns, rows))
    .join('\n\n');
}

function goalsOf(sections) {
  const goals = sections.flatMap(({ goals: own = [] }) => own);
  return table(
    ['Goal', 'At least', 'At most', 'Measured', ''],
    goals.map(({ text, figure, bound: { atLeast, atMost }, isMet }) => [
      text,
      atLeast === undefined ? '' : number(atLeast),
      atMost === undefined ? '' : number(atMost),
      figure,
      isMet ? 'met' : 'missed',
    ]),
  );
}

/** A table of Markdown, its first column on the left. */
function table(columns, rows) {
  const cells = [columns, ...rows.map((row) => row.map(written))];
  const widths = columns.map((_, index) => Math.max(3, ...cells.map((row) => String(row[index] ?? '').length)));
  const line = (row) => `| ${row.map((cell, index) => String(cell).padEnd(widths[index])).join(' | ')} |`;
  const rule = widths.map((width, index) => (index === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(columns), line(rule), ...cells.slice(1).map(line)].join('\n');
}
