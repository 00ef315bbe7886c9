import { canInstall, installDebian } from './debian.mjs';
import { findExecutable, isExecutable, pathFolders } from './executables.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

const find = () => findExecutable(NAMES, ['/usr/bin', ...pathFolders()]);

/** The path of Chromium's executable; root on Debian gets it installed. */
export async function chromiumPath() {
  const named = process.env.CHROMIUM_PATH;
  if (named) {
    if (isExecutable(named)) return named;
    throw new Error(`The browser tests need Chromium: CHROMIUM_PATH names ${named}, which is no executable file`);
  }
  const found = find();
  if (found) return found;

  if (!canInstall()) {
    throw new Error(
      `The browser tests need Chromium: none of ${NAMES.join(', ')} is on the PATH. Install one, or name it in CHROMIUM_PATH`,
    );
  }
  const installed = (await installDebian(['chromium'])) && find();
  if (installed) return installed;
  throw new Error(
    'The browser tests need Chromium: `apt-get install chromium` failed. Install it, or name it in CHROMIUM_PATH',
  );
}
