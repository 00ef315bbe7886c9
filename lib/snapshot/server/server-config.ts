import { randomBytes } from 'node:crypto';
import { isAshError } from '../../core/index.js';
import { parseStrictJson } from '../../core/strict-json.js';
import { shown } from '../../core/text.js';
import { hidingKeys, secretKeyBytes } from '../cipher/secret-key.js';
import { faultIn, readOrMake, type AshSnapshotConfigLog } from './config-file.js';
import { checkRange } from './ranges.js';

const DEFAULT_PATH = 'server_config.json';
const KEY_BYTES = 32;
/** A name or an address: what neither has is a slip. */
const HOST = /^[\w.:%-]+$/;
const BYTE_ORDER_MARK = '\ufeff';

/** What counts where the file is silent, and what a new file says. The reference's host is every address of a machine. */
const DEFAULTS = { tick_interval: 1, host: '127.0.0.1', port: 8_000, hash_size: 16 };
const FILE_KEYS = ['secret_key', 'tick_interval', 'host', 'port', 'hash_size', 'max_drift'] as const;

type FileKey = (typeof FILE_KEYS)[number];

/** What a `server_config.json` says. */
export interface AshSnapshotServerConfig {
  /** The key that server and clients share: the bytes of the file's base64. */
  readonly secretKey: Uint8Array;
  /** The length of a tick, in seconds. Default 1. */
  readonly tickInterval: number;
  /** The address to listen on. Default `127.0.0.1`. */
  readonly host: string;
  /** The port to listen on. Default 8000. */
  readonly port: number;
  /** The length of a handshake's hash, in bytes. Default 16. */
  readonly hashSize: number;
  /** How long a snapshot is kept after its tick, in seconds; absent where the file does not say it. */
  readonly maxDrift?: number;
}

/**
 * Reads a `server_config.json`; where there is none, makes one with a random key, which its owner alone may read, and an
 * address that this machine alone reaches. Of several processes that start at once all have the same key.
 *
 * @param path Default `server_config.json` in the working directory.
 * @param log Where it is said that the file was made, or that others have access to it. Default `console`.
 * @throws AshConfigurationError that names the file, the key and the mend, and shows no secret.
 * @example
 * const { host, port } = ashSnapshotServerConfig('server_config.json');
 * await app.listen(port, host);
 *
 * Source: protocol, section 10.
 */
export function ashSnapshotServerConfig(
  path: string = DEFAULT_PATH,
  log: AshSnapshotConfigLog = console,
): AshSnapshotServerConfig {
  const file = objectOf(path, readOrMake(path, newText, log));
  checkNames(path, file);
  const { secret_key, tick_interval, host, port, hash_size, max_drift } = { ...DEFAULTS, ...file };
  if (secret_key === undefined) throw faultIn(path, "it has no 'secret_key': write the key's base64");
  if (typeof host !== 'string' || !HOST.test(host)) throw faultIn(path, "'host' is the address to listen on");
  const name = (key: FileKey): string => `${path}: '${key}'`;
  return {
    secretKey: secretKeyBytes(name('secret_key'), secret_key),
    tickInterval: checkRange(name('tick_interval'), 'tickInterval', tick_interval),
    host,
    port: checkRange(name('port'), 'port', port),
    hashSize: checkRange(name('hash_size'), 'hashSize', hash_size),
    ...(max_drift === undefined ? {} : { maxDrift: checkRange(name('max_drift'), 'maxDrift', max_drift) }),
  };
}

function newText(): string {
  return `${JSON.stringify({ secret_key: randomBytes(KEY_BYTES).toString('base64'), ...DEFAULTS }, null, 2)}\n`;
}

function objectOf(path: string, text: string): Partial<Record<FileKey, unknown>> {
  if (text.trim() === '') throw faultIn(path, 'it is empty: remove it, and it is made anew');
  const value = parse(path, text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw faultIn(path, 'it is no JSON object');
}

function parse(path: string, text: string): unknown {
  try {
    return parseStrictJson(text, 2);
  } catch (error) {
    if (!isAshError(error)) throw error;
    // Without its cause, whose message may show a piece of the text.
    throw faultIn(path, error.message.replace(/^The text is/, 'it is').replace(/\.$/, ''));
  }
}

function checkNames(path: string, file: object): void {
  for (const key of Object.keys(file)) {
    if (FILE_KEYS.some((known) => known === key)) continue;
    const meant = FILE_KEYS.find((known) => plain(known) === plain(key));
    const mend = meant === undefined ? `the keys are ${FILE_KEYS.join(', ')}` : `write '${meant}'`;
    throw faultIn(path, `there is no key '${shown(hidingKeys(key))}'; ${mend}`);
  }
}

/** A name without what tells snake_case from camelCase. */
function plain(name: string): string {
  return name.replaceAll(/[_-]/g, '').toLowerCase();
}
