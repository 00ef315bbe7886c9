import { AxiosError, isAxiosError, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { isAshClientError, type AshClientError } from '../client/index.js';

type Config = InternalAxiosRequestConfig;

const { ERR_BAD_REQUEST, ERR_BAD_RESPONSE, ERR_NETWORK, ECONNABORTED, ETIMEDOUT } = AxiosError;

/** What axios says of a request that it does not send. */
const NOT_SENT: ReadonlySet<unknown> = new Set([
  ERR_BAD_REQUEST,
  AxiosError.ERR_BAD_OPTION,
  AxiosError.ERR_BAD_OPTION_VALUE,
  AxiosError.ERR_NOT_SUPPORT,
  AxiosError.ERR_INVALID_URL,
]);

/** What came of a request that was sent, and would come of it again: its time is up, or its answer cannot be read. */
const NOT_AGAIN: ReadonlySet<unknown> = new Set([
  ECONNABORTED,
  ETIMEDOUT,
  ERR_BAD_RESPONSE,
  AxiosError.ERR_FR_TOO_MANY_REDIRECTS,
]);

/** Whether an adapter refused to send a request. */
export function isUnsent(error: unknown): boolean {
  return isAxiosError(error) && NOT_SENT.has(error.code);
}

/** What an adapter threw, as the client expects it of `fetch`, which sends only what got lost a second time. */
export function asOfFetch(error: unknown): unknown {
  if (!isAxiosError(error) || !NOT_AGAIN.has(error.code)) return error;
  const ended = new Error(error.message, { cause: error });
  ended.name = 'AbortError';
  return ended;
}

/** The error of a status that the caller takes for one, as axios words it. */
export function statusError(response: AxiosResponse, config: Config): AxiosError {
  const { status } = response;
  const message = `Request failed with status code ${status}`;
  return new AxiosError(message, codeOfStatus(status), config, response.request, response);
}

/**
 * What a proven request rejects with: an error of axios, with that of the client as its `cause`.
 *
 * @param answer The answer that a refusal came in.
 */
export function requestError(cause: unknown, config: Config, answer: AxiosResponse | undefined): AxiosError {
  const beneath = axiosErrorIn(cause);
  if (beneath !== undefined && beneath === cause) return Object.assign(beneath, { config });
  const message = cause instanceof Error ? cause.message : String(cause);
  const code = answer === undefined ? codeOf(cause, beneath, config) : codeOfStatus(answer.status);
  const error = new AxiosError(message, code, config, answer?.request ?? beneath?.request, answer);
  // As axios has it: whoever walks over an error's own members for a log does not meet the connection beneath.
  return Object.defineProperty(error, 'cause', { value: cause, writable: true, configurable: true });
}

function codeOfStatus(status: number): string {
  return status >= 400 && status < 500 ? ERR_BAD_REQUEST : ERR_BAD_RESPONSE;
}

function codeOf(error: unknown, beneath: AxiosError | undefined, config: Config): string {
  if (beneath?.code !== undefined) return beneath.code;
  if (!isAshClientError(error)) return ERR_BAD_REQUEST;
  switch (error.code) {
    case 'ASH_CLIENT_CONTEXT_UNAVAILABLE':
      return isTimeout(error) ? timeoutCode(config) : ERR_NETWORK;
    case 'ASH_CLIENT_RESPONSE_LOST':
      return ERR_NETWORK;
    case 'ASH_CLIENT_CONTEXT_REFUSED':
      return ERR_BAD_RESPONSE;
    default:
      return ERR_BAD_REQUEST;
  }
}

function isTimeout({ cause }: AshClientError): boolean {
  return (cause as { readonly name?: unknown } | undefined)?.name === 'TimeoutError';
}

function timeoutCode({ transitional }: Config): string {
  return transitional?.clarifyTimeoutError ? ETIMEDOUT : ECONNABORTED;
}

// An error can be its own cause.
const DEEPEST_CAUSE = 8;

/** The first error of axios among an error and its causes. */
function axiosErrorIn(error: unknown): AxiosError | undefined {
  let cause = error;
  for (let depth = 0; depth < DEEPEST_CAUSE && cause instanceof Error && !isAxiosError(cause); depth += 1)
    ({ cause } = cause);
  return isAxiosError(cause) ? cause : undefined;
}
