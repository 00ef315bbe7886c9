import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/run.mjs';

/** The rows of the table below a heading of a Markdown file whose first column is named so, as texts without marks. */
export function readTable(file, heading, column) {
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  const begin = lines.indexOf(heading);
  const top = lines.findIndex((line, at) => at > begin && cellsOf(line)[0] === column);
  if (begin === -1 || top === -1) throw new Error(`${file}: no table of '${column}' below '${heading}'.`);
  const below = lines.slice(top + 2);
  return below
    .slice(
      0,
      below.findIndex((line) => !line.startsWith('|')),
    )
    .map(cellsOf);
}

function cellsOf(line) {
  const cells = line.split('|').slice(1, -1);
  return cells.map((cell) => cell.trim().replace(/^[`*]+|[`*¹²]+$/g, ''));
}
