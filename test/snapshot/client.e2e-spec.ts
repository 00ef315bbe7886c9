import { jest } from '@jest/globals';
import { AshSnapshotModule, AshSnapshots, type AshSnapshotModuleOptions } from 'nestjs-ash/snapshot';
import { CryptoClient, type AshCipher, type CryptoConfig, type CryptoFetch } from 'nestjs-ash/snapshot/client';
import { ADAPTERS, applications } from '../module/application.js';
import { failureOf } from '../support/fake-snapshots.js';

const SECRET = Buffer.alloc(32, 7);
/** The middle of a second. */
const BEGIN = 1_760_000_000_500;
const CIPHERS: AshCipher[] = ['aes-256-gcm', 'array-crypto'];
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

beforeEach(() => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
});
afterEach(() => {
  jest.restoreAllMocks();
});

describe.each(ADAPTERS)('a client and a server on %s', (adapter) => {
  const start = applications(adapter);

  /** A server, and clients of it that have its clock; what they ask for is kept. */
  async function serve(options: AshSnapshotModuleOptions = {}) {
    const time = { now: BEGIN };
    const clock = (): number => time.now;
    const module = AshSnapshotModule.forRoot({ secretKey: SECRET, clock, ...options, controller: { path: 'crypto' } });
    const app = await start({ imports: [module] });
    const asked: string[] = [];
    const send: CryptoFetch = (url, init) => {
      asked.push(url.slice(`${app.origin}/crypto`.length));
      return fetch(url, init);
    };
    const client = (config: Partial<CryptoConfig> = {}): CryptoClient =>
      new CryptoClient({
        serverUrl: `${app.origin}/crypto/`,
        secretKey: SECRET,
        clock,
        fetch: send,
        ...(options.cipher && { cipher: options.cipher }),
        ...config,
      });
    return { time, asked, send, client, snapshots: app.nest.get(AshSnapshots) };
  }

  describe.each(CIPHERS)('with %s', (cipher) => {
    it('open each other’s messages', async () => {
      const { client, snapshots } = await serve({ cipher });
      const [one, other] = [client(), client()];
      const message = await one.encryptMessage('Your secret message');

      expect(text(await other.decryptMessage(message))).toBe('Your secret message');
      expect(text(await snapshots.decryptMessage(message))).toBe('Your secret message');
      expect(text(await one.decryptMessage(await snapshots.encryptMessage('answer')))).toBe('answer');
    });

    it.each([500, 1_000, 30_000, 59_000])('open a message %d ms later', async (later) => {
      const { client, snapshots, time } = await serve({ cipher });
      const [own, message] = [await snapshots.encryptMessage('of the server'), await client().encryptMessage('text')];
      time.now += later;

      expect(text(await client().decryptMessage(own))).toBe('of the server');
      expect(text(await client().decryptMessage(message))).toBe('text');
      expect(text(await snapshots.decryptMessage(message))).toBe('text');
    });

    it('open none whose snapshot is kept no more', async () => {
      const { client, snapshots, time } = await serve({ cipher });
      const message = await client().encryptMessage('text');
      time.now += 62_000;

      const expected = { name: 'SnapshotError', code: 'ASH_CRYPTO_SNAPSHOT_EXPIRED' };
      expect(await failureOf(client().decryptMessage(message))).toEqual(expected);
      expect(await failureOf(snapshots.decryptMessage(message))).toEqual(expected);
    });

    it('open none that was changed', async () => {
      const { client, snapshots } = await serve({ cipher });
      const message = await client().encryptMessage('text');
      message[message.length - 1] = (message.at(-1) ?? 0) ^ 1;

      const expected = { name: 'CryptoError', code: 'ASH_CRYPTO_MESSAGE_INVALID' };
      expect(await failureOf(client().decryptMessage(message))).toEqual(expected);
      expect(await failureOf(snapshots.decryptMessage(message))).toEqual(expected);
    });
  });

  it('pass a message for one purpose, and its answer with the same snapshot', async () => {
    const { client, snapshots, time } = await serve();
    const ours = client();
    const request = await snapshots.openFor('order 7', await ours.sealFor('order 7', 'text'));
    time.now += 5_000;
    const answer = await snapshots.sealFor('answer 7', 'more', request.snapshot);

    expect(text(request.plaintext)).toBe('text');
    expect(text((await ours.openFor('answer 7', answer)).plaintext)).toBe('more');
    expect(await failureOf(ours.openFor('answer 8', answer))).toMatchObject({ code: 'ASH_CRYPTO_MESSAGE_INVALID' });
  });

  it('meet once in a tick', async () => {
    const { client, time, asked } = await serve({ tickInterval: 2 });
    const ours = client();
    for (const now of [BEGIN, BEGIN + 1_499, BEGIN + 1_500, BEGIN + 3_499]) {
      time.now = now;
      await Promise.all([ours.encryptMessage('text'), ours.encryptMessage('text')]);
    }

    expect(asked).toEqual(['/handshake', '/snapshot', '/snapshot']);
  });

  it.each([
    [60_000, 'no failure'],
    [-60_000, 'no failure'],
    [61_000, { name: 'SnapshotError', code: 'ASH_CRYPTO_SNAPSHOT_EXPIRED' }],
    [-61_000, { name: 'SnapshotError', code: 'ASH_CRYPTO_SNAPSHOT_EXPIRED' }],
  ])('whose clocks are %d ms apart', async (apart, expected) => {
    const { client } = await serve();

    expect(await failureOf(client({ clock: () => BEGIN + apart }).encryptMessage('text'))).toEqual(expected);
  });

  it('that have not the same key do not trust each other', async () => {
    const { client, snapshots } = await serve();
    const stranger = client({ secretKey: Buffer.alloc(32, 8) });

    expect(await failureOf(stranger.encryptMessage('text'))).toEqual({
      name: 'SnapshotError',
      code: 'ASH_CRYPTO_SNAPSHOT_FORGED',
    });
    const { snapshot } = await snapshots.now();
    const message = await stranger.sealFor('order 7', 'text', snapshot);
    expect(await failureOf(snapshots.openFor('order 7', message))).toEqual({
      name: 'CryptoError',
      code: 'ASH_CRYPTO_MESSAGE_INVALID',
    });
  });

  it('refuse the other cipher’s messages', async () => {
    const { client, snapshots } = await serve();
    const weak = await client({ cipher: 'array-crypto' }).encryptMessage('text');
    const strong = await client().encryptMessage('text');
    // Where its beginning names a tick or a second that is not kept it is refused for that.
    const refused = { code: expect.stringMatching(/_MESSAGE_INVALID$|_SNAPSHOT_EXPIRED$/) };

    expect(await failureOf(snapshots.decryptMessage(weak))).toMatchObject(refused);
    expect(await failureOf(client().decryptMessage(weak))).toMatchObject(refused);
    expect(await failureOf(client({ cipher: 'array-crypto' }).decryptMessage(strong))).toMatchObject(refused);
  });

  it('that have not the same size of a hash do not greet each other', async () => {
    const { client } = await serve();

    await expect(client({ hashSize: 32 }).encryptMessage('text')).rejects.toMatchObject({
      name: 'AuthenticationError',
      code: 'ASH_CRYPTO_HANDSHAKE_REFUSED',
      message: expect.stringContaining('status 400'),
    });
  });

  it('know a handshake of the client', async () => {
    const { client, snapshots } = await serve();
    await client().authenticate();

    expect(snapshots.handshakes).toBe(1);
  });

  it('are not deceived by who replays an old answer', async () => {
    const { client, time, send } = await serve();
    const old: string[] = [];
    let isReplaying = false;
    const between: CryptoFetch = async (url, init) => {
      if (!url.endsWith('/snapshot')) return send(url, init);
      const answer = isReplaying ? (old[0] ?? '') : await (await send(url, init)).text();
      old.push(answer);
      return new Response(answer, { headers: { 'content-type': 'application/json' } });
    };
    const deceived = client({ fetch: between });
    await deceived.encryptMessage('text');
    time.now += 30_000;
    await deceived.encryptMessage('text');
    time.now += 1_000;
    isReplaying = true;

    expect(await failureOf(deceived.encryptMessage('text'))).toMatchObject({ code: 'ASH_CRYPTO_SNAPSHOT_REPLAYED' });
    time.now += 30_000;
    expect(await failureOf(deceived.encryptMessage('text'))).toMatchObject({ code: 'ASH_CRYPTO_SNAPSHOT_EXPIRED' });
  });

  it('do not guess whose a second of two ticks is', async () => {
    const { client } = await serve({ tickInterval: 0.25 });
    const message = await client({ cipher: 'array-crypto' }).encryptMessage('text');

    expect(await failureOf(client({ cipher: 'array-crypto' }).decryptMessage(message))).toEqual({
      name: 'SnapshotError',
      code: 'ASH_CRYPTO_SNAPSHOT_EXPIRED',
    });
  });
});
