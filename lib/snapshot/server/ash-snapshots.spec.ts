import { randomBytes } from 'node:crypto';
import { snapshotsOf } from './server-snapshots.js';

const snapshots = snapshotsOf(
  'Test',
  {
    secretKey: randomBytes(32),
    tickInterval: 1,
    maxDrift: 60,
    hashSize: 16,
    cipher: 'aes-256-gcm',
    store: undefined,
    storeTimeout: 1_000,
    clock: () => 1_763_720_000_500,
    maxHandshakes: 10,
    handshakeTtl: 60,
  },
  () => undefined,
);

const none = undefined as unknown;

describe('The ciphers of a server', () => {
  it('open what they seal, for its purpose alone', async () => {
    const plain = await snapshots.encryptMessage('naïve 雪');
    expect(new TextDecoder().decode(await snapshots.decryptMessage(plain))).toBe('naïve 雪');
    const bound = await snapshots.sealFor('a purpose', Uint8Array.of(0, 255));
    const { plaintext, snapshot } = await snapshots.openFor('a purpose', bound);
    expect([...plaintext]).toEqual([0, 255]);
    expect(snapshot).toMatchObject({ tick: 1_763_720_000, timestamp: 1_763_720_000 });
    for (const opening of [
      snapshots.openFor('another', bound),
      snapshots.decryptMessage(bound),
      snapshots.openFor('a', plain),
    ]) {
      await expect(opening).rejects.toMatchObject({ name: 'CryptoError', code: 'ASH_CRYPTO_MESSAGE_INVALID' });
    }
  });

  const faults: [what: string, act: () => Promise<unknown>][] = [
    ['encryptMessage of nothing', () => snapshots.encryptMessage(none as string)],
    ['encryptMessage of a number', () => snapshots.encryptMessage(7 as unknown as string)],
    ['decryptMessage of a text', () => snapshots.decryptMessage('AQ==' as unknown as Uint8Array)],
    ['sealFor without a purpose', () => snapshots.sealFor('', 'text')],
    ['sealFor of nothing', () => snapshots.sealFor('a purpose', none as string)],
    ['openFor without a purpose', () => snapshots.openFor('', Uint8Array.of(1))],
    ['openFor of a text', () => snapshots.openFor('a purpose', 'AQ==' as unknown as Uint8Array)],
  ];
  it.each(faults)('are told of a wrong argument: %s', async (_what, act) => {
    await expect(act()).rejects.toThrow(TypeError);
  });
});
