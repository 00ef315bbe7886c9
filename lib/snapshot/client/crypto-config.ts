import type { AshCipher } from '../cipher/cipher.js';

/** What a `CryptoClient` sends requests with: any function that takes a URL and an init as `fetch` does. */
export type CryptoFetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * The configuration of a `CryptoClient`. What the reference has is in the reference's units, **seconds**;
 * `client_config.json` holds the same in snake_case: `server_url`, `secret_key`, `max_drift`, `handshake_points`,
 * `hash_size`, `cipher` and `tick_interval`.
 *
 * @example
 * const client = new CryptoClient({ serverUrl: 'https://shop.example/crypto', secretKey, maxDrift: 30 });
 *
 * Source: protocol, section 10.
 */
export interface CryptoConfig {
  /**
   * Where the server is, with the path that its endpoints are under: an http or https URL. Default
   * `http://localhost:8000`.
   */
  readonly serverUrl?: string | URL;
  /** The key that client and server share, at least 16 bytes: as bytes, or as base64. */
  readonly secretKey: string | Uint8Array;
  /** By how much a snapshot's time may differ from the client's clock, in **seconds**. Default 60. */
  readonly maxDrift?: number;
  /** How many random points a handshake is the hash of, from 1 to 1024. Default 8. */
  readonly handshakePoints?: number;
  /** The length of a handshake's hash, in bytes, from 1 to 32: the server's. Default 16. */
  readonly hashSize?: number;
  /** What messages are encrypted with. Default `aes-256-gcm`; `array-crypto` hides nothing, and says so once. */
  readonly cipher?: AshCipher;
  /**
   * How long a tick of the server is, in **seconds**: a snapshot is used for so long where the server does not say how
   * long it lasts. Default 1.
   */
  readonly tickInterval?: number;
  /** How long one request to the server may take, in milliseconds. Default 10,000. */
  readonly timeout?: number;
  /** What sends the requests. Default: the platform's `fetch`, looked up at each request. */
  readonly fetch?: CryptoFetch;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: () => number;
}
