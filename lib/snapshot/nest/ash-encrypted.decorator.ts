import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { ENCRYPTED_KEY, ENCRYPTED_METHODS_KEY, noteMethod } from '../../ash.metadata.js';
import { AshEncryptedGuard } from './ash-encrypted.guard.js';

/**
 * Encrypts the payloads of a protected route, or of every route of a controller, past the end point of TLS: the body of a
 * request is opened before it is verified, so that proof, pipes and handler see the plaintext, and whatever answers a
 * request that passed is sealed with the same snapshot. It needs `AshSnapshotModule` with the cipher `aes-256-gcm`;
 * clients send with {@link ashEncryptedFetch}.
 *
 * A sealed body is good for one context, and a sealed answer for that and its status, as is a refusal of ASH. A request is
 * proven with a secret that is completed with the secret key: whoever stands at the end point of TLS reads methods, URLs,
 * headers, statuses and sizes, and can make up no request, change no query, and check no guess of a payload. What refuses a
 * request before ASH does is plain text, and like the headers and an answer without a body it is not authenticated. The
 * query is covered in every mode.
 *
 * An answer is gathered, up to 16 MiB. A larger one, an event stream, and one whose `Content-Encoding` says that it is
 * compressed are answered 500: nothing of them goes out.
 *
 * @throws AshConfigurationError at start-up for a route that is not protected, a `payload` that is not JSON, the protocol
 * `v1`, the option `query: 'ignore'`, an `@Sse()` route, an application without `AshSnapshotModule`, or one whose cipher is `array-crypto`.
 * @example
 * @Post('transfer')
 * @AshProtected('POST /transfer')
 * @AshEncrypted()
 * transfer(@Body() dto: TransferDto) { … }
 *
 * Source: protocol, section 10.
 */
export function AshEncrypted(): MethodDecorator & ClassDecorator {
  return applyDecorators(
    SetMetadata(ENCRYPTED_KEY, true),
    UseGuards(AshEncryptedGuard),
    noteMethod(ENCRYPTED_METHODS_KEY),
  );
}
