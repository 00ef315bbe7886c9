import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AshConfigurationError } from '../../core/index.js';
import { hidingKeys, secretKeyBytes } from './secret-key.js';
import { ashSignSnapshot } from './signature.js';

const NAME = "CryptoClient: 'secretKey'";
/** Bytes whose base64 has both characters that base64url has not, and all of the padding there is, by their count. */
const bytesOf = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_byte, index) => 0xfb - index);

describe('secretKeyBytes', () => {
  it.each([16, 17, 18, 24, 32, 64, 100])('takes a key of %i bytes in each of its forms', (count) => {
    const bytes = bytesOf(count);
    const base64 = Buffer.from(bytes).toString('base64');
    for (const form of [bytes, Buffer.from(bytes), base64, base64.replaceAll('=', '')]) {
      expect(Array.from(secretKeyBytes(NAME, form))).toEqual(Array.from(bytes));
    }
  });

  it('takes both forms of the keys that the expected values have, which sign alike', () => {
    const { snapshotSignature } = JSON.parse(readFileSync(join(process.cwd(), 'test/vectors/ash.json'), 'utf8')) as {
      snapshotSignature: { secretKey: string; tick: number; seed: number; timestamp: number; signature: string }[];
    };
    for (const { secretKey, signature, ...fields } of snapshotSignature) {
      for (const form of [secretKey, secretKey.replaceAll('=', ''), new Uint8Array(Buffer.from(secretKey, 'base64'))]) {
        expect(ashSignSnapshot(secretKeyBytes(NAME, form), fields)).toBe(signature);
      }
    }
  });

  it.each([
    ['bytes', (bytes: Uint8Array) => bytes],
    ["Node's own bytes", (bytes: Uint8Array) => Buffer.from(bytes.buffer)],
  ])('shares no memory with %s', (_title, formOf) => {
    const given = bytesOf(32);
    const bytes = secretKeyBytes(NAME, formOf(given));
    given.fill(0);
    expect(Array.from(bytes)).toEqual(Array.from(bytesOf(32)));
  });

  it('takes a view of a larger buffer for what it shows', () => {
    expect(Array.from(secretKeyBytes(NAME, bytesOf(40).subarray(3, 35)))).toEqual(Array.from(bytesOf(40).slice(3, 35)));
  });

  type Row = [title: string, key: unknown];
  const base64 = Buffer.from(bytesOf(32)).toString('base64');
  const wrong: Row[] = [
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['a list of bytes', Array.from(bytesOf(32))],
    ['an ArrayBuffer', bytesOf(32).buffer],
    ['numbers of two bytes', new Uint16Array(32)],
    ['base64url', Buffer.from(bytesOf(32)).toString('base64url')],
    ['base64 with a space', ` ${base64}`],
    ['base64 with a line break behind', `${base64}\n`],
    ['base64 with a line break within', `${base64.slice(0, 8)}\n${base64.slice(8)}`],
    ['base64 with half of its padding', Buffer.from(bytesOf(31)).toString('base64').slice(0, -1)],
    ['base64 with padding that it needs not', `${Buffer.from(bytesOf(33)).toString('base64')}=`],
    ['base64 with padding within', `AAA=${base64}`],
    ['one character too many', 'A'.repeat(45)],
    ['other characters', 'your_secret_key!'],
    ['full-width characters', 'Ａ'.repeat(44)],
  ];
  it.each(wrong)('refuses %s, with the form to use and how to make one', (_title, key) => {
    const refusal = refusalOf(key);
    expect(refusal).toBeInstanceOf(AshConfigurationError);
    expect(refusal.message).toMatch(
      /^CryptoClient: 'secretKey' is the key's bytes, or their base64; make one with: node/,
    );
  });

  it.each([
    ['nothing of bytes', new Uint8Array(), 0],
    ['15 bytes', bytesOf(15), 15],
    ['the empty text', '', 0],
    ['base64 of 15 bytes', Buffer.from(bytesOf(15)).toString('base64'), 15],
  ])('refuses %s as too short', (_title, key, count) => {
    const refusal = refusalOf(key);
    expect(refusal).toBeInstanceOf(AshConfigurationError);
    expect(refusal.message).toContain(`'secretKey' is too short: ${count} bytes instead of at least 16; make one with`);
  });

  it('makes a key of 32 bytes by the line that it names', () => {
    const [, code = ''] = /node -e "(.*)"/.exec(refusalOf(undefined).message) ?? [];
    const key = execFileSync(process.execPath, ['-e', code], { encoding: 'utf8' }).trimEnd();
    expect(secretKeyBytes(NAME, key)).toHaveLength(32);
  });

  it('never says the key', () => {
    const key = 'this-is-my-secret-key-which-is-no-base64';
    expect(refusalOf(key).message).not.toContain(key);
    expect(refusalOf('c2VjcmV0').message).not.toContain('c2VjcmV0');
  });
});

function refusalOf(key: unknown): Error {
  try {
    secretKeyBytes(NAME, key);
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('The key was taken.');
}

describe('a key where a name is expected', () => {
  it.each([Buffer.alloc(32, 0xfb).toString('base64'), Buffer.alloc(16, 0xfb).toString('base64url')])(
    'is in no message: %s',
    (key) => {
      expect(hidingKeys(key)).toBe('…');
    },
  );

  it.each(['secretKey', 'server_url', 'a name with more than 22 characters'])('is not taken for one: %s', (name) => {
    expect(hidingKeys(name)).toBe(name);
  });
});
