import { AshConfigurationError } from '../../core/index.js';
import type { AshBytes } from '../platform/bytes.js';
import { arrayMessageCipher } from './array-message-cipher.js';
import type { AshCipher, MessageCipher } from './cipher.js';
import { gcmCipher } from './gcm-cipher.js';
import type { SnapshotFinder, SnapshotSeed } from './snapshot.js';

/** A message that was opened, and the snapshot that it was made with. */
export interface OpenedMessage {
  readonly plaintext: AshBytes;
  readonly snapshot: SnapshotSeed;
}

/** Seals and opens messages with the snapshots of a server or a client: the same on both ends. */
export class MessageSealer {
  constructor(
    private readonly cipher: MessageCipher,
    private readonly snapshots: SnapshotFinder,
  ) {}

  /**
   * @param bound What the message is good for, and is opened with again.
   * @param snapshot Another snapshot than that of this moment.
   * @throws SnapshotError where there is none.
   */
  async seal(data: string | Uint8Array, bound?: string, snapshot?: SnapshotSeed): Promise<AshBytes> {
    const plaintext = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    return this.cipher.seal(plaintext, snapshot ?? (await this.snapshots.current()), bound);
  }

  /** @throws CryptoError `ASH_CRYPTO_MESSAGE_INVALID`; SnapshotError where its snapshot is not to be had any more. */
  async open(message: Uint8Array, bound?: string): Promise<OpenedMessage> {
    const snapshot = await this.snapshots.find(this.cipher.snapshotOf(message));
    return { plaintext: await this.cipher.open(message, snapshot, bound), snapshot };
  }
}

/** What the start-up says of the cipher that is there for existing peers. */
export const ARRAY_CRYPTO_WARNING =
  "the cipher 'array-crypto' hides nothing and protects nothing: everybody can read and change its messages. Use 'aes-256-gcm' wherever the other end can.";

const CIPHERS: Readonly<Record<AshCipher, (secretKey: Uint8Array) => MessageCipher>> = {
  'aes-256-gcm': gcmCipher,
  'array-crypto': () => arrayMessageCipher,
};

/** The ciphers that there are. */
export const CIPHER_NAMES = Object.keys(CIPHERS);

/** Whether a value names a cipher. */
export function isCipher(name: unknown): name is AshCipher {
  return typeof name === 'string' && Object.hasOwn(CIPHERS, name);
}

/**
 * The cipher of a name.
 *
 * @param owner Whose option it is, for the message.
 * @throws AshConfigurationError for another name.
 */
export function cipherNamed(owner: string, name: AshCipher, secretKey: Uint8Array): MessageCipher {
  if (isCipher(name)) return CIPHERS[name](secretKey);
  throw new AshConfigurationError(`${owner}: 'cipher' is ${CIPHER_NAMES.join(' or ')}, not '${String(name)}'.`);
}
