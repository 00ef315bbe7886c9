import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { formatWithOptions } from 'node:util';
import ts from 'typescript';
import { root } from '../../scripts/run.mjs';
import { provide } from './reader.mjs';

const SHOP = 'https://shop.example';
const IMPORT = /( from |\bimport )'([^']+)'/g;
const BROWSER_BUILD = /\/((?:ash|proof)\.mjs)$/;

let runs = 0;

/** Runs an example against a shop, which takes the place of https://shop.example, and answers the lines that it printed. */
export function runExample({ code }, shop) {
  return runModule(code.replaceAll(SHOP, shop), provide(shop));
}

/**
 * Runs a module and answers the lines that it printed.
 *
 * @param takeAway Called when it has ended.
 */
export async function runModule(code, takeAway) {
  const printed = [];
  const { log } = console;
  console.log = (...values) =>
    void printed.push(formatWithOptions({ breakLength: Number.POSITIVE_INFINITY }, ...values));
  try {
    await import(asUrl(code));
  } finally {
    console.log = log;
    takeAway();
  }
  return printed;
}

/** The JavaScript of an example, as an address to import it by. */
function asUrl(code) {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  const resolved = outputText.replace(IMPORT, (_, keyword, name) => `${keyword}'${resolve(name)}'`);
  // An address that was imported before would not run again.
  return `data:text/javascript,${encodeURIComponent(`${resolved}\n// ${(runs += 1)}`)}`;
}

/** Where this package finds what an example imports: by its own name what was built of it. */
function resolve(name) {
  const [, build] = BROWSER_BUILD.exec(name) ?? [];
  return build === undefined ? import.meta.resolve(name) : pathToFileURL(join(root, 'dist/browser', build)).href;
}
