/** What a code means on the wire: its HTTP status and the sentence a client sees. */
interface AshErrorMeaning {
  readonly status: number;
  readonly message: string;
}

/** Every code of the protocol, section 8, with its status and its public sentence. */
const MEANINGS = {
  ASH_PROOF_MISSING: { status: 403, message: 'This route needs the headers of an ASH proof.' },
  ASH_PROOF_INVALID: { status: 403, message: 'The proof is not valid for this request.' },
  ASH_INTEGRITY_FAILED: { status: 403, message: 'The request is not the one that was proven.' },
  ASH_BINDING_MISMATCH: { status: 403, message: 'The context was issued for another route.' },
  ASH_SUBJECT_MISMATCH: { status: 403, message: 'The context was issued to somebody else.' },
  ASH_SCOPE_MISMATCH: { status: 403, message: 'The scope of the request is not the scope of the route.' },
  ASH_TIMESTAMP_INVALID: { status: 403, message: "The timestamp is too far from the server's clock." },
  ASH_VERIFICATION_FAILED: { status: 403, message: 'The request could not be verified.' },
  ASH_CHAIN_BROKEN: { status: 403, message: 'The request does not follow the step that the route demands.' },
  ASH_CHAIN_EXPIRED: { status: 410, message: 'The previous step is too long ago.' },
  ASH_CTX_NOT_FOUND: { status: 403, message: 'The context is not known.' },
  ASH_CTX_EXPIRED: { status: 410, message: 'The context has expired.' },
  ASH_CTX_ALREADY_USED: { status: 409, message: 'The context has been used already.' },
  ASH_HEADER_INVALID: { status: 400, message: 'An ASH header is malformed, repeated or unknown.' },
  ASH_CANONICALIZATION_ERROR: { status: 400, message: 'The payload has no canonical form.' },
  ASH_UNSUPPORTED_CONTENT_TYPE: { status: 415, message: 'The route does not take this content type.' },
  ASH_STORE_UNAVAILABLE: { status: 503, message: 'The context store did not answer.' },
  ASH_RAW_BODY_UNAVAILABLE: { status: 500, message: 'The body of the request was not read by the application.' },
} as const satisfies Record<string, AshErrorMeaning>;

/**
 * A code by which a refusal is told apart, stable across versions, builds and languages.
 *
 * Source: protocol, section 8.
 */
export type AshErrorCode = keyof typeof MEANINGS;

const ERROR_NAME = 'AshError';

/** Says whether a value is one of the protocol's codes. */
export function isAshErrorCode(value: unknown): value is AshErrorCode {
  return typeof value === 'string' && Object.hasOwn(MEANINGS, value);
}

/**
 * The HTTP status that the protocol gives a code.
 *
 * @example
 * ashErrorStatus('ASH_CTX_ALREADY_USED'); // 409
 */
export function ashErrorStatus(code: AshErrorCode): number {
  return MEANINGS[code].status;
}

/** The public sentence of a code: it names no expected value. */
export function ashErrorMessage(code: AshErrorCode): string {
  return MEANINGS[code].message;
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
   * @param message What is wrong and what mends it; the code's public sentence where it is left out. Never a secret.
   * @param options `cause`: the error beneath.
   */
  constructor(
    readonly code: AshErrorCode,
    message: string = ashErrorMessage(code),
    options?: ErrorOptions,
  ) {
    super(message, options);
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
