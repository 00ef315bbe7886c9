import { ASH_VERIFIED_HEADER, ashErrorMessage, isAshErrorCode, type AshErrorCode } from '../core/index.js';
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

/** Whether a request that was refused may be sent once more with a fresh context. */
export function isMendable({ code, status = 0 }: AshClientError): boolean {
  return MENDED_BY_A_FRESH_CONTEXT.has(code) && status < 500;
}

/**
 * Reads whether an answer is a refusal of the protocol. The body of the answer stays to be read.
 *
 * An answer to a request that the guard let pass is the application's, whatever it holds: a handler may hand on the
 * refusal of another service, and has run.
 *
 * @param what The request in words, `POST /transfer`.
 *
 * Source: protocol, section 8.
 */
export async function readRefusal(response: Response, what: string): Promise<AshClientError | undefined> {
  if (response.headers.has(ASH_VERIFIED_HEADER)) return undefined;
  if (response.status < 400 || !isJsonType(response.headers.get('content-type'))) return undefined;
  const body = await readJson(response);
  if (typeof body !== 'object' || body === null) return undefined;
  const { code, message } = body as { code?: unknown; message?: unknown };
  if (!isAshErrorCode(code)) return undefined;
  const sentence = typeof message === 'string' ? message : ashErrorMessage(code);
  return new AshClientError(code, `${what} was refused: ${sentence} (${code})`, { response });
}

/** The JSON of an answer, whose body stays to be read; `undefined` for what is no JSON. */
export async function readJson(response: Response): Promise<unknown> {
  try {
    return JSON.parse(await response.clone().text()) as unknown;
  } catch {
    // A body that breaks off or is no JSON is the caller's to read, as with `fetch`.
    return undefined;
  }
}
