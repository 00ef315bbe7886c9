import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { npm, root } from './run.mjs';

/** The time of the last change of a file, or of anything in a folder; a deletion changes its folder. */
function changed(path) {
  const absolute = join(root, path);
  const stats = statSync(absolute, { throwIfNoEntry: false });
  if (stats === undefined) return 0;
  const inside = stats.isDirectory() ? readdirSync(absolute).map((name) => changed(join(path, name))) : [];
  return Math.max(stats.mtimeMs, ...inside);
}

/** Makes a product unless it is there and newer than its sources. */
export async function freshen(product, { sources, title, make }) {
  const made = changed(product);
  if (made > 0 && made >= Math.max(...sources.map(changed))) return;
  console.log(title);
  if (!(await make())) throw new Error(`${title}: failed`);
}

export const installPackages = (folder = '', options = []) =>
  freshen(join(folder, 'node_modules/.package-lock.json'), {
    sources: [join(folder, 'package-lock.json')],
    title: `Installing packages${folder && ` in ${folder}`}`,
    make: () =>
      npm(['ci', '--include=dev', '--no-audit', '--no-fund', ...options], { cwd: join(root, folder), quiet: true }),
  });
