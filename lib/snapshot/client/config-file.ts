import * as platform from '#platform';
import { AshConfigurationError, ashParseJson } from '../../core/index.js';
import { hidingKeys, mayBeKey } from '../cipher/secret-key.js';
import { FILE_KEYS } from './config-keys.js';

const EXAMPLE = '{ "server_url": "http://localhost:8000", "secret_key": "<the server\'s key in base64>" }';

/** What the system says of a path that leads somewhere. */
const ARE_THERE = ['EISDIR', 'EACCES'];
const NO_PATH =
  'CryptoClient: the text that was given is the path of no file that can be read; a key is given in an object: { secretKey }.';

/** What the system says of a file that it does not give, and what mends it. */
const MENDS: Readonly<Record<string, string>> = {
  ENOENT: `is not there: write one such as ${EXAMPLE}, or give the configuration as an object`,
  EISDIR: 'is a folder: give the path of a file',
  EACCES: 'may not be read: give this process the right to',
};

/**
 * The options in a `client_config.json`, under the names that they have in an object. Their values are not checked.
 *
 * @throws AshConfigurationError that names the file and the mend, and nothing of what the file holds but names of keys.
 */
export function readConfigFile(path: string): Record<string, unknown> {
  const owner = `CryptoClient, '${path}'`;
  const content = parse(owner, read(owner, path));
  return Object.fromEntries(Object.entries(content).map(([key, value]) => [optionOf(owner, key), value]));
}

function read(owner: string, path: string): string {
  try {
    return platform.readTextFile(path);
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (!ARE_THERE.includes(code) && mayBeKey(path)) throw new AshConfigurationError(NO_PATH);
    if (error instanceof AshConfigurationError) throw error;
    throw new AshConfigurationError(`${owner}: the file ${MENDS[code] ?? `cannot be read: ${code}`}.`, {
      cause: error,
    });
  }
}

function parse(owner: string, text: string): object {
  const content = parsed(text.replace(/^\uFEFF/, ''));
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content;
  // What a parser says shows a piece of the text, which may be the key.
  throw new AshConfigurationError(`${owner}: the file holds no JSON object, or a key twice: write ${EXAMPLE}.`);
}

function parsed(text: string): unknown {
  try {
    return ashParseJson(text);
  } catch {
    return undefined;
  }
}

function optionOf(owner: string, key: string): string {
  const option = Object.hasOwn(FILE_KEYS, key) ? FILE_KEYS[key] : undefined;
  if (option !== undefined) return option;
  const meant = Object.entries(FILE_KEYS).find(([, name]) => name === key)?.[0];
  const mend = meant === undefined ? `the keys are ${Object.keys(FILE_KEYS).join(', ')}` : `write '${meant}'`;
  throw new AshConfigurationError(`${owner}: there is no key '${hidingKeys(key)}'; ${mend}.`);
}
