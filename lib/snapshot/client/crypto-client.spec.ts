import { jest } from '@jest/globals';
import { failureOf, FakeSnapshots, SECRET_KEY } from '../../../test/support/fake-snapshots.js';
import { completedSecret } from '../cipher/completed-secret.js';
import { CryptoClient, type AshCipher } from './index.js';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const INVALID = { name: 'CryptoError', code: 'ASH_CRYPTO_MESSAGE_INVALID' };

beforeEach(() => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe.each<AshCipher>(['aes-256-gcm', 'array-crypto'])('a client with %s', (cipher) => {
  it.each<[string, string | Uint8Array]>([
    ['a text', 'Your secret message'],
    ['texts in several scripts', 'ñ Ελληνικά Русский עברית العربية हिन्दी 日本語 👩‍👩‍👧 \u0000\ufeff'],
    ['an empty text', ''],
    ['no bytes', new Uint8Array()],
    ['one byte', Uint8Array.of(0)],
    ['all bytes', Uint8Array.from({ length: 256 }, (_, index) => index)],
    ['a part of a buffer', Uint8Array.from({ length: 64 }, (_, index) => index).subarray(7, 21)],
    ['bytes of Node', Buffer.from('bytes of Node')],
  ])('gives back what it encrypted: %s', async (_title, data) => {
    const client = new CryptoClient(new FakeSnapshots().config({ cipher }));
    const opened = await client.decryptMessage(await client.encryptMessage(data));

    expect(Buffer.from(opened)).toEqual(Buffer.from(data));
  });

  it('gives back 16 MB', async () => {
    const data = Buffer.alloc(16 * 1_024 * 1_024, 'sixteen megabytes');
    const client = new CryptoClient(new FakeSnapshots().config({ cipher }));
    const opened = await client.decryptMessage(await client.encryptMessage(data));

    expect(data.equals(opened)).toBe(true);
  });

  it.each([
    ['in the same tick', 0],
    ['a tick later', 1_000],
    ['while the server keeps the snapshot', 59_000],
  ])('opens what another client made, %s', async (_title, later) => {
    const server = new FakeSnapshots();
    const message = await new CryptoClient(server.config({ cipher })).encryptMessage('Your secret message');
    server.now += later;
    const opened = await new CryptoClient(server.config({ cipher })).decryptMessage(message);

    expect(text(opened)).toBe('Your secret message');
  });

  it('opens what it made itself a tick later without another request', async () => {
    const server = new FakeSnapshots();
    const client = new CryptoClient(server.config({ cipher }));
    const message = await client.encryptMessage('Your secret message');
    server.now += 1_000;

    expect(text(await client.decryptMessage(message))).toBe('Your secret message');
    expect(server.queries).toEqual(['']);
  });

  it('does not open a message whose snapshot the server keeps no more', async () => {
    const server = new FakeSnapshots();
    const client = new CryptoClient(server.config({ cipher }));
    const message = await client.encryptMessage('Your secret message');
    server.now += 62_000;

    const expected = { name: 'SnapshotError', code: 'ASH_CRYPTO_SNAPSHOT_EXPIRED' };
    expect(await failureOf(client.decryptMessage(message))).toEqual(expected);
    expect(await failureOf(new CryptoClient(server.config({ cipher })).decryptMessage(message))).toEqual(expected);
  });

  it('does not open a message that was cut', async () => {
    const client = new CryptoClient(new FakeSnapshots().config({ cipher }));
    const message = await client.encryptMessage('Your secret message');

    for (const length of message.keys()) {
      expect(await failureOf(client.decryptMessage(message.subarray(0, length)))).toEqual(INVALID);
    }
  });

  it('says once of the cipher that hides nothing that it does', () => {
    const client = new CryptoClient(new FakeSnapshots().config({ cipher }));
    const warned = jest.mocked(console.warn).mock.calls.map(([text]: unknown[]) => String(text).slice(0, 57));

    expect(client).toBeInstanceOf(CryptoClient);
    expect(warned).toEqual(
      cipher === 'array-crypto' ? ["CryptoClient: the cipher 'array-crypto' hides nothing and"] : [],
    );
  });
});

describe('a message', () => {
  it('is refused where a byte of it was changed, each of them', async () => {
    const client = new CryptoClient(new FakeSnapshots().config());
    const message = await client.encryptMessage('Your secret message');

    for (const index of message.keys()) {
      const changed = message.slice();
      changed[index] = (changed[index] ?? 0) ^ 1;
      const { code } = (await failureOf(client.decryptMessage(changed))) as { code: string };
      // Bytes 1 to 4 name the tick, which the server may not keep.
      const expected = index >= 1 && index <= 4 ? /_(?:MESSAGE_INVALID|SNAPSHOT_EXPIRED)$/ : /_MESSAGE_INVALID$/;
      expect(code).toMatch(expected);
    }
  });

  it('of the other cipher is refused', async () => {
    const server = new FakeSnapshots();
    const [strong, weak] = (['aes-256-gcm', 'array-crypto'] as const).map(
      (cipher) => new CryptoClient(server.config({ cipher })),
    ) as [CryptoClient, CryptoClient];
    const [ofStrong, ofWeak] = [await strong.encryptMessage('strong'), await weak.encryptMessage('weak')];

    // What names no snapshot that there is may be told so: it is refused all the same.
    const refusal = /^ASH_CRYPTO_(?:MESSAGE_INVALID|SNAPSHOT_EXPIRED)$/;
    expect(await failureOf(strong.decryptMessage(ofWeak))).toMatchObject({ code: expect.stringMatching(refusal) });
    expect(await failureOf(weak.decryptMessage(ofStrong))).toMatchObject({ code: expect.stringMatching(refusal) });
  });

  it('that was made with another key is refused', async () => {
    const [server, other] = [new FakeSnapshots(), new FakeSnapshots(Buffer.alloc(32, 7))];
    const message = await new CryptoClient(other.config({ secretKey: Buffer.alloc(32, 7) })).encryptMessage('text');

    expect(await failureOf(new CryptoClient(server.config()).decryptMessage(message))).toEqual(INVALID);
  });

  it('for one purpose is opened for that purpose alone', async () => {
    const client = new CryptoClient(new FakeSnapshots().config());
    const message = await client.sealFor('order 7', 'text');
    const { plaintext, snapshot } = await client.openFor('order 7', message);

    expect(text(plaintext)).toBe('text');
    expect(await failureOf(client.openFor('order 8', message))).toEqual(INVALID);
    expect(await failureOf(client.decryptMessage(message))).toEqual(INVALID);
    const answer = await client.sealFor('answer 7', 'more', snapshot);
    expect(text((await client.openFor('answer 7', answer)).plaintext)).toBe('more');
  });

  it('differs each time', async () => {
    const client = new CryptoClient(new FakeSnapshots().config());

    expect(await client.encryptMessage('text')).not.toEqual(await client.encryptMessage('text'));
  });
});

describe('what is no message and no text', () => {
  const client = new CryptoClient(new FakeSnapshots().config());

  it.each<[string, () => Promise<unknown>, string]>([
    ['a number', () => client.encryptMessage(7 as never), 'a text or a Uint8Array, not Number'],
    ['nothing', () => client.encryptMessage(undefined as never), 'a text or a Uint8Array, not Undefined'],
    ['a buffer', () => client.encryptMessage(new ArrayBuffer(1) as never), 'wrap it with new Uint8Array(buffer)'],
    ['other numbers', () => client.sealFor('order 7', new Uint16Array(1) as never), 'not Uint16Array'],
    ['a text to decrypt', () => client.decryptMessage('AAAA' as never), 'decode it, for example from base64'],
    ['a text to open', () => client.openFor('order 7', 'AAAA' as never), 'openFor takes the message as a Uint8Array'],
    ['no purpose', () => client.sealFor(undefined as never, 'text'), 'a text that is not empty'],
    ['an empty purpose', () => client.sealFor('', 'text'), 'a text that is not empty'],
    ['an empty purpose to open', () => client.openFor('', new Uint8Array(64)), 'a text that is not empty'],
  ])('is refused: %s', async (_title, act, said) => {
    await expect(act()).rejects.toThrow(TypeError);
    await expect(act()).rejects.toThrow(said);
  });

  it('is not shown', async () => {
    await expect(client.decryptMessage('secret text' as never)).rejects.not.toThrow('secret');
  });
});

it('shows no key to whoever inspects a client', async () => {
  const { inspect } = await import('node:util');
  const client = new CryptoClient(new FakeSnapshots().config());
  await client.encryptMessage('text');
  const key = Buffer.from(SECRET_KEY, 'base64');
  const shown = [
    inspect(client, { depth: null, showHidden: true, getters: true }),
    JSON.stringify(client),
    JSON.stringify(Object.assign({}, client)),
    Object.getOwnPropertyNames(client).join(),
  ].join();

  for (const form of [SECRET_KEY, key.toString('hex'), key.toString('latin1'), [...key].join(', '), 'shop.example']) {
    expect(shown).not.toContain(form);
  }
});

describe('The secret of a context, completed by a client', () => {
  const context = { contextId: 'ash_1', clientSecret: 'ab'.repeat(32) };

  it('is that of its key', () => {
    const client = new CryptoClient({ secretKey: SECRET_KEY });
    expect(client.completeSecret(context)).toBe(completedSecret(Buffer.from(SECRET_KEY, 'base64'), context));
  });

  it.each<[title: string, wrong: object]>([
    ['no secret', { clientSecret: undefined }],
    ['a secret of another form', { clientSecret: 'ab' }],
    ['an identifier of another form', { contextId: 'a|b' }],
  ])('is none of a context with %s', (_title, wrong) => {
    const client = new CryptoClient({ secretKey: SECRET_KEY });
    expect(() => client.completeSecret({ ...context, ...wrong })).toThrow(TypeError);
  });

  it('is none of a client that was closed', async () => {
    const client = new CryptoClient({ secretKey: SECRET_KEY });
    await client.close();
    expect(() => client.completeSecret(context)).toThrow(expect.objectContaining({ code: 'ASH_CRYPTO_CLIENT_CLOSED' }));
  });
});
