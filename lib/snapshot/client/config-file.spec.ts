import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import { FakeSnapshots, SECRET_KEY, SERVER_URL } from '../../../test/support/fake-snapshots.js';
import { CryptoClient } from './index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ash-client-config-'));
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

function write(content: unknown, name = 'client_config.json'): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** What the constructor throws for a file. */
function failureFor(path?: string): unknown {
  try {
    return new CryptoClient(path);
  } catch (error) {
    return error;
  }
}

const REFERENCE = {
  server_url: SERVER_URL,
  secret_key: SECRET_KEY,
  max_drift: 60,
  handshake_points: 8,
  hash_size: 16,
};

describe('a client_config.json', () => {
  it('as the reference writes it makes a client', async () => {
    const server = new FakeSnapshots();
    jest.spyOn(globalThis, 'fetch').mockImplementation((url, init) => server.fetch(url as string, init ?? {}));
    jest.spyOn(Date, 'now').mockImplementation(() => server.now);
    const client = new CryptoClient(write(REFERENCE));
    const message = await client.encryptMessage('text');

    expect(await new CryptoClient(server.config()).decryptMessage(message)).toHaveLength(4);
    expect(server.seen.map(({ url }) => url.href)).toContain(`${SERVER_URL}/handshake`);
  });

  it('is that of the working directory where none is named', () => {
    const missing = failureFor();
    write(REFERENCE);
    const before = process.cwd();
    process.chdir(folder);
    const made = failureFor();
    process.chdir(before);

    expect((missing as Error).message).toContain("CryptoClient, 'client_config.json': the file is not there");
    expect(made).toBeInstanceOf(CryptoClient);
  });

  it.each<[string, unknown]>([
    ['with the key alone', { secret_key: SECRET_KEY }],
    ['with the keys of ours', { ...REFERENCE, cipher: 'aes-256-gcm', tick_interval: 0.5 }],
    ['with a byte order mark', `\ufeff${JSON.stringify(REFERENCE)}`],
    ['with white space', `\n ${JSON.stringify(REFERENCE, undefined, 4)}\r\n`],
  ])('is read: %s', (_title, content) => {
    expect(failureFor(write(content))).toBeInstanceOf(CryptoClient);
  });

  it.each<[title: string, content: unknown, said: string]>([
    ['an empty file', '', 'the file holds no JSON object, or a key twice: write { "server_url":'],
    ['no JSON', `secret_key=${SECRET_KEY}`, 'the file holds no JSON object'],
    ['half of it', JSON.stringify(REFERENCE).slice(0, -2), 'the file holds no JSON object'],
    ['a list', [REFERENCE], 'the file holds no JSON object'],
    ['a text', JSON.stringify(SECRET_KEY), 'the file holds no JSON object'],
    ['null', 'null', 'the file holds no JSON object'],
    ['a key twice', `{"secret_key":"${SECRET_KEY}","secret_key":"${SECRET_KEY}"}`, 'a key twice'],
    ['no secret key', { server_url: SERVER_URL }, "'secret_key' is missing"],
    ['a secret key that is null', { secret_key: null }, "'secret_key' is the key's bytes, or their base64"],
    ['a secret key that is no base64', { secret_key: `-${SECRET_KEY}` }, "'secret_key' is the key's bytes"],
    ['a secret key that is too short', { secret_key: 'AAAA' }, "'secret_key' is too short: 3 bytes"],
    ['the option of an object', { serverUrl: SERVER_URL }, "there is no key 'serverUrl'; write 'server_url'"],
    ['the key of an object', { secretKey: SECRET_KEY }, "there is no key 'secretKey'; write 'secret_key'"],
    ['what is for code alone', { ...REFERENCE, fetch: 'fetch' }, "there is no key 'fetch'; the keys are server_url,"],
    ['an unknown key', { ...REFERENCE, port: 8000 }, "there is no key 'port'; the keys are server_url, secret_key"],
    ['an inherited name', { ...REFERENCE, toString: 1 }, "there is no key 'toString'; the keys are"],
    ['a drift of another type', { ...REFERENCE, max_drift: '60' }, "'max_drift' has to be a positive number"],
    ['points of another type', { ...REFERENCE, handshake_points: 8.5 }, "'handshake_points' has to be a whole number"],
    ['a hash that is too long', { ...REFERENCE, hash_size: 64 }, "'hash_size' has to be a whole number of bytes"],
    ['a tick of nothing', { ...REFERENCE, tick_interval: 0 }, "'tick_interval' has to be a positive number"],
    ['another cipher', { ...REFERENCE, cipher: 'none' }, "'cipher' has to be 'aes-256-gcm' or 'array-crypto'"],
    ['no URL', { ...REFERENCE, server_url: 'localhost:8000' }, "'server_url' has to be an http or https URL"],
  ])('is refused, and says which file and why: %s', (_title, content, said) => {
    const path = write(content);
    const failure = failureFor(path) as Error;

    expect(failure).toMatchObject({ name: 'AshConfigurationError', code: 'ASH_CONFIGURATION_ERROR' });
    expect(failure.message).toContain(`CryptoClient, '${path}': `);
    expect(failure.message).toContain(said);
    expect(inspect(failure, { depth: null, showHidden: true })).not.toContain(SECRET_KEY.slice(0, 8));
  });

  it.each<[title: string, make: () => string, said: string]>([
    ['a missing file', () => join(folder, 'none.json'), 'the file is not there: write one such as { "server_url":'],
    ['a missing folder', () => join(folder, 'none/client_config.json'), 'the file is not there'],
    ['a folder', () => folder, 'the file is a folder'],
    ['a path through a file', () => join(write({}), 'client_config.json'), 'the file cannot be read: ENOTDIR'],
    ['a path of nothing', () => '', 'the file is not there'],
  ])('that cannot be read says why: %s', (_title, make, said) => {
    const path = make();
    const failure = failureFor(path) as Error;

    expect(failure).toMatchObject({ name: 'AshConfigurationError' });
    expect(failure.message).toContain(`CryptoClient, '${path}': ${said}`);
  });

  it('is no place for a key, which is not shown', () => {
    const failure = failureFor(SECRET_KEY) as Error;

    expect(failure.message).toContain('a key is given in an object: { secretKey }');
    expect(inspect(failure, { depth: null, showHidden: true })).not.toContain(SECRET_KEY.slice(0, 8));
  });
});
