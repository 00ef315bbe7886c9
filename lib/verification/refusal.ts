import { STATUS_CODES } from 'node:http';
import { sentenceOf } from '../core/error-meanings.js';
import { ashErrorMessage, ashErrorStatus, type AshErrorCode } from '../core/index.js';
import type { AshExplanation } from './explain.js';

/** The body of a refusal, the same on every framework. Source: protocol, section 8. */
export interface AshErrorBody {
  readonly statusCode: number;
  /** The name of the status, `Forbidden`. */
  readonly error: string;
  readonly code: AshErrorCode;
  readonly message: string;
  /** In development only: which component differs, with the server's canonical text. */
  readonly explanation?: AshExplanation;
}

/** The HTTP statuses that an application uses instead of the protocol's. */
export type AshStatuses = Partial<Readonly<Record<AshErrorCode, number>>>;

/** Faults of the server, which tell nothing about a proof: `strict` mode names them too. */
const SERVER_FAULTS: ReadonlySet<AshErrorCode> = new Set(['ASH_STORE_UNAVAILABLE', 'ASH_RAW_BODY_UNAVAILABLE']);

/**
 * What a client is told of a refusal.
 *
 * @param namesCode Whether the code may be named; otherwise it is `ASH_VERIFICATION_FAILED`.
 */
export function ashErrorBody(
  refusal: { readonly code: AshErrorCode; readonly message: string; readonly explanation?: AshExplanation | undefined },
  namesCode = true,
  statuses: AshStatuses = {},
): AshErrorBody {
  const isNamed = namesCode || SERVER_FAULTS.has(refusal.code);
  const code = isNamed ? refusal.code : 'ASH_VERIFICATION_FAILED';
  const statusCode = statuses[code] ?? ashErrorStatus(code);
  return {
    statusCode,
    error: STATUS_CODES[statusCode] ?? 'Error',
    code,
    message: isNamed ? sentenceOf(refusal) : ashErrorMessage(code),
    ...(isNamed && refusal.explanation !== undefined ? { explanation: refusal.explanation } : {}),
  };
}
