import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ENCRYPTED_KEY, ENCRYPTED_METHODS_KEY, noteMethod } from '../../ash.metadata.js';

/**
 * Encrypts the payloads of a protected route, or of every route of a controller, past the end point of TLS: the body of a
 * request is opened before it is verified, so that proof, pipes and handler see the plaintext, and whatever answers a
 * request that passed is sealed with the same snapshot. It needs `AshSnapshotModule` with the cipher `aes-256-gcm`;
 * clients send with {@link ashEncryptedFetch}.
 *
 * A sealed body is good for one context, and a sealed answer for that and its status. The rest is as it is without it:
 * whoever stands at the end point of TLS reads methods, URLs, headers, statuses and sizes, and knows the secret of the
 * context, so that a query can be changed there, and a request without a body made up. What refuses a request before its
 * handler is plain text, and like an answer without a body it is not authenticated.
 *
 * An answer is gathered, up to 16 MiB. A larger one, an event stream, and one whose `Content-Encoding` says that it is
 * compressed are answered 500: nothing of them goes out.
 *
 * @throws AshConfigurationError at start-up for a route that is not protected, a `payload` that is not JSON, an `@Sse()`
 * route, an application without `AshSnapshotModule`, or one whose cipher is `array-crypto`.
 * @example
 * @Post('transfer')
 * @AshProtected('POST /transfer')
 * @AshEncrypted()
 * transfer(@Body() dto: TransferDto) { … }
 *
 * Source: protocol, section 10.
 */
export function AshEncrypted(): MethodDecorator & ClassDecorator {
  return applyDecorators(SetMetadata(ENCRYPTED_KEY, true), noteMethod(ENCRYPTED_METHODS_KEY));
}
