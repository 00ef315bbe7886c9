import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { readOrMake, type AshSnapshotConfigLog } from './config-file.js';
import { ashSnapshotServerConfig } from './server-config.js';

const KEY = Buffer.alloc(32, 0xfb).toString('base64');
/** What a message would show of the key, wherever it was cut. */
const PIECE = KEY.slice(4, 12);
const MAKE_ONE = "make one with: node -e \"console.log(require('node:crypto').randomBytes(32).toString('base64'))\"";

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ash-config-'));
  path = join(directory, 'server_config.json');
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function logOf(): jest.Mocked<AshSnapshotConfigLog> {
  return { log: jest.fn<AshSnapshotConfigLog['log']>(), warn: jest.fn<AshSnapshotConfigLog['warn']>() };
}

function write(text: string | Uint8Array): void {
  writeFileSync(path, text, { mode: 0o600 });
}

/** The message of what keeps the file from being read, without the path. */
function faultOf(at = path): string {
  try {
    ashSnapshotServerConfig(at, logOf());
  } catch (error) {
    expect(error).toMatchObject({ name: 'AshConfigurationError' });
    const { message, stack, cause } = error as Error;
    expect(`${message}${String(stack)}${String(cause)}`).not.toContain(PIECE);
    expect(message.startsWith(`${at}: `)).toBe(true);
    return message.slice(at.length + 2);
  }
  throw new Error('The file was taken.');
}

describe('A server_config.json', () => {
  it('gives what it says, in the names of the library', () => {
    const file = { secret_key: KEY, tick_interval: 0.5, host: '0.0.0.0', port: 0, hash_size: 32, max_drift: 5 };
    write(JSON.stringify(file));
    const log = logOf();
    expect(ashSnapshotServerConfig(path, log)).toStrictEqual({
      secretKey: new Uint8Array(32).fill(0xfb),
      tickInterval: 0.5,
      host: '0.0.0.0',
      port: 0,
      hashSize: 32,
      maxDrift: 5,
    });
    expect([log.log.mock.calls, log.warn.mock.calls]).toStrictEqual([[], []]);
  });

  type Taken = [title: string, text: string];
  const taken: Taken[] = [
    ['the key alone', `{"secret_key":"${KEY}"}`],
    ['the reference’s own, with a fraction that is none', `{"secret_key":"${KEY}","tick_interval":1.0}`],
    ['the mark of an editor in front', `\ufeff{"secret_key":"${KEY}"}`],
    ['the line ends of another system', `{\r\n  "secret_key": "${KEY}"\r\n}\r\n`],
  ];
  it.each(taken)('is taken with %s, and has defaults for the rest', (_title, text) => {
    write(text);
    expect(ashSnapshotServerConfig(path, logOf())).toStrictEqual({
      secretKey: new Uint8Array(32).fill(0xfb),
      tickInterval: 1,
      host: '127.0.0.1',
      port: 8_000,
      hashSize: 16,
    });
  });

  type Row = [title: string, text: string | Uint8Array, fault: string];
  const keys = 'secret_key, tick_interval, host, port, hash_size, max_drift';
  const having = (rest: string): string => `{"secret_key":"${KEY}",${rest}}`;
  const rows: Row[] = [
    ['nothing', '', 'it is empty: remove it, and it is made anew.'],
    ['white space', ' \n', 'it is empty: remove it, and it is made anew.'],
    ['no JSON', `secret_key = "${KEY}"`, 'it is not strict JSON: unexpected character at position 0.'],
    ['half of it', `{"secret_key":"${KEY}`, 'it is not strict JSON: the string at position 14 is malformed.'],
    ['something behind it', `{"secret_key":"${KEY}"}}`, 'it is not strict JSON: unexpected character at position 61.'],
    ['a comment', `{"secret_key":"${KEY}" // mine\n}`, 'it is not strict JSON: unexpected character at position 61.'],
    [
      'another encoding',
      Buffer.from(`{"secret_key":"${KEY}"}`, 'utf16le'),
      'it is not strict JSON: unexpected character at position 1.',
    ],
    [
      'a key that stands twice',
      having(`"secret_key":"${KEY}"`),
      "it is not strict JSON: the key 'secret_key' stands twice in one object.",
    ],
    ['a list', `["${KEY}"]`, 'it is no JSON object.'],
    ['a text', `"${KEY}"`, 'it is no JSON object.'],
    ['null', 'null', 'it is no JSON object.'],
    ['no secret key', '{}', "it has no 'secret_key': write the key's base64."],
    ['the name of the code', `{"secretKey":"${KEY}"}`, "there is no key 'secretKey'; write 'secret_key'."],
    ['another name of the code', having('"tickInterval":1'), "there is no key 'tickInterval'; write 'tick_interval'."],
    ['capital letters', having('"PORT":1'), "there is no key 'PORT'; write 'port'."],
    ['an unknown name', having('"color":1'), `there is no key 'color'; the keys are ${keys}.`],
    ['the name of a prototype', having('"__proto__":{}'), `there is no key '__proto__'; the keys are ${keys}.`],
    ['a name for a terminal to obey', having('"\\u001b[2J":1'), `there is no key '\ufffd[2J'; the keys are ${keys}.`],
    [
      'a secret key that is a number',
      '{"secret_key":7}',
      `'secret_key' is the key's bytes, or their base64; ${MAKE_ONE}.`,
    ],
    [
      'a secret key that is no base64',
      `{"secret_key":"${KEY}!"}`,
      `'secret_key' is the key's bytes, or their base64; ${MAKE_ONE}.`,
    ],
    [
      'a secret key that is too short',
      `{"secret_key":"${KEY.slice(0, 20)}"}`,
      `'secret_key' is too short: 15 bytes instead of at least 16; ${MAKE_ONE}.`,
    ],
    ['a host that is a number', having('"host":7'), "'host' is the address to listen on."],
    ['an empty host', having('"host":" "'), "'host' is the address to listen on."],
    ['a port that is a text', having('"port":"80"'), "'port' is a whole number from 0 to 65535."],
    ['a port too far', having('"port":65536'), "'port' is a whole number from 0 to 65535, not 65536."],
    ['a hash of no bytes', having('"hash_size":0'), "'hash_size' is a whole number of bytes from 1 to 32, not 0."],
    [
      'a tick that never ends',
      having('"tick_interval":1e9'),
      "'tick_interval' is a number of seconds, in whole milliseconds, from 0.01 to 3600, not 1000000000.",
    ],
    ['a drift without a number', having('"max_drift":null'), "'max_drift' is a number of seconds from 0 to 86400."],
  ];
  it.each(rows)('that holds %s is refused, with what mends it', (_title, text, fault) => {
    write(text);
    expect(faultOf()).toBe(fault);
  });

  it('is refused where it is a directory', () => {
    mkdirSync(path);
    expect(faultOf()).toBe('it cannot be read: it is a directory: name the file in it.');
  });

  it('is refused where a file is on the way to it', () => {
    write('');
    expect(faultOf(join(path, 'server_config.json'))).toBe('it cannot be read: its path leads through a file.');
  });

  it('is refused where it is a link to nowhere, and nothing is left behind', () => {
    symlinkSync(join(directory, 'nowhere'), path);
    expect(faultOf()).toBe('it is a link to a file that is not there; remove the link.');
    expect(readdirSync(directory)).toStrictEqual(['server_config.json']);
  });

  it('is refused where it is a link to itself', () => {
    symlinkSync(path, path);
    expect(faultOf()).toBe('it cannot be read: it is a link to itself.');
  });

  it('is refused in a directory that is not there, which is not made', () => {
    const at = join(directory, 'config', 'server_config.json');
    expect(faultOf(at)).toBe(
      'it is not there, and cannot be made: its directory is not there: make that, or name another.',
    );
    expect(readdirSync(directory)).toStrictEqual([]);
  });
});

describe('A server_config.json that the system keeps from the process', () => {
  // Nothing is kept from the superuser, who acts as nobody here.
  const NOBODY = 65_534;
  const isSuperuser = process.getuid?.() === 0;

  beforeEach(() => {
    write('');
    chmodSync(path, 0);
    chmodSync(directory, 0o555);
    if (isSuperuser) process.seteuid?.(NOBODY);
  });

  afterEach(() => {
    if (isSuperuser) process.seteuid?.(0);
    chmodSync(directory, 0o755);
  });

  it('is refused', () => {
    expect(faultOf()).toBe('it cannot be read: the process has no permission: see whose file it is.');
  });

  it('is refused where it would have to be made', () => {
    expect(faultOf(join(directory, 'other.json'))).toBe(
      'it is not there, and cannot be made: the process has no permission to write into its directory.',
    );
  });
});

describe('A server_config.json that is not there', () => {
  it('is made with a random key for its owner alone, an address of this machine, and said once', () => {
    const log = logOf();
    const made = ashSnapshotServerConfig(path, log);
    expect(made).toMatchObject({ tickInterval: 1, host: '127.0.0.1', port: 8_000, hashSize: 16 });
    expect(made.secretKey).toHaveLength(32);
    const text = readFileSync(path, 'utf8');
    expect(JSON.parse(text)).toStrictEqual({
      secret_key: Buffer.from(made.secretKey).toString('base64'),
      tick_interval: 1,
      host: '127.0.0.1',
      port: 8_000,
      hash_size: 16,
    });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(ashSnapshotServerConfig(path, log)).toStrictEqual(made);
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(readdirSync(directory)).toStrictEqual(['server_config.json']);
    expect(log.log.mock.calls).toStrictEqual([
      [`${path}: made with a random secret key, for its owner alone; the clients need the same key.`],
    ]);
    expect(log.warn).not.toHaveBeenCalled();
  });

  it('is made with another key each time', () => {
    const first = ashSnapshotServerConfig(path, logOf());
    rmSync(path);
    expect(ashSnapshotServerConfig(path, logOf()).secretKey).not.toStrictEqual(first.secretKey);
  });

  it('is made for its owner alone whatever the mask of the process allows', () => {
    const mask = process.umask(0);
    try {
      ashSnapshotServerConfig(path, logOf());
    } finally {
      process.umask(mask);
    }
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is that of the process which was first, whenever another one comes', () => {
    const log = logOf();
    const mine = (): string => {
      write('theirs');
      return 'mine';
    };
    expect(readOrMake(path, mine, log)).toBe('theirs');
    expect(log.log).not.toHaveBeenCalled();
    expect(readdirSync(directory)).toStrictEqual(['server_config.json']);
  });
});

describe('A server_config.json that others than its owner have access to', () => {
  type Row = [title: string, mode: number, isWarned: boolean];
  const rows: Row[] = [
    ['its owner alone', 0o600, false],
    ['its owner alone, who may not write', 0o400, false],
    ['its group', 0o640, true],
    ['everybody', 0o644, true],
    ['everybody, for writing alone', 0o602, true],
  ];
  it.each(rows)('is taken, and warned of with the mend: %s', (_title, mode, isWarned) => {
    write(`{"secret_key":"${KEY}"}`);
    chmodSync(path, mode);
    const log = logOf();
    expect(ashSnapshotServerConfig(path, log).port).toBe(8_000);
    const warning = `${path}: others than its owner have access to the secret key: chmod 600 ${path}`;
    expect(log.warn.mock.calls).toStrictEqual(isWarned ? [[warning]] : []);
  });
});
