import { ASH_VERIFIED_HEADER, isAshErrorCode, type AshErrorCode } from '../core/index.js';
import { AshClientError } from './errors.js';
import { isJsonType } from '../core/media-type.js';

/**
 * What a fresh context can mend. The server refuses all of these before the handler runs.
 *
 * What is not here stays refused: 409 says that the request ran, `ASH_VERIFICATION_FAILED` can hide a 409, and the
 * rest would be refused again.
 */
const MENDED_BY_A_FRESH_CONTEXT: ReadonlySet<string> = new Set<AshErrorCode>([
  'ASH_CTX_NOT_FOUND',
  'ASH_CTX_EXPIRED',
  'ASH_TIMESTAMP_INVALID',
  'ASH_BINDING_MISMATCH',
  'ASH_SUBJECT_MISMATCH',
  'ASH_SCOPE_MISMATCH',
  'ASH_INTEGRITY_FAILED',
  'ASH_PROOF_INVALID',
]);

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a method, in upper case, changes nothing, so that running twice is no harm. Source: RFC 9110, section 9.2.1. */
export function isSafeMethod(method: string): boolean {
  return SAFE_METHODS.has(method);
}

/**
 * Whether a request that was refused may be sent once more with a fresh context: where it cannot have run, or where it
 * may run twice.
 */
export function isMendable(refusal: AshClientError, method: string): boolean {
  if (isBusy(refusal)) return true;
  if (refusal.mayHaveRun) return isSafeMethod(method);
  return MENDED_BY_A_FRESH_CONTEXT.has(refusal.code) && (refusal.status ?? 0) < SERVER_FAULT;
}

/** Whether a refusal lets those contexts be doubted too that came with the one that was refused. */
export function doubtsItsContext({ code, mayHaveRun }: AshClientError): boolean {
  return mayHaveRun || MENDED_BY_A_FRESH_CONTEXT.has(code);
}

const SERVER_FAULT = 500;
const BUSY_STATUSES: readonly unknown[] = [429, 503];

/** Whether a server asks for patience: its store did not answer, or it gave no context for now. Nothing has run then. */
export function isBusy({ code, status }: AshClientError): boolean {
  return code === 'ASH_STORE_UNAVAILABLE' || (code === 'ASH_CLIENT_CONTEXT_REFUSED' && BUSY_STATUSES.includes(status));
}

/**
 * Whether the body of an answer has to be read to tell whether it is a refusal of the protocol.
 *
 * @param isSecond Whether the request was sent before. A handler that spends its context itself refuses the second one,
 * behind a guard that let both pass.
 */
export function mayBeRefusal({ headers, status }: Response, isSecond: boolean): boolean {
  return (isSecond || !headers.has(ASH_VERIFIED_HEADER)) && status >= 400 && isJsonType(headers.get('content-type'));
}

/**
 * Reads whether an answer is a refusal of the protocol. The body of the answer stays to be read.
 *
 * An answer to a request that the guard let pass is the application's, whatever it holds: a handler may hand on the
 * refusal of another service, and has run.
 *
 * @param what The request in words, `POST /transfer`.
 * @param isSecond As for {@link mayBeRefusal}.
 *
 * Source: protocol, section 8.
 */
export async function readRefusal(
  response: Response,
  what: string,
  isSecond = false,
): Promise<AshClientError | undefined> {
  if (!mayBeRefusal(response, isSecond)) return undefined;
  const body = await readJson(response);
  if (typeof body !== 'object' || body === null) return undefined;
  const { code, message } = body as { code?: unknown; message?: unknown };
  if (!isAshErrorCode(code)) return undefined;
  const sentence = typeof message === 'string' ? `: ${message}` : '';
  return new AshClientError(code, `${what} was refused${sentence} (${code})`, { response });
}

/** The JSON of an answer, whose body stays to be read; `undefined` for what is no JSON. */
export async function readJson(response: Response): Promise<unknown> {
  try {
    return JSON.parse(await response.clone().text()) as unknown;
  } catch {
    // The caller's to read, as with `fetch`.
    return undefined;
  }
}
