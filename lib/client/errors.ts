import { isAshErrorCode, type AshErrorCode } from '../core/index.js';

const CLIENT_CODES = [
  'ASH_CLIENT_RESPONSE_LOST',
  'ASH_CLIENT_CONTEXT_UNAVAILABLE',
  'ASH_CLIENT_CONTEXT_REFUSED',
  'ASH_CLIENT_CONTEXT_INVALID',
  'ASH_CLIENT_CHAIN_MISMATCH',
  'ASH_CLIENT_BODY_UNSUPPORTED',
  'ASH_CLIENT_URL_INVALID',
] as const;

/**
 * The code of an {@link AshClientError}: the server's own for a refusal, otherwise one of the client's.
 *
 * - `ASH_CLIENT_RESPONSE_LOST`: the request was sent and no answer came back: it may have run. Its `cause` is what `fetch`
 *   threw.
 * - `ASH_CLIENT_CONTEXT_UNAVAILABLE`: the context's endpoint could not be reached, so the request was never sent. Its
 *   `cause` is what `fetch` threw.
 * - `ASH_CLIENT_CONTEXT_REFUSED`: the context's endpoint answered something that is no context.
 * - `ASH_CLIENT_CONTEXT_INVALID`: a context that was handed to the client is not fit for the request.
 * - `ASH_CLIENT_CHAIN_MISMATCH`: the route is a step of another chain, or of none.
 * - `ASH_CLIENT_BODY_UNSUPPORTED`: the body cannot be proven, for example a stream.
 * - `ASH_CLIENT_URL_INVALID`: a relative URL without a base, another origin than that of `baseUrl`, or no HTTP.
 */
export type AshClientErrorCode = AshErrorCode | (typeof CLIENT_CODES)[number];

/** What leaves it open whether a handler ran: the rest is refused before one does, or never sent. */
const AFTER_A_RUN: ReadonlySet<string> = new Set<AshClientErrorCode>([
  'ASH_CLIENT_RESPONSE_LOST',
  'ASH_CTX_ALREADY_USED',
  // In `strict` mode it stands for every refusal, that of a request that came twice too.
  'ASH_VERIFICATION_FAILED',
]);

const ERROR_NAME = 'AshClientError';

/**
 * A request that the server refused, or that the client could not prove. Its message never holds a secret.
 *
 * Two copies of this class can meet in one process (CommonJS beside ESM), so test with {@link isAshClientError}, not
 * with `instanceof`.
 *
 * @example
 * try {
 *   await ash.post('/transfer', { amount: 100 });
 * } catch (error) {
 *   if (!isAshClientError(error)) throw error;
 *   if (error.mayHaveRun) askWhetherItIsDone();
 *   else offerToTryAgain(error.code);
 * }
 *
 * Source: protocol, section 8.
 */
export class AshClientError extends Error {
  override readonly name = ERROR_NAME;
  /** The answer of the server, its body still to be read; `undefined` where no answer is the reason. */
  readonly response: Response | undefined;

  /**
   * @param code Tells what happened, stable across versions.
   * @param message What is wrong, and what mends it.
   * @param options `response`: the answer of the server. `cause`: the error beneath.
   */
  constructor(
    readonly code: AshClientErrorCode,
    message: string,
    { response, ...options }: ErrorOptions & { readonly response?: Response } = {},
  ) {
    super(message, options);
    this.response = response;
  }

  /** The HTTP status of the answer; `undefined` where there is none. */
  get status(): number | undefined {
    return this.response?.status;
  }

  /**
   * Whether the handler may have run. Ask the server before you call again then: a new call is a new request, with a
   * context of its own, and would run a second time.
   */
  get mayHaveRun(): boolean {
    return AFTER_A_RUN.has(this.code);
  }
}

/** Whether an error says of itself that the request has certainly not run. */
export function hasNotRun(error: unknown): boolean {
  return (error as { mayHaveRun?: unknown } | undefined)?.mayHaveRun === false;
}

/**
 * Says whether an error is an {@link AshClientError}, whichever copy of the package made it.
 *
 * @example
 * if (isAshClientError(error)) console.log(error.code, error.status); // 'ASH_CTX_EXPIRED' 410
 */
export function isAshClientError(error: unknown): error is AshClientError {
  if (!(error instanceof Error) || error.name !== ERROR_NAME) return false;
  const { code } = error as { code?: unknown };
  return isAshErrorCode(code) || CLIENT_CODES.some((known) => known === code);
}
