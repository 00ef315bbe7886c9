import { LONGEST_TIMER } from '../../core/configuration.js';
import { AshConfigurationError } from '../../core/index.js';
import type { AshCipher } from '../cipher/cipher.js';
import { CIPHER_NAMES, isCipher } from '../cipher/message-sealer.js';
import { hidingKeys, secretKeyBytes } from '../cipher/secret-key.js';
import { readConfigFile } from './config-file.js';
import { FILE_KEYS } from './config-keys.js';
import type { CryptoConfig, CryptoFetch } from './crypto-config.js';

/** A configuration, checked and with its defaults. */
export interface ClientSettings {
  /** Ends with no slash. */
  readonly serverUrl: string;
  readonly secretKey: Uint8Array;
  /** Seconds. */
  readonly maxDrift: number;
  readonly handshakePoints: number;
  readonly hashSize: number;
  readonly cipher: AshCipher;
  /** Seconds. */
  readonly tickInterval: number;
  /** Milliseconds. */
  readonly timeout: number;
  readonly fetch: CryptoFetch;
  readonly clock: () => number;
}

/** What was given, before anything of it is known to be right, and how its owner and its keys are written. */
interface GivenConfig {
  readonly owner: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly written: (key: string) => string;
}

const DEFAULT_FILE = 'client_config.json';
/** What one call of the system's generator gives, in points of 32 bytes, is 2048. */
const MOST_POINTS = 1_024;
const MOST_HASH_BYTES = 32;

type Check = readonly [isFit: (value: unknown) => boolean, mend: string];

const CHECKS: Readonly<Record<keyof CryptoConfig, Check>> = {
  serverUrl: [
    (value) => toServerUrl(value) !== undefined,
    "an http or https URL without a user, a password, a query or a fragment, such as 'https://shop.example/crypto'",
  ],
  // Checked by itself, since its value is for no message.
  secretKey: [() => true, ''],
  maxDrift: [isPositive, 'a positive number of seconds'],
  handshakePoints: [wholeFrom1To(MOST_POINTS), `a whole number from 1 to ${MOST_POINTS}`],
  hashSize: [wholeFrom1To(MOST_HASH_BYTES), `a whole number of bytes from 1 to ${MOST_HASH_BYTES}`],
  cipher: [isCipher, `'${CIPHER_NAMES.join("' or '")}'`],
  tickInterval: [isPositive, 'a positive number of seconds'],
  timeout: [
    (value) => typeof value === 'number' && value >= 1 && value <= LONGEST_TIMER,
    `a number of milliseconds from 1 to ${LONGEST_TIMER}`,
  ],
  fetch: [isFunction, 'a function such as fetch'],
  clock: [isFunction, 'a function that gives milliseconds since the epoch'],
};

/**
 * Checks the configuration of a client, or reads it from a file.
 *
 * @param config The configuration, or the path of a file; `undefined` for `client_config.json`.
 * @throws AshConfigurationError that names the option or the file, and the mend. No value of a key stands in it.
 */
export function readSettings(config: unknown): ClientSettings {
  const given = readGiven(config);
  checkOptions(given);
  const { serverUrl, ...others } = given.options as unknown as CryptoConfig;
  return {
    maxDrift: 60,
    handshakePoints: 8,
    hashSize: 16,
    cipher: 'aes-256-gcm',
    tickInterval: 1,
    timeout: 10_000,
    fetch: platformFetch,
    clock: () => Date.now(),
    ...others,
    serverUrl: toServerUrl(serverUrl ?? 'http://localhost:8000') ?? '',
    secretKey: readKey(given),
  };
}

function readGiven(config: unknown): GivenConfig {
  if (config === undefined || typeof config === 'string') {
    const path = config ?? DEFAULT_FILE;
    return { owner: `CryptoClient, '${path}'`, options: readConfigFile(path), written: fileKeyOf };
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new AshConfigurationError(
      `CryptoClient: the configuration is an object, or the path of a file; without one it is read from '${DEFAULT_FILE}'.`,
    );
  }
  // What is undefined is as if it was not there.
  const options = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
  checkNames(options);
  return { owner: 'CryptoClient', options, written: (key) => key };
}

function checkNames(options: object): void {
  const known = Object.keys(CHECKS);
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const meant = Object.hasOwn(FILE_KEYS, key) ? FILE_KEYS[key] : undefined;
    const mend = meant === undefined ? `the options are ${known.join(', ')}` : `write '${meant}'`;
    throw new AshConfigurationError(`CryptoClient: there is no option '${hidingKeys(key)}'; ${mend}.`);
  }
}

function checkOptions({ owner, options, written }: GivenConfig): void {
  for (const [key, value] of Object.entries(options)) {
    const [isFit, mend] = CHECKS[key as keyof CryptoConfig];
    if (!isFit(value)) throw new AshConfigurationError(`${owner}: '${written(key)}' has to be ${mend}.`);
  }
}

function readKey({ owner, options, written }: GivenConfig): Uint8Array {
  const name = `${owner}: '${written('secretKey')}'`;
  if (options['secretKey'] !== undefined) return secretKeyBytes(name, options['secretKey']);
  throw new AshConfigurationError(`${name} is missing: it is the key that the server has.`);
}

function fileKeyOf(key: string): string {
  return Object.entries(FILE_KEYS).find(([, option]) => option === key)?.[0] ?? key;
}

function toServerUrl(value: unknown): string | undefined {
  if (!(value instanceof URL) && typeof value !== 'string') return undefined;
  // What has no scheme would be a path of nothing, and `URL.canParse` is not everywhere.
  if (!/^https?:\/\//i.test(String(value))) return undefined;
  try {
    const { href, origin, pathname } = new URL(value);
    // A user, a password, a query and a fragment stand in neither.
    return href === origin + pathname ? href.replace(/\/+$/, '') : undefined;
  } catch {
    return undefined;
  }
}

/** The platform's `fetch` at the time of the call, so that one that is replaced later on is used too. */
export function platformFetch(url: string, init: RequestInit): Promise<Response> {
  return globalThis.fetch(url, init);
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function wholeFrom1To(most: number): (value: unknown) => boolean {
  return (value) => typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most;
}
