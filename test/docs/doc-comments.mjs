import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/run.mjs';

const COMMENT = /^ *\/\*\*.*?\*\//gms;
const TAG = /^@|^Source: /;

/** The examples in the documentation comments of a folder's sources. */
export function readExamples(folder) {
  return readdirSync(join(root, folder))
    .filter((name) => /(?<!\.spec)\.ts$/.test(name))
    .flatMap((name) => examplesOf(`${folder}/${name}`));
}

function examplesOf(file) {
  const source = readFileSync(join(root, file), 'utf8');
  return [...source.matchAll(COMMENT)].flatMap(({ 0: comment, index }) => {
    const first = source.slice(0, index).split('\n').length;
    const lines = comment.split('\n').map((line) => line.replace(/^ *(?:\*\/|\* ?|\/\*\*)/, ''));
    return lines.flatMap((text, at) => {
      if (text !== '@example') return [];
      const code = lines.slice(at + 1);
      const end = code.findIndex((line) => TAG.test(line));
      const line = first + at + 1;
      return [{ file, line, title: `${file}:${line}`, code: code.slice(0, end === -1 ? undefined : end).join('\n') }];
    });
  });
}
