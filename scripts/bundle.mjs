import { build } from 'esbuild';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { minify } from '@swc/core';
import { root } from './run.mjs';

const TARGET = 'es2022';

/** What each bundle exports. The same text is its type declaration, since it stands beside what it is made of. */
const BUNDLES = {
  ash: `export * from '../esm/client/index.mjs';
export {
  ashBuildProofUnified,
  ashCanonicalizeValue,
  ashExtractScopedFields,
  ashHashBody,
  ashHashProof,
  ashNormalizeBinding,
} from '../esm/core/index.mjs';
`,
  proof: `export {
  ashBuildProof,
  ashBuildProofUnified,
  ashBuildProofV21,
  ashBuildProofV21Chained,
  ashBuildProofV21Scoped,
  ashCanonicalizeValue,
  ashDeriveClientSecret,
  ashExtractScopedFields,
  ashHashBody,
  ashHashProof,
  ashHashScope,
  ashNormalizeBinding,
  ashTimingSafeEqual,
  ashVerifyProof,
  ashVerifyProofUnified,
  ashVerifyProofV21,
  ashVerifyProofV21Chained,
  ashVerifyProofV21Scoped,
} from '../esm/core/index.mjs';
`,
};

/**
 * Members of the library's own records, which no option, context, error or answer has: a page never reads them, so that
 * their names need not be loaded.
 */
const INTERNAL = [
  'after',
  'ahead',
  'base',
  'before',
  'bytes',
  'canonical',
  'chained',
  'contentType',
  'emptyPayload',
  'expectRenewal',
  'fail',
  'fault',
  'finished',
  'fresh',
  'give',
  'heads',
  'isNative',
  'isNfc',
  'isPinned',
  'keyed',
  'kind',
  'learn',
  'lost',
  'names',
  'onProven',
  'pieceLength',
  'prepare',
  'prove',
  'reading',
  'refusal',
  'room',
  'settle',
  'shelf',
  'tails',
  'take',
  'tree',
  'unconfirmed',
];

/** Makes of the built package what a page loads without a bundler: single ES modules, by the side of their types. */
export async function bundleForBrowsers() {
  const { name, version, license } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const folder = join(root, 'dist/browser');
  await mkdir(folder, { recursive: true });
  await Promise.all(
    Object.entries(BUNDLES).map(async ([bundle, contents]) => {
      const code = await minified(await bundled(contents, folder));
      await writeFile(join(folder, `${bundle}.mjs`), `/*! ${name} ${version}, ${license} */\n${code}\n`);
      await writeFile(join(folder, `${bundle}.d.mts`), contents);
    }),
  );
}

async function bundled(contents, resolveDir) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: TARGET,
    minify: true,
    mangleProps: new RegExp(`^(?:${INTERNAL.join('|')})$`),
    legalComments: 'none',
    // Not that of the sources, whose paths lead to the digest of Node.
    tsconfigRaw: {},
    write: false,
  });
  return outputFiles[0].text;
}

/** Once more, by SWC: it writes in place what is called once, which saves 4 % of what is loaded. */
async function minified(source) {
  const { code } = await minify(source, {
    module: true,
    ecma: 2022,
    compress: { ecma: 2022, passes: 3 },
    mangle: { toplevel: true },
  });
  return code;
}
