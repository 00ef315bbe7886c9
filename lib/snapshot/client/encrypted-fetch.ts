import { checkKeys } from '../../core/configuration.js';
import { ASH_HEADERS, AshConfigurationError } from '../../core/index.js';
import { isJsonType, JSON_TYPE, mediaTypeOf } from '../../core/media-type.js';
import { isAshProofV1 } from '../../core/proof-v1.js';
import { ASH_VERIFIED_HEADER } from '../../core/headers.js';
import {
  answerPurpose,
  readSealed,
  refusalPurpose,
  requestPurpose,
  SEALED_TYPE,
  unpackAnswer,
  writeSealed,
} from '../cipher/envelope.js';
import { CryptoError, isCryptoError, messageInvalid, unsent } from '../cipher/errors.js';
import { withCompletedBody, withCompletedHeader } from './completed-contexts.js';
import { platformFetch } from './client-settings.js';
import type { CryptoClient } from './crypto-client.js';
import type { CryptoFetch } from './crypto-config.js';
import { readJson } from './read-json.js';
import { remade } from './remade-response.js';

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
 * A `fetch` for an `AshClient` that calls routes with `@AshEncrypted()`, and no others: it completes the secret of each
 * context with the secret key, seals the JSON body of each request that is proven, and opens its answer. A call that gives
 * a context from elsewhere needs `CryptoClient.completeSecret`.
 *
 * An answer that succeeds has to be sealed, and a refusal of the protocol. Another error that is not, such as that of a
 * gateway, passes as it is: **nothing shows who sent it**. Nor does anything show it of headers and of an answer without a
 * body.
 *
 * @param client Its key is the server's, and its cipher `aes-256-gcm`.
 * @returns A function that rejects before it sends with CryptoError `ASH_CRYPTO_BODY_UNSUPPORTED`, for a body that is no
 * JSON and for a proof of `v1`, which has no secret, and with what `CryptoClient` throws where it has no snapshot: an
 * `AshClient` hands these on, and their `mayHaveRun` is `false`. After it, it rejects with `ASH_CRYPTO_ANSWER_UNSEALED` for
 * an answer that succeeds or refuses and is not sealed, and with `ASH_CRYPTO_MESSAGE_INVALID` for one that cannot be opened:
 * these are the `cause` of an `ASH_CLIENT_RESPONSE_LOST`.
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
  if (typeof (client as Partial<CryptoClient>).sealFor !== 'function') {
    throw new AshConfigurationError(
      'ashEncryptedFetch: the first argument is a CryptoClient: new CryptoClient({ … }).',
    );
  }
  if (client.cipher !== 'aes-256-gcm') {
    throw new AshConfigurationError(
      `ashEncryptedFetch: the client's cipher '${client.cipher}' hides nothing; leave 'cipher' out.`,
    );
  }
  const complete = client.completeSecret.bind(client);
  return async (url, init) => {
    const headers = new Headers(init.headers);
    const contextId = headers.get(ASH_HEADERS.contextId);
    if (contextId === null) return withCompletedBody(await fetch(url, init), complete);
    const body = await beforeSending(async () => {
      checkProof(headers.get(ASH_HEADERS.proof));
      return sealBody(client, { contextId, body: init.body, contentType: headers.get('content-type') });
    });
    if (body !== undefined) headers.set('content-type', JSON_TYPE);
    const response = await fetch(url, { ...init, headers, body: body ?? null });
    const answer = await openAnswer(client, response, { contextId, method: (init.method ?? 'GET').toUpperCase() });
    return withCompletedHeader(answer, complete);
  };
}

/** What fails here is no request that may have run, and an `AshClient` is told so. */
async function beforeSending<T>(prepare: () => Promise<T>): Promise<T> {
  try {
    return await prepare();
  } catch (error) {
    throw isCryptoError(error) ? unsent(error) : error;
  }
}

/** Somebody on the way can have put another protocol into a context, by whose proof a guess of the plaintext shows. */
function checkProof(proof: string | null): void {
  if (proof === null || !isAshProofV1(proof)) return;
  throw new CryptoError(
    'ASH_CRYPTO_BODY_UNSUPPORTED',
    "ashEncryptedFetch sends no proof of 'v1', which has no secret: no route with @AshEncrypted() takes it.",
  );
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
    if (!response.ok && !(await isRefusal(response))) return response;
    await response.body?.cancel();
    throw new CryptoError(
      'ASH_CRYPTO_ANSWER_UNSEALED',
      `The answer with status ${String(status)} is not sealed: nobody knows who sent it. Is the route @AshEncrypted()?`,
    );
  }
  const message = readSealed(readJson(await response.text()));
  if (message === undefined) throw messageInvalid();
  const { plaintext, isVerified } = await openEither(client, message, { contextId, status });
  const answer = unpackAnswer(plaintext);
  if (answer === undefined) throw messageInvalid();
  const plain = plainResponse(response, answer);
  // By what the seal says: whoever takes the header away would make a refusal of what a handler answers.
  if (isVerified) plain.headers.set(ASH_VERIFIED_HEADER, 'true');
  else plain.headers.delete(ASH_VERIFIED_HEADER);
  return plain;
}

/** Whether an answer says that the protocol refused: of any code, since one that is not known today may be tomorrow. */
async function isRefusal(response: Response): Promise<boolean> {
  if (!isJsonType(response.headers.get('content-type'))) return false;
  try {
    const { code } = (JSON.parse(await response.clone().text()) ?? {}) as { readonly code?: unknown };
    return typeof code === 'string' && code.startsWith('ASH_');
  } catch {
    return false;
  }
}

/** The plaintext of an answer, and whether the request had passed. */
async function openEither(
  client: CryptoClient,
  message: Uint8Array,
  { contextId, status }: { contextId: string; status: number },
): Promise<{ plaintext: Uint8Array; isVerified: boolean }> {
  try {
    const { plaintext } = await client.openFor(answerPurpose(contextId, status), message);
    return { plaintext, isVerified: true };
  } catch (error) {
    if (status < 300 || !isCryptoError(error) || error.code !== 'ASH_CRYPTO_MESSAGE_INVALID') throw error;
    const { plaintext } = await client.openFor(refusalPurpose(contextId, status), message);
    return { plaintext, isVerified: false };
  }
}

/** The answer as it would have come without a seal. */
function plainResponse(sealed: Response, { contentType, body }: { contentType: string; body: Uint8Array }): Response {
  const response = remade(sealed, body as Uint8Array<ArrayBuffer>, OF_THE_WIRE);
  // Of bytes alone a response has no type.
  if (contentType !== '') response.headers.set('content-type', contentType);
  return response;
}
