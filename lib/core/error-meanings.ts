import type { AshErrorCode } from './errors.js';

/** What a code means on the wire: its HTTP status and the sentence a client sees. */
interface AshErrorMeaning {
  readonly status: number;
  readonly message: string;
}

/** Every code of the protocol, section 8, with its status and its public sentence. */
const MEANINGS: Readonly<Record<AshErrorCode, AshErrorMeaning>> = {
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
};

/**
 * The HTTP status that the protocol gives a code.
 *
 * @example
 * ashErrorStatus('ASH_CTX_ALREADY_USED'); // 409
 */
export function ashErrorStatus(code: AshErrorCode): number {
  return MEANINGS[code].status;
}

/**
 * The public sentence of a code: it names no expected value.
 *
 * @example
 * ashErrorMessage('ASH_CTX_EXPIRED'); // 'The context has expired.'
 */
export function ashErrorMessage(code: AshErrorCode): string {
  return MEANINGS[code].message;
}

/** What an error says of itself; the public sentence of its code where it was made without a message. */
export function sentenceOf({ code, message }: { readonly code: AshErrorCode; readonly message: string }): string {
  return message === code ? ashErrorMessage(code) : message;
}
