import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleForBrowsers } from './bundle.mjs';
import { node, root } from './run.mjs';

const RELATIVE_IMPORT = /(\b(?:from|import)\s*\(?\s*)(['"])(\.\.?\/[^'"\n]*)\.js\2/g;
const SOURCE_MAP = /^(\/\/# sourceMappingURL=.*)\.js\.map$/m;

const compile = (project) => node(['node_modules/typescript/bin/tsc', '--project', project]);

/**
 * tsc names ESM `.js`, which Node takes for ESM only below a second package.json; but that one would hide the `imports`
 * of the package's own. `.mjs` needs none.
 */
async function nameAsEsm(folder) {
  for (const file of await readdir(folder, { recursive: true })) {
    const target = file.replace(/\.js(\.map)?$/, '.mjs$1').replace(/\.d\.ts$/, '.d.mts');
    if (target === file) continue;
    const source = await readFile(join(folder, file), 'utf8');
    await writeFile(
      join(folder, target),
      file.endsWith('.map')
        ? JSON.stringify({ ...JSON.parse(source), file: target.split('/').at(-1).slice(0, -'.map'.length) })
        : source.replace(RELATIVE_IMPORT, '$1$2$3.mjs$2').replace(SOURCE_MAP, '$1.mjs.map'),
    );
    await rm(join(folder, file));
  }
}

await rm(join(root, 'dist'), { recursive: true, force: true });
const compiled = await Promise.all([compile('tsconfig.cjs.json'), compile('tsconfig.esm.json')]);

if (compiled.every(Boolean)) {
  await nameAsEsm(join(root, 'dist/esm'));
  await bundleForBrowsers();
} else process.exitCode = 1;
