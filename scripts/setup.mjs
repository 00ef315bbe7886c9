import { readdirSync } from 'node:fs';
import { freshen, installPackages } from './fresh.mjs';
import { npm, root } from './run.mjs';

const tsconfigs = readdirSync(root).filter((name) => /^tsconfig.*\.json$/.test(name));
// What is made last.
const library = 'dist/browser/ash.mjs';

await installPackages();

await freshen(library, {
  sources: ['lib', 'package.json', 'package-lock.json', 'scripts/build.mjs', 'scripts/bundle.mjs', ...tsconfigs],
  title: 'Building the library',
  make: () => npm(['run', '--silent', 'build'], { quiet: true }),
});

await freshen('dist-sample/02-shop/main.js', {
  sources: ['sample', 'nest-cli.json', library],
  title: 'Building the samples',
  make: () => npm(['run', '--silent', 'build:samples'], { quiet: true }),
});
