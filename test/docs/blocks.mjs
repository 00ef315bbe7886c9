import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/run.mjs';

const FENCE = /^( *)```(.*)$/;
const OF_CODE = ['ts', 'html'];
const OF_NO_CODE = ['sh', 'json', 'http', 'text', ''];
/** Whose part a block is that does not run by itself: of a server with Nest, or of one without. */
const PARTS = ['server', 'express', 'fastify'];

/**
 * The blocks of code of a Markdown file: where each begins, what it holds, and whether it runs by itself. A block in a
 * language or with a mark that is not known is an error, lest it pass for one that was checked.
 */
export function readBlocks(file) {
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  const blocks = [];
  for (let at = 0; at < lines.length; at += 1) {
    const [, indent, info] = FENCE.exec(lines[at]) ?? [];
    if (indent === undefined) continue;
    const begin = at + 1;
    const end = lines.indexOf(`${indent}\`\`\``, begin);
    if (end === -1) throw new Error(`${file}:${begin}: the block has no end.`);
    const code = lines
      .slice(begin, end)
      .map((line) => line.slice(indent.length))
      .join('\n');
    at = end;
    const block = classify({ file, line: begin, code }, info);
    if (block !== undefined) blocks.push(block);
  }
  return blocks;
}

function classify(block, info) {
  const [language, ...marks] = info.split(' ');
  const unknown = marks.filter((mark) => !PARTS.includes(mark));
  if (OF_NO_CODE.includes(language) && marks.length === 0) return undefined;
  if (!OF_CODE.includes(language) || unknown.length > 0) {
    throw new Error(`${block.file}:${block.line}: nothing checks a block of '${info}'.`);
  }
  const script = language === 'html' ? readPage(block) : block;
  return { ...script, title: `${block.file}:${block.line}`, runs: marks.length === 0, partOf: marks[0] };
}

/** The module of a page with its imports as the page's import map has them, on the lines where it stands. */
function readPage({ file, line, code }) {
  const [, map = '{}'] = /<script type="importmap">(.*?)<\/script>/s.exec(code) ?? [];
  const [, before, script] = /^(.*<script type="module">)(.*?)<\/script>/s.exec(code) ?? [];
  if (script === undefined) throw new Error(`${file}:${line}: the page has no module.`);
  const { imports = {} } = JSON.parse(map);
  const mapped = script.replace(/ from '([^']+)'/g, (text, name) =>
    name in imports ? ` from '${imports[name]}'` : text,
  );
  return { file, line, code: before.replace(/[^\n]/g, '') + mapped };
}

/** What a block says that it prints: the text after each `// →`. */
export function expectedOutput({ code }) {
  return [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text]) => text.trim());
}
