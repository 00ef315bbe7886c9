import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { root } from '../../scripts/run.mjs';

const LINK = /\[[^\]]*\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]*))?\)/g;
const CODE = /^```.*?^```|`[^`\n]*`/gms;
const HEADING = /^#+ (.*)$/gm;

const textOf = (file) => readFileSync(join(root, file), 'utf8');
const withoutCode = (text) => text.replace(/^```.*?^```/gms, '');

/** The anchors of a document, as the sites that show Markdown make them of its headings. */
function anchorsOf(file) {
  return [...withoutCode(textOf(file)).matchAll(HEADING)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe('every link within the documents leads somewhere', () => {
  const documents = readdirSync(join(root, 'docs')).map((name) => `docs/${name}`);
  for (const file of [
    'README.md',
    'SECURITY.md',
    'CHANGELOG.md',
    ...documents.filter((name) => name.endsWith('.md')),
  ]) {
    it(file, () => {
      const lost = [...textOf(file).replace(CODE, '').matchAll(LINK)].filter(([, path, anchor]) => {
        const target = path === '' ? file : join(dirname(file), path);
        return !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor));
      });
      assert.deepEqual(
        lost.map(([link]) => link),
        [],
      );
    });
  }
});
