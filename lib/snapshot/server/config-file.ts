import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { AshConfigurationError } from '../../core/index.js';

const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

/** What stands in a fault's message for the codes of the system that an operator meets. */
const CANNOT_READ: Readonly<Record<string, string>> = {
  EISDIR: 'it is a directory: name the file in it',
  EACCES: 'the process has no permission: see whose file it is',
  ENOTDIR: 'its path leads through a file',
  ELOOP: 'it is a link to itself',
};
const CANNOT_MAKE: Readonly<Record<string, string>> = {
  ENOENT: 'its directory is not there: make that, or name another',
  EACCES: 'the process has no permission to write into its directory',
};

/** Where it is said that a file was made, or that others have access to it: `console`, or a `Logger` of Nest. */
export interface AshSnapshotConfigLog {
  log(message: string): void;
  warn(message: string): void;
}

/** What is wrong with a file of the configuration, and what mends it. */
export function faultIn(path: string, what: string): AshConfigurationError {
  return new AshConfigurationError(`${path}: ${what}.`);
}

/**
 * The text of a file with a secret key, which is made where there is none. Of several processes that start at once, all
 * read what one of them made, and none reads half of it.
 *
 * @param make Gives the text of a new file.
 * @throws AshConfigurationError for a file that can be neither read nor made.
 */
export function readOrMake(path: string, make: () => string, log: AshSnapshotConfigLog): string {
  const text = readIfThere(path, log) ?? makeUnlessThere(path, make(), log) ?? readIfThere(path, log);
  if (text === undefined) throw faultIn(path, 'it is a link to a file that is not there; remove the link');
  return text;
}

/** The text of the file; `undefined` where there is none. */
function readIfThere(path: string, log: AshSnapshotConfigLog): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const text = readFileSync(file, 'utf8');
    // The modes that Windows shows say nothing of who has access.
    if (process.platform !== 'win32' && (fstatSync(file).mode & OTHERS) !== 0) {
      log.warn(`${path}: others than its owner have access to the secret key: chmod 600 ${resolve(path)}`);
    }
    return text;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return undefined;
    throw faultIn(path, `it cannot be read: ${CANNOT_READ[code] ?? code}`);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Makes the file, whole or not at all, and gives its text; `undefined` where another process was first. */
function makeUnlessThere(path: string, text: string, log: AshSnapshotConfigLog): string | undefined {
  const temporary = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    writeNew(temporary, text);
    // Unlike a renaming, it fails where somebody else's file is there already.
    linkSync(temporary, path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return undefined;
    const mend = CANNOT_MAKE[code] ?? `${code}: write it yourself, or give the secret key in code`;
    throw faultIn(path, `it is not there, and cannot be made: ${mend}`);
  } finally {
    rmSync(temporary, { force: true });
  }
  log.log(`${path}: made with a random secret key, for its owner alone; the clients need the same key.`);
  return text;
}

function writeNew(path: string, text: string): void {
  const file = openSync(path, 'wx', OWNER_ONLY);
  try {
    writeFileSync(file, text);
    // What is linked next must not be an empty file after a loss of power.
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** What the system says of a failure, `EACCES`. */
function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
}
