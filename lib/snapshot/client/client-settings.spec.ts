import { jest } from '@jest/globals';
import { FakeSnapshots, SECRET_KEY, SERVER_URL } from '../../../test/support/fake-snapshots.js';
import { CryptoClient, type CryptoConfig } from './index.js';

const KEY = { secretKey: SECRET_KEY };

/** What the constructor says of a configuration. */
function saidOf(config: unknown): string {
  try {
    return `nothing: ${new CryptoClient(config as CryptoConfig).constructor.name}`;
  } catch (error) {
    const { name, code, message } = error as { name: string; code: string; message: string };
    return `${name} ${code} ${message}`;
  }
}

beforeEach(() => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe('a configuration as an object', () => {
  const url = 'an http or https URL without a user, a password, a query or a fragment';
  const rows: [title: string, config: unknown, said: string][] = [
    ['null', null, 'the configuration is an object, or the path of a file'],
    ['a number', 7, 'the configuration is an object, or the path of a file'],
    ['a list', [KEY], 'the configuration is an object, or the path of a file'],

    ['no key', {}, "'secretKey' is missing"],
    ['a key that is undefined', { secretKey: undefined }, "'secretKey' is missing"],
    ['a key of another type', { secretKey: 7 }, "'secretKey' is the key's bytes, or their base64"],
    ['a key of another alphabet', { secretKey: `${SECRET_KEY}*` }, "'secretKey' is the key's bytes, or their base64"],
    ['a key that is too short', { secretKey: 'AAAA' }, "'secretKey' is too short: 3 bytes"],
    ['a key of too few bytes', { secretKey: new Uint8Array(15) }, "'secretKey' is too short: 15 bytes"],

    ['an unknown option', { ...KEY, retries: 3 }, "there is no option 'retries'; the options are serverUrl, secretKey"],
    ['the key of a file', { ...KEY, server_url: SERVER_URL }, "there is no option 'server_url'; write 'serverUrl'"],
    ['the secret key of a file', { secret_key: SECRET_KEY }, "there is no option 'secret_key'; write 'secretKey'"],
    ['an inherited name', { ...KEY, constructor: 1 }, "there is no option 'constructor'; the options are"],

    ['a host without a scheme', { ...KEY, serverUrl: 'shop.example' }, `'serverUrl' has to be ${url}`],
    ['a path', { ...KEY, serverUrl: '/crypto' }, `'serverUrl' has to be ${url}`],
    ['another scheme', { ...KEY, serverUrl: 'ftp://shop.example' }, `'serverUrl' has to be ${url}`],
    ['a URL of another scheme', { ...KEY, serverUrl: new URL('file:///etc') }, `'serverUrl' has to be ${url}`],
    ['a user in the URL', { ...KEY, serverUrl: 'https://user@shop.example' }, `'serverUrl' has to be ${url}`],
    ['a password in the URL', { ...KEY, serverUrl: 'https://:secret@shop.example' }, `'serverUrl' has to be ${url}`],
    ['a query in the URL', { ...KEY, serverUrl: 'https://shop.example/?a=1' }, `'serverUrl' has to be ${url}`],
    ['a fragment in the URL', { ...KEY, serverUrl: 'https://shop.example/#a' }, `'serverUrl' has to be ${url}`],
    ['no URL at all', { ...KEY, serverUrl: 'https://' }, `'serverUrl' has to be ${url}`],
    ['a URL of another type', { ...KEY, serverUrl: 7 }, `'serverUrl' has to be ${url}`],

    ...[0, -1, NaN, Infinity, '60', null].map((value): [string, unknown, string] => [
      `a drift of ${JSON.stringify(value)}`,
      { ...KEY, maxDrift: value },
      "'maxDrift' has to be a positive number of seconds",
    ]),
    ...[0, -1, NaN, Infinity, '1'].map((value): [string, unknown, string] => [
      `a tick of ${JSON.stringify(value)}`,
      { ...KEY, tickInterval: value },
      "'tickInterval' has to be a positive number of seconds",
    ]),
    ...[0, 1.5, 1_025, '8'].map((value): [string, unknown, string] => [
      `${value} points`,
      { ...KEY, handshakePoints: value },
      "'handshakePoints' has to be a whole number from 1 to 1024",
    ]),
    ...[0, 1.5, 33, '16'].map((value): [string, unknown, string] => [
      `a hash of ${value} bytes`,
      { ...KEY, hashSize: value },
      "'hashSize' has to be a whole number of bytes from 1 to 32",
    ]),
    ...[0, -1, 2 ** 31, NaN, '1'].map((value): [string, unknown, string] => [
      `a time of ${value} ms`,
      { ...KEY, timeout: value },
      "'timeout' has to be a number of milliseconds from 1 to 2147483647",
    ]),
    ['another cipher', { ...KEY, cipher: 'rot13' }, "'cipher' has to be 'aes-256-gcm' or 'array-crypto'"],
    ['a name that every object has', { ...KEY, cipher: 'toString' }, "'cipher' has to be 'aes-256-gcm' or"],
    ['no fetch', { ...KEY, fetch: {} }, "'fetch' has to be a function such as fetch"],
    ['a time for a clock', { ...KEY, clock: 7 }, "'clock' has to be a function that gives milliseconds"],
  ];

  it.each(rows)('is refused, and says why: %s', (_title, config, said) => {
    const message = saidOf(config);

    expect(message).toContain(`AshConfigurationError ASH_CONFIGURATION_ERROR CryptoClient: ${said}`);
    expect(message).not.toContain(SECRET_KEY);
  });

  it.each<[string, unknown]>([
    ['the key alone', KEY],
    ['the key as bytes', { secretKey: Buffer.from(SECRET_KEY, 'base64') }],
    ['a URL', { ...KEY, serverUrl: new URL(SERVER_URL) }],
    ['the least of all', { ...KEY, maxDrift: 1, handshakePoints: 1, hashSize: 1, tickInterval: 0.01, timeout: 1 }],
    ['the most of all', { ...KEY, handshakePoints: 1_024, hashSize: 32, timeout: 2 ** 31 - 1 }],
    ['the other cipher', { ...KEY, cipher: 'array-crypto' }],
    ['options that are undefined', { ...KEY, serverUrl: undefined, maxDrift: undefined, fetch: undefined }],
  ])('is taken: %s', (_title, config) => {
    expect(saidOf(config)).toBe('nothing: CryptoClient');
  });
});

describe('where the server is', () => {
  it.each([
    ['https://shop.example', 'https://shop.example/handshake'],
    ['https://shop.example/', 'https://shop.example/handshake'],
    ['HTTPS://Shop.Example/a/b//', 'https://shop.example/a/b/handshake'],
    [new URL('http://[::1]:8000/a'), 'http://[::1]:8000/a/handshake'],
    [undefined, 'http://localhost:8000/handshake'],
  ])('%s', async (serverUrl, expected) => {
    const asked: string[] = [];
    const fetch = (url: string): Promise<Response> => {
      asked.push(url);
      return Promise.resolve(Response.json({ status: 'ok' }));
    };
    await new CryptoClient({ ...KEY, fetch, ...(serverUrl && { serverUrl }) }).authenticate();

    expect(asked).toEqual([expected]);
  });

  it('is asked by the platform’s fetch of that moment', async () => {
    const server = new FakeSnapshots();
    const client = new CryptoClient({ ...KEY, serverUrl: SERVER_URL, clock: () => server.now });
    jest.spyOn(globalThis, 'fetch').mockImplementation((url, init) => server.fetch(url as string, init ?? {}));

    expect(await client.decryptMessage(await client.encryptMessage('text'))).toHaveLength(4);
  });
});
