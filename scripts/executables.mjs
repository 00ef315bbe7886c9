import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export const pathFolders = () => (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');

/** The first executable of these names in the folders. */
export const findExecutable = (names, folders) =>
  folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
