import { completedSecret, type SecretParts } from '../cipher/completed-secret.js';
import { checkData, checkMessage, checkPurpose } from '../cipher/message-arguments.js';
import type { MessageSealer, OpenedMessage } from '../cipher/message-sealer.js';
import type { AshBytes } from '../platform/bytes.js';
import type { AshSnapshot, SnapshotQuery, SnapshotSeed } from '../cipher/snapshot.js';
import type { Handshakes } from './handshakes.js';
import type { CurrentSnapshot, SnapshotSource } from './snapshot-source.js';

/** What {@link AshSnapshots} is made of. */
export interface SnapshotParts {
  readonly secretKey: Uint8Array;
  readonly source: SnapshotSource;
  readonly sealer: MessageSealer;
  readonly handshakes: Handshakes;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/**
 * The snapshots of a server: what its endpoints answer, for endpoints of one's own, and the ciphers with the server's own
 * snapshots. `AshSnapshotModule` provides it.
 *
 * @example
 * constructor(private readonly snapshots: AshSnapshots) {}
 *
 * Source: protocol, section 10.
 */
export class AshSnapshots {
  // Private to the language, so that no inspection leads to the key.
  readonly #parts: SnapshotParts;

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
  }

  /**
   * The snapshot of this moment, signed.
   *
   * @throws AshError `ASH_STORE_UNAVAILABLE`
   */
  async current(): Promise<AshSnapshot> {
    return this.#parts.source.current();
  }

  /** The snapshot of this moment, and how long its tick lasts from now on, in milliseconds. */
  async now(): Promise<CurrentSnapshot> {
    return this.#parts.source.now();
  }

  /**
   * A snapshot that is still kept, by its tick or by a second of it.
   *
   * @throws SnapshotError `ASH_CRYPTO_SNAPSHOT_EXPIRED` for one that is not kept.
   * @throws AshError `ASH_STORE_UNAVAILABLE`
   */
  async find(query: SnapshotQuery): Promise<AshSnapshot> {
    return this.#parts.source.find(query);
  }

  /** The length of a handshake's hash, in bytes. */
  get hashSize(): number {
    return this.#parts.handshakes.hashSize;
  }

  /** Remembers a handshake; `false` for what is none. */
  acceptHandshake(hash: unknown): boolean {
    return this.#parts.handshakes.accept(hash);
  }

  /** How many handshakes are remembered at this moment. */
  get handshakes(): number {
    return this.#parts.handshakes.size;
  }

  /** The time by the server's clock, in whole seconds since the epoch. */
  get timestamp(): number {
    return Math.floor(this.#parts.clock() / 1_000);
  }

  /**
   * Encrypts a text or bytes with the snapshot of this moment, for whoever has the secret key.
   *
   * @throws TypeError for what is neither.
   * @throws AshError `ASH_STORE_UNAVAILABLE`
   * @example
   * const message = await this.snapshots.encryptMessage('Your secret message');
   */
  async encryptMessage(data: string | Uint8Array): Promise<AshBytes> {
    return this.#parts.sealer.seal(checkData('encryptMessage', data));
  }

  /**
   * Decrypts a message that was made with a snapshot which is still kept.
   *
   * @throws TypeError for what is no bytes.
   * @throws CryptoError `ASH_CRYPTO_MESSAGE_INVALID`
   * @throws SnapshotError `ASH_CRYPTO_SNAPSHOT_EXPIRED`
   * @throws AshError `ASH_STORE_UNAVAILABLE`
   */
  async decryptMessage(message: Uint8Array): Promise<AshBytes> {
    return (await this.#parts.sealer.open(checkMessage('decryptMessage', message))).plaintext;
  }

  /**
   * Encrypts what is good for one purpose alone.
   *
   * @param bound The purpose, in words that both ends say alike.
   * @param snapshot Another snapshot than that of this moment.
   * @throws TypeError for an empty purpose, or what is neither a text nor bytes.
   * @throws AshError `ASH_STORE_UNAVAILABLE`
   */
  async sealFor(bound: string, data: string | Uint8Array, snapshot?: SnapshotSeed): Promise<AshBytes> {
    return this.#parts.sealer.seal(checkData('sealFor', data), checkPurpose('sealFor', bound), snapshot);
  }

  /**
   * Opens what {@link sealFor} made on either end.
   *
   * @throws TypeError, CryptoError, SnapshotError and AshError as {@link decryptMessage} does.
   */
  async openFor(bound: string, message: Uint8Array): Promise<OpenedMessage> {
    return this.#parts.sealer.open(checkMessage('openFor', message), checkPurpose('openFor', bound));
  }

  /** The secret that a request to an encrypted route is proven with, in the place of its context's own. */
  completeSecret(context: SecretParts): string {
    return completedSecret(this.#parts.secretKey, context);
  }
}
