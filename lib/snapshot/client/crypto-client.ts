/// <reference lib="esnext.disposable" preserve="true" />
import { ARRAY_CRYPTO_WARNING, cipherNamed, MessageSealer, type OpenedMessage } from '../cipher/message-sealer.js';
import type { AshCipher } from '../cipher/cipher.js';
import { isAshContextId } from '../../core/index.js';
import { isAshHash } from '../../core/proof.js';
import { completedSecret } from '../cipher/completed-secret.js';
import type { SnapshotSeed } from '../cipher/snapshot.js';
import type { AshBytes } from '../platform/bytes.js';
import { Authentication } from './authentication.js';
import { readSettings } from './client-settings.js';
import type { CryptoConfig } from './crypto-config.js';
import { checkData, checkMessage, checkPurpose } from '../cipher/message-arguments.js';
import { ServerExchange } from './server-exchange.js';
import { SnapshotSupply } from './snapshot-supply.js';

/**
 * Encrypts and decrypts messages with the snapshots of a server, for and from whoever has the same secret key. It runs
 * wherever there is a `fetch`; in a browser the page's origin has to be secure (https, or localhost).
 *
 * A snapshot is asked for once in its tick, whatever is encrypted meanwhile. No inspection of a client shows its key.
 *
 * @example
 * await using client = new CryptoClient({ serverUrl: 'https://shop.example/crypto', secretKey });
 * const message = await client.encryptMessage('Your secret message');
 * const text = new TextDecoder().decode(await client.decryptMessage(message));
 *
 * Source: protocol, section 10.
 */
export class CryptoClient implements AsyncDisposable {
  /** As {@link CryptoClient.close}, for `await using`. It is there where the platform has `Symbol.asyncDispose`. */
  declare [Symbol.asyncDispose]: () => Promise<void>;

  /** What messages are encrypted with. */
  readonly cipher: AshCipher;

  readonly #exchange: ServerExchange;
  readonly #authentication: Authentication;
  readonly #snapshots: SnapshotSupply;
  readonly #sealer: MessageSealer;
  readonly #secretKey: Uint8Array;

  static {
    // What a missing symbol names would be a method called 'undefined'.
    const { asyncDispose } = Symbol as { readonly asyncDispose?: symbol };
    if (asyncDispose !== undefined) {
      const value = async function (this: CryptoClient): Promise<void> {
        await this.close();
      };
      Object.defineProperty(this.prototype, asyncDispose, { value, configurable: true, writable: true });
    }
  }

  /**
   * @param config The configuration, or in Node the path of a `client_config.json`, which is read at once. Default
   * `client_config.json` in the working directory.
   * @throws AshConfigurationError for a configuration that is not fit; it names the option or the file, and the mend.
   * @example
   * const client = new CryptoClient('/etc/shop/client_config.json');
   */
  constructor(config?: CryptoConfig | string) {
    const settings = readSettings(config);
    if (settings.cipher === 'array-crypto') console.warn(`CryptoClient: ${ARRAY_CRYPTO_WARNING}`);
    const { cipher, secretKey } = settings;
    this.cipher = cipher;
    this.#secretKey = secretKey;
    this.#exchange = new ServerExchange(settings);
    this.#authentication = new Authentication(settings, this.#exchange);
    this.#snapshots = new SnapshotSupply(settings, this.#exchange, () => this.#authentication.once());
    this.#sealer = new MessageSealer(cipherNamed('CryptoClient', cipher, secretKey), this.#snapshots);
  }

  /**
   * Greets the server with a handshake. Where the application does not, the first message does.
   *
   * It proves nothing, since its hash has no secret: what makes messages private is the key.
   *
   * @throws AuthenticationError `ASH_CRYPTO_HANDSHAKE_REFUSED`, `ASH_CRYPTO_SERVER_UNREACHABLE`
   * @throws CryptoError `ASH_CRYPTO_CLIENT_CLOSED`
   * @example
   * await client.authenticate();
   */
  async authenticate(): Promise<void> {
    await this.#authentication.again();
  }

  /**
   * Encrypts a text, as its UTF-8 bytes, or bytes with the snapshot of this moment. Bytes are to stay as they are until then.
   *
   * @returns The message, which {@link decryptMessage} opens on either end while the server keeps its snapshot.
   * @throws SnapshotError where there is no snapshot that can be trusted; its `code` says why.
   * @throws AuthenticationError where the handshake fails that goes before the first message.
   * @throws CryptoError `ASH_CRYPTO_CLIENT_CLOSED`
   * @throws TypeError for what is neither a text nor bytes.
   * @example
   * const message = await client.encryptMessage(new TextEncoder().encode('Your binary data'));
   *
   * Source: protocol, section 10.
   */
  async encryptMessage(data: string | Uint8Array): Promise<AshBytes> {
    this.#exchange.assertOpen();
    return this.#sealer.seal(checkData('encryptMessage', data));
  }

  /**
   * Decrypts a message that was made with a snapshot which the server still keeps.
   *
   * @throws CryptoError `ASH_CRYPTO_MESSAGE_INVALID` for a message that was changed, cut, or made with another key or
   * cipher; `ASH_CRYPTO_CLIENT_CLOSED`
   * @throws SnapshotError where its snapshot cannot be had or trusted; its `code` says why.
   * @throws AuthenticationError where the handshake fails that goes before the first message.
   * @throws TypeError for what is not bytes.
   * @example
   * const bytes = await client.decryptMessage(message);
   *
   * Source: protocol, section 10.
   */
  async decryptMessage(message: Uint8Array): Promise<AshBytes> {
    this.#exchange.assertOpen();
    return (await this.#sealer.open(checkMessage('decryptMessage', message))).plaintext;
  }

  /**
   * Encrypts what is good for one purpose alone: it is opened with the same words, by `openFor` of either end. The
   * cipher `array-crypto` does not see to that.
   *
   * @param bound The purpose, in words that both ends say alike.
   * @param snapshot Another snapshot than that of this moment, for example that of the message that is answered.
   * @throws CryptoError as {@link encryptMessage} does.
   * @throws TypeError for what is neither a text nor bytes, and for an empty purpose.
   * @example
   * const message = await client.sealFor('order 7', JSON.stringify({ amount: 100 }));
   */
  async sealFor(bound: string, data: string | Uint8Array, snapshot?: SnapshotSeed): Promise<AshBytes> {
    this.#exchange.assertOpen();
    return this.#sealer.seal(checkData('sealFor', data), checkPurpose('sealFor', bound), snapshot);
  }

  /**
   * Opens what {@link sealFor} made on either end.
   *
   * @throws CryptoError as {@link decryptMessage} does, and `ASH_CRYPTO_MESSAGE_INVALID` for another purpose.
   * @throws TypeError for what is not bytes, and for an empty purpose.
   * @example
   * const { plaintext, snapshot } = await client.openFor('order 7', message);
   */
  async openFor(bound: string, message: Uint8Array): Promise<OpenedMessage> {
    this.#exchange.assertOpen();
    return this.#sealer.open(checkMessage('openFor', message), checkPurpose('openFor', bound));
  }

  /**
   * The secret that a request to a route with `@AshEncrypted()` is proven with, in the place of the context's own, which
   * whoever stands at the end point of TLS has read. `ashEncryptedFetch` does it by itself; this is for those who prove
   * by hand, and whose context comes from elsewhere.
   *
   * @param context The `clientSecret` is as the server issued it.
   * @returns 64 lower-case hex characters.
   * @throws TypeError for a context that is malformed, or has no secret.
   * @throws CryptoError `ASH_CRYPTO_CLIENT_CLOSED`
   * @example
   * const clientSecret = client.completeSecret(context);
   * const headers = AshClient.buildHeaders({ ...context, clientSecret, payload: { amount: 100 } });
   *
   * Source: protocol, section 10.
   */
  completeSecret({ contextId, clientSecret }: { contextId: string; clientSecret?: string | undefined }): string {
    this.#exchange.assertOpen();
    if (!isAshContextId(contextId) || clientSecret === undefined || !isAshHash(clientSecret)) {
      throw new TypeError(
        'completeSecret takes a context as the server issued it, with its contextId and clientSecret.',
      );
    }
    return completedSecret(this.#secretKey, { contextId, clientSecret });
  }

  /**
   * Ends what is under way, and forgets the snapshots. Every call afterwards is refused with `ASH_CRYPTO_CLIENT_CLOSED`;
   * to close once more does nothing. In a block with `await using` a call has to be awaited, lest its end comes first.
   *
   * @example
   * await client.close();
   */
  // eslint-disable-next-line @typescript-eslint/require-await
  async close(): Promise<void> {
    this.#exchange.close();
    this.#snapshots.clear();
  }
}
