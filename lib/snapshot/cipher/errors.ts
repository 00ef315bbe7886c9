const CODES = [
  'ASH_CRYPTO_HANDSHAKE_REFUSED',
  'ASH_CRYPTO_SERVER_UNREACHABLE',
  'ASH_CRYPTO_SNAPSHOT_INVALID',
  'ASH_CRYPTO_SNAPSHOT_FORGED',
  'ASH_CRYPTO_SNAPSHOT_EXPIRED',
  'ASH_CRYPTO_SNAPSHOT_REPLAYED',
  'ASH_CRYPTO_MESSAGE_INVALID',
  'ASH_CRYPTO_ANSWER_UNSEALED',
  'ASH_CRYPTO_BODY_UNSUPPORTED',
  'ASH_CRYPTO_CLIENT_CLOSED',
] as const;

/**
 * The code of a {@link CryptoError}, stable across versions.
 *
 * - `ASH_CRYPTO_HANDSHAKE_REFUSED`: the server did not take the handshake.
 * - `ASH_CRYPTO_SERVER_UNREACHABLE`: the server gave no answer, or none in time. Its `cause` is what `fetch` threw.
 * - `ASH_CRYPTO_SNAPSHOT_INVALID`: what the server answered is no snapshot.
 * - `ASH_CRYPTO_SNAPSHOT_FORGED`: the snapshot's signature is not one of the secret key.
 * - `ASH_CRYPTO_SNAPSHOT_EXPIRED`: the snapshot's time is more than the drift away, or the server keeps it no more.
 * - `ASH_CRYPTO_SNAPSHOT_REPLAYED`: the snapshot is older than one that was there before.
 * - `ASH_CRYPTO_MESSAGE_INVALID`: the message was changed, cut, made with another key or by the other cipher.
 * - `ASH_CRYPTO_ANSWER_UNSEALED`: what should be an encrypted route's success, or refusal, is not encrypted.
 * - `ASH_CRYPTO_BODY_UNSUPPORTED`: the body of a request cannot be encrypted, for example a stream, or its proof is one of
 *   `v1`, which would tell of it.
 * - `ASH_CRYPTO_CLIENT_CLOSED`: the client was closed.
 */
export type CryptoErrorCode = (typeof CODES)[number];

/**
 * What went wrong between a {@link CryptoClient} and its server, or with a message. It never holds a key, a seed or a
 * plaintext.
 *
 * Two copies of this class can meet in one process (CommonJS beside ESM), so test with {@link isCryptoError}, not with
 * `instanceof`.
 *
 * @example
 * try {
 *   await client.decryptMessage(message);
 * } catch (error) {
 *   if (isCryptoError(error)) console.log(error.code); // 'ASH_CRYPTO_MESSAGE_INVALID'
 * }
 *
 * Source: protocol, section 10.
 */
export class CryptoError extends Error {
  override readonly name: string = 'CryptoError';

  /** `false` where the request of a protected route was certainly not sent; `undefined` where that is not known. */
  declare readonly mayHaveRun?: false;

  /**
   * @param code Tells what happened.
   * @param message What is wrong, and what mends it.
   * @param options `cause`: the error beneath.
   */
  constructor(
    readonly code: CryptoErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The handshake failed. */
export class AuthenticationError extends CryptoError {
  override readonly name = 'AuthenticationError';
}

/** The server's snapshot could not be had, or is not to be trusted. */
export class SnapshotError extends CryptoError {
  override readonly name = 'SnapshotError';
}

/**
 * Says whether an error is a {@link CryptoError}, an {@link AuthenticationError} or a {@link SnapshotError}, whichever
 * copy of the package made it.
 *
 * @example
 * if (isCryptoError(error) && error.name === 'SnapshotError') await waitForTheClock();
 */
export function isCryptoError(error: unknown): error is CryptoError {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return CODES.some((known) => known === code);
}

/**
 * The same error, of a request that was not sent. It is one of its own, since others may get the first one too whose
 * requests were.
 */
export function unsent(error: CryptoError): CryptoError {
  const Kind = error.constructor as typeof CryptoError;
  return Object.assign(new Kind(error.code, error.message, { cause: error }), { mayHaveRun: false });
}

/** The error of a message that cannot be opened. What exactly is wrong with it is nobody's business. */
export function messageInvalid(options?: ErrorOptions): CryptoError {
  return new CryptoError(
    'ASH_CRYPTO_MESSAGE_INVALID',
    'The message cannot be opened: it was changed or cut, or made with another key or cipher.',
    options,
  );
}
