import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './run.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const find = () =>
  ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)]
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find(isExecutable);

async function install() {
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, quiet: true };
  return (
    (await run('apt-get', ['update'], options)) &&
    (await run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], options))
  );
}

/** The path of Chromium's executable; root on Debian gets it installed. */
export async function chromiumPath() {
  const named = process.env.CHROMIUM_PATH;
  if (named) {
    if (isExecutable(named)) return named;
    throw new Error(`The browser tests need Chromium: CHROMIUM_PATH names ${named}, which is no executable file`);
  }
  const found = find();
  if (found) return found;

  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) {
    throw new Error(
      `The browser tests need Chromium: none of ${NAMES.join(', ')} is on the PATH. Install one, or name it in CHROMIUM_PATH`,
    );
  }
  console.log('Installing Chromium');
  const installed = (await install()) && find();
  if (installed) return installed;
  throw new Error(
    'The browser tests need Chromium: `apt-get install chromium` failed. Install it, or name it in CHROMIUM_PATH',
  );
}
