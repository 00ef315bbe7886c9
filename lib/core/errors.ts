/** Every code of the protocol, section 8. */
const CODES = [
  'ASH_PROOF_MISSING',
  'ASH_PROOF_INVALID',
  'ASH_INTEGRITY_FAILED',
  'ASH_BINDING_MISMATCH',
  'ASH_SUBJECT_MISMATCH',
  'ASH_SCOPE_MISMATCH',
  'ASH_TIMESTAMP_INVALID',
  'ASH_VERIFICATION_FAILED',
  'ASH_CHAIN_BROKEN',
  'ASH_CHAIN_EXPIRED',
  'ASH_CTX_NOT_FOUND',
  'ASH_CTX_EXPIRED',
  'ASH_CTX_ALREADY_USED',
  'ASH_HEADER_INVALID',
  'ASH_CANONICALIZATION_ERROR',
  'ASH_UNSUPPORTED_CONTENT_TYPE',
  'ASH_STORE_UNAVAILABLE',
  'ASH_RAW_BODY_UNAVAILABLE',
] as const;

/**
 * A code by which a refusal is told apart, stable across versions, builds and languages.
 *
 * Source: protocol, section 8.
 */
export type AshErrorCode = (typeof CODES)[number];

const ERROR_NAME = 'AshError';

/** Says whether a value is one of the protocol's codes. */
export function isAshErrorCode(value: unknown): value is AshErrorCode {
  return CODES.some((code) => code === value);
}

/**
 * A refusal of the protocol, told apart by its `code`.
 *
 * Two copies of this class can meet in one process (CommonJS beside ESM), so test with {@link isAshError},
 * not with `instanceof`.
 *
 * @example
 * try {
 *   ashCanonicalizeJson('{"a":1,"a":2}');
 * } catch (error) {
 *   if (isAshError(error)) console.log(error.code); // 'ASH_CANONICALIZATION_ERROR'
 * }
 */
export class AshError extends Error {
  override readonly name = ERROR_NAME;

  /**
   * @param code The protocol's code.
   * @param message What is wrong and what mends it, never a secret. Where it is left out it is the code, for which
   * {@link ashErrorMessage} has a sentence: a client that never shows one does not carry them all.
   * @param options `cause`: the error beneath.
   */
  constructor(
    readonly code: AshErrorCode,
    message: string = code,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The error of what has no canonical form, or could not stand in the message of a proof. */
export function uncanonical(message: string, cause?: unknown): AshError {
  return new AshError('ASH_CANONICALIZATION_ERROR', message, cause === undefined ? {} : { cause });
}

/** What a function of the platform makes of its input; what it throws is the cause of an {@link uncanonical} error. */
export function orUncanonical<T>(read: () => T, message: string): T {
  try {
    return read();
  } catch (cause) {
    throw uncanonical(message, cause);
  }
}

/** Says whether an error is an {@link AshError}, whichever copy of the package made it. */
export function isAshError(error: unknown): error is AshError {
  return error instanceof Error && error.name === ERROR_NAME && 'code' in error && isAshErrorCode(error.code);
}

/**
 * A mistake in how the library is set up, thrown at start-up. Its message names the route or the option, what is
 * wrong with it and what mends it.
 */
export class AshConfigurationError extends Error {
  override readonly name = 'AshConfigurationError';
  readonly code = 'ASH_CONFIGURATION_ERROR';
}
