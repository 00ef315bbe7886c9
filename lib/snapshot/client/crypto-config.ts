import type { AshCipher } from '../cipher/cipher.js';

/** What a `CryptoClient` sends requests with: any function that takes a URL and an init as `fetch` does. */
export type CryptoFetch = (url: string, init: RequestInit) => Promise<Response>;

/**
 * The configuration of a `CryptoClient`. What the reference has is in the reference's units; `client_config.json` holds
 * the same in snake_case.
 */
export interface CryptoConfig {
  /** Where the server is, with the path that its endpoints are under. Default `http://localhost:8000`. */
  readonly serverUrl?: string | URL;
  /** The key that client and server share, at least 16 bytes: as bytes, or as base64. */
  readonly secretKey: string | Uint8Array;
  /** By how much a snapshot's time may differ from the client's clock, in **seconds**. Default 60. */
  readonly maxDrift?: number;
  /** How many random points a handshake is the hash of. Default 8. */
  readonly handshakePoints?: number;
  /** The length of a handshake's hash, in bytes. Default 16. */
  readonly hashSize?: number;
  /** What messages are encrypted with. Default `aes-256-gcm`. */
  readonly cipher?: AshCipher;
  /** How long a snapshot is used where the server does not say it, in **seconds**: its tick. Default 1. */
  readonly tickInterval?: number;
  /** How long one request to the server may take, in milliseconds. Default 10,000. */
  readonly timeout?: number;
  /** What sends the requests. Default: the platform's `fetch`, looked up at each request. */
  readonly fetch?: CryptoFetch;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly clock?: () => number;
}
