import {
  CryptoClient,
  isCryptoError,
  type AshCipher,
  type AshSnapshot,
  type CryptoConfig,
  type CryptoErrorCode,
  type OpenedMessage,
  type SnapshotSeed,
} from 'nestjs-ash/snapshot/client';
import type { Same } from './same.js';

const secretKey = 'c2VjcmV0LWtleS1vZi0zMi1ieXRlcy1vciBtb3JlLi4=';

// What compiles.
export const right: CryptoConfig[] = [
  { secretKey },
  { secretKey: new Uint8Array(32) },
  { secretKey, serverUrl: 'https://shop.example/crypto' },
  { secretKey, serverUrl: new URL('https://shop.example') },
  { secretKey, maxDrift: 30, handshakePoints: 8, hashSize: 16, tickInterval: 0.5, timeout: 5_000 },
  { secretKey, cipher: 'array-crypto' },
  { secretKey, fetch: globalThis.fetch },
  { secretKey, fetch: (url, init) => fetch(url.toUpperCase(), { ...init, redirect: 'error' }) },
  { secretKey, clock: Date.now },
];
export const clients = [
  (): CryptoClient => new CryptoClient(),
  (): CryptoClient => new CryptoClient('client_config.json'),
  (): CryptoClient => new CryptoClient({ secretKey }),
];

// What does not.
export const wrong: CryptoConfig[] = [
  // @ts-expect-error: there is no client without a key
  {},
  // @ts-expect-error: as a file writes it
  { secret_key: secretKey },
  // @ts-expect-error: a key is bytes, or their base64
  { secretKey: 7 },
  // @ts-expect-error: a buffer has no bytes of its own
  { secretKey: new ArrayBuffer(32) },
  // @ts-expect-error: an option is left out, and not undefined
  { secretKey, serverUrl: undefined },
  // @ts-expect-error: seconds are a number
  { secretKey, maxDrift: '60' },
  // @ts-expect-error: another cipher
  { secretKey, cipher: 'aes-128-gcm' },
  // @ts-expect-error: a fetch answers a Response
  { secretKey, fetch: () => Promise.resolve('text') },
  // @ts-expect-error: a time is no clock
  { secretKey, clock: Date.now() },
  // @ts-expect-error: an unknown option
  { secretKey, retries: 3 },
];

export async function calls(client: CryptoClient, bytes: Uint8Array, snapshot: AshSnapshot): Promise<void> {
  const message: Uint8Array = await client.encryptMessage('text');
  await client.encryptMessage(bytes);
  await client.sealFor('order 7', 'text', snapshot);
  const opened: OpenedMessage = await client.openFor('order 7', message);
  const seed: SnapshotSeed = opened.snapshot;
  await client.sealFor('answer 7', opened.plaintext, seed);
  // @ts-expect-error: no text and no bytes
  await client.encryptMessage({ amount: 100 });
  // @ts-expect-error: wrap it with new Uint8Array(buffer)
  await client.encryptMessage(new ArrayBuffer(8));
  // @ts-expect-error: a message is bytes
  await client.decryptMessage('AAAA');
  // @ts-expect-error: a purpose is text
  await client.sealFor(7, 'text');
}

export async function endsByItself(): Promise<Uint8Array> {
  await using client = new CryptoClient({ secretKey });
  return await client.encryptMessage('text');
}

export const isDisposable: Same<ReturnType<CryptoClient[typeof Symbol.asyncDispose]>, Promise<void>> = true;
export const ciphers: Same<AshCipher, 'aes-256-gcm' | 'array-crypto'> = true;

export function codeOf(error: unknown): CryptoErrorCode | undefined {
  return isCryptoError(error) ? error.code : undefined;
}

// @ts-expect-error: nobody reads the key of a client
export const keyOf = ({ secretKey }: CryptoClient): unknown => secretKey;
