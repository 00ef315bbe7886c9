import { checkKeys } from '../../core/configuration.js';
import { ASH_HEADERS, AshConfigurationError } from '../../core/index.js';
import { isJsonType, JSON_TYPE, mediaTypeOf } from '../../core/media-type.js';
import {
  answerPurpose,
  readSealed,
  requestPurpose,
  SEALED_TYPE,
  unpackAnswer,
  writeSealed,
} from '../cipher/envelope.js';
import { CryptoError, messageInvalid } from '../cipher/errors.js';
import type { CryptoClient } from './crypto-client.js';
import type { CryptoFetch } from './crypto-config.js';

/** Options of {@link ashEncryptedFetch}. */
export interface AshEncryptedFetchOptions {
  /** What sends the requests. Default: the platform's `fetch`, looked up at each request. */
  readonly fetch?: CryptoFetch;
}

/** What of a request an answer is opened by. */
interface Sent {
  readonly contextId: string;
  readonly method: string;
}

/** Statuses of answers that succeed without a body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205]);
/** What speaks of the bytes on the wire, and not of the plaintext. */
const OF_THE_WIRE = ['content-type', 'content-length', 'content-encoding', 'transfer-encoding'];

/**
 * A `fetch` for an `AshClient` that calls routes with `@AshEncrypted()`: it seals the JSON body of each request that is
 * proven, and opens its answer. All other requests pass as they are, that for a context among them.
 *
 * An answer that succeeds has to be sealed. An error that is not, such as a refusal of the protocol, passes as it is:
 * **nothing shows who sent it**. Nor do a method, a URL, headers, a status and an answer without a body.
 *
 * @param client Its key is the server's, and its cipher `aes-256-gcm`.
 * @returns A function that rejects with CryptoError `ASH_CRYPTO_BODY_UNSUPPORTED` for a body that is no JSON,
 * `ASH_CRYPTO_ANSWER_UNSEALED` for an answer that succeeds and is not sealed, `ASH_CRYPTO_MESSAGE_INVALID` for one that
 * cannot be opened, and with what `CryptoClient` throws where it has no snapshot. An `AshClient` hands these on as the
 * `cause` of `ASH_CLIENT_RESPONSE_LOST`.
 * @throws AshConfigurationError for an unknown option, or a client whose cipher is `array-crypto`.
 * @example
 * const crypto = new CryptoClient({ serverUrl: 'https://shop.example', secretKey });
 * const ash = new AshClient({ baseUrl: 'https://shop.example', fetch: ashEncryptedFetch(crypto) });
 * await ash.post('/transfer', { amount: 100, to: 'acct-7' });
 *
 * Source: protocol, section 10.
 */
export function ashEncryptedFetch(client: CryptoClient, options: AshEncryptedFetchOptions = {}): CryptoFetch {
  checkKeys('ashEncryptedFetch', options, ['fetch']);
  const { fetch = platformFetch } = options;
  if (typeof fetch !== 'function') {
    throw new AshConfigurationError("ashEncryptedFetch: 'fetch' has to be a function such as fetch.");
  }
  if (client.cipher !== 'aes-256-gcm') {
    throw new AshConfigurationError(
      `ashEncryptedFetch: the client's cipher '${client.cipher}' hides nothing; leave 'cipher' out.`,
    );
  }
  return async (url, init) => {
    const headers = new Headers(init.headers);
    const contextId = headers.get(ASH_HEADERS.contextId);
    if (contextId === null) return fetch(url, init);
    const body = await sealBody(client, { contextId, body: init.body, contentType: headers.get('content-type') });
    if (body !== undefined) headers.set('content-type', JSON_TYPE);
    const response = await fetch(url, { ...init, headers, body: body ?? null });
    return openAnswer(client, response, { contextId, method: (init.method ?? 'GET').toUpperCase() });
  };
}

function platformFetch(url: string, init: RequestInit): Promise<Response> {
  return globalThis.fetch(url, init);
}

/** The body to send; `undefined` for none. */
async function sealBody(
  client: CryptoClient,
  { contextId, body, contentType }: { contextId: string; body: unknown; contentType: string | null },
): Promise<string | undefined> {
  if (body === undefined || body === null) return undefined;
  const plain = plainOf(body);
  if (plain === undefined || !isJsonType(contentType)) {
    throw new CryptoError(
      'ASH_CRYPTO_BODY_UNSUPPORTED',
      `ashEncryptedFetch seals JSON alone, as a text or its bytes; the body is of the type '${contentType ?? ''}'.`,
    );
  }
  return writeSealed(await client.sealFor(requestPurpose(contextId), plain));
}

function plainOf(body: unknown): string | Uint8Array | undefined {
  if (typeof body === 'string') return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  return ArrayBuffer.isView(body) ? new Uint8Array(body.buffer, body.byteOffset, body.byteLength) : undefined;
}

async function openAnswer(client: CryptoClient, response: Response, { contextId, method }: Sent): Promise<Response> {
  const { status, headers } = response;
  if (method === 'HEAD' || BODILESS.has(status)) return response;
  if (mediaTypeOf(headers.get('content-type')) !== SEALED_TYPE) {
    if (!response.ok) return response;
    await response.body?.cancel();
    throw new CryptoError(
      'ASH_CRYPTO_ANSWER_UNSEALED',
      `The answer with status ${String(status)} is not sealed: nobody knows who sent it. Is the route @AshEncrypted()?`,
    );
  }
  const message = readSealed(parse(await response.text()));
  if (message === undefined) throw messageInvalid();
  const { plaintext } = await client.openFor(answerPurpose(contextId, status), message);
  const answer = unpackAnswer(plaintext);
  if (answer === undefined) throw messageInvalid();
  return plainResponse(response, answer);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw messageInvalid({ cause });
  }
}

/** The answer as it would have come without a seal. */
function plainResponse(
  { status, statusText, headers: sealed, url }: Response,
  { contentType, body }: { contentType: string; body: Uint8Array },
): Response {
  const headers = new Headers(sealed);
  for (const name of OF_THE_WIRE) headers.delete(name);
  if (contentType !== '') headers.set('content-type', contentType);
  const response = new Response(body as Uint8Array<ArrayBuffer>, { status, statusText, headers });
  // A response that is made has no URL of its own.
  return Object.defineProperty(response, 'url', { value: url, configurable: true });
}
