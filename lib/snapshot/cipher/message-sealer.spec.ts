import { SEALED_TEXTS, tampered } from '../../../test/support/sealed-texts.js';
import { AshConfigurationError } from '../../core/index.js';
import type { AshCipher } from './cipher.js';
import { CryptoError, SnapshotError } from './errors.js';
import { cipherNamed, MessageSealer } from './message-sealer.js';
import type { SnapshotFinder, SnapshotQuery, SnapshotSeed } from './snapshot.js';

const KEY = Uint8Array.from({ length: 32 }, (_byte, index) => index);
const BEGIN = 1_740_904_491;
const KEPT_SECONDS = 60;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Snapshots of ticks of one second, by a clock that stands still until it is moved. */
class MovedSnapshots implements SnapshotFinder {
  now = BEGIN;
  readonly queries: SnapshotQuery[] = [];

  async current(): Promise<SnapshotSeed> {
    return Promise.resolve(this.at(this.now));
  }

  async find(query: SnapshotQuery): Promise<SnapshotSeed> {
    this.queries.push(query);
    const seconds = 'at' in query ? query.at : query.tick + BEGIN;
    if (Math.abs(this.now - seconds) > KEPT_SECONDS) {
      return Promise.reject(new SnapshotError('ASH_CRYPTO_SNAPSHOT_EXPIRED', 'It is kept no more.'));
    }
    return Promise.resolve(this.at(seconds));
  }

  private at(seconds: number): SnapshotSeed {
    return { tick: seconds - BEGIN, seed: (seconds % 1_000) + 1, timestamp: seconds };
  }
}

function sealerWith(cipher: AshCipher, key = KEY): { sealer: MessageSealer; snapshots: MovedSnapshots } {
  const snapshots = new MovedSnapshots();
  return { sealer: new MessageSealer(cipherNamed('A test', cipher, key), snapshots), snapshots };
}

type Row = [cipher: AshCipher, query: SnapshotQuery];
const rows: Row[] = [
  ['aes-256-gcm', { tick: 3 }],
  ['array-crypto', { at: BEGIN + 3 }],
];
describe.each(rows)('MessageSealer with the cipher %s', (cipher, query) => {
  it.each(SEALED_TEXTS)('gives back %s', async (_title, plaintext) => {
    const { sealer } = sealerWith(cipher);
    expect(hex((await sealer.open(await sealer.seal(plaintext))).plaintext)).toBe(hex(plaintext));
  });

  it('seals a text as its UTF-8 bytes', async () => {
    const { sealer } = sealerWith(cipher);
    const opened = await sealer.open(await sealer.seal('Größe 😀'));
    expect(hex(opened.plaintext)).toBe(hex(Buffer.from('Größe 😀')));
  });

  it('opens a message after its tick, with the snapshot that it was made with', async () => {
    const { sealer, snapshots } = sealerWith(cipher);
    snapshots.now = BEGIN + 3;
    const message = await sealer.seal('Your secret message');
    for (const later of [0, 1, KEPT_SECONDS - 1, KEPT_SECONDS]) {
      snapshots.now = BEGIN + 3 + later;
      const { plaintext, snapshot } = await sealer.open(message);
      expect([text(plaintext), snapshot.tick]).toEqual(['Your secret message', 3]);
    }
    expect(snapshots.queries).toEqual(Array.from({ length: 4 }, () => query));
  });

  it('does not open a message whose snapshot is kept no more, and says which it is', async () => {
    const { sealer, snapshots } = sealerWith(cipher);
    const message = await sealer.seal('Your secret message');
    snapshots.now = BEGIN + KEPT_SECONDS + 1;
    await expect(sealer.open(message)).rejects.toMatchObject({
      name: 'SnapshotError',
      code: 'ASH_CRYPTO_SNAPSHOT_EXPIRED',
    });
  });

  it('seals with another snapshot than that of the moment where it is given one', async () => {
    const { sealer, snapshots } = sealerWith(cipher);
    const then = await snapshots.current();
    snapshots.now = BEGIN + 20;
    expect((await sealer.open(await sealer.seal('an answer', undefined, then))).snapshot).toEqual(then);
  });

  it('does not look for the snapshot of what is no message', async () => {
    const { sealer, snapshots } = sealerWith(cipher);
    for (const length of [0, 1, 16, 31]) {
      await expect(sealer.open(new Uint8Array(length).fill(1))).rejects.toMatchObject({
        name: 'CryptoError',
        code: 'ASH_CRYPTO_MESSAGE_INVALID',
      });
    }
    expect(snapshots.queries).toEqual([]);
  });

  it('refuses a message that was changed in any byte', async () => {
    const { sealer } = sealerWith(cipher);
    const message = await sealer.seal('short');
    for (const index of message.keys()) {
      await expect(sealer.open(tampered(message, index))).rejects.toBeInstanceOf(CryptoError);
    }
  });
});

describe('what a message is bound to', () => {
  it('has to be said again to open it', async () => {
    const { sealer } = sealerWith('aes-256-gcm');
    const message = await sealer.seal('for one purpose', 'POST /transfer');
    expect(text((await sealer.open(message, 'POST /transfer')).plaintext)).toBe('for one purpose');
    for (const other of [undefined, 'POST /transfers', 'post /transfer']) {
      await expect(sealer.open(message, other)).rejects.toMatchObject({ code: 'ASH_CRYPTO_MESSAGE_INVALID' });
    }
  });
});

describe('a key that is not the one', () => {
  it('opens nothing of aes-256-gcm, and everything of array-crypto, which has none', async () => {
    const other = KEY.map((byte) => byte ^ 0xff);
    const gcm = await sealerWith('aes-256-gcm').sealer.seal('a secret');
    await expect(sealerWith('aes-256-gcm', other).sealer.open(gcm)).rejects.toMatchObject({
      code: 'ASH_CRYPTO_MESSAGE_INVALID',
    });
    const array = await sealerWith('array-crypto').sealer.seal('no secret');
    expect(text((await sealerWith('array-crypto', other).sealer.open(array)).plaintext)).toBe('no secret');
  });
});

describe('cipherNamed', () => {
  it.each(['AES-256-GCM', 'aes-128-gcm', '', 'toString', '__proto__', 'constructor'])(
    "knows no cipher of the name '%s'",
    (name) => {
      const named = (): unknown => cipherNamed('CryptoClient', name as AshCipher, KEY);
      expect(named).toThrow(AshConfigurationError);
      expect(named).toThrow(`CryptoClient: 'cipher' is aes-256-gcm or array-crypto, not '${name}'.`);
    },
  );

  it('refuses what is no name', () => {
    expect(() => cipherNamed('CryptoClient', undefined as unknown as AshCipher, KEY)).toThrow(AshConfigurationError);
  });
});
