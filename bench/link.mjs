import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Lets what stands in this folder, which is a package of its own, find the library by its name. */
export function linkLibrary() {
  if (existsSync(here('node_modules/nestjs-ash'))) return;
  mkdirSync(here('node_modules'), { recursive: true });
  symlinkSync('../..', here('node_modules/nestjs-ash'), 'dir');
}
